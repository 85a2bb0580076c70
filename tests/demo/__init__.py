"""The demo with a Prometheus and an Alertmanager beside it."""
