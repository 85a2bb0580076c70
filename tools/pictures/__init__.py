"""Every dashboard as a picture, of real data: so that somebody has looked at it. Not shipped."""
