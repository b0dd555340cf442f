"""Accuracy over redundancy: the same samples judged with several thresholds, in one pass over each video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cbvir_core.evaluate.collection.charts import SHARE_AXIS, Chart, ChartAxis, ChartSeries
from cbvir_core.evaluate.extraction.published import PART_S, PublishedCode
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import KeyframeOptions, KeyframeReader, KeyframeScore, score_times
from cbvir_core.keyframes.moreso import online_detector

OWN_THRESHOLDS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.95, 0.98)
PUBLISHED_THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)


def threshold_chart(shots: Mapping[Path, Sequence[AnnotatedSpan]]) -> Chart:
    """Return accuracy over redundancy of cbvir's extraction and of the published one, its defects mended.

    Marks are thresholds: cbvir's a cosine, the published one's the square of a cosine.  Both judge the
    samples that cbvir's ingest looks at.  Raise what `KeyframeReader` raises.
    """
    own = dict.fromkeys(OWN_THRESHOLDS, KeyframeScore(0, 0, 0))
    published = dict.fromkeys(PUBLISHED_THRESHOLDS, KeyframeScore(0, 0, 0))
    code = PublishedCode(False, False, False)
    length = round(PART_S / KeyframeOptions().sample_s)
    for path, spans in shots.items():
        true = [(span.start_s, span.end_s) for span in spans]
        detectors = {one: online_detector(replace(KeyframeOptions(), similarity=one)) for one in own}
        times: dict[float, list[float]] = {one: [] for one in own}
        moments, histograms = [], []
        with KeyframeReader(path) as reader:
            for sample in reader.samples():
                moments.append(sample.time_s)
                histograms.append(code.histogram(sample.image))
                for one, detector in detectors.items():
                    times[one] += [keyframe.time_s for keyframe in detector.push(sample)]
        for one, detector in detectors.items():
            times[one] += [keyframe.time_s for keyframe in detector.flush()]
            own[one] += score_times(times[one], true)
        for least in published:
            chosen = code.choose_described(moments, histograms, length, least)
            published[least] += score_times(chosen, true)
    lines = [
        ChartSeries(
            name,
            [(score.redundancy, score.accuracy) for score in scores.values()],
            [f"{threshold:g}" for threshold in scores],
        )
        for name, scores in (("cbvir", own), ("published code, mended", published))
    ]
    return Chart(
        "thresholds",
        "Accuracy over redundancy, by threshold",
        ChartAxis("redundancy", low=0.0),
        ChartAxis("accuracy", *SHARE_AXIS),
        lines,
    )
