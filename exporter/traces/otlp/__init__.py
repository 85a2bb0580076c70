"""Spans on their way out: OpenTelemetry is used here and nowhere else.

What starts the exporter imports ``settings`` alone, which costs nothing; ``sdk`` and ``spans``
bring the library in, and are imported only where traces are exported.
"""
