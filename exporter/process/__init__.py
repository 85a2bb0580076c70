"""The life of the process: start, reload, stop, and what is made of what."""
