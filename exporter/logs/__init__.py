"""The sink that logs, and how a line is written."""
