"""The operations, a file per component of the API: pure functions of world and call."""
