"""Keeps linear algebra to one thread: the fork server imports this before it imports numpy.

Several workers share the processors; on one clip, two threads in each cost a fifth more CPU time and
were not faster.
"""

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
