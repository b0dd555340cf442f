"""Making scores mean what they say in this library."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query

from cbvir_core.errors import ServiceStopping
from cbvir_core.library.maintenance import QUESTIONS
from cbvird.http.reports import CalibrationDocument
from cbvird.http.serving import Served

router = APIRouter(prefix="/calibrate", tags=["calibration"])

TOLD_S = 0.5
"""How often progress is published."""


@router.post("")
def calibrate(
    served: Served,
    questions: Annotated[int, Query(ge=100, le=20_000, description="stills to ask with")] = QUESTIONS,
    seed: Annotated[int, Query(ge=0, description="another one asks with other stills")] = 0,
) -> CalibrationDocument:
    """Ask with edited stills of the library, fit what scores claim, and answer when it is done."""
    told = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        if served.stop.is_set():  # it takes minutes, and the library waits for it
            raise ServiceStopping("the service is stopping; calibrate again when it runs")
        if time.monotonic() - told >= TOLD_S:
            told = time.monotonic()
            served.board.publish("calibration", done=done, total=total)

    outcome = served.library.calibrate(questions, seed, progress)
    return CalibrationDocument(
        questions=outcome.questions,
        answers=outcome.answers,
        error_before=round(outcome.error_before, 4),
        error=round(outcome.error, 4),
        false_sure=round(outcome.false_sure, 4),
    )
