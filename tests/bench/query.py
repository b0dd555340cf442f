"""Query times at 100,000 keyframes, with the ingest idle and busy, with and without refinement.

The networks have the real sizes (MobileNetV2 at 224, SOLAR ResNet101 at 512) and random weights.  The
rows are drawn from 4,000 scenes whose spectrum falls off as that of real MobileNetV2 descriptors does
(90 % of the variance in about 250 of 1,280 dimensions).  Times are those of a client, over the socket,
with JPEG pictures of drawn films.  Where every stage is measured, each keyframe has frame rows and
thumbnails too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import torch

from bench.cost import film_720p, percentiles, report
from cbvir_core import Library
from cbvir_core.decode import encode_still, read_frames
from cbvir_core.embed import import_files
from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.index import FrameCodec, shipped_codec
from cbvir_core.search import make_local_features
from cbvir_core.types import FrameCodes, Keyframe, Rows, Thumbnails
from cbvir_core.weights import Preprocess, WeightsHeader, find_profile, write_weights
from support.candidates import video_info
from support.events import told_by
from support.films import draw_film
from support.libraries import active_generation, store_of
from support.running import Service, service

STORE_KEYFRAMES = 100_000
KEYFRAMES_PER_VIDEO = 1_000
DRAWN_SCENES = 4_000
FRAMES_PER_KEYFRAME, FRAME_VIEWS = 4, 5
"""Frames of a scene that have rows, and views of each.  A still scene has one frame, a moving one ten."""

TIMED_QUERIES = 150
PROFILE = "bench"
DESCRIPTOR_GOALS_MS = {True: 300, False: 50}
"""p95 of descriptors alone, with and without refinement."""

EVERY_STAGE_GOALS_MS = 300, 800
"""p50 and p95 with every stage."""

FIRST_ANSWER_GOAL_MS = 100
"""p95 of the first stage that a page shows."""

DESCRIPTORS_ALONE: dict[str, object] = {"verify": "never", "regions": False, "exact_time_s": 0}
"""Settings that search by descriptors alone, as the goals of filter and SOLAR assume."""


class _Widths(NamedTuple):
    filter: int = 1280
    refine: int = 2048


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
        solar = SolarDescriptor("resnet101", whitened=_Widths().refine)
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


def _frame_codes(codec: FrameCodec, rows: Rows) -> list[FrameCodes]:
    """Return codes of `FRAMES_PER_KEYFRAME` frames of each row, all of whose views are near it."""
    rng = np.random.default_rng(0)
    shape = len(rows), FRAMES_PER_KEYFRAME * FRAME_VIEWS, rows.shape[1]
    views = rows[:, None] + 0.5 / np.sqrt(rows.shape[1]) * rng.standard_normal(shape, np.float32)
    codes = codec.encode(views).reshape(len(rows), FRAMES_PER_KEYFRAME, FRAME_VIEWS, -1)
    return [FrameCodes(number + np.arange(FRAMES_PER_KEYFRAME) / 3, one) for number, one in enumerate(codes)]


def _fill(folder: Path, refine: bool, widths: _Widths = _Widths(), *, frames: bool = False) -> None:
    """Fill a store with `STORE_KEYFRAMES` keyframes, with their `frames` if wanted; build the indices."""
    rng = np.random.default_rng(0)
    filters, refines = _rows(rng, widths.filter), _rows(rng, widths.refine)
    image = rng.integers(0, 255, (36, 64, 3), np.uint8)
    spans = [float(second) for second in range(KEYFRAMES_PER_VIDEO)]
    small = rng.integers(0, 255, (3, 72, 128), np.uint8)
    thumbnails = [Thumbnails(span + np.arange(3) / 3, small) if frames else None for span in spans]
    keyframes = [
        Keyframe(span, span, span + 1, image, thumbnails=shown)
        for span, shown in zip(spans, thumbnails, strict=True)
    ]
    with Library.open(folder / "data", profile=PROFILE) as library:
        store, generation = store_of(library), active_generation(library).generation
        for number in range(STORE_KEYFRAMES // KEYFRAMES_PER_VIDEO):
            info = video_info(f"{number:032x}", folder / f"{number}.mp4")
            library.begin(info)
            own = next(filters)
            codes = _frame_codes(shipped_codec(), own) if frames else ()
            rows = store.append(info.video_id, keyframes, generation, own, codes)
            if refine:
                store.put_refine(generation, rows, next(refines))
            library.finish(info.video_id, damaged=0, duration_s=float(KEYFRAMES_PER_VIDEO))
        active_generation(library).index.refresh()
        while library.maintain():
            pass
        library.search(image)  # converts the networks, which happens once and is not measured


def _pictures(film: Path) -> list[bytes]:
    with read_frames(film, samples_per_s=0.5) as frames:
        return [encode_still(frame.image) for frame in frames][:30]


def _ask(running: Service, pictures: list[bytes]) -> list[float]:
    """Return the milliseconds of each query; they are asked one after the other."""
    return [ms for ms, _ in _ask_for_stages(running, pictures)]


def _ask_for_stages(running: Service, pictures: list[bytes]) -> list[tuple[float, dict[str, float]]]:
    """Return the milliseconds of each query, and those of its stages."""
    transport = httpx.HTTPTransport(uds=str(running.socket))
    times: list[tuple[float, dict[str, float]]] = []
    with httpx.Client(transport=transport, base_url="http://cbvird", timeout=60) as client:
        for number in range(TIMED_QUERIES):
            begun = time.perf_counter()
            answer = client.post("/v1/query", content=pictures[number % len(pictures)]).raise_for_status()
            times.append((1e3 * (time.perf_counter() - begun), answer.json()["stages_ms"]))
    return times[10:]


def _ask_for_first_answers(running: Service, pictures: list[bytes]) -> list[float]:
    """Return the milliseconds until the first stage of each answer, by the filter alone."""
    transport = httpx.HTTPTransport(uds=str(running.socket))
    headers = {"accept": "text/event-stream"}
    times: list[float] = []
    with httpx.Client(transport=transport, base_url="http://cbvird", timeout=60) as client:
        for number in range(TIMED_QUERIES):
            begun = time.perf_counter()
            picture = pictures[number % len(pictures)]
            with client.stream("POST", "/v1/query", content=picture, headers=headers) as answer:
                first = next(told_by(answer))
                times.append(1e3 * (time.perf_counter() - begun))
                assert first.kind == "shortlist"
                answer.read()  # the next question waits until this one is answered
    return times[10:]


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
        idle = _ask(running, pictures)
        shutil.copy(film, watched / film.name)
        while not running.json("status")["videos"].get("working"):
            time.sleep(0.2)
        busy = _ask(running, pictures)
        still_busy = bool(running.json("status")["videos"].get("working"))
    return {
        f"idle_ms_(goal_p95_{DESCRIPTOR_GOALS_MS[refine]})": percentiles(idle),
        f"busy_ms_(goal_p95_{DESCRIPTOR_GOALS_MS[refine]})": percentiles(busy)
        + ("" if still_busy else ", ingest ended early"),
        "busy_against_idle_p95": f"{np.percentile(busy, 95) / np.percentile(idle, 95):.2f}",
    }


def _measure_every_stage(folder: Path, film: Path) -> dict[str, str]:
    """Measure queries with every stage, with the built-in weights.

    Half of the pictures are of a film in the library, the others of none, which takes longest.
    """
    profile = find_profile("builtin", None)
    assert profile.refine is not None
    import_files(PROFILE, [profile.filter, profile.refine], folder / "data" / "models")
    _fill(folder, True, _Widths(512, 512), frames=True)
    known = draw_film(folder / "known.mp4", seed=3, shots=20, size=(1280, 720))
    with Library.open(folder / "data", profile=PROFILE) as library:
        library.add(known.path)
        while library.backfill():
            pass
        while library.maintain():
            pass
        store = store_of(library)
        missing = store.rows_without_features(10**6)
        (packed,) = make_local_features(store, missing[-1:]).values()
        for start in range(0, len(missing), KEYFRAMES_PER_VIDEO):
            store.put_features(dict.fromkeys(missing[start : start + KEYFRAMES_PER_VIDEO], packed))
    pictures = [one for pair in zip(_pictures(known.path), _pictures(film), strict=False) for one in pair]
    with service(folder, watch={"folders": []}, models={"profile": PROFILE}) as running:
        while not running.json("status")["refining"]:
            time.sleep(0.2)
        asked = _ask_for_stages(running, pictures)
        first = percentiles(_ask_for_first_answers(running, pictures))
    p50, p95 = EVERY_STAGE_GOALS_MS
    stages = sorted({name for _, own in asked for name in own})
    return {
        f"idle_ms_(goal_p50_{p50}_p95_{p95})": percentiles([ms for ms, _ in asked]),
        f"first_answer_ms_(goal_p95_{FIRST_ANSWER_GOAL_MS})": first,
    } | {f"{name},_mean_ms": f"{np.mean([own.get(name, 0.0) for _, own in asked]):.0f}" for name in stages}


PARTS = "filter", "solar", "every"


def main(line: Sequence[str] = ()) -> None:
    """Measure both profiles with descriptors alone, then every stage; or the parts that are named."""
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
        if "every" in parts:
            report(
                f"query at {STORE_KEYFRAMES:,} keyframes, every stage",
                **_measure_every_stage(folder / "whole", film),
            )


if __name__ == "__main__":
    main(sys.argv[1:])
