"""Pictures that the service drew, written in the format that the file's name says."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from cbvirctl.errors import Usage

FORMATS = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 92}),
    ".jpeg": ("JPEG", {"quality": 92}),
    ".webp": ("WEBP", {"quality": 90}),
}
"""Suffixes of pictures, with the format's name and settings of Pillow."""


def check_suffix(file: Path) -> None:
    """Refuse a file whose name says no format that can be written.  Raises Usage."""
    if file.suffix.lower() not in FORMATS:
        end = f"not in {file.suffix}" if file.suffix else "and this has no ending"
        raise Usage(f"cannot write {file}: its name must end in .png, .jpg or .webp, {end}.", code="usage")


def write_picture(file: Path, png: bytes) -> None:
    """Write a picture in the format of the file's suffix.  Raises Usage."""
    check_suffix(file)
    try:
        file.expanduser().write_bytes(_converted(png, file.suffix.lower()))
    except OSError as error:
        raise Usage(f"cannot write {file}: {error.strerror}.", code="file_unwritable") from None


def _converted(png: bytes, suffix: str) -> bytes:
    name, settings = FORMATS[suffix]
    if name == "PNG":
        return png
    from PIL import Image

    data = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").save(data, name, **settings)
    return data.getvalue()
