"""The API as a client sees it: what is sent, what comes back, and what its headers say."""
