"""Keeps linear algebra to one thread; to be imported before numpy, by the service and its fork server.

Several workers share the processors; on one clip, two threads in each cost a fifth more CPU time and
were not faster.  In the service, two searches at once took 40 ms where each alone took 20; with one
thread of linear algebra each they take 22.
"""

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
