"""What is taken from answers, as readings."""
