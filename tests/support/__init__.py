"""Helpers of tests, benchmarks and the demo: drawn films, small networks, running services."""
