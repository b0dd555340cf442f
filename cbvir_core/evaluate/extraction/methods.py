"""The registry of the methods of Table II, by the names that the command line has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from cbvir_core.decode import Mode
from cbvir_core.embed import Encoder
from cbvir_core.evaluate.extraction.features import (
    FEATURE_SQUARED_COSINE,
    network_times,
    raw_colour_times,
)
from cbvir_core.evaluate.extraction.published import KMEANS_CLUSTERS, SQUARED_COSINE, PublishedCode
from cbvir_core.evaluate.extraction.unprojected import unprojected_times
from cbvir_core.evaluate.extraction.vsumm import (
    NEAR_APART,
    NEAR_DISTANCE,
    SHARE_OF_FRAMES,
    VSUMM_DISTANCE,
    share_times,
    vsumm_times,
)
from cbvir_core.keyframes import DETECTORS, KeyframeOptions, extract_keyframes

KeyframeTimes = Callable[[Path], list[float]]
"""From a video file to the times of its keyframes, ascending, in seconds."""

OWN_OPTIONS: dict[str, KeyframeOptions] = {
    **{form: KeyframeOptions(form=form) for form in DETECTORS},
    "batch": KeyframeOptions.paper(),
    "published-numbers": KeyframeOptions.published_code(),
}
"""cbvir's own extraction: its detectors, and the batch form with the numbers of the published code."""

PUBLISHED_VARIANTS: dict[str, PublishedCode] = {
    "published-code": PublishedCode(),
    "published-histogram": PublishedCode(three_rows=False),
    "published-sides": PublishedCode(swapped_sides=False),
    "published-short-parts": PublishedCode(short_part_one_keyframe=False),
    "published-mended": PublishedCode(False, False, False),
    "published-no-svd": PublishedCode(False, False, False, project=False),
    "published-kmeans": PublishedCode(clusters=KMEANS_CLUSTERS),
}
"""The published code, with each defect mended by itself, with all mended, then without the SVD, and with
k-means."""

COLOUR_METHODS = (
    *OWN_OPTIONS,
    "no-svd",
    *PUBLISHED_VARIANTS,
    "vsumm",
    "vsumm2",
    "vsumm-near",
    "vsumm-share",
    "raw-colour",
)
"""Every method that needs no weights."""

NETWORK_METHODS = {
    "vgg16": "vgg16-397923af.pth",
    "resnet18": "resnet18-f37072fd.pth",
}
"""The methods that need a network, and torchvision's file of its weights (IMAGENET1K_V1)."""


def extraction_methods(
    mode: Mode = "auto", encoders: Mapping[str, Encoder] = {}, threshold: float | None = None
) -> dict[str, KeyframeTimes]:
    """Return the methods by name: `COLOUR_METHODS`, and those of `NETWORK_METHODS` that have an encoder.

    `mode` is that of cbvir's own; the others decode every frame, as published.  `threshold` replaces that of
    each method: a cosine, which the published code squares; of VSUMM a
    distance; of vsumm-share the share.
    """
    squared = None if threshold is None else threshold**2
    methods: dict[str, KeyframeTimes] = {
        name: partial(_own, options=_with(options, threshold), mode=mode)
        for name, options in OWN_OPTIONS.items()
    }
    methods["no-svd"] = partial(unprojected_times, options=_with(KeyframeOptions(), threshold), mode=mode)
    for name, variant in PUBLISHED_VARIANTS.items():
        methods[name] = partial(variant.times, least=SQUARED_COSINE if squared is None else squared)
    distance = VSUMM_DISTANCE if threshold is None else threshold
    methods["vsumm"] = partial(vsumm_times, distance=distance)
    methods["vsumm2"] = partial(vsumm_times, distance=distance, large_clusters_only=True)
    methods["vsumm-near"] = partial(
        vsumm_times, distance=NEAR_DISTANCE if threshold is None else threshold, apart=NEAR_APART
    )
    methods["vsumm-share"] = partial(share_times, share=SHARE_OF_FRAMES if threshold is None else threshold)
    least = FEATURE_SQUARED_COSINE if squared is None else squared
    methods["raw-colour"] = partial(raw_colour_times, least=least)
    for name, encoder in encoders.items():
        methods[name] = partial(network_times, encoder=encoder, least=least)
    return methods


def _own(path: Path, options: KeyframeOptions, mode: Mode) -> list[float]:
    return [keyframe.time_s for keyframe in extract_keyframes(path, options, mode=mode)]


def _with(options: KeyframeOptions, threshold: float | None) -> KeyframeOptions:
    return options if threshold is None else replace(options, similarity=threshold)
