"""OpenVINO in a process of many threads."""

from __future__ import annotations

import subprocess
import sys

FIRST_INFERENCES = """
import faulthandler, sys, threading
import numpy, openvino
from openvino import opset13
from cbvir_core.embed import openvino_runtime

faulthandler.dump_traceback_later(60, exit=True)
given = opset13.parameter([-1, 4], numpy.float32)
compiled = openvino_runtime.compile_network(openvino.Model([opset13.relu(given)], [given]), "f32")
requests = [compiled.create_infer_request() for _ in range(4)]
start = threading.Barrier(len(requests))

def infer(request):
    start.wait()
    openvino_runtime.infer(request, numpy.ones((1, 4), numpy.float32))

threads = [threading.Thread(target=infer, args=(request,)) for request in requests]
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_first_inferences_at_once_do_not_wait_for_each_other_for_ever() -> None:
    """The interpreter switches threads as often as it can, so that their first inferences meet."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_INFERENCES], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
