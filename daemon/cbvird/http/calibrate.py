"""Calibration: scores that are true probabilities in this library."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query

from cbvir_core.calibration import CALIBRATION_QUESTIONS
from cbvir_core.errors import ServiceStopping
from cbvird.http.context import Served
from cbvird.http.reports import CalibrationDocument, CalibrationInUseDocument, CalibrationResetDocument
from cbvird.http.roles import ADMINISTRATIVE

router = APIRouter(tags=["calibration"])

CALIBRATION_PROGRESS_INTERVAL_S = 0.5
"""Seconds between two events about progress."""


@router.post("/calibrate", dependencies=[ADMINISTRATIVE])
def calibrate(
    served: Served,
    questions: Annotated[
        int, Query(ge=100, le=20_000, description="frames to ask with, each twice")
    ] = CALIBRATION_QUESTIONS,
    seed: Annotated[int, Query(ge=0, description="another seed asks with other frames")] = 0,
) -> CalibrationDocument:
    """Ask with perturbed frames of the library, fit the confidence model, and answer when it is done.

    The model is applied where it is better than the one before.  Status 409 while another calibration runs.
    """
    last_published = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last_published
        if served.stop.is_set():  # a calibration takes minutes, and closing the library waits for it
            raise ServiceStopping("the service is stopping; calibrate again when it runs")
        if time.monotonic() - last_published >= CALIBRATION_PROGRESS_INTERVAL_S:
            last_published = time.monotonic()
            served.event_bus.publish("calibration", done=done, total=total)

    return CalibrationDocument.of(served.library.calibrate(questions, seed, progress))


@router.get("/calibration")
def in_use(served: Served) -> CalibrationInUseDocument:
    """Return the outcome of the calibration whose model judges answers, with bins for a reliability plot."""
    found = served.library.calibration()
    return CalibrationInUseDocument(calibration=None if found is None else CalibrationDocument.of(found))


@router.delete("/calibrate", dependencies=[ADMINISTRATIVE])
def reset(served: Served) -> CalibrationResetDocument:
    """Go back to the confidence model that comes with cbvir.  Status 409 while a calibration runs."""
    return CalibrationResetDocument(deleted=served.library.reset_calibration())
