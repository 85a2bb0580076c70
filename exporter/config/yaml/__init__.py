"""A reader of YAML that knows the place of everything, and refuses what is ambiguous."""
