"""Frames come in order, at the container's own times, whole, upright, one at a time."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from cbvir_core.decode import FrameReader, Mode, read_frames
from cbvir_core.decode.decoder import Decoder
from cbvir_core.errors import DamagedVideo, DecodeMemory, FileChanged
from cbvir_core.types import Image

MakeFilm = Callable[..., Path]
NumberOf = Callable[[Image], int]

CODECS = [
    ("film.mp4", "libx264", "yuv420p", {"bf": "3"}),
    ("film.mov", "libx264", "yuv422p", {"bf": "2"}),
    ("film.mkv", "libx264", "yuv420p10le", {}),
    ("film.ts", "libx264", "yuv420p", {"bf": "2"}),
    ("film.avi", "libx264", "yuv420p", {"bf": "3"}),
    ("film.avi", "mpeg4", "yuv420p", {"bf": "2"}),
    ("film.h264", "libx264", "yuv420p", {"bf": "2"}),
    ("film.mp4", "libx265", "yuv420p10le", {"x265-params": "log-level=none:pools=1:frame-threads=1"}),
    ("film.webm", "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    ("film.mkv", "libsvtav1", "yuv420p", {"preset": "12", "svtav1-params": "lp=1"}),
    ("film.mpg", "mpeg2video", "yuv420p", {"bf": "2", "g": "60"}),
    ("film.mov", "prores_ks", "yuv422p10le", {}),
]
NAMES = [f"{codec}-{name.split('.')[1]}-{pixels}" for name, codec, pixels, _ in CODECS]


def times(path: Path, **options: object) -> list[Fraction]:
    with read_frames(path, max_side=32, **options) as reader:  # type: ignore[arg-type]
        return [frame.time for frame in reader]


@pytest.mark.parametrize(("name", "codec", "pixels", "options"), CODECS, ids=NAMES)
def test_every_frame_of_every_codec(
    make_film: MakeFilm, number_of: NumberOf, name: str, codec: str, pixels: str, options: dict[str, str]
) -> None:
    path = make_film(name=name, codec=codec, pix_fmt=pixels, options=options)
    with read_frames(path, samples_per_s=None, mode="every") as reader:
        seen = [(number_of(frame.image), frame.time_s) for frame in reader]
        assert reader.damaged == 0
        assert reader.position_s == pytest.approx(47 / 24, abs=0.01)
    assert [number for number, _ in seen] == list(range(48))
    # Matroska rounds to milliseconds.
    assert [time for _, time in seen] == pytest.approx([n / 24 for n in range(48)], abs=0.002)


@pytest.mark.parametrize("mode", ["auto", "reference", "keyframes"])
@pytest.mark.parametrize(("name", "codec", "pixels", "options"), CODECS, ids=NAMES)
def test_the_fast_ways_give_the_same_pictures_at_the_same_times(
    make_film: MakeFilm, name: str, codec: str, pixels: str, options: dict[str, str], mode: Mode
) -> None:
    path = make_film(name=name, codec=codec, pix_fmt=pixels, options=options)
    with read_frames(path, samples_per_s=None, mode="every", max_side=64) as reader:
        truth = {frame.time: frame.image for frame in reader}
    with read_frames(path, samples_per_s=None, mode=mode, max_side=64) as reader:
        fast = {frame.time: frame.image for frame in reader}
    assert fast.keys() <= truth.keys()
    assert min(fast) == min(truth)
    assert all(np.array_equal(truth[time], image) for time, image in fast.items())


def test_times_are_the_pts_of_the_container(shared: Path) -> None:
    for name in ("mmaction2--demo.mp4", "sample-videos--again.mkv", "perception--v2.m4v"):
        path = shared / "videos" / name
        with av.open(str(path)) as container:
            start = Fraction(container.start_time or 0, 1_000_000)
            packets = [p for p in container.demux(video=0) if p.pts is not None and not p.is_discard]
            pts = sorted(p.pts * p.time_base - start for p in packets if p.pts is not None)
        assert times(path, samples_per_s=None, mode="every") == [time for time in pts if time >= 0], name


def test_variable_rate_and_a_start_that_is_not_zero(make_film: MakeFilm, number_of: NumberOf) -> None:
    when = [1000 + gap for gap in (0, 40, 50, 400, 410, 2000, 2001, 2900, 4000)]
    path = make_film(name="film.mkv", pts=when, time_base=Fraction(1, 1000), options={"bf": "0"})
    with read_frames(path, samples_per_s=None) as reader:
        seen = [(number_of(frame.image), frame.time) for frame in reader]
        assert reader.info.start == 1
    assert seen == [(number, Fraction(ms - 1000, 1000)) for number, ms in enumerate(when)]


def test_an_edit_list_hides_what_lies_before_it(
    make_film: MakeFilm, number_of: NumberOf, tmp_path: Path
) -> None:
    whole = make_film(frames=72, options={"bf": "0", "g": "72"})
    cut = tmp_path / "cut.mp4"
    with (
        av.open(str(whole)) as source,
        av.open(str(cut), "w", options={"avoid_negative_ts": "disabled", "use_editlist": "1"}) as output,
    ):
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            shift = int(1 / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
            output.mux(packet)
    with read_frames(cut, samples_per_s=None, mode="keyframes") as reader:
        seen = [(number_of(frame.image), frame.time_s) for frame in reader]
    assert [number for number, _ in seen] == list(range(24, 72))
    assert [time_s for _, time_s in seen] == pytest.approx([number / 24 for number in range(48)], abs=1e-4)


@pytest.mark.parametrize("samples_per_s", [0.7, 1, 3, 5, 24, 100])
def test_sampling_keeps_its_grid_and_both_ends(film: Path, samples_per_s: float) -> None:
    every = times(film, samples_per_s=None, mode="every")
    chosen = times(film, samples_per_s=samples_per_s, mode="every")
    interval = max(1 / samples_per_s, 1 / 24)
    gaps = np.diff([float(time) for time in chosen])
    assert chosen[0] == 0
    assert set(chosen) <= set(every)
    assert gaps.max() <= interval + 1 / 24 + 1e-9
    assert float(every[-1] - chosen[-1]) <= interval / 2
    assert len(chosen) <= 2 * samples_per_s + 2


def test_auto_decodes_everything_once_reference_frames_are_too_sparse(make_film: MakeFilm) -> None:
    sparse = {"bf": "7", "b_strategy": "0", "g": "48", "x264-params": "b-pyramid=none:scenecut=0"}
    path = make_film(name="film.mkv", frames=96, rate=10, time_base=Fraction(1, 10), options=sparse)
    assert np.diff([float(time) for time in times(path, mode="reference")]).max() > 0.7
    gaps = np.diff([float(time) for time in times(path)])
    assert (gaps > 0.5).sum() <= 1
    assert gaps[3:].max() <= 0.41


def test_auto_skips_while_that_is_enough(film: Path) -> None:
    decoder = Decoder(film, "auto", Fraction(1, 3))
    decoded = sum(1 for _ in decoder.pictures())
    decoder.close()
    assert 8 <= decoded < 48
    assert times(film) == pytest.approx(times(film, mode="every"), abs=0.09)


def test_turned_films_come_upright(make_film: MakeFilm) -> None:
    def corners(number: int) -> Image:
        picture = np.zeros((64, 128, 3), np.uint8)
        picture[:32, :64] = (255, 0, 0)
        picture[:32, 64:] = (0, 255, 0)
        picture[32:, :64] = (0, 0, 255)
        return picture

    def seen(**how: object) -> str:
        with read_frames(make_film(picture=corners, frames=2, **how)) as reader:
            image = next(reader).image
            assert image.shape == (reader.info.height, reader.info.width, 3)
            assert image.flags.c_contiguous
        height, width = image.shape[0] // 4, image.shape[1] // 4
        spots = [image[y * height, x * width] for y in (1, 3) for x in (1, 3)]
        return "".join("RGB"[int(spot.argmax())] if spot.max() > 128 else "-" for spot in spots)

    assert seen() == "RGB-"
    assert seen(rotation=90) == "G-RB"
    assert seen(rotation=180) == "-BGR"
    assert seen(rotation=-90) == "BR-G"
    assert seen(hflip=True) == "GR-B"
    assert seen(hflip=True, rotation=90) == "-GBR"
    assert seen(hflip=True, rotation=180) == "B-RG"
    assert seen(hflip=True, rotation=-90) == "RBG-"


@pytest.mark.parametrize(("max_side", "shape"), [(None, (64, 171)), (100, (37, 100)), (512, (64, 171))])
def test_bounded_size_with_square_pixels(
    make_film: MakeFilm, max_side: int | None, shape: tuple[int, int]
) -> None:
    path = make_film(name="film.mkv", sample_aspect=Fraction(4, 3))
    with read_frames(path, max_side=max_side) as reader:
        assert next(reader).image.shape == (*shape, 3)


def test_damage_in_the_middle_costs_only_the_damaged(make_film: MakeFilm, number_of: NumberOf) -> None:
    path = make_film(frames=96, options={"g": "12", "bf": "0"})
    with av.open(str(path)) as container:
        spans = [(p.pos, p.size) for p in container.demux(video=0) if p.pos is not None and p.size]
    data = bytearray(path.read_bytes())
    for position, size in spans[48:51]:
        data[position : position + size] = b"\xa5" * size
    path.write_bytes(bytes(data))
    with read_frames(path, samples_per_s=None, mode="every") as reader:
        seen = {round(frame.time_s * 24): number_of(frame.image) for frame in reader}
        assert reader.damaged >= 3
    assert all(seen[place] == place for place in (*range(48), *range(60, 96)))
    assert len(seen) <= 93


def test_a_film_cut_in_the_middle_keeps_its_beginning(make_film: MakeFilm) -> None:
    path = make_film(name="film.mkv", frames=96, options={"g": "12"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    seen = times(path, samples_per_s=None, mode="every")
    assert 20 < len(seen) < 80
    assert seen == sorted(seen)


def test_nothing_that_decodes_is_a_damaged_video(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    data = bytearray(film.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = bytes(end - begin)
    path.write_bytes(bytes(data))
    with read_frames(path) as reader, pytest.raises(DamagedVideo, match="not one picture"):
        next(reader)
    assert reader.damaged > 0


def test_a_file_that_grows_while_it_is_read(make_film: MakeFilm) -> None:
    path = make_film()
    with read_frames(path) as reader:
        next(reader)
        with path.open("ab") as writer:
            writer.write(bytes(8))
        with pytest.raises(FileChanged):
            list(reader)


def test_refused_memory_is_said(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def decode(self, packet: object) -> list[object]:
            raise MemoryError

    decoder = Decoder(film, "every", Fraction(1))
    monkeypatch.setattr(decoder, "_packets", lambda: iter([None]))
    monkeypatch.setattr(decoder, "_stream", Refusing())
    with pytest.raises(DecodeMemory, match="memory"):
        list(decoder.pictures())
    decoder.close()


def test_memory_refused_while_reading_is_no_damage(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def demux(self, stream: object) -> list[object]:
            raise av.error.MemoryError(12, "Cannot allocate memory")

        def close(self) -> None:
            pass

    decoder = Decoder(film, "every", Fraction(1))
    decoder.close()
    monkeypatch.setattr(decoder, "_container", Refusing())
    with pytest.raises(DecodeMemory, match="memory"):
        list(decoder.pictures())
    assert decoder.damaged == 0


def test_memory_refused_at_opening_is_no_verdict_on_the_file(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise av.error.MemoryError(12, "Cannot allocate memory")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(DecodeMemory) as caught:
        read_frames(film)
    assert caught.value.retry


@pytest.fixture
def collector() -> Iterator[None]:
    """Everything that is there already is left out of account: the networks alone are a million objects."""
    gc.collect()
    gc.freeze()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_no_frame_outlives_its_turn(film: Path) -> None:
    with read_frames(film, samples_per_s=None) as reader:
        before: weakref.ref[Image] | None = None
        for frame in reader:
            assert before is None or before() is None
            before = weakref.ref(frame.image)
            del frame
            gc.collect()
            assert before() is None


@pytest.mark.usefixtures("collector")
def test_no_decoded_picture_waits_for_the_collector(film: Path) -> None:
    gc.disable()
    with read_frames(film, samples_per_s=None, mode="every") as reader:
        alive = [sum(type(held) is VideoFrame for held in gc.get_objects()) for _ in reader]
    assert len(alive) == 48
    assert max(alive) - alive[0] <= 3


def test_closing_ends_iteration(film: Path) -> None:
    reader: FrameReader = read_frames(film)
    next(reader)
    reader.close()
    assert list(reader) == []
    reader.close()


@pytest.mark.parametrize("wrong", [{"mode": "fast"}, {"samples_per_s": 0}, {"max_side": 0}])
def test_wrong_options_are_named(film: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        read_frames(film, **wrong)  # type: ignore[arg-type]
