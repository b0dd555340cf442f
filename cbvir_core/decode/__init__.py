"""From a video file to upright frames with exact presentation times, and from a picture file to a picture.

`probe` returns what a file is, `read_frames` reads its frames, `read_picture` reads a query picture.
Ingest and query share `fit_within`, so that a frame and a picture of it are shrunk alike.
"""

from __future__ import annotations

from cbvir_core.decode.blank import is_blank
from cbvir_core.decode.change import views_differ
from cbvir_core.decode.complete import container_complete
from cbvir_core.decode.excerpt import MAX_EXCERPT_S, Excerpt, write_excerpt
from cbvir_core.decode.film import write_film
from cbvir_core.decode.growing import FinishedFile, GrowingFile
from cbvir_core.decode.identity import fingerprint, is_growing
from cbvir_core.decode.lanczos import shrink_lanczos
from cbvir_core.decode.pdf import encode_pdf
from cbvir_core.decode.picture import MAX_PICTURE_PIXELS, prepare_picture_formats, read_picture
from cbvir_core.decode.probe import probe
from cbvir_core.decode.reader import FrameReader, read_frames
from cbvir_core.decode.scale import (
    STILL_SIDE,
    THUMBNAIL_SIDE,
    decode_still,
    decode_strip,
    encode_png,
    encode_still,
    encode_strip,
    fit_size,
    fit_within,
    thumbnail,
)
from cbvir_core.decode.skipping import Mode
from cbvir_core.decode.span import SpanReader

__all__ = [
    "MAX_EXCERPT_S",
    "MAX_PICTURE_PIXELS",
    "STILL_SIDE",
    "THUMBNAIL_SIDE",
    "Excerpt",
    "FinishedFile",
    "FrameReader",
    "GrowingFile",
    "Mode",
    "SpanReader",
    "container_complete",
    "decode_still",
    "decode_strip",
    "encode_pdf",
    "encode_png",
    "encode_still",
    "encode_strip",
    "fingerprint",
    "fit_size",
    "fit_within",
    "is_blank",
    "is_growing",
    "prepare_picture_formats",
    "probe",
    "read_frames",
    "read_picture",
    "shrink_lanczos",
    "thumbnail",
    "views_differ",
    "write_excerpt",
    "write_film",
]
