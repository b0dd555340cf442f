"""Measure the score scale of one filter or SOLAR: its likely_cosine and match_cosine.

    python -m bench.measure.scores WEIGHTS.safetensors [--shared FOLDER] [--photographs 1000]

``--write`` puts them into the file's header.  2 % of the foreign photographs reach likely_cosine, 0.5 % of
them match_cosine.

Right pairs are frames of the clips, whole and perturbed, and the keyframes of their own clip.  Foreign pairs
are frames and the keyframes of all other sources, and photographs that are in no clip and every keyframe.  A
cosine is the best over the variants of the picture, as in a query.
"""

from __future__ import annotations

import argparse
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench.shared_data import SHARED
from cbvir_core.decode import STILL_SIDE, fit_within, read_frames, read_picture
from cbvir_core.decode.blank import is_blank
from cbvir_core.embed import Encoder, NetworkEncoder
from cbvir_core.errors import CbvirError
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.search import FILTER_SCALE, REFINE_SCALE, ScoreScale
from cbvir_core.search.variants import variants_of
from cbvir_core.types import Image, Rows
from cbvir_core.weights import read_header, read_tensors, role_of, write_weights

LIKELY_FOREIGN_SHARE, MATCH_FOREIGN_SHARE = 0.02, 0.005
"""Shares of foreign photographs that reach likely_cosine, and match_cosine."""

ARCHIVE_PHOTOGRAPHS = 4996


@dataclass(frozen=True)
class Clip:
    """A clip's source (clips of one source may share pictures), its keyframes' descriptors, some frames."""

    source: str
    rows: Rows
    frames: list[Image]


def cropped(image: Image) -> Image:
    height, width = image.shape[:2]
    return image[height // 10 : -height // 10, width // 10 : -width // 10]


def toned(image: Image) -> Image:
    return np.asarray(cv2.convertScaleAbs(image, alpha=0.8, beta=25), np.uint8)


def saved_badly(image: Image) -> Image:
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def boxed(image: Image) -> Image:
    bar = image.shape[0] // 5
    return np.asarray(cv2.copyMakeBorder(image, bar, bar, 0, 0, cv2.BORDER_CONSTANT), np.uint8)


def grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


FIXED_PERTURBATIONS: list[Callable[[Image], Image]] = [cropped, toned, saved_badly, mirrored, boxed, grey]


def read_clip(path: Path, encoder: Encoder) -> Clip | None:
    """Return None for a clip that cannot be decoded or shows nothing."""
    try:
        keyframes = [keyframe.image for keyframe in extract_keyframes(path)]
        with read_frames(path, samples_per_s=0.8, max_side=STILL_SIDE) as reader:
            frames = [frame.image for frame in islice(reader, 1, 6) if not is_blank(frame.image)]
    except CbvirError:
        return None
    return Clip(path.name.split("--")[0], encoder.encode(keyframes), frames) if frames else None


def photographs(archive: Path, count: int) -> Iterator[Image]:
    """Yield photographs from all over the archive."""
    with tarfile.open(archive) as opened:
        for member in opened.getmembers()[:: max(1, ARCHIVE_PHOTOGRAPHS // max(1, count))]:
            data = opened.extractfile(member)
            if data is not None:
                yield fit_within(read_picture(data.read()), STILL_SIDE)


def best_cosine(encoder: Encoder, picture: Image, gallery: Rows) -> float:
    """Return the best cosine of any variant of the picture to any row."""
    rows = encoder.encode([variant.image for variant in variants_of(picture)])
    return float((rows @ gallery.T).max())


def show(name: str, values: list[float]) -> npt.NDArray[np.float64]:
    array = np.asarray(values)
    marks = " ".join(f"{np.quantile(array, q):.3f}" for q in (0.0, 0.02, 0.1, 0.5, 0.9, 0.98, 1.0))
    print(f"{name:12} n {len(array):5}  quantiles 0 .02 .1 .5 .9 .98 1: {marks}")
    return array


def write(path: Path, scale: ScoreScale) -> None:
    """Put the cosines into the header.  The fingerprint stays, so descriptors stay comparable."""
    header, tensors = read_header(path), read_tensors(path)
    write_weights(path, tensors, replace(header, details={**header.details, **asdict(scale)}))


def right_cosines(encoder: Encoder, clips: list[Clip]) -> npt.NDArray[np.float64]:
    """Show and return the cosines of frames, whole and perturbed, to the keyframes of their own clips."""
    right = {"whole": [best_cosine(encoder, frame, clip.rows) for clip in clips for frame in clip.frames]}
    for perturb in FIXED_PERTURBATIONS:
        right[perturb.__name__] = [
            best_cosine(encoder, perturb(frame), clip.rows) for clip in clips for frame in clip.frames[::2]
        ]
    return np.concatenate([show(name, values) for name, values in right.items()])


def foreign_cosines(
    encoder: Encoder, clips: list[Clip], pictures: Iterator[Image]
) -> npt.NDArray[np.float64]:
    """Show the cosines of frames to other sources; show and return those of `pictures` to every keyframe."""
    others = {c.source: np.concatenate([d.rows for d in clips if d.source != c.source]) for c in clips}
    show(
        "other clips",
        [best_cosine(encoder, frame, others[c.source]) for c in clips for frame in c.frames[::2]],
    )
    everything = np.concatenate([clip.rows for clip in clips])
    return show("photographs", [best_cosine(encoder, picture, everything) for picture in pictures])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.scores",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument(
        "--write", action="store_true", help="store the two cosines in the header of the file"
    )
    return parser.parse_args()


def main() -> None:
    options = parse()
    role = role_of(read_header(options.weights))
    encoder = NetworkEncoder(options.weights, role)
    files = sorted(path for path in (options.shared / "videos").iterdir() if path.suffix != ".md")
    clips = [clip for path in files if (clip := read_clip(path, encoder)) is not None]
    print(f"{len(clips)} clips, {sum(len(clip.rows) for clip in clips)} keyframes")

    right = right_cosines(encoder, clips)
    archive = options.shared / "distractors" / "distractors.tar"
    foreign = foreign_cosines(encoder, clips, photographs(archive, options.photographs))
    marks = [
        float(np.quantile(foreign, 1 - share)) for share in (0.1, LIKELY_FOREIGN_SHARE, MATCH_FOREIGN_SHARE)
    ]
    default = REFINE_SCALE if role == "refine" else FILTER_SCALE
    for cosine in (*marks, default.likely_cosine, default.match_cosine):
        shares = f"foreign {(foreign >= cosine).mean():.4f}, right {(right >= cosine).mean():.3f}"
        print(f"reach a cosine of {cosine:.3f}: {shares}")
    if options.write:
        write(options.weights, ScoreScale(likely_cosine=marks[1], match_cosine=marks[2]))


if __name__ == "__main__":
    main()
