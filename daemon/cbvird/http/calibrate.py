"""Calibration: scores that are true probabilities in this library."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cbvir_core.calibration import CALIBRATION_QUESTIONS
from cbvird.http.context import Served
from cbvird.http.reports import (
    CalibrationDocument,
    CalibrationInUseDocument,
    CalibrationResetDocument,
    CalibrationTaskDocument,
)
from cbvird.http.roles import ADMINISTRATIVE
from cbvird.runtime.tasks import TaskProgress

router = APIRouter(tags=["calibration"])


@router.post("/calibrate", status_code=202, dependencies=[ADMINISTRATIVE])
def calibrate(
    served: Served,
    questions: Annotated[
        int, Query(ge=100, le=20_000, description="frames to ask with, each twice")
    ] = CALIBRATION_QUESTIONS,
    seed: Annotated[int, Query(ge=0, description="another seed asks with other frames")] = 0,
) -> CalibrationTaskDocument:
    """Begin to ask with perturbed frames of the library; `GET /v1/calibrate` says how far it is.

    The confidence model is fitted to the answers, and applied where it is better than the one before.
    Status 409 while another calibration runs.
    """

    def work(progress: TaskProgress) -> CalibrationDocument:
        return CalibrationDocument.of(served.library.calibrate(questions, seed, progress))

    return CalibrationTaskDocument.of(served.calibration.start(work))


@router.get("/calibrate")
def state(served: Served) -> CalibrationTaskDocument:
    """Return how far the calibration is, or what the last one gave."""
    return CalibrationTaskDocument.of(served.calibration.state())


@router.delete("/calibrate", dependencies=[ADMINISTRATIVE])
def halt(served: Served) -> CalibrationTaskDocument:
    """End the calibration that runs, after its next question; scores stay as they are."""
    served.calibration.halt()
    return CalibrationTaskDocument.of(served.calibration.state())


@router.get("/calibration")
def in_use(served: Served) -> CalibrationInUseDocument:
    """Return the outcome of the calibration whose model judges answers, with bins for a reliability plot."""
    found = served.library.calibration()
    return CalibrationInUseDocument(calibration=None if found is None else CalibrationDocument.of(found))


@router.delete("/calibration", dependencies=[ADMINISTRATIVE])
def reset(served: Served) -> CalibrationResetDocument:
    """Go back to the confidence model that comes with cbvir.  Status 409 while a calibration runs."""
    return CalibrationResetDocument(deleted=served.library.reset_calibration())
