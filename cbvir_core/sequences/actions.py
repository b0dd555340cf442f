"""Folders of labelled clips: UCF50, UCF101, HMDB51, KTH, and any folder with a folder for each class.

Clips of one group were cut from one video, or show one person in one place: they resemble each other more
than their class explains.  So a group is never both learnt and asked about.

| layout | file | group |
|---|---|---|
| ``ucf50``, ``ucf101`` | ``Basketball/v_Basketball_g01_c02.avi`` | class and ``g01`` |
| ``hmdb51`` | ``brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi`` | ``April_09``, before the class |
| ``kth`` | ``boxing/person01_boxing_d1_uncomp.avi``, in folders or side by side | ``person01`` |
| ``folders`` | ``anything/clip.mp4`` | the file itself |
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from cbvir_core.errors import FileUnreadable, InputError

ActionLayout = Literal["folders", "ucf50", "ucf101", "hmdb51", "kth"]
ACTION_LAYOUTS: tuple[ActionLayout, ...] = get_args(ActionLayout)

CLIP_SUFFIXES = frozenset({".avi", ".mp4", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".webm"})

_UCF = re.compile(r"v_(?P<action>[^_]+(?:_[^_]+)*)_(?P<group>g\d+)_c\d+")
_KTH = re.compile(r"(?P<group>person\d+)_(?P<action>[a-z]+)_d\d+(_uncomp)?")


@dataclass(frozen=True, slots=True, order=True)
class ActionClip:
    """A clip, the class that it shows, and the group of clips that it resembles."""

    path: Path
    action: str
    group: str


def read_actions(folder: Path, layout: ActionLayout = "folders") -> list[ActionClip]:
    """Return the clips of a data set in the order of their paths.

    Files whose names are not of the layout are left out.  Raise FileUnreadable for a path that is no folder,
    and InputError where no clip is found.
    """
    if not folder.is_dir():
        raise FileUnreadable("is not a folder", path=folder)
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in CLIP_SUFFIXES and p.is_file())
    found = [clip for path in files if (clip := _READERS[layout](path)) is not None]
    if not found:
        raise InputError(f"holds no clip of the layout {layout}", path=folder)
    return found


def is_held_out(group: str, one_in: int) -> bool:
    """Return whether a group is among the one of `one_in` that is not learnt; a choice by its name alone."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % one_in == 0


def actions_of(clips: Iterable[ActionClip]) -> tuple[str, ...]:
    """Return the classes of clips in alphabetical order."""
    return tuple(sorted({clip.action for clip in clips}))


def _in_folder(path: Path) -> ActionClip:
    return ActionClip(path, path.parent.name, f"{path.parent.name}/{path.stem}")


def _ucf(path: Path) -> ActionClip | None:
    name = _UCF.fullmatch(path.stem)
    return None if name is None else ActionClip(path, name["action"], f"{name['action']}/{name['group']}")


def _hmdb(path: Path) -> ActionClip | None:
    source, marked, _ = path.stem.partition(f"_{path.parent.name}_")
    return ActionClip(path, path.parent.name, source) if marked else None


def _kth(path: Path) -> ActionClip | None:
    name = _KTH.fullmatch(path.stem)
    return None if name is None else ActionClip(path, name["action"], name["group"])


_READERS: dict[ActionLayout, Callable[[Path], ActionClip | None]] = {
    "folders": _in_folder,
    "ucf50": _ucf,
    "ucf101": _ucf,
    "hmdb51": _hmdb,
    "kth": _kth,
}
