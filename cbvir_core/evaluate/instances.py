"""Instance sets besides Oxford and Paris: Google Landmarks v2, and any folder of folders."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.groundtruth import GroundTruth, LandmarkQuery, read_ground_truth

GLDV2_COLUMNS = ("id", "images", "Usage")
GLDV2_IGNORED = "Ignored"
GLDV2_GALLERY, GLDV2_QUERIES = "index", "test"

INSTANCE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def read_instances(path: Path, pictures: Path | None = None) -> tuple[GroundTruth, Path]:
    """Return the ground truth of an instance set and the folder of its pictures.

    - ``*.pkl``: Oxford, Paris or INSTRE; pictures are in the folder ``jpg`` beside it.
    - ``*.csv``: Google Landmarks v2, ``retrieval_solution_v2.1.csv``; pictures are in ``index`` and ``test``.
    - a folder: a folder for each instance.

    `pictures` is another folder of pictures.  Raise FileUnreadable and InputError.
    """
    if path.is_dir():
        return read_folders(path), path
    if path.suffix == ".csv":
        folder = pictures or path.parent
        return read_gldv2(path, folder), folder
    return read_ground_truth(path), pictures or path.parent / "jpg"


def read_folders(folder: Path) -> GroundTruth:
    """Return the ground truth of a folder that has a folder of pictures for each instance.

    Every picture is a query for the others of its folder, and is left out of its own ranking.  A picture that
    is alone in its folder is in the gallery only.  Raise FileUnreadable, and InputError where there is
    nothing to be asked.
    """
    root = folder.resolve()
    paths = [path for path in files_in([root]) if path.suffix.lower() in INSTANCE_SUFFIXES]
    names = [str(path.relative_to(root)) for path in paths]
    instances: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        if path.parent != root:
            instances.setdefault(path.relative_to(root).parts[0], []).append(number)
    questions = [
        LandmarkQuery(
            names[number], None, {"ok": tuple(one for one in members if one != number), "junk": (number,)}
        )
        for members in instances.values()
        if len(members) > 1
        for number in members
    ]
    if not questions:
        raise InputError("has no folder with two pictures of one thing", path=folder)
    return GroundTruth(tuple(names), tuple(questions), ("original",))


def read_gldv2(solution: Path, folder: Path) -> GroundTruth:
    """Return the ground truth of Google Landmarks v2: the pictures that lie in `folder`.

    ``retrieval_solution_v2.1.csv`` has the columns id, images and Usage; ``images`` are the positives of a
    query, separated by spaces.  Queries whose usage is ``Ignored``, or whose picture is not there, are left
    out; so are positives that are not in the gallery.  Raise FileUnreadable and InputError.
    """
    rows = _solution(solution)
    gallery, asked = (_by_id(folder, part) for part in (GLDV2_GALLERY, GLDV2_QUERIES))
    positions = {name: number for number, name in enumerate(gallery)}
    questions = []
    for row in rows:
        if row["Usage"] == GLDV2_IGNORED or row["id"] not in asked:
            continue
        found = tuple(positions[name] for name in row["images"].split() if name in positions)
        questions.append(LandmarkQuery(asked[row["id"]], None, {"ok": found, "junk": ()}))
    if not any(question.lists["ok"] for question in questions):
        raise InputError(f"{solution} names no picture of {folder / GLDV2_GALLERY}")
    return GroundTruth(tuple(gallery.values()), tuple(questions), ("original",))


def _by_id(folder: Path, part: str) -> dict[str, str]:
    """Return the pictures of a part of the set by their id, relative to `folder`."""
    root = folder.resolve()
    return {path.stem: str(path.relative_to(root)) for path in files_in([root / part])}


def _solution(path: Path) -> list[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if not set(GLDV2_COLUMNS) <= set(reader.fieldnames or ()):
                raise InputError(
                    f"{path} is not a ground truth of Google Landmarks v2: its columns are "
                    f"{reader.fieldnames}, not {list(GLDV2_COLUMNS)}"
                )
            return [{key: row[key] or "" for key in GLDV2_COLUMNS} for row in reader]
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not in UTF-8: {error}") from error
