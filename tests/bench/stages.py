"""Processor seconds of an ingest by stage, against FFmpeg decoding the same film to nothing.

    python -m bench.ingest stages [--films default fixed-gop hevc 1080p static] [--seconds 237]

The stages of the service run one after the other in one process: decode worker, transport over the worker's
pipe, writer, background maintenance.  Their sum is what the service takes, less its threads' waiting and its
HTTP.  Films are made of the real clips and kept in the data folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2

from bench.cost import ffmpeg_decode
from bench.film_kinds import FILM_KINDS, film_of
from bench.stage_clock import Stage, StageClock
from cbvir_core.decode.convert import Converter
from cbvir_core.decode.decoder import Decoder
from cbvir_core.decode.sparse import SparseDecoder
from cbvir_core.embed import ViewEncoder
from cbvir_core.embed.encoders import NetworkEncoder
from cbvir_core.index import FrameCodec, Index
from cbvir_core.keyframes import KeyframeReader, extractor, pipeline
from cbvir_core.keyframes.frames import FrameTrack
from cbvir_core.keyframes.moreso import MoresoDetector
from cbvir_core.library import Library
from cbvir_core.library.ingest import LibraryIngest
from cbvir_core.library.maintenance import Maintenance
from cbvir_core.store import keyframes as store_keyframes
from cbvir_core.store.keyframes import KeyframeStore
from cbvir_core.types import Keyframe
from cbvird.ingest.writer import WRITE_BATCH_KEYFRAMES
from cbvird.worker import wire

FILM_S = 237.0

DATA = Path(tempfile.gettempdir()) / "cbvir-decode-films"
"""Where films are kept for the next run."""

IN_THE_WORKER = (
    Stage("borders", pipeline, "find_borders"),
    Stage("demux and decode", Decoder, "pictures"),
    Stage("demux and decode", SparseDecoder, "pictures"),
    Stage("scale and convert", Converter, "convert"),
    Stage("histograms, SVD, clustering", MoresoDetector, "push"),
    Stage("histograms, SVD, clustering", MoresoDetector, "flush"),
    Stage("thumbnails", extractor, "thumbnail"),
    Stage("frames that differ", FrameTrack, "push"),
    Stage("frames that differ", FrameTrack, "cut"),
    Stage("rest of extraction", KeyframeReader, "__next__"),
)

TRANSPORT = "transport to the service"

IN_THE_WRITER = (
    Stage("descriptors of keyframes", NetworkEncoder, "encode"),
    Stage("views of frames", ViewEncoder, "encode"),
    Stage("codes of views", FrameCodec, "encode"),
    Stage("stills", store_keyframes, "encode_kept_still"),
    Stage("strips of thumbnails", store_keyframes, "pack_thumbnails"),
    Stage("store", KeyframeStore, "append"),
    Stage("index", Index, "refresh"),
    Stage("rest of writing", LibraryIngest, "append"),
)

IN_THE_BACKGROUND = (
    Stage("SOLAR", Maintenance, "backfill"),
    Stage("local features", Maintenance, "backfill_features"),
    Stage("upkeep of the indices", Maintenance, "maintain"),
)


class _Transport:
    """The pipe between a worker and the service, both ends in this process."""

    def __init__(self) -> None:
        self._ours, self._theirs = multiprocessing.Pipe()

    def carry(self, keyframe: Keyframe) -> Keyframe:
        """Return the keyframe as the service gets it."""
        sender = threading.Thread(target=wire.send, args=(self._theirs, wire.FoundKeyframe(keyframe)))
        sender.start()
        message = wire.receive(self._ours)
        sender.join()
        assert isinstance(message, wire.FoundKeyframe)
        return message.keyframe


def _taken_in(film: Path, library: Library, clock: StageClock) -> int:
    """Take the film in as the service does; return the number of its keyframes."""
    transport, count = _Transport(), 0
    with clock.watching((*IN_THE_WORKER, *IN_THE_WRITER)), KeyframeReader(film) as keyframes:
        video_id = keyframes.info.video_id
        library.begin(keyframes.info)
        while batch := list(islice(_carried(keyframes, transport, clock), WRITE_BATCH_KEYFRAMES)):
            library.append(video_id, batch)
            count += len(batch)
        library.finish(video_id, damaged=keyframes.damaged, duration_s=keyframes.info.duration_s)
    return count


def _carried(keyframes: KeyframeReader, transport: _Transport, clock: StageClock) -> Iterator[Keyframe]:
    for keyframe in keyframes:
        with clock.stage(TRANSPORT):
            carried = transport.carry(keyframe)
        yield carried


def _maintained(library: Library, clock: StageClock) -> None:
    with clock.watching(IN_THE_BACKGROUND):
        for step in (library.backfill, library.backfill_features, library.maintain):
            while step():
                pass


def measure(film: Path, folder: Path) -> tuple[StageClock, int]:
    """Take a film into a library in `folder`; return what each stage took, and the number of keyframes."""
    clock = StageClock()
    with Library.open(folder, profile="builtin") as library:
        library.load_filter()
        library.load_refine()  # so that the cost is not that of loading
        count = _taken_in(film, library, clock)
        _maintained(library, clock)
    return clock, count


def table(clock: StageClock, null_cpu_s: float, duration_s: float) -> Iterator[str]:
    """Yield the lines of a table: CPU seconds per hour of video, and against FFmpeg."""
    hours = duration_s / 3600
    worker = dict.fromkeys(stage.stage for stage in IN_THE_WORKER)
    yield f"  {'':32} CPU s an hour   of FFmpeg"
    rows = {"FFmpeg to nothing": null_cpu_s} | clock.cpu_s
    rows["extraction alone"] = sum(clock.cpu_s.get(stage, 0.0) for stage in worker)
    rows["all stages"] = sum(clock.cpu_s.values())
    for stage, cpu_s in rows.items():
        yield f"  {stage:32} {cpu_s / hours:13.1f} {cpu_s / null_cpu_s:11.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of each film."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest stages", description=__doc__)
    parser.add_argument("--films", nargs="+", choices=FILM_KINDS, default=list(FILM_KINDS))
    parser.add_argument("--seconds", type=float, default=FILM_S, help=f"of each film ({FILM_S:g})")
    parser.add_argument("--data", type=Path, default=DATA, help="where films are kept")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    for kind in options.films:
        film = film_of(kind, options.data, options.seconds)
        null = ffmpeg_decode(film.path)
        with tempfile.TemporaryDirectory() as folder:
            clock, count = measure(film.path, Path(folder))
        print(f"\n{kind}: {film.duration_s:.0f} s, {count} keyframes")
        print("\n".join(table(clock, null.cpu_s, film.duration_s)), flush=True)


if __name__ == "__main__":
    main()
