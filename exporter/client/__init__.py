"""The HTTP client: the only one that speaks to an API."""
