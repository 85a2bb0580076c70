"""What outlives a restart: a small document in a directory that is ours alone."""
