"""The sink that makes spans of runs, and their way out."""
