"""How often the exact moment is right: frames of real clips by chance, as they are and edited.

    python -m bench.measure.localise --frames 1 --seed 7
    python -m bench.measure.localise --film long.mp4 --frames 40

The second asks about one film instead of the clips.  Prints for each kind of query the share within one frame
and within 0.5 s, both strictly ("frame", "0.5 s") and with frames counted as right that equal the true one
("same"): the given run of equal frames covers it, or the PSNR of the two frames, long side 512, is above
45 dB.  "exact" is the share that says it is exact, "wrong" of those the share neither within one frame
nor the same.  The query is verified against its keyframe's still as in a search.  The scene's thumbnails are
matched first: as verification found, or as the whole frame where it did not agree.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.shared_data import SHARED
from cbvir_core.decode import STILL_SIDE, decode_still, encode_still, fit_within, read_frames
from cbvir_core.decode.span import SpanReader
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.localise import Moment, ThumbnailMatch, find_moment, match_thumbnails
from cbvir_core.types import Image, Keyframe
from cbvir_core.verify import QUERY_FEATURES, LocalFeatures, Verification, describe, verify

SAME_FRAME_PSNR_DB = 45.0
"""PSNR of two frames above which they count as the same."""

Rng = np.random.Generator


def saved(image: Image, quality: int = 85) -> Image:
    return decode_still(encode_still(np.ascontiguousarray(image), quality))


def scaled(image: Image, long_side: float) -> Image:
    factor = long_side / max(image.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def full(image: Image, rng: Rng) -> Image:
    return saved(image, 90)


def half(image: Image, rng: Rng) -> Image:
    return saved(scaled(image, max(image.shape[:2]) / 2), 90)


def cropped(image: Image, rng: Rng) -> Image:
    height, width = image.shape[:2]
    share, x, y = rng.uniform(0.6, 0.8), rng.uniform(), rng.uniform()
    top, left = int(y * (1 - share) * height), int(x * (1 - share) * width)
    return saved(image[top : top + int(share * height), left : left + int(share * width)])


def captioned(image: Image, rng: Rng) -> Image:
    picture = image.copy()
    height, width = picture.shape[:2]
    cv2.rectangle(picture, (0, int(0.82 * height)), (width, height), (20, 20, 20), -1)
    at, size, thick = (int(0.05 * width), int(0.94 * height)), width / 450, max(1, width // 300)
    cv2.putText(picture, "A caption in two words", at, 0, size, (240, 240, 240), thick, cv2.LINE_AA)
    return saved(picture)


def toned(image: Image, rng: Rng) -> Image:
    return saved(np.clip(255 * (image / 255) ** rng.uniform(0.6, 1.5) * 0.85 + 15, 0, 255).astype(np.uint8))


def blurred(image: Image, rng: Rng) -> Image:
    return saved(cv2.GaussianBlur(image, (0, 0), max(image.shape[:2]) / 250))


def saved_badly(image: Image, rng: Rng) -> Image:
    return saved(fit_within(image, 240), 30)


def grey(image: Image, rng: Rng) -> Image:
    return saved(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def mirrored(image: Image, rng: Rng) -> Image:
    return saved(image[:, ::-1])


def in_page(image: Image, rng: Rng) -> Image:
    page = np.full((1000, 1280, 3), 245, np.uint8)
    for line in range(30, 980, 22):
        cv2.putText(page, "lorem ipsum dolor sit amet consectetur " * 2, (20, line), 0, 0.5, (40, 40, 40), 1)
    picture = scaled(image, 640)
    top, left = rng.integers(50, 300), rng.integers(100, 500)
    page[top : top + len(picture), left : left + picture.shape[1]] = picture
    return saved(page)


def off_a_screen(image: Image, rng: Rng) -> Image:
    picture = scaled(image, 700)
    height, width = picture.shape[:2]
    inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    outer = inner + rng.uniform(-0.07, 0.07, (4, 2)) * [width, height] + [120, 100]
    matrix = cv2.getPerspectiveTransform(inner, outer.astype(np.float32))
    size = (width + 240, height + 200)
    photo = cv2.warpPerspective(picture, matrix, size, borderValue=(80, 70, 60))
    photo = cv2.GaussianBlur(photo, (0, 0), 1.0) * 0.85 + rng.normal(0, 4, photo.shape)
    return saved(np.clip(photo, 0, 255).astype(np.uint8), 80)


UNEDITED: tuple[Callable[[Image, Rng], Image], ...] = (full, half)
EDITED = (cropped, captioned, toned, blurred, saved_badly, grey, mirrored, in_page, off_a_screen)


@dataclass(frozen=True)
class Trial:
    """One answer: how far off it is in frames and seconds, whether the frame is the same, and its cost."""

    verified: bool
    frames_off: int
    seconds_off: float
    same: bool
    moment: Moment
    cpu_ms: float
    wall_ms: float

    @property
    def right(self) -> bool:
        """Whether the frame is within one of the true one, or the same."""
        return self.frames_off <= 1 or self.same


def frame_at(path: Path, time_s: float, side: int | None) -> Image:
    with SpanReader(path, time_s, time_s, max_side=side) as reader:
        return next(reader).image


def psnr(one: Image, other: Image) -> float:
    error = float(np.mean((one.astype(np.float32) - other) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def is_same(path: Path, moment: Moment, true_s: float) -> bool:
    if moment.time_s <= true_s <= moment.until_s:
        return True
    frames = (frame_at(path, time_s, STILL_SIDE) for time_s in (moment.time_s, true_s))
    return psnr(*frames) > SAME_FRAME_PSNR_DB


def matched(
    query: Image, keyframe: Keyframe, found: Verification | None, mirror: bool
) -> ThumbnailMatch | None:
    """Match the scene's thumbnails where there are any."""
    if not keyframe.thumbnails:
        return None
    height, width = keyframe.image.shape[:2]
    return match_thumbnails(
        keyframe.thumbnails,
        query,
        keyframe_s=keyframe.time_s,
        still=(width, height),
        transform=found.homography if found else None,
        mirrored=mirror,
    )


