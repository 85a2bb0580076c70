"""Benchmarks: what the product costs, measured against its peers. No test depends on a figure."""
