"""The decoder of ingest: of stretches in which nothing changes it decodes the first picture alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame

from cbvir_core.decode.change import views_differ
from cbvir_core.decode.container import no_memory, open_video
from cbvir_core.decode.convert import Converter
from cbvir_core.decode.decoder import Decoder, TimedPicture
from cbvir_core.decode.groups import Group, VideoPacket, groups_of, leading_packets, quiet_end
from cbvir_core.decode.scale import THUMBNAIL_SIDE, thumbnail


class SparseDecoder(Decoder):
    """A `Decoder` in mode ``auto`` that repeats a picture where the packets say that it stands still.

    It yields a picture for every frame all the same, the very same object where it is repeated.  The rest of
    a group of pictures is left out where its packets are quiet (`cbvir_core.decode.groups`) and the group's
    last picture agrees with the first one of the next group.
    """

    def __init__(self, path: Path, sample_s: Fraction) -> None:
        super().__init__(path, "auto", sample_s)
        self._look_ahead: _KeyDecoder | None = None
        self._small = Converter(THUMBNAIL_SIDE)

    def pictures(self) -> Iterator[TimedPicture]:
        """Yield PTS and picture of every frame that decodes without damage, in the order of time."""
        if self._untimed:
            yield from super().pictures()
            return
        pixels = self._stream.width * self._stream.height
        known: VideoFrame | None = None  # the first picture of the group, if it is decoded already
        for group, following in groups_of(self._packets()):
            quiet = quiet_end(group, following, pixels)
            after = self._decoded_ahead(following[0]) if quiet else None
            if after is None:
                yield from self._shown(group)
            elif (yield from self._repeated(group, quiet, known, after)):
                known = after
                early = leading_packets(following)  # repeated with this group
                following[:] = [packet for packet in following if packet not in early]
                continue
            known = None

    def close(self) -> None:
        """Close the file."""
        super().close()
        if self._look_ahead:
            self._look_ahead.close()

    def _decoded_ahead(self, packet: VideoPacket | None) -> VideoFrame | None:
        if self._look_ahead is None:
            self._look_ahead = _KeyDecoder(self._path)
        return None if packet is None else self._look_ahead.picture(packet)

    def _repeated(
        self, group: Group, quiet: list[VideoPacket], known: VideoFrame | None, after: VideoFrame
    ) -> Generator[TimedPicture, None, bool]:
        """Yield the group's pictures; return whether its end was repeated, not decoded."""
        begun = [packet for packet in group if packet not in quiet]
        first = group[0]
        assert first is not None, "a quiet group has no end of the film"
        if known is not None and len(begun) == 1:
            shown: Iterator[TimedPicture] = iter([(first.pts, known)])
        else:
            shown = self._emptied(begun)
        waiting = sorted({packet.pts for packet in quiet if packet.pts is not None and not packet.is_discard})
        last: TimedPicture | None = None
        for pts, picture in shown:
            while last and waiting and pts is not None and waiting[0] < pts:
                yield waiting.pop(0), last[1]
            last = pts, picture
            yield last
        if last and not self._differ(last[1], after):
            yield from ((pts, last[1]) for pts in waiting)
            return True
        for pts, picture in self._shown(group):
            if last is None or last[0] is None or (pts is not None and pts > last[0]):
                yield pts, picture
        return False

    def _emptied(self, begun: Group) -> Iterator[TimedPicture]:
        """Yield the pictures of a group's beginning, those as well that the decoder holds back."""
        yield from self._shown([*begun, None])
        self._context.flush_buffers()

    def _differ(self, one: VideoFrame, other: VideoFrame) -> bool:
        before, after = (thumbnail(self._small.convert(frame, Fraction(1))) for frame in (one, other))
        return views_differ(before, after)


class _KeyDecoder:
    """A second decoder of the same film, for single I-frames."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container, self._stream = open_video(path)

    def picture(self, packet: VideoPacket) -> VideoFrame | None:
        """Return the picture of an I-frame that nothing before it is needed for, else None."""
        context = self._stream.codec_context
        try:
            decoded = [*context.decode(packet), *context.decode(None)]
        except MemoryError as error:
            raise no_memory(self._path) from error
        except av.FFmpegError:
            return None
        finally:
            context.flush_buffers()
        return decoded[0] if len(decoded) == 1 and not decoded[0].is_corrupt else None

    def close(self) -> None:
        """Close the file."""
        self._container.close()
