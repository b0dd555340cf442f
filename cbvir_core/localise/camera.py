"""The motion of the camera within a scene, and the exact alignment of a pattern with a frame.

A query is verified against the keyframe's still, so the map that comes with it also carries what the
camera did between the two frames.  So that the query is compared with each frame on equal terms, the map is
taken along the camera's motion to every frame, and the query is aligned with each.
"""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.geometry import Matrix
from cbvir_core.localise.pattern import Pattern
from cbvir_core.types import Grey

MAX_TRACKED_POINTS = 120
TRACKING_WINDOW_PX = (13, 13)
TRACKING_PYRAMID_LEVELS = 4
MIN_TRACKED_POINTS = 8

ALIGNMENT_ITERATIONS = 8
"""Iterations of the alignment; it begins near the right placement, so a few are enough."""


def camera_motion(earlier: Grey, later: Grey) -> Matrix:
    """Return the camera's motion between two frames: an affine map of pixels; identity where none is seen.

    Points (Shi and Tomasi) followed by pyramidal Lucas-Kanade, and the motion of most of them.
    """
    points = cv2.goodFeaturesToTrack(earlier, MAX_TRACKED_POINTS, 0.01, 5)
    if points is None or len(points) < MIN_TRACKED_POINTS:
        return np.eye(3)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        earlier, later, points, None, winSize=TRACKING_WINDOW_PX, maxLevel=TRACKING_PYRAMID_LEVELS
    )
    tracked = status[:, 0] > 0
    if tracked.sum() < MIN_TRACKED_POINTS:
        return np.eye(3)
    affine, inliers = cv2.estimateAffine2D(
        points[tracked], moved[tracked], method=cv2.RANSAC, ransacReprojThreshold=1.5, maxIters=200
    )
    if affine is None or inliers.sum() < MIN_TRACKED_POINTS:
        return np.eye(3)
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def align(pattern: Pattern, frame: Grey, placement: Matrix) -> Matrix | None:
    """Return the placement near `placement` under which pattern and frame correlate best; None if none is
    found.

    Enhanced correlation coefficient (Evangelidis and Psarakis 2008), which tone does not disturb.
    """
    start = (placement / placement[2, 2]).astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ALIGNMENT_ITERATIONS, 1e-3)
    try:
        _, aligned = cv2.findTransformECC(
            pattern.grey, frame, start, cv2.MOTION_HOMOGRAPHY, stop, inputMask=None, gaussFiltSize=3
        )
    except cv2.error:
        return None
    return np.asarray(aligned, np.float64) if np.isfinite(aligned).all() else None
