"""The command ``python -m cbvir_core.train.codec``: the codec of frame views, learnt from pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.embed import RuntimeOptions, ViewEncoder
from cbvir_core.errors import CbvirError, NotAPicture
from cbvir_core.index.codec_learning import learn_codec
from cbvir_core.keyframes import FRAME_SIDE
from cbvir_core.train.pictures import read_pictures
from cbvir_core.train.report import TrainingReport
from cbvir_core.types import Image, Rows
from cbvir_core.weights import find_profile

CODEC_DESCRIPTION = """\
Learn the codec of frame views from pictures, described by the built-in filter.

  python -m cbvir_core.train.codec --pictures photos/ --out frame_codec.safetensors

Codes of another codec cannot be compared with those that a library has: put the file in the place of
cbvir_core/index/frame_codec.safetensors, and all frames are described again.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 1 after an error (one sentence on stderr)."""
    options = _parser().parse_args(arguments)
    try:
        with TrainingReport() as report:
            encoder = ViewEncoder(find_profile("builtin", None).filter, RuntimeOptions())
            images = (image for _, image in read_pictures(options.pictures))
            views = describe_views(images, encoder, report)
            report.say(f"learning from {len(views)} views")
            learn_codec(views, options.out)
    except CbvirError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def describe_views(images: Iterable[Image], encoder: ViewEncoder, report: TrainingReport) -> Rows:
    """Return the rows of all views of pictures, of the size that frames of films are described at: N x D.

    Raise NotAPicture where there is no picture.
    """
    rows: list[np.ndarray[tuple[int, int], np.dtype[np.float16]]] = []
    for image in images:
        # One at a time: pictures of several shapes have several numbers of views.
        (views,) = encoder.encode([fit_within(image, FRAME_SIDE)])
        rows.append(views.astype(np.float16))  # half the memory; the codec is stored so too
        if len(rows) % 1000 == 0:
            report.say(f"{len(rows)} pictures described")
    if not rows:
        raise NotAPicture("there is no picture to learn from; name folders or tar files of pictures")
    return np.concatenate(rows).astype(np.float32)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train.codec",
        description=CODEC_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = "folders or tar files of pictures"
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="PATH", help=what)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
