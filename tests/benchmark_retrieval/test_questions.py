"""Which clips, frames and photographs are queries, and which answers are right."""

from __future__ import annotations

import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.retrieval.clips import FAMILIES, clips_in, family, never_learnt, split
from bench.retrieval.frames import KEYFRAME_DISTANCE_S, ClipFrame, by_family, frames_between, round_robin
from bench.retrieval.perturbations import PERTURBATIONS
from bench.retrieval.photographs import distractors, foreign
from bench.retrieval.questions import (
    BenchmarkQuery,
    CorpusEntry,
    RetrievalCorpus,
    foreign_queries,
    frame_queries,
)
from cbvir_core.decode import probe
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.train.pictures import kept_back
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.videos import CLIP_SAMPLES_PER_S, MAX_FRAMES_PER_CLIP, TRAINED_SAMPLE_STEP, held_out
from support.films import write_video
from whole.test_all_clips import TWINS

GREY = np.full((4, 4, 3), 128, np.uint8)


def _all_names(shared: Path) -> list[str]:
    """The names that training gives to all training pictures."""
    names = []
    for path in sorted((shared / "train_images").glob("*.tar")):
        with tarfile.open(path) as archive:
            names += [f"{path.name}/{member}" for member in archive.getnames() if member.endswith(".jpg")]
    return names


def _frames_taken(clip: Path) -> int:
    """Return at least as many frames as training takes of a clip."""
    duration_s = probe(clip).duration_s
    return (
        MAX_FRAMES_PER_CLIP
        if duration_s is None
        else min(MAX_FRAMES_PER_CLIP, round(CLIP_SAMPLES_PER_S / TRAINED_SAMPLE_STEP * duration_s) + 2)
    )


def test_families_hold_the_versions_that_the_test_of_all_clips_lists() -> None:
    for twins in TWINS:
        assert len({family(name) for name in twins}) == 1


def test_nothing_is_asked_that_lent_frames_to_training(shared: Path) -> None:
    clips = split(clips_in(shared / "videos"), seed=0)
    for clip in (*clips.asked, *clips.left_out):
        assert held_out(clip.name)
        assert all(held_out(member) for member in FAMILIES.get(family(clip.name), ()))
    assert not never_learnt("decord--corrupted.mp4"), "its test card is in clips that are trained on"


def test_left_out_families_are_nowhere_in_the_corpus(shared: Path) -> None:
    everything = clips_in(shared / "videos")
    clips = split(everything, seed=0)
    absent = {family(clip.name) for clip in clips.left_out}
    assert len(absent) == 3
    assert not absent & {family(clip.name) for clip in clips.corpus}
    assert set(clips.asked) <= set(clips.corpus)
    assert {*clips.corpus, *clips.left_out} == set(everything)
    assert split(reversed(everything), seed=0) == clips


def test_another_seed_leaves_out_others() -> None:
    clips = [Path(name) for name in ("decord--a.mp4", "learning-area--b.mp4", "interactive-examples--c.mp4")]
    assert len({split(clips, seed, left_out=1).left_out for seed in range(12)}) == 3


def test_frames_lie_between_keyframes_and_go_round_the_scenes(small: Path) -> None:
    clip = small / "videos" / "decord--flipping_a_pancake.mkv"
    keyframes = list(extract_keyframes(clip, max_side=64))
    frames = frames_between(clip, keyframes, seed=0)
    assert frames == frames_between(clip, keyframes, seed=0)
    assert [frame.time_s for frame in frames] != sorted(frame.time_s for frame in frames)
    assert all(
        abs(frame.time_s - keyframe.time_s) >= KEYFRAME_DISTANCE_S
        for frame in frames
        for keyframe in keyframes
    )
    scenes = [
        sum(one.scene_start_s <= frame.time_s for one in keyframes) for frame in frames[: len(keyframes)]
    ]
    assert sorted(scenes) == list(range(1, len(keyframes) + 1))


