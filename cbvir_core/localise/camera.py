"""What the camera does within a scene, and laying a pattern on a frame exactly.

A query is verified against the keyframe's still, so the map that comes with it also carries what the
camera did between the two frames.  Taken to every frame along the camera's motion and laid on each
exactly, the same query is compared with each frame on equal terms.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.geometry import Matrix
from cbvir_core.localise.pattern import Pattern
from cbvir_core.types import Grey

POINTS = 120
WINDOW = (13, 13)
LEVELS = 4
LEAST_POINTS = 8

STEPS = 8
"""Iterations of the alignment; it begins near the place, so a few are enough."""


def motion(earlier: Grey, later: Grey) -> Matrix:
    """The camera's motion between two frames: an affine map of pixels; identity where none is seen.

    Points (Shi and Tomasi) followed by pyramidal Lucas-Kanade, and the motion of most of them.
    """
    points = cv2.goodFeaturesToTrack(earlier, POINTS, 0.01, 5)
    if points is None or len(points) < LEAST_POINTS:
        return np.eye(3)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(earlier, later, points, None, winSize=WINDOW, maxLevel=LEVELS)
    found = status[:, 0] > 0
    if found.sum() < LEAST_POINTS:
        return np.eye(3)
    affine, inliers = cv2.estimateAffine2D(
        points[found], moved[found], method=cv2.RANSAC, ransacReprojThreshold=1.5, maxIters=200
    )
    if affine is None or inliers.sum() < LEAST_POINTS:
        return np.eye(3)
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def laid(pattern: Pattern, frame: Grey, place: Matrix) -> Matrix | None:
    """The map from pattern to frame under which both correlate best, near `place`; None if none is found.

    Enhanced correlation coefficient (Evangelidis and Psarakis 2008), which tone does not disturb.
    """
    start = (place / place[2, 2]).astype(np.float32)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, 1e-3)
    try:
        _, found = cv2.findTransformECC(
            pattern.grey, frame, start, cv2.MOTION_HOMOGRAPHY, until, inputMask=None, gaussFiltSize=3
        )
    except cv2.error:
        return None
    return np.asarray(found, np.float64) if np.isfinite(found).all() else None
