"""Programs that print the figures which docstrings quote: ``python -m bench.measure.NAME`` in `tests/`."""
