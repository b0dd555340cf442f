"""Trials of what may happen to a service in years: ``python -m torture`` in tests/ (``make torture``)."""
