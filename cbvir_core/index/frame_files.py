"""The files of a frame index, and the manifest that names those in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.frame_lists import FrameSegment
from cbvir_core.index.frame_manifest import (
    FrameManifest,
    WrittenSegment,
    completed,
    delete_segments,
    lacks,
    open_frames,
    write_frame_manifest,
    write_segment,
)
from cbvir_core.index.frame_source import FrameSource
from cbvir_core.index.pause import Pause


class FrameFiles:
    """Writes files and manifests; one thread at a time.  `opened` are the segments that were found.

    With `trust` those that are unchanged were not read.  Everything raises DiskFull and StoreError, and what
    `pause` raises; no new file is left behind then.
    """

    def __init__(
        self, folder: Path, source: FrameSource, codec: FrameCodec, pause: Pause, trust: bool = True
    ) -> None:
        self._folder, self._source, self._codec, self._pause = folder, source, codec, pause
        self._numbers = count()
        found = open_frames(folder, source.identity, source.last_change(), codec, trust=trust)
        self._manifest, self.opened = found.manifest, found.segments

    @property
    def number(self) -> int:
        """The number of the state that the manifest names."""
        return self._manifest.number

    @property
    def position(self) -> int:
        """The change up to which everything is in files."""
        return self._manifest.position

    def write(self, segment: FrameSegment) -> WrittenSegment:
        """Write a file of lists and those beside it."""
        name = f"views-{self.number + 1:06d}-{next(self._numbers)}.faiss"
        return write_segment(self._folder, name, segment, self._codec, self._pause)

    def lacks(self, segment: WrittenSegment) -> bool:
        """Return whether files beside that of the lists are still to be made."""
        return lacks(segment, self._codec)

    def completed(self, segment: WrittenSegment) -> WrittenSegment:
        """Write what a segment lacks beside its file."""
        return completed(self._folder, segment, self._codec, self._pause)

    def verified(self, segment: WrittenSegment) -> WrittenSegment:
        """Read the files of a segment: `WrittenSegment.verify`.  Raises IndexFileDamaged."""
        return segment.verify(self._folder, self._pause)

    def save(self, segments: Sequence[WrittenSegment], position: int) -> None:
        """Let the next opening find these segments, which hold all changes up to a position."""
        files = tuple(segment.file for segment in segments)
        manifest = FrameManifest(self.number + 1, self._source.identity, position, files)
        write_frame_manifest(self._folder, manifest)
        self._manifest = manifest

    def delete(self, segments: Iterable[WrittenSegment]) -> None:
        """Delete the files of segments that no manifest names any more."""
        delete_segments(self._folder, segments)

    @contextmanager
    def deleted_after_failure(self, made: Sequence[WrittenSegment]) -> Iterator[None]:
        """Delete the files of segments where the block fails."""
        try:
            yield
        except BaseException:
            self.delete(made)
            raise
