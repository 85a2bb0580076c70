"""What is to be done: the plan, its jobs, and what these come to at worst."""
