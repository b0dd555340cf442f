"""Benchmarks and programs that measure; run them in ``tests/`` with ``../.venv/bin/python -m``.

- ``bench`` runs every benchmark (``make bench``), ``bench NAME`` one of them.
- ``bench.retrieval``, ``bench.answers`` and ``bench.films`` run these benchmarks with options of their own.
  The last asks about films joined from real clips, and keeps a part of them for the end of some work.
- ``bench.measure.NAME`` prints figures that docstrings quote.
- ``bench.recorded`` compares the answers of two versions of cbvir.

Machines differ and are shared, so every figure stands beside another one from the same run: FFmpeg
decoding the same file, the same query with the service idle, the same film ten times as long.
"""

from cbvird.worker import single_thread_blas  # noqa: F401 - as in the service, before numpy is loaded
