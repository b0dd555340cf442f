"""Frames of a clip compared with frames of the video that a segment names, by their local features."""

from __future__ import annotations

from collections.abc import Sequence

from cbvir_core.borders.crop import crop_picture
from cbvir_core.clips.clip import Clip
from cbvir_core.clips.evidence import FoundSegment, SegmentEvidence
from cbvir_core.clips.windows import scenes_within
from cbvir_core.localise import hold_frames_around
from cbvir_core.search.verify import Verifier
from cbvir_core.search.video_paths import existing_path
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.verify import QUERY_FEATURES, describe

MAX_VERIFIED_SEGMENTS = 12
"""Segments of which frames are compared, the best first."""

STILLS_COMPARED = 3
"""Stills of each of them, of keyframes that lie in it."""

MAX_DECODED_SEGMENTS = 3
"""Segments of which a frame of the video is decoded where no still agrees."""


class SegmentVerifier:
    """Compares clips with the videos that they are said to show.  Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store, self._verifier = store, Verifier(store)

    def verify(self, clip: Clip, found: Sequence[FoundSegment]) -> list[SegmentEvidence]:
        """Return the evidence for each segment, of which the best score comes first."""
        return [self._evidence(clip, one, number) for number, one in enumerate(found)]

    def _evidence(self, clip: Clip, found: FoundSegment, number: int) -> SegmentEvidence:
        verified: list[bool | None] = []
        if number < MAX_VERIFIED_SEGMENTS:
            verified = [self._still_agrees(clip, found, scene) for scene in _keyframes_within(found)]
        if number < MAX_DECODED_SEGMENTS and True not in verified:
            verified.append(self._frame_agrees(clip, found))
        agreeing = sum(one is True for one in verified)
        return SegmentEvidence(found, len(verified) - verified.count(None), agreeing)

    def _still_agrees(self, clip: Clip, found: FoundSegment, scene: KeyframeRow) -> bool:
        """Return whether the clip's frame agrees with a still."""
        _, picture = clip.nearest_picture(found.segment.time_in_clip(scene.time_s))
        return self._verifier.compare_still(describe(picture, QUERY_FEATURES), scene.row) is not None

    def _frame_agrees(self, clip: Clip, found: FoundSegment) -> bool | None:
        """Return whether the clip's frame in the middle of the segment agrees with the video's.

        Return None where that cannot be decoded.
        """
        asked_s, picture = clip.nearest_picture(sum(found.segment.query) / 2)
        video = self._store.video(found.window.video_id)
        if video is None or not video.paths:
            return None
        shown_s = found.segment.time_in_video(asked_s)
        held = hold_frames_around(existing_path(video), shown_s, video.video_id)
        if held is None:
            return None
        shown = crop_picture(held.nearest_picture(shown_s), video.borders)
        asked = describe(picture, QUERY_FEATURES)
        return self._verifier.compare_picture(asked, shown, found.window.is_mirrored) is not None


def _keyframes_within(found: FoundSegment) -> list[KeyframeRow]:
    start_s, end_s = found.segment.span
    scenes = [
        one for one in scenes_within(found.scenes, found.segment.span) if start_s <= one.time_s <= end_s
    ]
    return sorted(scenes, key=lambda scene: -scene.quality)[:STILLS_COMPARED]
