"""Clips by their use: those that queries are made of, those left out of the corpus, and families."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.train.videos import held_out

FAMILIES: dict[str, frozenset[str]] = {
    "crystal": frozenset({"learning-area--crystal.mp4", "learning-area--crystal.webm"}),
    "rabbit": frozenset({"learning-area--rabbit.webm", "learning-area--rabbit320.mp4"}),
    "chaplin": frozenset({"moviepy--chaplin.mp4", "moviepy--video_with_failing_audio.mp4"}),
    "perception-v2": frozenset({"perception--v2.m4v", "perception--v2s.mov"}),
    "test card": frozenset(
        {
            "auto-editor--h264-mjpeg.mkv",
            "auto-editor--h264-png.mp4",
            "auto-editor--test_yuv422p.mp4",
            "auto-editor--testsrc-hevc.mp4",
            "auto-editor--testsrc_with_attachment.mkv",
            "decord--corrupted.mp4",
            "threatexchange--test-padded-dimensions.mp4",
        }
    ),
    "pattern": frozenset(
        {
            "threatexchange--pattern-hd-no-bar.mp4",
            "threatexchange--pattern-longer-no-bar.mp4",
            "threatexchange--pattern-sd-grey-bar.mp4",
            "threatexchange--pattern-sd-with-large-logo-bar.mp4",
            "threatexchange--pattern-sd-with-small-logo-bar.mp4",
        }
    ),
}
"""Clips of the same pictures, in other sizes or containers, or with a logo.  The members of a family have
one time line: the frame of another member that is most like a frame is at the same time (median 0.0 s,
nine in ten within 0.1 s).  So a time in one is a time in the other.  Every other clip is its own family."""

LEFT_OUT_FAMILIES = 3
"""Families that queries are made of but the corpus lacks: the right answer to them is none."""


def family(name: str) -> str:
    """Return the family of a clip by its file name; the name itself where it has no versions."""
    return next((key for key, members in FAMILIES.items() if name in members), name)


@dataclass(frozen=True)
class ClipSplit:
    """Clips by their use, each in the order of their names.

    Queries are made of `asked`, which are also in `corpus`, and of `left_out`, which are not.
    """

    corpus: tuple[Path, ...]
    asked: tuple[Path, ...]
    left_out: tuple[Path, ...]


def split(clips: Iterable[Path], seed: int, left_out: int = LEFT_OUT_FAMILIES) -> ClipSplit:
    """Divide clips by their use; the seed chooses the families that are left out of the corpus.

    Queries are made only of clips whose whole family is held out of training: a frame that was trained
    on in another version of the clip would test nothing.
    """
    everything = sorted(clips)
    families = sorted({family(clip.name) for clip in everything if never_learnt(clip.name)})
    chosen = np.random.default_rng([seed, 1]).permutation(len(families))[:left_out]
    absent = {families[number] for number in chosen}

    def pick(wanted: set[str]) -> tuple[Path, ...]:
        return tuple(clip for clip in everything if family(clip.name) in wanted)

    present = {family(clip.name) for clip in everything} - absent
    return ClipSplit(pick(present), pick(set(families) - absent), pick(absent))


def never_learnt(name: str) -> bool:
    """Return whether the whole family of a clip is held out of training."""
    members = FAMILIES.get(family(name), frozenset()) | {name}
    return all(held_out(member) for member in members)


def clips_in(folder: Path) -> list[Path]:
    """Return the clips of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".md")