def tried(
    path: Path,
    times: list[float],
    number: int,
    query: Image,
    keyframe: Keyframe,
    still: LocalFeatures,
    mirror: bool,
    budget_s: float,
) -> Trial:
    found = verify(describe(query, QUERY_FEATURES), still, mirror=mirror)
    cpu, wall = time.process_time(), time.perf_counter()
    match = matched(query, keyframe, found, mirror)
    moment = find_moment(
        path,
        (keyframe.scene_start_s, keyframe.scene_end_s),
        query,
        keyframe_s=keyframe.time_s,
        transform=found.homography if found else None,
        mirrored=mirror,
        thumbnail_match=match,
        budget_s=budget_s,
    )
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    off = int(np.argmin(np.abs(np.array(times) - moment.time_s))) - number
    seconds_off = abs(moment.time_s - times[number])
    same = is_same(path, moment, times[number])
    return Trial(found is not None, abs(off), seconds_off, same, moment, cpu * 1000, wall * 1000)


def try_clip(path: Path, count: int, rng: Rng, budget_s: float, trials: dict[str, list[Trial]]) -> None:
    keyframes = list(extract_keyframes(path, max_side=STILL_SIDE))
    with read_frames(path, samples_per_s=None, mode="every", max_side=16) as reader:
        times = [frame.time_s for frame in reader]
    for number in rng.integers(0, len(times), count):
        keyframe = next((k for k in reversed(keyframes) if k.scene_start_s <= times[number]), keyframes[0])
        image, still = frame_at(path, times[number], None), describe(keyframe.image)
        for perturb in (*UNEDITED, *EDITED):
            query = perturb(image, rng)
            trial = tried(path, times, int(number), query, keyframe, still, perturb is mirrored, budget_s)
            trials.setdefault(perturb.__name__, []).append(trial)


def print_fits(name: str, found: list[float]) -> None:
    marks = " ".join(f"{mark:.2f}" for mark in np.quantile(found, [0, 0.02, 0.1, 0.5, 1])) if found else ""
    print(f"fit of exact ones that are {name}: n {len(found)}, quantiles 0 .02 .1 .5 1: {marks}")


def print_row(name: str, trials: list[Trial]) -> None:
    def share(of: list[bool]) -> str:
        return f"{np.mean(of):.3f}" if of else "  -  "

    frame = [trial.frames_off <= 1 for trial in trials]
    near = [trial.seconds_off <= 0.5 for trial in trials]
    same = [trial.same for trial in trials]
    exact = [trial.moment.exact for trial in trials]
    wrong = [not trial.right for trial in trials if trial.moment.exact]
    costs = [[t.cpu_ms, t.wall_ms] for t in trials]
    (cpu, wall), (most_cpu, most_wall) = np.quantile(costs, [0.5, 0.95], axis=0)
    decoded = np.median([trial.moment.frames_decoded for trial in trials])
    looked = np.median([trial.moment.frames_looked_at for trial in trials])
    right = [trial.right for trial in trials]
    print(
        f"{name:13} n {len(trials):4}  frame {share(frame)} same {share(right)}"
        f"  0.5 s {share(near)} same {share([a or b for a, b in zip(near, same, strict=True)])}"
        f"  exact {share(exact)} wrong {share(wrong)}"
        f"  cpu {cpu:5.0f} (p95 {most_cpu:5.0f}) wall {wall:5.0f} (p95 {most_wall:5.0f}) ms"
        f"  decoded {decoded:4.0f} looked at {looked:4.0f}"
    )


def all_clips(shared: Path) -> list[Path]:
    return sorted(path for path in (shared / "videos").iterdir() if path.suffix != ".md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.measure.localise", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--film", type=Path, help="one film instead of the clips")
    parser.add_argument("--every", type=int, default=1, help="each n-th clip")
    parser.add_argument("--frames", type=int, default=2, help="of each clip")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--show", action="store_true", help="what is wrong, one line each")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(options.seed)
    trials: dict[str, list[Trial]] = {}
    clips = [options.film] if options.film else all_clips(options.shared)
    for path in clips[:: options.every]:
        before = {name: len(found) for name, found in trials.items()}
        try_clip(path, options.frames, rng, options.budget, trials)
        for name, found in trials.items() if options.show else ():
            for trial in found[before.get(name, 0) :]:
                if not trial.right:
                    print(path.name[:40], name, trial.verified, trial.frames_off, trial.moment)
    for name, found in trials.items():
        print_row(name, found)
    print_fits("right", [t.moment.fit for of in trials.values() for t in of if t.moment.exact and t.right])
    print_fits(
        "wrong", [t.moment.fit for of in trials.values() for t in of if t.moment.exact and not t.right]
    )
    unedited = [trial for perturb in UNEDITED for trial in trials[perturb.__name__]]
    edited = [trial for perturb in EDITED for trial in trials[perturb.__name__]]
    print_row("unedited", unedited)
    print_row("edited", edited)
    print_row("  verified", [trial for trial in edited if trial.verified])
    print_row("  not", [trial for trial in edited if not trial.verified])


if __name__ == "__main__":
    main()
