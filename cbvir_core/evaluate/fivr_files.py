"""The published files of FIVR-200K, and the file of scores that is evaluated with them.

``annotation.json`` holds, for each query, a list of videos for each label: ND (near duplicate), DS (duplicate
scene), CS (complementary scene), IS (incident scene), DA (duplicate audio).  ``fivr.pickle``, as the research
code of ViSiL and DnS has it, holds the same under ``annotation``, and under ``5k`` and ``200k`` the lists
``queries`` and ``database``.  ``youtube_ids.txt`` names one video a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate.jsonfile import read_json_dict, read_text
from cbvir_core.evaluate.plainpickle import PlainArray, read_plain_pickle

FIVR_VERSIONS = ("5k", "200k")
"""The two sets of queries and videos in ``fivr.pickle``."""

PICKLE_SUFFIXES = (".pickle", ".pkl", ".pk")

VideoScores = Mapping[str, Mapping[str, float]]
"""For each query the score of each video; the higher, the more similar."""


@dataclass(frozen=True, slots=True)
class FivrAnnotation:
    """For each query the videos of each label.  `videos` are those at hand; None where the file is silent."""

    labels: Mapping[str, Mapping[str, frozenset[str]]]
    videos: frozenset[str] | None = None


def read_fivr(path: Path, version: str = "200k") -> FivrAnnotation:
    """Read ``annotation.json`` or ``fivr.pickle``, of which `version` chooses queries and videos.

    No code in a pickle runs.  Raise FileUnreadable, or InputError for another layout.
    """
    pickled = path.suffix in PICKLE_SUFFIXES
    content: Any = _unpickled(path) if pickled else {"annotation": read_json_dict(path)}
    try:
        labels = _labels(content["annotation"])
        if not pickled:
            return FivrAnnotation(labels)
        queries, videos = (_names(content[version][key], key) for key in ("queries", "database"))
    except (KeyError, TypeError) as error:
        raise InputError(f"is not in the layout of FIVR-200K: {error} is missing", path=path) from error
    except ValueError as error:
        raise InputError(f"is not in the layout of FIVR-200K: {error}", path=path) from error
    chosen = {query: sets for query, sets in labels.items() if query in queries}
    return FivrAnnotation(chosen, videos)


def read_video_names(path: Path) -> frozenset[str]:
    """Read a list of videos, one a line.  Raise FileUnreadable, or InputError where there is none."""
    names = frozenset(line.strip() for line in read_text(path).splitlines() if line.strip())
    if not names:
        raise InputError("names no video", path=path)
    return names


def read_scores(path: Path) -> VideoScores:
    """Read scores from JSON: ``{query: {video: score}}``.

    Raise FileUnreadable.  Raise InputError, with the place, for another layout or a score that is not finite.
    """
    found = read_json_dict(path)
    if not found:
        raise InputError("holds no query", path=path)
    for query, scores in found.items():
        if not isinstance(scores, dict):
            raise InputError(f"has no scores of videos under {query!r}", path=path)
        for video, score in scores.items():
            if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
                raise InputError(f"has the score {score!r} of {video!r} under {query!r}", path=path)
    return found


def _unpickled(path: Path) -> Any:
    try:
        return read_plain_pickle(path.read_bytes())
    except OSError as error:
        raise FileUnreadable(f"cannot be read: {error.strerror}", path=path) from error
    except ValueError as error:
        raise InputError(f"is not a pickle of plain data: {error}", path=path) from error


def _labels(content: Any) -> dict[str, dict[str, frozenset[str]]]:
    if not isinstance(content, dict) or not content:
        raise ValueError("the annotation is not a dict of queries")
    for query, sets in content.items():
        if not isinstance(query, str) or not isinstance(sets, dict):
            raise ValueError(f"the query {query!r} has no dict of labels")
    return {
        query: {str(label): _names(names, f"{query}.{label}") for label, names in sets.items()}
        for query, sets in content.items()
    }


def _names(value: Any, where: str) -> frozenset[str]:
    """Return names from a list, tuple, set or dict of them."""
    if isinstance(value, PlainArray) or not isinstance(value, list | tuple | set | frozenset | dict):
        raise ValueError(f"{where} is not a list of names")
    if not all(isinstance(name, str) for name in value):
        raise ValueError(f"{where} is not a list of names")
    return frozenset(value)
