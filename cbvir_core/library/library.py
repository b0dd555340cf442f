"""The library as one object.  Its two main ways, `add` and `search`, are a screen each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np

from cbvir_core.borders.crop import borders_of, without_borders
from cbvir_core.calibration.file import CalibrationFile
from cbvir_core.decode import (
    STILL_SIDE,
    FrameReader,
    Mode,
    decode_still,
    fit_within,
    read_frames,
    read_picture,
)
from cbvir_core.embed import RuntimeOptions, find_profile
from cbvir_core.errors import DecodeError, InputError, UnknownVideo
from cbvir_core.index import Index, IndexOptions
from cbvir_core.keyframes import KeyframeExtractor, KeyframeOptions
from cbvir_core.library.generations import DataFolders, Generations
from cbvir_core.library.maintenance import Maintenance
from cbvir_core.library.networks import Networks
from cbvir_core.search import SearchOptions
from cbvir_core.search.evidence_sheet import evidence_sheet
from cbvir_core.store import Generation, Store, VideoRecord
from cbvir_core.types import Answer, Box, Frame, Image, Keyframe, KeyframeId, Region, VideoId, VideoInfo

BATCH = 4
"""Keyframes that `add` embeds and stores at once: larger batches ran no faster on one CPU thread, and
a keyframe is found the sooner."""

Progress = Callable[[float, float | None], None]
"""Called with the seconds that are done and the video's duration, where the file tells it."""


