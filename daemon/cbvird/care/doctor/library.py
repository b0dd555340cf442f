"""The library on the disk: store, rows of files, indices, weights, calibration."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cbvir_core.calibration import CalibrationFile
from cbvir_core.errors import CbvirError
from cbvir_core.index import index_faults
from cbvir_core.json_text import parse_json
from cbvir_core.store import StoreSummary, check_store, store_summary
from cbvir_core.weights import find_profile, list_profiles, verify
from cbvird.care.doctor.finding import Finding, fault, good, note
from cbvird.config import Settings
from cbvird.ingest.job_rows import job_entries, jobs_of
from cbvird.ingest.jobs import RETRY_DELAYS_S

RESTORE = "stop cbvird, move the folder away, and restore a backup; or let the videos be taken in anew"


def summary_of(settings: Settings) -> tuple[StoreSummary | None, list[Finding]]:
    """Return what the store holds, None where it cannot be read or is not there, and what is to be said."""
    folder = settings.service.data_dir / "store"
    if not (folder / "data.mdb").exists():
        return None, [note("store", f"{folder} holds no library yet")]
    try:
        summary = store_summary(folder)
    except CbvirError as error:
        return None, [fault("store", str(error), RESTORE)]
    said = f"{summary.videos:,} videos, {summary.keyframes:,} keyframes"
    return summary, [good("store", said)]


def check_rows(settings: Settings) -> Iterator[Finding]:
    """Check every row, value and link of the store: the long check."""
    found = check_store(settings.service.data_dir / "store")
    for wrong in found.faults:
        yield fault("store", str(wrong), RESTORE)
    if not found.faults:
        yield good("store", f"every row, value and link of {found.keyframes:,} keyframes was read")


def check_jobs(settings: Settings) -> Iterator[Finding]:
    """Check the rows of files that wait or failed."""
    try:
        jobs = list(jobs_of(job_entries(settings.jobs_dir)))
    except CbvirError as error:
        yield fault("files", str(error), f"stop cbvird and move {settings.jobs_dir} away; it is made anew")
        return
    late = [job for job in jobs if job.retry_at and job.retry_at > time.time() + 2 * max(RETRY_DELAYS_S)]
    if late:
        said = f"{late[0].path} is tried again in more than a day: the clock was ahead when it failed"
        yield fault("files", said, "cbvirctl retry")
    else:
        yield good("files", f"{len(jobs):,} files are known")


def check_indices(settings: Settings) -> Iterator[Finding]:
    """Check every file of both indices against its checksum."""
    data = settings.service.data_dir
    folders = [*sorted((data / "index").glob("generation-*")), data / "frames"]
    faults = [said for folder in folders if folder.is_dir() for said in index_faults(folder)]
    for said in faults:
        yield fault("index", said, "restart cbvird: it makes the file again from the store")
    if not faults:
        yield good("index", "every file of the indices is what was written")


def check_weights(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    """Check the weights of the profile that is set; `deep`, those of every profile."""
    models = settings.service.data_dir / "models"
    try:
        profile = find_profile(settings.models.profile, models)
    except CbvirError as error:
        yield fault("weights", str(error), "")
    else:
        if profile.trouble:
            yield fault("weights", profile.trouble, "")
        else:
            yield good("weights", f"profile {profile.name}")
    if deep:
        for check in verify(models):
            if not check.good:
                yield fault("weights", f"profile {check.profile}: {check.message}", "")
    else:
        for listed in list_profiles(models):
            for file in listed.files:
                if file.problem and listed.name != settings.models.profile:
                    yield note("weights", f"profile {listed.name}: {file.problem}")
    cache = settings.service.data_dir / "cache"
    if cache.exists() and not os.access(cache, os.W_OK | os.X_OK):
        yield fault("weights", f"{cache} may not be written to", "give it to the user of the service")


def check_calibration(settings: Settings) -> Iterator[Finding]:
    """Check that the calibration of the library can be read."""
    path = CalibrationFile.in_folder(settings.service.data_dir).path
    if not path.exists():
        return
    try:
        if not isinstance(parse_json(path.read_bytes()), dict):
            raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        yield fault(
            "calibration", f"{path} cannot be read ({error})", "delete it, and run cbvirctl calibrate"
        )
    else:
        yield good("calibration", f"{path} can be read")


def newest_time(summary: StoreSummary | None, folder: Path) -> float | None:
    """Return the newest time that the library knows, in seconds since the epoch."""
    times = [] if summary is None else [summary.newest_at]
    with suppress(CbvirError):
        times += [job.offered_at for job in jobs_of(job_entries(folder))]
    return max(times, default=None)
