"""Opening a file as a container, and choosing its video stream among pictures and data.

PyAV discards FFmpeg's own log unless a program asks for it (`av.logging.set_level`), so nothing is
set here: a process-wide switch belongs to the program, not to a library.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from cbvir_core.decode.complete import container_complete
from cbvir_core.decode.growing import STREAMED_CONTAINERS, GrowingFile, GrowingStream
from cbvir_core.decode.identity import regular_size, unreadable
from cbvir_core.errors import CbvirError, DamagedVideo, DecodeMemory, NotAVideo

VIDEO_DEMUXERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,live_flv,asf,ogg,mxf,nut,ivf,rm,wtv,dv,gxf,gif,apng,amv,"
    "h264,hevc,vvc,obu,av1,m4v,mpegvideo,mjpeg,vc1,dirac,h261,h263,yuv4mpegpipe,swf,nsv,nuv,pva,ty,dhav"
)
"""FFmpeg's demuxers of containers that hold moving pictures in one file.

Left out: playlists (`hls`, `dash`, `concat`), with which FFmpeg would open files and addresses that a
stranger wrote into a file; single pictures (`*_pipe`); and `tty`, which reads any text as a film.
"""

CONTAINER_OPTIONS = {"format_whitelist": VIDEO_DEMUXERS, "protocol_whitelist": "file"}

NOT_FILM_DISPOSITIONS = Disposition.attached_pic | Disposition.timed_thumbnails

MICROSECOND = Fraction(1, 1_000_000)
"""The unit in seconds of a container's start and duration in FFmpeg, which rounds to it."""


def open_video(path: Path, growing: GrowingFile | None = None) -> tuple[InputContainer, VideoStream]:
    """Open a file; return the container, which the caller closes, and its video stream.

    Decoding is set to one thread; packets of all other streams are discarded.  A file that is `growing` is
    read from it as a stream, which waits for its end.  Raises NotAVideo (also for a growing file that can be
    read only when it is whole), DamagedVideo (a container that is cut short before its index), FileUnreadable
    or DecodeMemory; of a growing file what `GrowingFile` raises.
    """
    if growing is None:
        regular_size(path)
    elif not growing.index_comes_first():
        raise _not_streamed(path)
    file = str(path) if growing is None else GrowingStream(growing)
    try:
        container = av.open(file, "r", options=CONTAINER_OPTIONS, metadata_errors="replace")
    except av.FFmpegError as error:
        raise _open_error(path, error) from error
    try:
        if growing is not None and container.format.name.split(",")[0] not in STREAMED_CONTAINERS:
            raise _not_streamed(path)
        stream = pick_video(container, path)
    except CbvirError:
        container.close()
        raise
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    stream.thread_count = 1
    return container, stream


def pick_video(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream that a player shows: no cover picture or thumbnail track, the default one first."""
    films = [stream for stream in container.streams.video if not stream.disposition & NOT_FILM_DISPOSITIONS]
    if not films:
        others = {"cover picture" if kind.type == "video" else kind.type for kind in container.streams}
        raise NotAVideo(f"holds no video, only {' and '.join(sorted(others)) or 'a header'}.", path=path)
    readable = [stream for stream in films if stream.codec_context is not None and stream.width]
    if not readable:
        raise NotAVideo("holds video in a codec that this FFmpeg cannot decode.", path=path)
    return min(readable, key=lambda stream: (not stream.disposition & Disposition.default, stream.index))


def exact_start(container: InputContainer) -> Fraction:
    """Return the container's own start in seconds: the earliest stream's first PTS, not rounded.

    FFmpeg gives it in whole microseconds; the start time of the stream that it comes from is exact.
    """
    if container.start_time is None:
        return Fraction(0)
    rounded = container.start_time * MICROSECOND
    starts = (
        stream.start_time * stream.time_base
        for stream in container.streams
        if stream.start_time is not None and stream.time_base
    )
    return next((start for start in starts if abs(start - rounded) < MICROSECOND), rounded)


def no_memory(path: Path) -> DecodeMemory:
    """Return the error for memory that the system refuses."""
    return DecodeMemory("needs more memory to decode than there is.", path=path)


def _not_streamed(path: Path) -> NotAVideo:
    return NotAVideo("is in a container that can be read only when it is whole.", path=path)


def _open_error(path: Path, error: av.FFmpegError) -> CbvirError:
    if isinstance(error, FileNotFoundError | PermissionError):
        return unreadable(path, error)
    if isinstance(error, MemoryError):
        return no_memory(path)
    # FFmpeg also reports an I/O error when a header that is valid so far ends too early.
    if isinstance(error, OSError) or container_complete(path) is False:
        return DamagedVideo("is cut short, its end or index is missing; copy or record it again.", path=path)
    return NotAVideo("is in no container that can hold video, whatever its name says.", path=path)
