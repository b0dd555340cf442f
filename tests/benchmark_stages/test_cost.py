"""The processor time that benchmarks count: that of processes too whose parent has ended before them."""

from __future__ import annotations

import subprocess
import sys

from bench.cost import cost, orphans_waited_for

BURNT_S = 0.3
ORPHAN = f"import time\nwhile time.process_time() < {BURNT_S}: pass"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {ORPHAN!r}])"


def test_an_orphan_is_waited_for_and_counted() -> None:
    with cost() as spent, orphans_waited_for():
        subprocess.run([sys.executable, "-c", PARENT], check=True)
    assert spent.cpu_s >= BURNT_S


def test_children_from_before_are_let_be() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as older:
        with orphans_waited_for():
            pass
        assert older.poll() is None
        older.communicate(b"\n")
