"""What the passes of a query find out: values that are replaced and never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cbvir_core.geometry import shift
from cbvir_core.localise import Moment, TemplateMatch, ThumbnailMatch
from cbvir_core.search.confidence import ConfidenceModel, MatchEvidence
from cbvir_core.search.frame_score import QueryDescriptors
from cbvir_core.search.frames import FrameMatch
from cbvir_core.search.shortlist import Shortlist
from cbvir_core.search.variants import MIRRORED
from cbvir_core.store import KeyframeRow, Store, VideoRecord
from cbvir_core.types import Evidence, FrameCodes, Rows, VideoId
from cbvir_core.verify import Verification


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene that descriptors found: its best keyframe, the score, and the variant that found it.

    `frame` is the frame of the scene that resembles the picture most, where the frame route found one.
    """

    keyframe: KeyframeRow
    video: VideoRecord
    score: float
    variant: str
    frame: FrameMatch | None = None

    @property
    def found_mirrored(self) -> bool:
        """Whether a mirrored variant found it."""
        return MIRRORED in self.variant

    @property
    def known_time_s(self) -> float:
        """When the picture is shown, by what descriptors tell: the frame's time, else the keyframe's."""
        return self.keyframe.time_s if self.frame is None else self.frame.time_s

    def with_frame_time(self, codes: FrameCodes | None) -> Scene:
        """Return the scene with the time of its frame, the keyframe's where `codes`, those kept, lack it."""
        if self.frame is None:
            return self
        time_s = self.keyframe.time_s
        if codes is not None and self.frame.frame < len(codes.times_s):
            time_s = float(codes.times_s[self.frame.frame])
        return replace(self, frame=replace(self.frame, time_s=time_s))


@dataclass(frozen=True, slots=True, eq=False)
class FrameLook:
    """What the frames of a scene, decoded again, say of the picture: a part of the evidence, and the moment.

    `moment` is None where no frame was worth looking for; `score` is that of the frame at the moment, 0 where
    there is none.
    """

    checked: bool
    verification: Verification | None
    thumbnail_match: ThumbnailMatch | None
    moment: Moment | None
    score: float = 0.0


class LookKey(NamedTuple):
    """What a look depends on, beside the picture: the row, the frame found, and whether mirrored."""

    row: int
    frame: int | None
    mirrored: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scene that may show the query, with everything that is known of it.

    - `probability`: that the scene shows the query, by the `evidence` that is known so far.
    - `template_match`: where the picture lies in the scene's thumbnails, where it was looked for.
    - `scene_fit`: how well the best thumbnail of the scene fits, where it was compared with those of other
      scenes of the video (`cbvir_core.localise.scene_fits`).
    - `moment`: when, for the scene whose exact moment was looked for.
    - `others`: scenes of other videos that show the same picture and for which this one stands.
    """

    scene: Scene
    evidence: MatchEvidence
    probability: float
    template_match: TemplateMatch | None = None
    scene_fit: float | None = None
    moment: Moment | None = None
    others: tuple[Scene, ...] = ()

    @property
    def keyframe(self) -> KeyframeRow:
        """The scene's keyframe."""
        return self.scene.keyframe

    @property
    def video(self) -> VideoRecord:
        """The scene's video."""
        return self.scene.video

    @property
    def row(self) -> int:
        """The row number of the keyframe."""
        return self.scene.keyframe.row

    @property
    def correlation(self) -> float:
        """The correlation of the picture with a part of the scene's thumbnails; 0 where none is known."""
        return 0.0 if self.template_match is None else self.template_match.correlation

    @property
    def is_located(self) -> bool:
        """Whether the picture was found in a thumbnail of the scene."""
        return self.template_match is not None and self.template_match.is_likely

    @property
    def found_at_s(self) -> float | None:
        """When the frame is shown that was found: by its thumbnail, else by its views; None where neither."""
        if self.template_match is not None and self.template_match.is_likely:
            return self.template_match.time_s
        return None if self.scene.frame is None else self.scene.frame.time_s

    @property
    def look_key(self) -> LookKey:
        """By what a look at this scene is known again."""
        frame = self.scene.frame
        return LookKey(self.row, None if frame is None else frame.frame, self.scene.found_mirrored)

    def with_look(self, look: FrameLook, model: ConfidenceModel) -> Candidate:
        """Return the candidate with what its frames say; the better of the two scores counts."""
        gained = max(0.0, look.score - self.evidence.score)
        evidence = replace(
            self.evidence,
            score=self.evidence.score + gained,
            margin=self.evidence.margin + gained,
            checked=look.checked,
            verification=look.verification,
            thumbnail_match=look.thumbnail_match,
        )
        return replace(self, moment=look.moment).with_evidence(evidence, model)

    def with_evidence(self, evidence: MatchEvidence, model: ConfidenceModel) -> Candidate:
        """Return the candidate with other evidence, and with the probability that follows from it."""
        return replace(self, evidence=evidence, probability=model.probability(evidence))


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What is known of a query after a pass.

    - `described`: the descriptors of all variants that were looked for.
    - `frames`: the best frame of each scene that the frame route found, by row, the most similar first.
    - `candidates`: the best scores first; `descriptors` are their filter descriptors (N x D).
    - `thumbnail_matches`: what was found, by the row number of the keyframe; `template_matches`: by it and by
      the row of the scene on whose frame the picture was laid before, None where on none; `verifications`:
      by the row number and whether the mirrored picture was compared first; `looks`: at the frames of scenes.
      A later pass that meets a scene again takes it from here and does not compute it twice.
    - `notes`: sentences for a person.
    """

    shortlist: Shortlist = field(default_factory=Shortlist.empty)
    described: QueryDescriptors = field(default_factory=QueryDescriptors)
    frames: Mapping[int, FrameMatch] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    descriptors: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    verifications: Mapping[tuple[int, bool], Verification | None] = field(default_factory=dict)
    thumbnail_matches: Mapping[int, ThumbnailMatch | None] = field(default_factory=dict)
    template_matches: Mapping[tuple[int, int | None], TemplateMatch | None] = field(default_factory=dict)
    looks: Mapping[LookKey, FrameLook] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def best_number(self) -> int:
        """The place of the most probable candidate, the first of equal ones.  Raises ValueError without."""
        return max(range(len(self.candidates)), key=lambda number: self.candidates[number].probability)

    @property
    def best_probability(self) -> float:
        """The highest probability; 0 without candidates."""
        return max((candidate.probability for candidate in self.candidates), default=0.0)

    def with_candidates(self, changed: Mapping[int, Candidate]) -> Findings:
        """Return the findings with other candidates at the given places."""
        numbered = enumerate(self.candidates)
        return replace(self, candidates=tuple(changed.get(number, one) for number, one in numbered))

    def with_notes(self, notes: Sequence[str]) -> Findings:
        """Return the findings with further notes, each of them once."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))


