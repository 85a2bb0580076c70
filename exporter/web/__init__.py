"""The HTTP side: what Prometheus, Kubernetes and people ask the exporter."""
