"""What is now, as it was observed: one store that pages, gauges and logs read."""
