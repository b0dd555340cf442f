"""Where a picture lies in the thumbnails of a scene: template matching by normalised cross-correlation.

A crop of a frame between two keyframes agrees with neither still, and as a descriptor it resembles frames of
other scenes.  In its own thumbnail it is found at once: the film lies there at a third of a second from any
frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cbvir_core.decode import fit_within
from cbvir_core.types import Grey, Image, Thumbnails

TEMPLATE_SIDE = 32
"""Long side in pixels to which the picture is shrunk.  Thumbnails are scaled instead, so that a crop of a
quarter has as many pixels to be compared as the whole frame."""

TEMPLATE_SHARES = tuple(np.geomspace(0.25, 1.0, 8).tolist())
"""Shares of the frame that the picture may show, by its sides."""

FINER_STEPS = (0.91, 0.95, 1.05, 1.1)
"""Shares between those, by that of the best one, that are tried on its thumbnail."""

MIN_TEMPLATE_STD = 4.0
"""Grey levels of deviation under which a picture correlates with anything."""

LIKELY_CORRELATION = 0.85
"""Correlation from which the picture probably lies in a thumbnail.  Of 16 crops of 25 and 40 % it is .88 and
more in the true scene, and below in most others."""

MAX_TEMPLATE_THUMBNAILS = 48
"""Thumbnails of a scene that are compared at most, evenly spread."""


@dataclass(frozen=True, slots=True)
class TemplateMatch:
    """The thumbnail in which the picture, mirrored or not, lies best.

    - `time_s`: of the thumbnail; `correlation`: with the part of it, in [-1, 1].
    """

    time_s: float
    correlation: float

    @property
    def is_likely(self) -> bool:
        """Whether the picture probably lies there, so that the frame is worth decoding."""
        return self.correlation >= LIKELY_CORRELATION


def find_template(thumbnails: Thumbnails, picture: Image) -> TemplateMatch | None:
    """Return where an upright part of a frame, or all of it, lies in the thumbnails of a scene.

    Return None for a picture without content.
    """
    grey: Grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    template = fit_within(grey, TEMPLATE_SIDE)
    if min(template.shape) < 2 or template.std() < MIN_TEMPLATE_STD or not len(thumbnails):
        return None
    both = (template, np.ascontiguousarray(template[:, ::-1]))
    tried = [
        (_correlation(thumbnails.frames[number], both, share), -number, share)
        for number in thumbnails.evenly(MAX_TEMPLATE_THUMBNAILS)
        for share in TEMPLATE_SHARES
    ]
    correlation, number, share = max(tried)
    frame = thumbnails.frames[-number]
    finer = (_correlation(frame, both, share * step) for step in FINER_STEPS if share * step <= 1.0)
    return TemplateMatch(float(thumbnails.times_s[-number]), max(correlation, *finer))


def _correlation(frame: Grey, templates: tuple[Grey, Grey], share: float) -> float:
    """Return the best correlation of a template with a part that is `share` of the frame by its sides."""
    height, width = frame.shape
    rows, columns = templates[0].shape
    scale = min(columns / width, rows / height) / share
    size = max(columns, round(width * scale)), max(rows, round(height * scale))
    scaled = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return max(float(cv2.matchTemplate(scaled, one, cv2.TM_CCOEFF_NORMED).max()) for one in templates)
