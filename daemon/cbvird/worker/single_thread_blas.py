"""Limits linear algebra to one thread.  The service and its fork server import this before numpy.

Several workers share the processors.  On one clip, two threads in each worker took a fifth more CPU time and
were not faster.  In the service, two searches at once took 40 ms where each alone took 20 ms; with one thread
of linear algebra each they take 22 ms.
"""

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
