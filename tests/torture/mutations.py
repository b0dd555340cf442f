"""Seeded mutations of clips and pictures, through the real decode worker and the real picture processes.

Whatever a file says of itself, it is read, or refused with a sentence, or ends its own process; nothing else
may come of it.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from cbvir_core.errors import CbvirError, DecodeCrashed, DecodeError, InputError, NotAPicture
from cbvir_core.keyframes import KeyframeOptions
from cbvird.worker.pictures import PictureProcesses
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeWorker
from support.films import draw_film
from support.pictures import patches, saved
from torture.tally import Outcome, Tally

PICTURE_KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000")
CONTAINERS = {"mp4": "mp4", "mkv": "matroska", "ts": "mpegts", "flv": "flv"}
PICTURES_A_CLIP = 3
"""Pictures that are mutated for each clip; a clip takes as long as fifty pictures."""

CLIP_TIMEOUT_S = 60.0
CLIP_MEMORY_MB = 1024
HEADER_BYTES = 256
MAX_STALL_S = 90.0
"""Seconds in which every input has its outcome; longer is a stall beyond its limit."""

Mutation = Callable[[random.Random, bytearray], bytearray]


def mutate_often(
    count: int, seed: int, told: Callable[[str], None] = print, *, tally: Tally | None = None
) -> Tally:
    """Read `count` mutated files; the same seed makes the same files."""
    tally, outcomes = tally or Tally(), Counter[str]()
    with tempfile.TemporaryDirectory() as name, PictureProcesses(threading.Event()) as pictures:
        folder = Path(name)
        clips, images = _clips(folder), {kind: saved(patches(240, 180), kind) for kind in PICTURE_KINDS}
        for number in range(count):
            rng = random.Random(f"{seed}:{number}")
            is_clip = number % (PICTURES_A_CLIP + 1) == 0
            kind, data = rng.choice(sorted((clips if is_clip else images).items()))
            name, mutated = _mutated(rng, data)
            outcome, begun = Outcome(), time.monotonic()
            try:
                said = _clip_outcome(folder, kind, mutated) if is_clip else _outcome(pictures, mutated)
                outcomes[said] += 1
            except Exception as error:  # whatever it is, it is what is looked for here
                outcome.wrong.append(f"{kind}, {name}: {type(error).__name__}: {error}")
                outcome.crashes = 1
            outcome.stall_s = time.monotonic() - begun
            tally.add("mutated clips" if is_clip else "mutated pictures", outcome, limit_s=MAX_STALL_S)
            if (number + 1) % 100 == 0:
                told(f"{number + 1} of {count} mutated files; {len(tally.wrong)} faults so far")
    tally.notes += [f"{said}: {number}" for said, number in sorted(outcomes.items())]
    return tally


def _clips(folder: Path) -> dict[str, bytes]:
    """Return a small clip in each container."""
    film = draw_film(folder / "film.mp4", seed=5, shots=2, size=(160, 90), rate=6).path
    return {suffix: _remuxed(film, folder / f"clip.{suffix}", kind) for suffix, kind in CONTAINERS.items()}


def _remuxed(film: Path, target: Path, kind: str) -> bytes:
    with av.open(str(film)) as source, av.open(str(target), "w", format=kind) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return target.read_bytes()


def _outcome(pictures: PictureProcesses, data: bytes) -> str:
    """Return what came of a picture; an exit of its process that is no signal is a fault of the reader."""
    try:
        pictures.read(data)
    except NotAPicture as error:
        if "its process ended" not in str(error):
            return "pictures: refused with a sentence"
        if "exit status" in str(error):
            raise
        return "pictures: ended their own process"
    return "pictures: read"


def _clip_outcome(folder: Path, suffix: str, data: bytes) -> str:
    path = folder / f"mutated.{suffix}"
    path.write_bytes(data)
    task = DecodeTask(path, "auto", KeyframeOptions(), CLIP_MEMORY_MB)
    try:
        with DecodeWorker(task, timeout_s=CLIP_TIMEOUT_S, stop=threading.Event()) as worker:
            worker.probe()
            for _ in worker.messages():
                pass
    except InputError:
        return "clips: refused with a sentence"
    except DecodeCrashed as error:
        if "signal" not in str(error):  # an exit status: the worker's own code met what it did not expect
            raise
        return "clips: ended their own worker"
    except DecodeError:
        return "clips: ended by a limit of time or memory"
    except CbvirError:
        return "clips: refused with a sentence"
    return "clips: read"


def _mutated(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    """Return the names of one to three mutations, and what they make of the bytes."""
    chosen = [rng.choice(MUTATIONS) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    mutated = bytearray(data)
    for mutation in chosen:
        mutated = mutation(rng, mutated) or bytearray(b"\0")
    return ", ".join(mutation.__name__.strip("_") for mutation in chosen), bytes(mutated)


def _flip(rng: random.Random, data: bytearray) -> bytearray:
    for _ in range(rng.randint(1, 64)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _header(rng: random.Random, data: bytearray) -> bytearray:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(min(HEADER_BYTES, len(data)))] = rng.randrange(256)
    return data


def _cut(rng: random.Random, data: bytearray) -> bytearray:
    return data[: rng.randrange(1, len(data) + 1)]


def _left_out(rng: random.Random, data: bytearray) -> bytearray:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 4096) :]


def _twice(rng: random.Random, data: bytearray) -> bytearray:
    start = rng.randrange(len(data))
    piece = data[start : start + rng.randint(1, 4096)]
    return data[:start] + piece * rng.choice((2, 3, 500)) + data[start:]


def _number(rng: random.Random, data: bytearray) -> bytearray:
    """A size, count or dimension becomes one that cannot be."""
    width = rng.choice((2, 4, 8))
    value = rng.choice((0, 1, (1 << 8 * width) - 1, 1 << 8 * width - 1, 65_535))
    at = rng.randrange(max(1, len(data) - width))
    data[at : at + width] = value.to_bytes(width, rng.choice(("big", "little")))
    return data


def _names(data: bytearray) -> Iterator[int]:
    """Yield where a size of four bytes stands before a name of four letters (boxes, chunks)."""
    for at in range(4, min(len(data) - 4, 1 << 16)):
        if data[at : at + 4].isalpha():
            yield at


def _box(rng: random.Random, data: bytearray) -> bytearray:
    """A box or chunk gets another size, another name, or comes a thousand times."""
    places = list(_names(data))
    if not places:
        return _flip(rng, data)
    at = rng.choice(places)
    what = rng.randrange(3)
    if what == 0:
        data[at - 4 : at] = rng.choice((0, 1, 7, 8, 1 << 31, (1 << 32) - 1)).to_bytes(4, "big")
    elif what == 1:
        data[at : at + 4] = rng.choice((b"moov", b"trak", b"mdat", b"IDAT", b"free", b"\0\0\0\0"))
    else:
        size = min(int.from_bytes(data[at - 4 : at], "big"), 4096)
        data[at - 4 : at - 4] = data[at - 4 : at - 4 + size] * 1000
    return data


MUTATIONS: tuple[Mutation, ...] = (_flip, _header, _cut, _left_out, _twice, _number, _box)
