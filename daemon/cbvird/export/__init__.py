"""Results as files for other programs: tables, timelines, annotations, contact sheets."""

from cbvird.export.annotation import annotation_page
from cbvird.export.results import ExportedResult
from cbvird.export.sheet import SheetCell, contact_sheets, one_sheet
from cbvird.export.tables import as_csv, as_json
from cbvird.export.timeline import TimelineForm, as_timeline

__all__ = [
    "ExportedResult",
    "SheetCell",
    "TimelineForm",
    "annotation_page",
    "as_csv",
    "as_json",
    "as_timeline",
    "contact_sheets",
    "one_sheet",
]
