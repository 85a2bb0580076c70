"""Observability sidecar for the O-RAN Intent-MANO API."""

__version__ = "0.1.0"
