"""In which video, and when, does this picture appear?

>>> from cbvir_core import Library
>>> with Library.open("data") as library:           # doctest: +SKIP
...     library.add("film.mp4")
...     answer = library.search("query.jpg")

Names are loaded by their first use, so ``import cbvir_core`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cbvir_core.errors import CbvirError
from cbvir_core.types import (
    Answer,
    FoundVideo,
    Frame,
    Hit,
    Image,
    Keyframe,
    KeyframeId,
    Rows,
    Verdict,
    VideoId,
    VideoInfo,
)
from cbvir_core.version import VERSION

if TYPE_CHECKING:
    from cbvir_core.decode import probe
    from cbvir_core.embed import RuntimeOptions
    from cbvir_core.index import IndexOptions
    from cbvir_core.keyframes import KeyframeOptions, extract_keyframes
    from cbvir_core.library import Library
    from cbvir_core.search import SearchOptions

__version__ = VERSION

_HOMES = {
    "IndexOptions": "cbvir_core.index",
    "KeyframeOptions": "cbvir_core.keyframes",
    "Library": "cbvir_core.library",
    "RuntimeOptions": "cbvir_core.embed",
    "SearchOptions": "cbvir_core.search",
    "extract_keyframes": "cbvir_core.keyframes",
    "probe": "cbvir_core.decode",
}

__all__ = [
    "VERSION",
    "Answer",
    "CbvirError",
    "FoundVideo",
    "Frame",
    "Hit",
    "Image",
    "IndexOptions",
    "Keyframe",
    "KeyframeId",
    "KeyframeOptions",
    "Library",
    "Rows",
    "RuntimeOptions",
    "SearchOptions",
    "Verdict",
    "VideoId",
    "VideoInfo",
    "__version__",
    "extract_keyframes",
    "probe",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
