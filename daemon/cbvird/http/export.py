"""Results as files for other programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, model_validator

from cbvir_core.decode import encode_pdf, encode_png
from cbvir_core.errors import BadRequest, CbvirError, UnknownVideo
from cbvird.export import (
    ExportedResult,
    SheetCell,
    TimelineForm,
    annotation_page,
    as_csv,
    as_json,
    as_timeline,
    contact_sheets,
    one_sheet,
)
from cbvird.http.context import Context, Served
from cbvird.http.documents import VideoSeconds

router = APIRouter(tags=["export"])

MAX_EXPORTED_RESULTS = 10_000
MAX_SHEET_RESULTS = 90
"""Results on contact sheets, each of which has a frame decoded; six pages."""

SHEET_FRAME_WIDTH = 384


class ExportFormat(StrEnum):
    """The formats of results as files."""

    CSV = "csv"
    JSON = "json"
    EDL = "edl"
    FCPXML = "fcpxml"
    OTIO = "otio"
    WEB_ANNOTATION = "webannotation"
    PNG = "png"
    PDF = "pdf"


_FILES: dict[ExportFormat, tuple[str, str]] = {
    ExportFormat.CSV: ("cbvir.csv", "text/csv; charset=utf-8"),
    ExportFormat.JSON: ("cbvir.json", "application/json"),
    ExportFormat.EDL: ("cbvir.edl", "text/plain; charset=utf-8"),
    ExportFormat.FCPXML: ("cbvir.fcpxml", "application/xml"),
    ExportFormat.OTIO: ("cbvir.otio", "application/json"),
    ExportFormat.WEB_ANNOTATION: (
        "cbvir.jsonld",
        'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
    ),
    ExportFormat.PNG: ("cbvir.png", "image/png"),
    ExportFormat.PDF: ("cbvir.pdf", "application/pdf"),
}
"""The name and the media type of a file."""

_TIMELINES = {
    ExportFormat.EDL: TimelineForm.EDL,
    ExportFormat.FCPXML: TimelineForm.FCPXML,
    ExportFormat.OTIO: TimelineForm.OTIO,
}


def _content() -> dict[str, dict[str, Any]]:
    """Return the description of each media type: a JSON document is an object, the others are bytes."""
    kinds = [kind.partition(";")[0] for _, kind in _FILES.values()]
    document, data = {"type": "object"}, {"type": "string", "format": "binary"}
    return {kind: {"schema": document if kind.endswith("json") else data} for kind in kinds}


_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": _content()}}


class ExportedResultDocument(BaseModel):
    """A part of a video, with the moment that was found in it; seconds."""

    video_id: str = Field(max_length=100)
    path: str = Field(max_length=4096)
    start_s: VideoSeconds
    end_s: VideoSeconds
    time_s: VideoSeconds
    label: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.start_s <= self.time_s <= self.end_s:
            raise ValueError("should have start_s <= time_s <= end_s")
        return self

    def result(self) -> ExportedResult:
        """Return the result as it is exported."""
        return ExportedResult(**self.model_dump())


class ExportRequest(BaseModel):
    """The results that are exported, in their order."""

    results: list[ExportedResultDocument] = Field(min_length=1, max_length=MAX_EXPORTED_RESULTS)


@router.post("/export", response_class=Response, responses=_ANSWER)
async def export(
    served: Served, wanted: ExportRequest, form: Annotated[ExportFormat, Query(alias="format")]
) -> Response:
    """Return results as a file.  Contact sheets (PNG, PDF) take 90 results at most."""
    results = [one.result() for one in wanted.results]
    if form in (ExportFormat.PNG, ExportFormat.PDF) and len(results) > MAX_SHEET_RESULTS:
        raise BadRequest(f"a contact sheet has at most {MAX_SHEET_RESULTS} results; choose some of them")
    loop = asyncio.get_running_loop()
    data = await loop.run_in_executor(served.picture_pool, _written, served, results, form)
    name, kind = _FILES[form]
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _written(served: Context, results: Sequence[ExportedResult], form: ExportFormat) -> bytes:
    if form in _TIMELINES:
        return as_timeline(results, _rates(served, results), _TIMELINES[form])
    if form is ExportFormat.PNG:
        return encode_png(one_sheet(_cells(served, results)))
    if form is ExportFormat.PDF:
        return encode_pdf(contact_sheets(_cells(served, results)), "cbvir")
    plain: dict[ExportFormat, Callable[[Sequence[ExportedResult]], bytes]] = {
        ExportFormat.CSV: as_csv,
        ExportFormat.JSON: as_json,
        ExportFormat.WEB_ANNOTATION: annotation_page,
    }
    return plain[form](results)


def _rates(served: Context, results: Sequence[ExportedResult]) -> dict[str, float | None]:
    """Return the frames a second of each video, None where the file does not say it."""
    rates: dict[str, float | None] = {}
    for video_id in {result.video_id for result in results}:
        try:
            info = served.library.pictures.info(video_id)
        except UnknownVideo:
            info = None
        rates[video_id] = None if info is None else info.frames_per_s
    return rates


def _cells(served: Context, results: Sequence[ExportedResult]) -> list[SheetCell]:
    cells = []
    for result in results:
        try:
            shown = served.library.pictures.frame(result.video_id, result.time_s, SHEET_FRAME_WIDTH)
        except CbvirError as error:
            raise BadRequest(f"{result.name} cannot be shown: {error}") from error
        cells.append(SheetCell(result, shown.image))
    return cells
