"""What is asked before a run, and what may refuse it."""
