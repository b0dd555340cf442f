"""How far candidates are verified where every scene is wanted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.search import MatchEvidence, SearchOptions
from cbvir_core.search.bounds import EVERY_SCENE
from cbvir_core.search.findings import Candidate, Findings, Scene
from cbvir_core.search.verify import Verifier
from cbvir_core.store import Store, VideoRecord
from cbvir_core.types import Image, Keyframe, VideoId
from support.candidates import query_for, video_info

BATCH, PATIENCE = EVERY_SCENE.verified_at_once, EVERY_SCENE.patience


def texture(seed: int) -> Image:
    cells = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(cells, (160, 90), interpolation=cv2.INTER_CUBIC), np.uint8)


SHOT, OTHER = texture(0), texture(1)
AGAIN = (0, 1, BATCH + 3, BATCH + 3 + PATIENCE - 1, 5 * PATIENCE)
"""Where the shot comes among the candidates: the last time after more than `PATIENCE` others."""


@pytest.fixture
def candidates(store: Store, tmp_path: Path) -> tuple[Candidate, ...]:
    """Scenes of one video, in the order of their rows."""
    generation = store.generation("filter", None)
    store.begin(video_info("aa", tmp_path / "a.mp4", (160, 90)))
    count = AGAIN[-1] + 1
    scenes = [Keyframe(n + 0.5, n, n + 1.0, SHOT if n in AGAIN else OTHER) for n in range(count)]
    rows = store.append(VideoId("aa"), scenes, generation, np.ones((count, 1), np.float32))
    video = store.video(VideoId("aa"))
    assert video is not None
    return tuple(unverified(store, row, video) for row in rows)


def unverified(store: Store, row: int, video: VideoRecord) -> Candidate:
    (keyframe,) = store.keyframe_rows([row])
    assert keyframe is not None
    evidence = MatchEvidence(0.5, 0.5, refined=False, checked=False)
    return Candidate(Scene(keyframe, video, 0.5, "plain"), evidence, 0.0)


def verified(store: Store, candidates: tuple[Candidate, ...]) -> Findings:
    query = query_for(SearchOptions(everywhere=True), SHOT)
    descriptors = np.ones((len(candidates), 1), np.float32)
    return Verifier(store).verify(query, Findings(candidates=candidates, descriptors=descriptors))


def test_verification_goes_on_for_as_long_as_scenes_agree(
    store: Store, candidates: tuple[Candidate, ...]
) -> None:
    found = verified(store, candidates)
    checked = [one.evidence.checked for one in found.candidates]
    count = sum(checked)
    assert checked == [True] * count + [False] * (len(checked) - count)  # best first
    agreeing = [n for n, one in enumerate(found.candidates) if one.evidence.verification is not None]
    assert agreeing == list(AGAIN[:-1])
    last = AGAIN[-2]
    assert last + PATIENCE < count <= last + PATIENCE + BATCH
    assert count % BATCH == 0


def test_all_are_verified_where_they_are_few(store: Store, candidates: tuple[Candidate, ...]) -> None:
    few = candidates[2 : 2 + BATCH + 3]
    assert all(one.evidence.checked for one in verified(store, few).candidates)


def test_a_scene_that_is_known_is_not_verified_again(
    store: Store, candidates: tuple[Candidate, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = candidates[:BATCH]
    once = verified(store, few)
    monkeypatch.setattr(store, "features", lambda rows: [] if not rows else pytest.fail("read again"))
    query = query_for(SearchOptions(everywhere=True), SHOT)
    fresh = Findings(candidates=few, descriptors=once.descriptors, verifications=once.verifications)
    again = Verifier(store).verify(query, fresh)
    assert [one.evidence for one in again.candidates] == [one.evidence for one in once.candidates]
