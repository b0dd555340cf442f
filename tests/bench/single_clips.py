"""Unedited frames of single clips, still cameras above all: do they come back at their own moment?

    python -m bench.single_clips [--each 6] [--seed 5] [--data FOLDER]

In films that are joined of many clips (`bench.films`) hardly two scenes show the same place.  Here every clip
is a video of its own, and all scenes of a still camera agree with every frame of it.  A moment is right
within .05 s or where the frame at the answered time looks the same.  Frames of one colour are found nowhere.
The built-in networks learnt from most of these clips: the moment is measured here, not the network.
24 clips and six frames of each take seven minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.films.film_frames import frames_at, looks_equal
from bench.films.parts import best_versions, clip_duration_s
from bench.shared_data import CLIPS
from cbvir_core import Library
from cbvir_core.decode import encode_still
from cbvir_core.types import Verdict

MAX_ASKED_S = 40.0
"""Seconds of a clip from whose beginning frames are asked."""

MOMENT_S = 0.05
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and what was right of its first answer; `said` is that answer for a person."""

    clip: str
    time_s: float
    video: bool
    moment: bool
    match: bool
    said: str


def ask(library: Library, clip: Path, times_s: Sequence[float]) -> list[Asked]:
    """Ask with the frames of a clip at these times."""
    asked = []
    for time_s, frame in frames_at(clip, times_s):
        results = library.search(encode_still(frame, JPEG_QUALITY)).results
        if not results:
            asked.append(Asked(clip.name, time_s, False, False, False, "nothing"))
            continue
        best = results[0]
        video = best.path.name == clip.name
        near = abs(best.time_s - time_s) <= MOMENT_S
        said = f"{best.path.name} {best.time_s:.2f}, {best.verdict} {best.probability:.2f}"
        moment = video and (near or looks_equal(clip, best.time_s, time_s))
        asked.append(Asked(clip.name, time_s, video, moment, best.verdict == Verdict.MATCH, said))
    return asked


def main(line: Sequence[str]) -> None:
    """Print what came back wrong, and the shares of what is right."""
    parser = argparse.ArgumentParser(prog="python -m bench.single_clips", description=__doc__)
    parser.add_argument("--each", type=int, default=6, help="frames of each clip (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=5, help="of the draw (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the library there")
    arguments = parser.parse_args(line)
    rng = np.random.default_rng(arguments.seed)
    asked: list[Asked] = []
    clips = list(best_versions(CLIPS.iterdir()).values())
    with (
        tempfile.TemporaryDirectory(prefix="cbvir-") as name,
        Library.open(arguments.data or Path(name), profile="builtin") as library,
    ):
        for clip in clips:
            library.add(clip)
        for clip in clips:
            end_s = min(clip_duration_s(clip), MAX_ASKED_S)
            asked += ask(library, clip, rng.uniform(0, end_s, arguments.each).tolist())
    for one in asked:
        if not one.moment:
            print(f"{one.clip} at {one.time_s:.2f}: {one.said}")
    print(f"\n{len(asked)} unedited frames of {len(clips)} clips")
    for what in ("video", "moment", "match"):
        print(f"right {what}: {np.mean([getattr(one, what) for one in asked]):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
