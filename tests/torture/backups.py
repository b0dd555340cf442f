"""Kills of a backup, by its service, its client or its reader, and of a restore."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from cbvir_core.store import Store
from support.running import BIN
from torture.plan import Plan
from torture.tally import Outcome
from torture.trial import FIRST_DURATION_S, REACHED_LIMIT_S, Trial
from torture.tried import Answers, Tried


def backing_up(trial: Trial, outcome: Outcome) -> str:
    """Kill the service, the client or the process that reads the store; the backup goes on, and holds all."""
    service, rng = trial.service, trial.rng
    file = service.folder / "library.backup"
    if rng.random() < 0.5:
        file.unlink(missing_ok=True)
    update = ["--update"] if file.exists() else []
    command = [str(BIN / "cbvirctl"), "backup", str(file), *update, "--socket", str(service.socket)]
    begun = time.monotonic()
    client = service.spawn(command)
    reader = _until_reader(service, client)
    time.sleep(rng.uniform(0.0, trial.durations.get("backing up", FIRST_DURATION_S)))
    is_inside = client.poll() is None
    victim = rng.choice(("service", "client", "reader"))
    if victim == "service":
        service.kill()
    elif victim == "client" or reader is None:
        client.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(reader, signal.SIGKILL)
    client.wait(REACHED_LIMIT_S)
    trial.durations["backing up"] = min(2.0, time.monotonic() - begun)
    outcome.wrong += service.faults()
    if not service.runs:
        outcome.stall_s = service.timed_start()
    again = [*command[:3], *(["--update"] if file.exists() else []), *command[-2:]]
    done = subprocess.run(again, capture_output=True, check=False, env=service.variables())
    if done.returncode:
        outcome.wrong.append(f"the backup did not go on: {done.stderr.decode()[-500:]}")
        return "inside"
    with tempfile.TemporaryDirectory(dir=service.folder) as name:
        made = _restored(service, file, Path(name) / "data", outcome)
        if made and (difference := _kept(made) ^ _kept_of_answers(trial.expected)):
            outcome.wrong.append(f"the backup holds other keyframes: {sorted(difference)[:4]}")
    return "inside" if is_inside else "after"


def _until_reader(service: Tried, client: subprocess.Popen[bytes]) -> int | None:
    """Wait for the process that reads the store for a backup; None where the client was quicker."""
    deadline = time.monotonic() + REACHED_LIMIT_S
    while client.poll() is None and time.monotonic() < deadline:
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = place.read_bytes().split(b"\0")
                if b"cbvird.care.snapshot" in words and str(service.data).encode() in words:
                    return int(place.parent.name)
        time.sleep(0.01)
    return None


def _restored(service: Tried, file: Path, folder: Path, outcome: Outcome) -> Path | None:
    command = service.planned("cbvird.care.restore", str(file), "--into", str(folder))
    done = subprocess.run(command, capture_output=True, check=False, env=service.variables())
    if done.returncode:
        outcome.wrong.append(f"the backup was not restored: {(done.stdout + done.stderr).decode()[-500:]}")
        return None
    return folder


def _kept(data: Path) -> set[str]:
    """Return the ids of all keyframes of a data folder that no service has open."""
    with Store.open(data / "store") as store:
        return {str(row.keyframe_id) for video in store.videos() for row in store.keyframes(video.video_id)}


def _kept_of_answers(expected: Answers) -> set[str]:
    return {str(keyframe_id) for keyframes, _ in expected.values() for keyframe_id, _ in keyframes}


def restoring(trial: Trial, outcome: Outcome) -> str:
    """Kill a restore: it leaves no half of a library and is begun anew; the service goes on with it."""
    service = trial.service
    file = service.folder / "library.backup"
    if not file.exists():
        command = [str(BIN / "cbvirctl"), "backup", str(file), "--socket", str(service.socket)]
        subprocess.run(command, check=True, capture_output=True, env=service.variables())
    assert service.stop() == 0, service.trouble()
    before = service.data.rename(service.folder / "before")
    plan = trial.plan("restoring", entries=0)
    service.plans.write(plan)
    command = service.planned("cbvird.care.restore", str(file), "--into", str(service.data))
    subprocess.run(command, capture_output=True, check=False, env=service.variables())
    trial.note_durations("restoring")
    where = next((said for said in service.plans.all_that_happened() if said in ("inside", "after")), "")
    service.plans.write(Plan())
    if not where:
        outcome.wrong.append("the restore was not killed")
    if (service.data / "store").exists():
        if _kept(service.data) != _kept_of_answers(trial.expected):
            outcome.wrong.append("a restore that was killed left a part of a library")
    elif _restored(service, file, service.data, outcome) is None:
        shutil.rmtree(service.data, ignore_errors=True)
        before.rename(service.data)
        return where
    shutil.rmtree(service.data / "cache", ignore_errors=True)
    (before / "cache").rename(service.data / "cache")  # what every first start makes, in some seconds
    shutil.rmtree(before)
    outcome.wrong += service.faults()
    return where
