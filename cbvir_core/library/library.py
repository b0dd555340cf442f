"""The library as one object: the only door to a folder of known videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbvir_core.calibration import CALIBRATION_QUESTIONS, CalibrationProgress, CalibrationResult
from cbvir_core.clips import ClipAnswer, OrderedHit
from cbvir_core.decode import Mode
from cbvir_core.embed import RuntimeOptions
from cbvir_core.index import IndexOptions, IndexStatus
from cbvir_core.keyframes import KeyframeOptions, read_scene_frames
from cbvir_core.library.clean_end import CleanEnd
from cbvir_core.library.disk import DiskUse, disk_use
from cbvir_core.library.duplicates import LibraryDuplicates
from cbvir_core.library.frame_backfill import FrameBackfill, ReadScenes
from cbvir_core.library.frame_rows import FrameDescriber
from cbvir_core.library.generations import DataFolders
from cbvir_core.library.ingest import AddProgress, LibraryIngest
from cbvir_core.library.maintenance import (
    FRAME_STEP_SCENES,
    MAINTENANCE_STEP_KEYFRAMES,
    Maintenance,
)
from cbvir_core.library.measures import LibraryMeasures
from cbvir_core.library.parts import LibraryParts, open_parts
from cbvir_core.library.pictures import LibraryPictures
from cbvir_core.library.queries import LibraryQueries
from cbvir_core.library.query_picture import QueryPicture, QueryRules
from cbvir_core.library.videos import LibraryVideos
from cbvir_core.search import FrameAgreement, SearchOptions, StageListener
from cbvir_core.store import VideoRecord
from cbvir_core.types import Answer, Box, Image, Keyframe, KeyframeId, Region, VideoId, VideoInfo


class Library(LibraryVideos):
    """Videos and what is known of them, in one folder; a context manager.

    One process may have a folder open.  Any number of its threads may `search`; `add` (or `begin`,
    `append`, `finish`), `maintain`, `backfill` and `reembed` may each have a thread of their own.
    The store, the index and the networks inside are private: no other package uses them directly.
    """

    def __init__(
        self,
        parts: LibraryParts,
        keyframes: KeyframeOptions,
        mode: Mode,
        read_scenes: ReadScenes,
        folders: DataFolders,
        asking: QueryRules,
    ) -> None:
        super().__init__(parts.store)
        self._generations, self._folders = parts.generations, folders
        self._queries = LibraryQueries(parts.store, parts.generations, parts.clips, asking)
        self._frame_index = parts.frame_index
        self._duplicates = LibraryDuplicates(parts.store, parts.frame_index)
        self._pictures = LibraryPictures(parts.store)
        self._frames = None
        if parts.describer:
            self._frames = FrameBackfill(
                parts.store, parts.describer, keyframes, mode, read_scenes=read_scenes
            )
        self._ingest = LibraryIngest(parts.store, parts.generations, keyframes, mode, parts.describer)
        self._measures = LibraryMeasures(parts.store, parts.generations, keyframes, mode, self._ingest)
        indices = filter(None, [parts.frame_index])
        self._maintenance = Maintenance(parts.store, parts.generations, self._frames, indices)

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        profile: str = "auto",
        models_dir: Path | str | None = None,
        runtime: RuntimeOptions = RuntimeOptions(),
        mode: Mode = "auto",
        keyframes: KeyframeOptions = KeyframeOptions(),
        index: IndexOptions = IndexOptions(),
        search: SearchOptions = SearchOptions(),
        frames: FrameDescriber | bool = True,
        read_scenes: ReadScenes = read_scene_frames,
        asking: QueryRules = QueryRules(),
    ) -> Library:
        """Open the library in `folder`; make it where there is none.

        `profile` names the weights, `runtime` says how their networks run (`cbvir_core.embed`).  Weight
        files are looked for in `models_dir`, by default ``folder/models``; converted networks are kept in
        `runtime.cache`, by default ``folder/cache``.  `mode` says which frames `add` decodes
        (`cbvir_core.decode`).  With `frames` every frame that is looked at can be found, not only keyframes;
        a describer in its place makes codes that are stored only.  `read_scenes` reads the files of videos
        whose codes are missing, `asking` the pictures of queries.  Networks are loaded by their first use.
        Raises WeightsMissing, WeightsDamaged, StoreBusy, StoreVersion, StoreDamaged, DiskFull, ConfigError.
        """
        folders = DataFolders.of(Path(folder), models_dir)
        parts = open_parts(folders, profile, runtime, index, search, frames)
        return cls(parts, keyframes, mode, read_scenes, folders, asking)

    def add(self, path: Path | str, progress: AddProgress | None = None) -> VideoRecord:
        """Take a video in: keyframes, thumbnails, descriptors.  Each batch can be found at once.

        Content that is known only gains a path; where frames of it were damaged it is read again when it
        is added from the same path.  Frames that are damaged are counted and the rest is kept.  A try that
        was cut short is made anew and leaves nothing doubled.  Raises NotAVideo, DamagedVideo,
        FileUnreadable, FileChanged, DecodeMemory (nothing of the file is kept then), DiskFull.
        """
        return self._ingest.add(path, progress)

    def begin(self, info: VideoInfo) -> bool:
        """Open a video for `append`; return False where its content is known and only the path was added.

        What an earlier try that was cut short left behind is removed.
        """
        return self._ingest.begin(info)

    def put_borders(self, video_id: VideoId, borders: Box) -> None:
        """Store the box to which the video's keyframes are cut; to be called before the first `append`."""
        self._ingest.put_borders(video_id, borders)

    def append(self, video_id: VideoId, keyframes: Sequence[Keyframe]) -> None:
        """Embed and store keyframes; when it returns they can be found, and the disk has them.

        Raises UnknownVideo before `begin`, DiskFull with nothing stored.
        """
        self._ingest.append(video_id, keyframes)

    def finish(self, video_id: VideoId, *, damaged: int, duration_s: float | None) -> None:
        """Mark a video complete; `duration_s` None keeps what its container says."""
        self._ingest.finish(video_id, damaged=damaged, duration_s=duration_s)

    def search(
        self, query: QueryPicture, options: SearchOptions | None = None, told: StageListener | None = None
    ) -> Answer:
        """Return where a picture appears: `LibraryQueries.search`."""
        return self._queries.search(query, options, told)

    def read_picture(self, query: QueryPicture) -> Image:
        """Return a picture as it is asked with: `LibraryQueries.read`."""
        return self._queries.read(query)

    def search_clip(
        self, path: Path | str, options: SearchOptions | None = None, *, sheets: bool = False
    ) -> ClipAnswer:
        """Return which parts of a clip are parts of which videos: `LibraryQueries.search_clip`."""
        return self._queries.search_clip(path, options, sheets=sheets)

    def search_in_order(
        self, pictures: Sequence[QueryPicture], options: SearchOptions | None = None
    ) -> list[OrderedHit]:
        """Return which videos show pictures one after the other: `LibraryQueries.search_in_order`."""
        return self._queries.search_in_order(pictures, options)

    def evidence(
        self,
        query: QueryPicture,
        keyframe_id: KeyframeId,
        caption: Sequence[str] = (),
        *,
        time_s: float | None = None,
        region: Region | None = None,
    ) -> Image:
        """Draw why a hit was found: `LibraryQueries.evidence`."""
        return self._queries.evidence(query, keyframe_id, caption, time_s=time_s, region=region)

    def agreement(
        self,
        query: QueryPicture,
        keyframe_id: KeyframeId,
        *,
        time_s: float | None = None,
        region: Region | None = None,
    ) -> FrameAgreement:
        """Return in what a picture and a hit's frame agree: `LibraryQueries.agreement`."""
        return self._queries.agreement(query, keyframe_id, time_s=time_s, region=region)

    @property
    def duplicates(self) -> LibraryDuplicates:
        """What compares the videos of the library with each other."""
        return self._duplicates

    @property
    def pictures(self) -> LibraryPictures:
        """Frames and thumbnails of the videos, for people."""
        return self._pictures

    def disk_use(self) -> DiskUse:
        """Return how much room the library takes, and how much is left: `cbvir_core.library.disk`."""
        return disk_use(self._store, self._folders)

    @property
    def measures(self) -> LibraryMeasures:
        """What measures the library on this machine."""
        return self._measures

    def index_status(self) -> IndexStatus:
        """Count the segments and rows of the index, as of the last search or `append`."""
        return self._generations.current.index.status()

    def frame_index_status(self) -> IndexStatus | None:
        """Count those of the index of frames; None where the library is open without it."""
        return None if self._frame_index is None else self._frame_index.status()

    def rebuild_index(self) -> None:
        """Build the indices anew: `Maintenance.rebuild_index`."""
        self._maintenance.rebuild_index()

    @property
    def profile(self) -> str:
        """The name of the profile whose weights answer now."""
        return self._generations.current.networks.profile.name

    @property
    def refined(self) -> bool:
        """Whether the profile that answers has SOLAR weights."""
        return self._generations.current.networks.refine is not None

    @property
    def refine_loading(self) -> bool:
        """Whether SOLAR's network is still to be loaded: neither has it been, nor has that failed."""
        refine = self._generations.current.networks.refine
        return refine is not None and refine.waiting

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for a person about weights that cannot be used, and about what is still to be made."""
        return self._generations.notes() + (self._frames.notes() if self._frames else ())

    def load_filter(self) -> None:
        """Load the filter's network: `Maintenance.load_filter`."""
        self._maintenance.load_filter()

    def load_refine(self) -> None:
        """Load SOLAR's network: `Maintenance.load_refine`."""
        self._maintenance.load_refine()

    def maintain(self) -> bool:
        """Do one step of index work: `Maintenance.maintain`."""
        return self._maintenance.maintain()

    def verify_index(self) -> bool:
        """Compare one file of an index with its checksum: `Maintenance.verify_index`."""
        return self._maintenance.verify_index()

    def backfill(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Compute missing SOLAR descriptors: `Maintenance.backfill`."""
        return self._maintenance.backfill(limit)

    def backfill_features(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Compute missing local features: `Maintenance.backfill_features`."""
        return self._maintenance.backfill_features(limit)

    def backfill_frames(self, limit: int = FRAME_STEP_SCENES) -> int:
        """Read scenes whose frame codes are missing: `Maintenance.backfill_frames`."""
        return self._maintenance.backfill_frames(limit)

    def reembed(self, limit: int = MAINTENANCE_STEP_KEYFRAMES) -> int:
        """Move keyframes to weights that have changed: `Maintenance.reembed`."""
        return self._maintenance.reembed(limit)

    def calibrate(
        self,
        questions: int = CALIBRATION_QUESTIONS,
        seed: int = 0,
        progress: CalibrationProgress | None = None,
    ) -> CalibrationResult:
        """Fit the confidence model to this library: `Maintenance.calibrate`."""
        return self._maintenance.calibrate(questions, seed, progress)

    def calibration(self) -> CalibrationResult | None:
        """Return the outcome of the calibration in use; None where the shipped model judges."""
        return self._maintenance.calibration()

    def reset_calibration(self) -> bool:
        """Go back to the confidence model that comes with cbvir: `Maintenance.reset_calibration`."""
        return self._maintenance.reset_calibration()

    def interrupt(self) -> None:
        """End builds of the indices, so that `close` need not wait for them: `Maintenance.interrupt`."""
        self._maintenance.interrupt()

    def close(self) -> None:
        """Wait for the queries under way, then let another process open the folder."""
        self._duplicates.close()
        if self._frames is not None:
            self._frames.close()
        self._generations.close()
        if self._frame_index is not None:
            self._frame_index.close()
        CleanEnd(self._folders.in_use).end()
        self._store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
