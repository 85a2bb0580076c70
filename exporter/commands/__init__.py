"""What stands on the command line: a file for each command, its flags, its tables."""
