"""Measures the borders of whole videos: whether added bars are found, and none where there are none.

    python -m bench.measure.borders [--videos FOLDER]

It prints, for each kind of bar, the share of clips whose box is right to 4 pixels of 512, and the share of
clips of which more than 4 pixels of content are cut; beside it the same for single frames (`content_box`).
Then it prints how often clips without bars, plain and darkened, are cut, and what looking for borders costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from bench.shared_data import CLIPS
from cbvir_core.borders.still import content_box
from cbvir_core.borders.video import BORDER_INTRA_FRAMES, StableBorders, find_borders
from cbvir_core.decode import read_frames
from cbvir_core.decode.intra_frames import sample_intra_frames
from cbvir_core.errors import CbvirError
from cbvir_core.types import Box, Image
from support.pages import saved

BARRED = ("chaplin", "threatexchange--pattern-sd", "padded", "learning-area")
"""Clips with bars of their own; those of learning-area are 8 noisy columns of 720 on both sides."""

Bars = tuple[int, int, int, int]
Rng = np.random.Generator


def letter(rng: Rng, width: int, height: int) -> Bars:
    return 0, (deep := int(height * rng.uniform(0.06, 0.2))), 0, deep


def pillar(rng: Rng, width: int, height: int) -> Bars:
    return (deep := int(width * rng.uniform(0.06, 0.3))), 0, deep, 0


def window(rng: Rng, width: int, height: int) -> Bars:
    return (
        *pillar(rng, width, height)[:1],
        letter(rng, width, height)[1],
        *(
            pillar(rng, width, height)[0],
            letter(rng, width, height)[1],
        ),
    )


def barred(image: Image, bars: Bars, colour: int, rng: Rng, subtitle: bool) -> Image:
    left, top, right, bottom = bars
    height, width = image.shape[:2]
    page = np.full((height + top + bottom, width + left + right, 3), colour, np.uint8)
    page[top : top + height, left : left + width] = image
    if subtitle and bottom and rng.random() < 0.5:
        words = "".join(rng.choice(list("abcdefg hik mnop rst u"), 24))
        size = bottom / 60
        where = int(page.shape[1] * rng.uniform(0.1, 0.4)), page.shape[0] - bottom // 3
        cv2.putText(page, words, where, 0, size, (235, 235, 235), max(1, round(2 * size)), cv2.LINE_AA)
    return saved(page, rng)


def darkened(image: Image, gain: float) -> Image:
    return np.rint(255 * gain * (image / 255.0) ** 1.8).astype(np.uint8)


def clips(folder: Path) -> Iterator[tuple[str, list[Image]]]:
    """Yield the frames of every clip that has no bars of its own."""
    for path in sorted(folder.glob("*.*")):
        if path.suffix == ".md" or any(part in path.name for part in BARRED):
            continue
        try:
            with read_frames(path, samples_per_s=2.0, max_side=420) as reader:
                yield path.name, [frame.image for frame, _ in zip(reader, range(40), strict=False)]
        except CbvirError:
            continue


def stable(frames: list[Image]) -> tuple[Box | None, int]:
    borders = StableBorders()
    for frame in frames:
        borders.push(frame)
    return borders.box(), borders.evidence


def judged(found: Box | None, truth: Box) -> tuple[bool, bool]:
    """Return whether the box is right to 4 pixels, and whether content is cut."""
    if found is None:
        return False, False
    off = np.subtract(found, truth) * (1, 1, -1, -1)  # positive: content is cut
    return bool(np.abs(off).max() <= 4), bool(off.max() > 4)


def added(found: list[tuple[str, list[Image]]]) -> None:
    kinds: dict[str, Callable[[Rng, int, int], Bars]] = {"letter": letter, "pillar": pillar, "window": window}
    for kind, make in kinds.items():
        for colour in (0, 16, 255):
            for gain in (1.0, 0.3):
                rows, single, wrong = [], [], []
                for number, (name, frames) in enumerate(found):
                    rng = np.random.default_rng([number, colour])
                    height, width = frames[0].shape[:2]
                    bars = make(rng, width, height)
                    truth = bars[0], bars[1], bars[0] + width, bars[1] + height
                    seen = [darkened(frame, gain) if gain < 1 else frame for frame in frames]
                    seen = [barred(frame, bars, colour, rng, True) for frame in seen]
                    box, evidence = stable(seen)
                    if evidence < 5:
                        continue
                    rows.append(judged(box, truth))
                    wrong += [name] if rows[-1][1] else []
                    single += [judged(content_box(frame), truth) for frame in seen[::10]]
                (right, cut), (one, one_cut) = np.mean(rows, axis=0), np.mean(single, axis=0)
                print(
                    f"{kind:7} colour {colour:3} gain {gain}: right {right:.2f} cut {cut:.2f} "
                    f"of {len(rows)}; single frames {one:.2f} {one_cut:.2f} "
                    f"{' '.join(wrong)}",
                    flush=True,
                )


def untouched(found: list[tuple[str, list[Image]]]) -> None:
    for gain in (1.0, 0.5, 0.25, 0.12, 0.06):
        boxes, single, enough = [], [], 0
        for _, frames in found:
            seen = [darkened(frame, gain) if gain < 1 else frame for frame in frames]
            box, evidence = stable(seen)
            enough += evidence >= 5
            boxes.append(box is not None)
            single += [content_box(frame) is not None for frame in seen[::10]]
        print(
            f"no bars, gain {gain}: cut {sum(boxes)} of {len(boxes)} clips ({enough} with evidence); "
            f"single frames {sum(single)} of {len(single)}",
            flush=True,
        )


def costs(folder: Path) -> None:
    """Print CPU milliseconds: of the intra frames alone, and of all of `find_borders`."""
    ahead, whole = [], []
    for path in sorted(folder.glob("*.mp4")):
        try:
            begun = time.process_time()
            looked = sum(1 for _ in sample_intra_frames(path, BORDER_INTRA_FRAMES, max_side=512))
            ahead.append((time.process_time() - begun) * 1e3)
            begun = time.process_time()
            find_borders(path, max_side=512)
            whole.append((time.process_time() - begun) * 1e3)
        except CbvirError:
            continue
        del looked
    print(
        f"borders: intra frames {np.median(ahead):.0f} ms (most {max(ahead):.0f}), "
        f"find_borders {np.median(whole):.0f} ms (most {max(whole):.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.borders",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = CLIPS
    parser.add_argument("--videos", type=Path, default=default)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    found = list(clips(arguments.videos))
    untouched(found)
    costs(arguments.videos)
    added(found[::2])


if __name__ == "__main__":
    main()
