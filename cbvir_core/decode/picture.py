"""Reading a query picture: any of the usual formats, as upright 8-bit RGB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from pi_heif import register_heif_opener
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as Pillow
from PIL.JpegImagePlugin import JpegImageFile

from cbvir_core.decode.animation import shown_frame
from cbvir_core.decode.identity import regular_size, unreadable
from cbvir_core.decode.jpeg_markers import (
    JPEG_END,
    JPEG_START,
    MAX_JPEG_SEGMENTS,
    JpegMarkers,
    read_markers,
)
from cbvir_core.decode.pixels import PILLOW_ERRORS, upright_rgb
from cbvir_core.errors import FileUnreadable, NotAPicture, NotAVideo
from cbvir_core.types import Image

PICTURE_FORMATS = ("PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "JPEG2000")
"""Formats that Pillow identifies, beside JPEG, AVIF and HEIC.  Left out on purpose: those for which Pillow
starts another program (EPS)."""

ANIMATED_FORMATS = frozenset({"PNG", "WEBP", "GIF", "AVIF"})
"""Formats whose further pictures are moments.  In TIFF they are pages, in HEIC they are other photographs."""

AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevm", b"hevs", b"hevx", b"mif1", b"msf1"}
)
"""Brands of the two formats in their common container (ISO/IEC 23008-12, AVIF 1.1)."""

HEIF_TURNS = (b"irot", b"imir")
"""Properties by which a HEIC is turned and mirrored (ISO/IEC 23008-12, 6.5.10 and 6.5.12)."""

MAX_PICTURE_PIXELS = 100_000_000
"""About 300 MB as RGB: more than nearly any camera makes, less than a decompression bomb."""

MAX_PICTURE_SIDE = 65_535
"""The longest side that JPEG can hold.  What is longer was made to do harm."""

MAX_REDUCED_PIXELS = 250_000_000
"""Largest JPEG, read at a reduced scale: phones have sensors of up to 200 million pixels."""

MAX_COEFFICIENT_BYTES = 8 * MAX_PICTURE_PIXELS
"""Coefficients of a JPEG of `MAX_PICTURE_PIXELS` with four colours, two bytes each."""

JPEG_REDUCTIONS = (1, 2, 4, 8)
"""Scales at which libjpeg decodes."""

MAX_JPEG_SCANS = 1000
"""Encoders write about ten.  A file may hold as many as fit into it, and each visits every block."""

MAX_SCANNED_PIXELS = 20 * MAX_PICTURE_PIXELS
"""Pixels times scans: twice what the largest picture with ten scans has; decoded in 3 to 4 s."""

MIN_DECODED_SHARE = 0.25
"""Share of the rows that a JPEG that is cut short must have: the smallest crop that benchmarks ask with."""

JPEG_FILL = (127, 128)
"""Values with which libjpeg fills what is missing: coefficients of 0, or inverted for CMYK."""

MAX_ANIMATION_FRAMES = 250
"""Frames in which one that shows something is looked for: ten seconds at 25 a second."""

register_heif_opener()


def prepare_picture_formats() -> None:
    """Load every module that reads a picture, for a process that can open no file afterwards.

    Modules that are loaded late, by the first picture of a kind, are loaded by reading small ones.
    """
    Pillow.init()
    turned = Pillow.Exif()
    turned[ExifTags.Base.Orientation] = 6
    for mode in ("L", "RGB", "RGBA", "P", "CMYK", "I;16"):
        small = Pillow.new(mode, (16, 16))
        for kind in (*PICTURE_FORMATS, "JPEG", "AVIF"):
            data = io.BytesIO()
            with suppress(*PILLOW_ERRORS):  # some formats do not hold some kinds
                small.save(data, kind, exif=turned)
                read_picture(data.getvalue())
    with suppress(NotAPicture):
        read_picture(b"no picture")


def read_picture(source: str | Path | bytes) -> Image:
    """Return the picture in a file or in bytes: RGB uint8, turned upright by its EXIF orientation.

    Grey, palette and CMYK become RGB; of 10 or 16 bits the upper 8 remain; transparent parts become white, as
    on a page.  Of an animation the first frame is taken, or the first that shows something.  A JPEG that is
    cut short is read as far as it goes and is grey below; one above `MAX_PICTURE_PIXELS` is read at a half,
    a quarter or an eighth of its size.  Raises NotAPicture for anything else, for another picture that is cut
    short or has more than `MAX_PICTURE_PIXELS`, and for a longer side than `MAX_PICTURE_SIDE`; its message
    says what to do.
    """
    path = None if isinstance(source, bytes) else Path(source)
    data = source if isinstance(source, bytes) else _read(Path(source))
    try:
        if data.startswith(JPEG_START):
            return _read_jpeg(data, path)
        with Pillow.open(io.BytesIO(data), formats=_formats(data)) as picture:
            if picture.format == "HEIF":
                _turn_by_exif_alone(picture, data)
            return shown_frame(_frames(picture, path))
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        if _formats(data) != PICTURE_FORMATS:
            raise _damaged("it has no picture in it", path) from error
        advice = "use JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
        raise _refused(f"is in no format that can be read; {advice}", path) from error
    except PILLOW_ERRORS as error:
        raise _damaged(error, path) from error


def _read(path: Path) -> bytes:
    try:
        regular_size(path)
        return path.read_bytes()
    except (NotAVideo, FileUnreadable) as error:
        raise NotAPicture(str(error.args[0]).replace("video", "picture"), path=path) from error
    except OSError as error:
        raise NotAPicture(str(unreadable(path, error).args[0]), path=path) from error


def _formats(data: bytes) -> tuple[str, ...]:
    """Return the formats to try.  AVIF and HEIC share a container, each plugin takes files of the other."""
    if data[4:8] != b"ftyp":
        return PICTURE_FORMATS
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[start : start + 4] for start in range(8, size, 4)}
    if brands & AVIF_BRANDS:
        return ("AVIF",)
    return ("HEIF",) if brands & HEIF_BRANDS else PICTURE_FORMATS


def _turn_by_exif_alone(picture: Pillow.Image, data: bytes) -> None:
    """Give a HEIC its EXIF orientation back where that is all it is turned by.

    The plugin turns by the container's properties and resets EXIF, which repeats them.  Programs that save
    HEIC through the plugin with an `Exif` object write no such property.
    """
    orientation = picture.info.get("original_orientation")
    if orientation and not any(turn in data for turn in HEIF_TURNS):
        picture.getexif()[ExifTags.Base.Orientation] = orientation


def _frames(picture: Pillow.Image, path: Path | None) -> Iterator[Image]:
    """Yield the frames of an animation, a bounded number of them, or the one picture."""
    _check_size(picture.size, path)
    picture.load()
    # A decoder may find another size than the header told.
    _check_size(picture.size, path)
    yield upright_rgb(picture)
    if picture.format not in ANIMATED_FORMATS or not getattr(picture, "is_animated", False):
        return
    limit = min(MAX_ANIMATION_FRAMES, MAX_PICTURE_PIXELS // (picture.width * picture.height))
    for number in range(1, limit):
        try:
            picture.seek(number)
            _check_size(picture.size, path)
            yield upright_rgb(picture)
        except PILLOW_ERRORS:  # the end, or damage after frames that could be read
            return


def _read_jpeg(data: bytes, path: Path | None) -> Image:
    """Return a JPEG.  `Pillow.open` would refuse by its size what can be read at a reduced scale."""
    markers = read_markers(data)
    if markers is None:
        raise _damaged(f"it holds no picture, or more than {MAX_JPEG_SEGMENTS:,} segments", path)
    if not markers.complete:
        # With an end marker libjpeg fills what is missing; Pillow refuses the file without one.
        data = data[: markers.usable_bytes] + JPEG_END
    reduction = _jpeg_reduction(markers, path)
    with JpegImageFile(io.BytesIO(data)) as picture:
        if reduction > 1:
            picture.draft(None, (picture.width // reduction, picture.height // reduction))
        _check_size(picture.size, path)
        picture.load()
        if not markers.complete:
            _check_decoded(picture, path)
        return upright_rgb(picture)


def _jpeg_reduction(markers: JpegMarkers, path: Path | None) -> int:
    """Return the divisor of the sides with which a JPEG is small enough."""
    if markers.scans > MAX_JPEG_SCANS or markers.scanned_pixels > MAX_SCANNED_PIXELS:
        raise _refused(f"is stored in {markers.scans:,} scans, which takes too long; save it again", path)
    pixels = markers.width * markers.height
    held = markers.coefficient_bytes if markers.buffered else 0
    if pixels > MAX_REDUCED_PIXELS or held > MAX_COEFFICIENT_BYTES:
        raise _too_large(path)
    return next(by for by in JPEG_REDUCTIONS if pixels <= MAX_PICTURE_PIXELS * by * by)


def _check_decoded(picture: Pillow.Image, path: Path | None) -> None:
    """Refuse a JPEG that is cut short so early that hardly anything of it could be decoded."""
    rows = np.asarray(picture).reshape(picture.height, -1)
    filled = (rows.min(axis=1) >= JPEG_FILL[0]) & (rows.max(axis=1) <= JPEG_FILL[1])
    decoded = np.flatnonzero(~filled)
    share = (decoded[-1] + 1) / picture.height if decoded.size else 0.0
    if share < MIN_DECODED_SHARE:
        raise _damaged(f"only {share:.0%} of it is there", path)


def _check_size(size: tuple[int, int], path: Path | None) -> None:
    if max(size) > MAX_PICTURE_SIDE:
        raise _refused(
            f"is longer than {MAX_PICTURE_SIDE:,} pixels; shrink it, a long side of 2,000 pixels is plenty",
            path,
        )
    if size[0] * size[1] > MAX_PICTURE_PIXELS:
        raise _too_large(path)


def _too_large(path: Path | None) -> NotAPicture:
    return _refused(
        f"has more than {MAX_PICTURE_PIXELS // 1_000_000} million pixels; shrink it, "
        "a long side of 2,000 pixels is plenty",
        path,
    )


def _damaged(reason: object, path: Path | None) -> NotAPicture:
    said = " ".join(str(reason).split())  # one line, whatever the decoder wrote
    return _refused(f"is damaged or cut short ({said}); save it again", path)


def _refused(reason: str, path: Path | None) -> NotAPicture:
    """Return the error for a picture in a file, or (None) in bytes."""
    return NotAPicture(f"the picture {reason}") if path is None else NotAPicture(reason, path=path)