def test_blank_frames_are_no_queries(tmp_path: Path) -> None:
    scene = cv2.resize(np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8), (64, 36))
    pictures = [scene if 10 <= number < 20 else np.full_like(scene, 90) for number in range(30)]
    write_video(tmp_path / "a.mp4", pictures, (64, 36), rate=5)
    times = [frame.time_s for frame in frames_between(tmp_path / "a.mp4", [], seed=0)]
    assert sorted(times) == pytest.approx(np.arange(10, 20) / 5)


def test_turns() -> None:
    assert round_robin(["abc", "d", "", "ef"]) == ["a", "d", "e", "b", "f", "c"]


def test_a_family_of_many_versions_has_no_more_frames_than_another() -> None:
    def frames(clip: str) -> list[ClipFrame]:
        return [ClipFrame(clip, float(time), GREY) for time in range(4)]

    names = ("learning-area--crystal.mp4", "learning-area--crystal.webm", "learning-area--frog.mp4")
    chosen = by_family([frames(name) for name in names])[:4]
    assert [frame.family for frame in chosen] == ["crystal", "learning-area--frog.mp4"] * 2
    assert {frame.clip for frame in chosen} == set(names)


def test_right_scenes_hold_the_time_within_the_tolerance() -> None:
    corpus = RetrievalCorpus(
        [
            CorpusEntry("a.mp4@1", GREY, "a", 0.0, 2.0),
            CorpusEntry("a.webm@3", GREY, "a", 2.4, 5.0),
            CorpusEntry("a.mp4@9", GREY, "a", 5.0, 9.0),
            CorpusEntry("b.mp4@1", GREY, "b", 0.0, 9.0),
            CorpusEntry("photograph", GREY),
        ]
    )
    query = BenchmarkQuery("asked", "crop", "a.mp4@2", GREY, "a", 2.0)
    assert corpus.of_video(query).tolist() == [True, True, True, False, False]
    assert corpus.of_scene(query).tolist() == [True, True, False, False, False]
    stranger = BenchmarkQuery("foreign", "crop", "x", GREY)
    assert not corpus.of_video(stranger).any()
    assert not corpus.of_scene(stranger).any()


def test_foreign_photographs_are_kept_back_even_beside_frames_of_clips(shared: Path) -> None:
    """Frames of clips that are trained on displace some of the pictures kept back, but none of these."""
    names = _all_names(shared)
    chosen = {name for name, _ in foreign(shared / "train_images", 1000)}
    assert len(chosen) == 1000
    assert chosen <= {names[number] for number in kept_back(names, TrainingRecipe().held_out)}
    learnt = [clip for clip in clips_in(shared / "videos") if not held_out(clip.name)]
    frames = [f"{clip.name}@{n}" for clip in learnt for n in range(_frames_taken(clip))]
    mixed = [*names, *frames]
    kept = {mixed[number] for number in kept_back(mixed, TrainingRecipe().held_out)}
    assert kept & set(frames), "the case that is tested: some frames are kept back too"
    assert chosen <= kept


def test_distractors_are_other_pictures_than_the_foreign(shared: Path) -> None:
    here = {data for _, data in distractors(shared / "distractors", 10_000)}
    assert len(here) >= 4990
    assert not here & {data for _, data in foreign(shared / "train_images", 1000)}


def test_more_foreign_photographs_than_are_kept_back_is_an_error(shared: Path) -> None:
    with pytest.raises(ValueError, match="kept back"):
        foreign(shared / "train_images", 2000)


def test_every_frame_is_asked_with_in_every_way_and_each_photograph_in_one() -> None:
    queries = frame_queries([ClipFrame("a.mp4", 1.0, GREY), ClipFrame("a.mp4", 2.0, GREY)], "asked")
    assert [query.kind for query in queries] == [*PERTURBATIONS, *PERTURBATIONS]
    strangers = foreign_queries([(str(number), b"") for number in range(2 * len(PERTURBATIONS))])
    assert [query.kind for query in strangers] == [*PERTURBATIONS, *PERTURBATIONS]