class Library(Maintenance):
    """Videos and what is known of them, in one folder; a context manager.

    One process may have a folder open.  Any number of its threads may `search`; `add` (or `begin`,
    `append`, `finish`), `maintain`, `backfill` and `reembed` may each have a thread of their own.
    """

    def __init__(
        self, store: Store, generations: Generations, keyframes: KeyframeOptions, mode: Mode
    ) -> None:
        self.store = store
        self._generations = generations
        self._keyframes, self._mode = keyframes, mode

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        profile: str = "auto",
        models_dir: Path | str | None = None,
        device: str = "auto",
        runtime: str = "auto",
        threads: int = 1,
        mode: Mode = "auto",
        keyframes: KeyframeOptions = KeyframeOptions(),
        index: IndexOptions = IndexOptions(),
        search: SearchOptions = SearchOptions(),
    ) -> Library:
        """The library in `folder`, made where there is none.

        `profile`, `device`, `runtime` and `threads` say which networks run and how
        (`cbvir_core.embed`); weight files are looked for in `models_dir`, by default
        ``folder/models``.  `mode` says which frames `add` decodes (`cbvir_core.decode`).  Networks are
        loaded by their first use.  Raises WeightsMissing, WeightsDamaged, StoreBusy, StoreVersion,
        StoreDamaged, DiskFull, ConfigError.
        """
        folder = Path(folder)
        places = DataFolders(
            Path(models_dir) if models_dir else folder / "models",
            folder / "index",
            CalibrationFile(folder / "confidence.json"),
        )
        options = RuntimeOptions(device, runtime, threads, folder / "cache")
        wanted = Networks(find_profile(profile, places.models), options)
        store = Store.open(folder / "store")
        try:
            generations = Generations(store, wanted, places, runtime=options, index=index, search=search)
        except BaseException:
            store.close()
            raise
        return cls(store, generations, keyframes, mode)

    def add(self, path: Path | str, progress: Progress | None = None) -> VideoRecord:
        """Takes a video in: decode, keyframes, embed, store.  Each batch can be found at once.

        Content that is known only gains a path; where frames of it were damaged it is read again when it
        is added from the same path.  Frames that are damaged are counted and the rest is kept.  A try that
        was cut short is made anew and leaves nothing doubled.  Raises NotAVideo, DamagedVideo,
        FileUnreadable, FileChanged, DecodeMemory (nothing of the file is kept then), DiskFull.
        """
        rate = 1 / self._keyframes.sample_s
        with read_frames(path, samples_per_s=rate, mode=self._mode, max_side=STILL_SIDE) as frames:
            if self.begin(frames.info):
                self._take_in(frames, progress)
            return self._record(frames.info.video_id)

    def _take_in(self, frames: FrameReader, progress: Progress | None) -> None:
        info = frames.info
        box = borders_of(info.path, STILL_SIDE)
        if box is not None:
            self.put_borders(info.video_id, box)
        found = self._extract(without_borders(frames, box))
        try:
            while batch := list(islice(found, BATCH)):
                self.append(info.video_id, batch)
                if progress:
                    progress(frames.position_s, info.duration_s)
        except (InputError, DecodeError):
            self.store.forget(info.video_id)
            raise
        duration_s = info.duration_s or frames.position_s
        self.finish(info.video_id, damaged=frames.damaged, duration_s=duration_s)

    def _extract(self, frames: Iterable[Frame]) -> Iterator[Keyframe]:
        extractor = KeyframeExtractor.from_options(self._keyframes)
        for frame in frames:
            yield from extractor.push(frame)
        yield from extractor.flush()

    def begin(self, info: VideoInfo) -> bool:
        """Opens a video for `append`; False where its content is known and only the path was added.

        What an earlier try left behind, which was cut short, is gone.
        """
        return self.store.begin(info)

    def put_borders(self, video_id: VideoId, borders: Box) -> None:
        """The box to which its keyframes are cut (`cbvir_core.borders.crop`), to be told before them."""
        self.store.put_borders(video_id, borders)

    def append(self, video_id: VideoId, keyframes: Sequence[Keyframe]) -> None:
        """Embeds and stores keyframes; when it returns they can be found, and the disk has them.

        Raises UnknownVideo before `begin`, DiskFull with nothing stored.
        """
        if not keyframes:
            return
        images = [fit_within(keyframe.image, STILL_SIDE) for keyframe in keyframes]
        with self._generations.appending() as answering:
            rows = answering.networks.filter.encode(images)
            self.store.append(video_id, keyframes, answering.generation, rows)
            answering.index.refresh()

    def finish(self, video_id: VideoId, *, damaged: int, duration_s: float | None) -> None:
        """Marks a video complete; `duration_s` None keeps what its container says."""
        self.store.finish(video_id, damaged=damaged, duration_s=duration_s)

    def search(self, query: Path | str | bytes | Image, options: SearchOptions | None = None) -> Answer:
        """Where the picture appears: a path, the bytes of a picture file, or an RGB array.

        `options` stands in for those the library was opened with.  Raises NotAPicture, FileUnreadable,
        InputError (a region outside the picture), UnknownVideo (`within` names none).
        """
        picture = query if isinstance(query, np.ndarray) else read_picture(_source(query))
        with self._generations.inside() as answering:
            answering.index.refresh()
            answer = answering.searcher.search(picture, options)
        return replace(answer, notes=answer.notes + self._generations.notes())

    def evidence(
        self,
        query: Path | str | bytes | Image,
        keyframe_id: KeyframeId,
        caption: Sequence[str] = (),
        *,
        region: Region | None = None,
    ) -> Image:
        """One picture that shows why: the query, the keyframe's still, and the points that agree in both.

        `caption` are lines below.  Raises NotAPicture, FileUnreadable, InputError, UnknownVideo.
        """
        picture = query if isinstance(query, np.ndarray) else read_picture(_source(query))
        with self._generations.inside() as answering:
            found = answering.searcher.evidence(picture, keyframe_id, region)
        return evidence_sheet(picture, decode_still(self.store.still(keyframe_id)), found, caption)

    def remove(self, video: Path | str) -> VideoRecord:
        """Forgets a video, never its file: by path or id (a unique prefix); raises UnknownVideo."""
        record = self.store.find(str(video))
        self.store.forget(record.video_id)
        return record

    @property
    def index(self) -> Index:
        """The index that answers now; another one after a change of weights."""
        return self._generations.current.index

    @property
    def generation(self) -> Generation:
        """The generation of descriptors that answers now."""
        return self._generations.current.generation

    @property
    def profile(self) -> str:
        """The name of the profile that answers now."""
        return self._generations.current.networks.profile.name

    @property
    def refined(self) -> bool:
        """Whether SOLAR takes part."""
        return self._generations.current.networks.refine is not None

    @property
    def refine_loading(self) -> bool:
        """Whether SOLAR takes part, but not yet: its network has not been loaded, nor has that failed."""
        refine = self._generations.current.networks.refine
        return refine is not None and refine.waiting

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for a person: of a change of weights that is under way."""
        return self._generations.notes()

    def close(self) -> None:
        """Waits for the queries under way and lets another process in."""
        self._generations.close()
        self.store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, video_id: VideoId) -> VideoRecord:
        record = self.store.video(video_id)
        if record is None:
            raise UnknownVideo(f"the video {video_id} was removed while it was being added")
        return record


def _source(query: Path | str | bytes) -> Path | bytes:
    return Path(query) if isinstance(query, str) else query
