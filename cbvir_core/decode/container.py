"""Opening a file as a container, and telling its video from pictures and data beside it.

PyAV discards FFmpeg's own log unless somebody asks for it (`av.logging.set_level`), so nothing is
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
from cbvir_core.decode.identity import regular_size, unreadable
from cbvir_core.errors import CbvirError, DamagedVideo, DecodeMemory, NotAVideo

VIDEO_DEMUXERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,live_flv,asf,ogg,mxf,nut,ivf,rm,wtv,dv,gxf,gif,apng,amv,"
    "h264,hevc,vvc,obu,av1,m4v,mpegvideo,mjpeg,vc1,dirac,h261,h263,yuv4mpegpipe,swf,nsv,nuv,pva,ty,dhav"
)
"""Containers that hold moving pictures in one file.

Not among them: playlists (`hls`, `dash`, `concat`), which would make FFmpeg open files and addresses
that a stranger wrote into a file; single pictures (`*_pipe`); and `tty`, which reads any text as film.
"""

CONTAINER_OPTIONS = {"format_whitelist": VIDEO_DEMUXERS, "protocol_whitelist": "file"}

NOT_FILM_DISPOSITIONS = Disposition.attached_pic | Disposition.timed_thumbnails

MICROSECOND = Fraction(1, 1_000_000)
"""FFmpeg rounds a container's start to this."""


def open_video(path: Path) -> tuple[InputContainer, VideoStream]:
    """The opened container and its video stream; the caller closes the container.

    Decoding is set to one thread; packets of all other streams are discarded.  Raises NotAVideo,
    DamagedVideo (a container that is cut short before its index), FileUnreadable or DecodeMemory.
    """
    regular_size(path)
    try:
        container = av.open(str(path), options=CONTAINER_OPTIONS, metadata_errors="replace")
    except av.FFmpegError as error:
        raise _open_error(path, error) from error
    try:
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
    """The stream a player would show: not a cover picture or thumbnail track, the default one first."""
    films = [stream for stream in container.streams.video if not stream.disposition & NOT_FILM_DISPOSITIONS]
    if not films:
        others = {"cover picture" if kind.type == "video" else kind.type for kind in container.streams}
        raise NotAVideo(f"{path} holds no video, only {' and '.join(sorted(others)) or 'a header'}.")
    readable = [stream for stream in films if stream.codec_context is not None and stream.width]
    if not readable:
        raise NotAVideo(f"{path} holds video in a codec that this FFmpeg cannot decode.")
    return min(readable, key=lambda stream: (not stream.disposition & Disposition.default, stream.index))


def exact_start(container: InputContainer) -> Fraction:
    """The container's own start in seconds: the earliest stream's first PTS, not rounded.

    FFmpeg gives it in whole microseconds; the stream that it comes from knows it exactly.
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
    """The error for memory that the system refuses."""
    return DecodeMemory(f"{path} needs more memory to decode than there is.")


def _open_error(path: Path, error: av.FFmpegError) -> CbvirError:
    if isinstance(error, FileNotFoundError | PermissionError):
        return unreadable(path, error)
    if isinstance(error, MemoryError):
        return no_memory(path)
    # FFmpeg also calls it an I/O error when a header that is right so far ends too early.
    if isinstance(error, OSError) or container_complete(path) is False:
        return DamagedVideo(f"{path} is cut short, its end or index is missing; copy or record it again.")
    return NotAVideo(f"{path} is in no container that can hold video, whatever its name says.")
