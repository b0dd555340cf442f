"""Queries by descriptors alone at 100,000 keyframes, with the ingest idle and busy, with and without SOLAR.

The networks have the real sizes (MobileNetV2 at 224, SOLAR ResNet101 at 512) and random weights.  The
rows are drawn from 4,000 scenes whose spectrum falls off as that of real MobileNetV2 descriptors does
(90 % of the variance in about 250 of 1,280 dimensions).  Times are those of a client, over the socket,
with JPEG pictures of drawn films.  `bench.query_at_size` measures every stage.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch

from bench.cost import film_720p, percentiles, report
from bench.timed_queries import timed_queries
from cbvir_core import Library
from cbvir_core.decode import encode_still, read_frames
from cbvir_core.embed import import_files
from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.types import Keyframe, Rows
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights
from support.candidates import video_info
from support.libraries import active_generation, store_of
from support.running import Service, service

STORE_KEYFRAMES = 100_000
KEYFRAMES_PER_VIDEO = 1_000
DRAWN_SCENES = 4_000
FILTER_WIDTH, REFINE_WIDTH = 1280, 2048
TIMED_QUERIES = 140
PROFILE = "bench"
DESCRIPTOR_GOALS_MS = {True: 300, False: 50}
"""p95 of descriptors alone, with and without refinement."""

DESCRIPTORS_ALONE: dict[str, object] = {"verify": "never", "regions": False, "exact_time_s": 0}
"""Settings that search by descriptors alone, as the goals of filter and SOLAR assume."""


def _weights(folder: Path, refine: bool) -> None:
    """Import random networks of the real sizes as a profile."""
    torch.manual_seed(0)
    files = [folder / "filter.safetensors"]
    write_weights(
        files[0],
        MobileNetDescriptor().state_dict(),
        WeightsHeader("mobilenet_v2", "random", Preprocess(224, 224)),
    )
    if refine:
        files.append(folder / "refine.safetensors")
        solar = SolarDescriptor("resnet101", whitened=REFINE_WIDTH)
        header = WeightsHeader("solar-resnet101", "random", Preprocess(long_side=512))
        write_weights(files[1], solar.state_dict(), header)
    import_files(PROFILE, files, folder / "data" / "models")


def _rows(rng: np.random.Generator, width: int) -> Iterator[Rows]:
    """Yield unit rows, `KEYFRAMES_PER_VIDEO` at a time: frames near scenes that have a falling spectrum."""
    spectrum = (1 + np.arange(width)) ** -0.6
    scenes = rng.standard_normal((DRAWN_SCENES, width), np.float32) * spectrum.astype(np.float32)
    while True:
        chosen = scenes[rng.integers(DRAWN_SCENES, size=KEYFRAMES_PER_VIDEO)]
        rows = chosen + 0.3 * rng.standard_normal(chosen.shape, np.float32) * spectrum.astype(np.float32)
        yield (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _fill(folder: Path, refine: bool) -> None:
    """Fill a store with `STORE_KEYFRAMES` keyframes; build the indices."""
    rng = np.random.default_rng(0)
    filters, refines = _rows(rng, FILTER_WIDTH), _rows(rng, REFINE_WIDTH)
    image = rng.integers(0, 255, (36, 64, 3), np.uint8)
    spans = [float(second) for second in range(KEYFRAMES_PER_VIDEO)]
    keyframes = [Keyframe(span, span, span + 1, image) for span in spans]
    with Library.open(folder / "data", profile=PROFILE) as library:
        store, generation = store_of(library), active_generation(library).generation
        for number in range(STORE_KEYFRAMES // KEYFRAMES_PER_VIDEO):
            info = video_info(f"{number:032x}", folder / f"{number}.mp4")
            library.begin(info)
            rows = store.append(info.video_id, keyframes, generation, next(filters))
            if refine:
                store.put_refine(generation, rows, next(refines))
            library.finish(info.video_id, damaged=0, duration_s=float(KEYFRAMES_PER_VIDEO))
        active_generation(library).index.refresh()
        while library.maintain():
            pass
        library.search(image)  # converts the networks, which happens once and is not measured


def _pictures(film: Path) -> list[bytes]:
    """Return `TIMED_QUERIES` pictures, thirty of the film again and again."""
    with read_frames(film, samples_per_s=0.5) as frames:
        shown = [encode_still(frame.image) for frame in islice(frames, 30)]
    return list(islice(cycle(shown), TIMED_QUERIES))


def _times_ms(running: Service, pictures: list[bytes]) -> list[float]:
    return [one.ms for one in timed_queries(running, pictures)]


def _measure_descriptors(folder: Path, film: Path, refine: bool) -> dict[str, str]:
    watched = folder / "videos"
    watched.mkdir(parents=True)
    _weights(folder, refine)
    _fill(folder, refine)
    pictures = _pictures(film)
    tables: dict[str, dict[str, object]] = {
        "watch": {"folders": [str(watched)], "settle_s": 1.0},
        "models": {"profile": PROFILE},
        "search": DESCRIPTORS_ALONE,
    }
    with service(folder, **tables) as running:
        idle = _times_ms(running, pictures)
        shutil.copy(film, watched / film.name)
        while not running.json("status")["videos"].get("working"):
            time.sleep(0.2)
        busy = _times_ms(running, pictures)
        still_busy = bool(running.json("status")["videos"].get("working"))
    return {
        f"idle_ms_(goal_p95_{DESCRIPTOR_GOALS_MS[refine]})": percentiles(idle),
        f"busy_ms_(goal_p95_{DESCRIPTOR_GOALS_MS[refine]})": percentiles(busy)
        + ("" if still_busy else ", ingest ended early"),
        "busy_against_idle_p95": f"{np.percentile(busy, 95) / np.percentile(idle, 95):.2f}",
    }


PARTS = "filter", "solar"


def main(line: Sequence[str] = ()) -> None:
    """Measure both profiles, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench.query", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], metavar="|".join(PARTS))
    parts = parser.parse_args(line).parts or PARTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = film_720p(folder, 3600.0).path
        for refine in (False, True):
            if PARTS[refine] not in parts:
                continue
            kind = "with SOLAR" if refine else "filter alone"
            figures = _measure_descriptors(folder / kind.replace(" ", "-"), film, refine)
            report(f"query at {STORE_KEYFRAMES:,} keyframes, {kind}", **figures)


if __name__ == "__main__":
    main(sys.argv[1:])