def scenes_of(store: Store, shortlist: Shortlist, frames: Mapping[int, FrameMatch]) -> Iterator[Scene]:
    """Yield the scenes of shortlisted keyframes, best score first, each scene once.

    Copies of one content are one video (its id is its content), so they give one scene.  Keyframes of equal
    score keep their order.  Those of a video that was forgotten while the query ran are left out.
    """
    order = np.argsort(-shortlist.scores, kind="stable")
    videos: dict[VideoId, VideoRecord | None] = {}
    known: set[tuple[VideoId, float, float]] = set()
    for number, keyframe in zip(order, store.keyframe_rows(shortlist.rows[order]), strict=True):
        if keyframe is None:
            continue
        video_id = keyframe.keyframe_id.video
        if video_id not in videos:
            videos[video_id] = store.video(video_id)
        video = videos[video_id]
        scene = (video_id, keyframe.scene_start_s, keyframe.scene_end_s)
        if video is None or not video.paths or scene in known:
            continue
        known.add(scene)
        frame = frames.get(keyframe.row)
        yield Scene(keyframe, video, float(shortlist.scores[number]), shortlist.variants[number], frame)


def by_turns(scenes: Sequence[Scene]) -> list[Scene]:
    """Return scenes in the order in which they are taken in hand: of each route the best in turn.

    `scenes` come by their scores, those of keyframes.
    """
    by_frame = sorted(
        (scene for scene in scenes if scene.frame is not None),
        key=lambda scene: -scene.frame.similarity if scene.frame else 0.0,
    )
    turns = [scene for pair in zip_longest(scenes, by_frame) for scene in pair if scene is not None]
    return list({scene.keyframe.row: scene for scene in turns}.values())


def evidence_of(verification: Verification | None, corner: tuple[int, int]) -> Evidence | None:
    """Return a verification of a part of the picture in pixels of the whole picture.

    `corner` is the upper left pixel of the part.
    """
    if verification is None:
        return None
    x, y = corner
    left, top, right, bottom = verification.region
    lines = verification.lines.copy()
    lines[:, :2] += np.array(corner, np.float32)
    region = (left + x, top + y, right + x, bottom + y)
    homography: npt.NDArray[np.float64] = verification.homography @ shift(-x, -y)
    return Evidence(verification.inliers, region, homography, lines)
