"""Which clips are asked about, which are left out of the corpus, and which show the same pictures."""

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
"""Clips of the same pictures, in other sizes, containers or with a logo.  All members of a family run by
one clock: of frames of one, the most alike frame of another is at the same time (median 0.0 s, nine in
ten within 0.1 s), so a time in one is a time in the other.  Every other clip is a family of its own."""

LEFT_OUT_FAMILIES = 3
"""Families that are asked about and kept out of the corpus: the right answer is none."""


def family(name: str) -> str:
    """The family of a clip by its file name; its own name where it has no versions."""
    return next((key for key, members in FAMILIES.items() if name in members), name)


@dataclass(frozen=True)
class ClipSplit:
    """Clips by what they are for, each in the order of their names.

    `asked` and `corpus` overlap: what is asked about is in the corpus; `left_out` is not.
    """

    corpus: tuple[Path, ...]
    asked: tuple[Path, ...]
    left_out: tuple[Path, ...]


def split(clips: Iterable[Path], seed: int, left_out: int = LEFT_OUT_FAMILIES) -> ClipSplit:
    """Sorts clips; the seed chooses the families that are left out of the corpus.

    A clip is asked about, or left out, only if every clip of its family is held out of training: a
    frame that training saw in another version of the clip would be no test.
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
    """Whether no clip of this clip's family may lend frames to training."""
    members = FAMILIES.get(family(name), frozenset()) | {name}
    return all(held_out(member) for member in members)


def clips_in(folder: Path) -> list[Path]:
    """The clips of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".md")
