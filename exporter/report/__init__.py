"""What a person or a program is told of a run and of what is now."""
