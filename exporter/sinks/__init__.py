"""What becomes of observations: metrics, logs, and what is now. Each sink is one file."""
