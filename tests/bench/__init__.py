"""Benchmarks: ``make bench``, or one of them, in this folder's parent: ``python -m bench ingest``.

Machines differ and are shared, so every figure stands beside another one from the same run: FFmpeg
decoding the same file, the same query with the service idle, the same film ten times as long.
"""
