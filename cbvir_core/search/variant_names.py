"""The name of what is true of a match, by the variant that found it and by the local features that agree."""

from __future__ import annotations

import math

import numpy as np

from cbvir_core.geometry import Matrix, project
from cbvir_core.search.variants import BORDERS_REMOVED, IN_REGION, MIRRORED, PLAIN, TURNED
from cbvir_core.verify import Verification

QUARTER_DEGREES = 90


def name_of_match(found_by: str, verification: Verification | None, *, region: bool = False) -> str:
    """Return the values of `Hit.variant` that are true of a match, joined by ``+``.

    `found_by` names the variant by which descriptors found the scene.  They hardly tell a picture from its
    mirror image, so the local features decide how the picture lies on the frame, where they agree.  `region`
    says that a part of the picture was asked for.
    """
    found = set(found_by.split("+"))
    names = [IN_REGION] if region or IN_REGION in found else []
    if BORDERS_REMOVED in found:
        names.append(BORDERS_REMOVED)
    if verification is None:
        names += [name for name in (*TURNED.values(), MIRRORED) if name in found]
    else:
        names += _names_of_position(verification)
    return "+".join(names) or PLAIN


def _names_of_position(verification: Verification) -> list[str]:
    """Return how the picture was turned, and then mirrored, from how the frame is."""
    quarters = _quarters_to_upright(verification)
    names = [TURNED[quarters]] if quarters else []
    return [*names, MIRRORED] if verification.mirrored else names


def _quarters_to_upright(verification: Verification) -> int:
    """Return how many quarter turns to the left lay a picture, mirrored before where it is, on the frame.

    Less than an eighth is none: that is how people hold a camera.
    """
    slope = _slope_at_middle(verification.homography, verification.region)
    if verification.mirrored:
        slope = slope @ np.diag([-1.0, 1.0])
    # The rotation that is nearest to a linear map; y points down, so the angle to the left is negative.
    angle = -math.atan2(slope[1, 0] - slope[0, 1], slope[0, 0] + slope[1, 1])
    return round(math.degrees(angle) / QUARTER_DEGREES) % 4


def _slope_at_middle(homography: Matrix, region: tuple[float, float, float, float]) -> Matrix:
    """Return the linear map, 2 x 2, that a homography is near the middle of a region."""
    left, top, right, bottom = region
    x, y = (left + right) / 2, (top + bottom) / 2
    middle, beside, below = project(homography, np.array([[x, y], [x + 1, y], [x, y + 1]]))
    return np.stack([beside - middle, below - middle], axis=1)
