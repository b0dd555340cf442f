"""The sandbox tried in a process that ends at once: what this kernel lets be put in force."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from cbvird.sandbox.confine import SandboxReport, SandboxRules, confine

TRIAL_MEMORY_MB = 1024


def sandbox_here() -> SandboxReport:
    """Return what this kernel lets be put in force, tried in a process of its own that ends at once."""
    done = subprocess.run(
        [sys.executable, "-m", "cbvird.sandbox.trial"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    try:
        fields = json.loads(done.stdout)
    except ValueError:
        return SandboxReport(0, False, (f"it could not be tried (exit status {done.returncode})",))
    return SandboxReport(fields["landlock"], fields["system_calls"], tuple(fields["missing"]))


if __name__ == "__main__":
    print(json.dumps(asdict(confine(SandboxRules(TRIAL_MEMORY_MB)))))
