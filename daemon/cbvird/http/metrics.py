"""Metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cbvir_core.index import IndexStatus
from cbvird.http.context import Context
from cbvird.runtime.self_test import SelfTestResult

QUERY_SECONDS = Histogram(
    "cbvir_query_seconds",
    "Time from a picture to its answer.",
    registry=None,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0),
)


class _Gauges(Collector):
    """Gauges that read the service whenever they are collected."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        context = self._context
        yield from _of_self_test(context.self_test.result)
        index, counts = context.library.index_status(), context.library.counts()
        frames = context.library.frame_index_status() or IndexStatus(0, 0, 0, 0, 0)
        videos = GaugeMetricFamily("cbvir_videos", "Videos by state.", labels=["state"])
        for state, count in context.catalog.counts().items():
            videos.add_metric([state], count)
        yield videos
        for name, text, value in (
            ("keyframes", "Keyframes in the store.", counts.keyframes),
            ("keyframes_refined", "Keyframes that have their SOLAR descriptor.", counts.refined),
            ("index_segments", "Segments of the index.", index.segments),
            ("index_tail", "Keyframes searched exactly because no segment has them yet.", index.tail),
            ("index_tombstones", "Rows of forgotten keyframes still in segments.", index.tombstones),
            ("frame_index_segments", "Segments of the index of frames.", frames.segments),
            ("frame_index_tail", "Scenes whose frames no segment has yet.", frames.tail),
            ("frame_index_tombstones", "Rows of forgotten scenes still in segments.", frames.tombstones),
            (
                "ingest_times_real_time",
                "Video seconds per second.",
                context.event_bus.times_real_time() or 0.0,
            ),
        ):
            yield GaugeMetricFamily(f"cbvir_{name}", text, value=value)


def _of_self_test(tested: SelfTestResult | None) -> Iterator[Metric]:
    """Yield what the last self-test found; nothing before the first one."""
    if tested is None or not tested.asked:
        return
    for name, text, value in (
        ("time_seconds", "When the last self-test began, in seconds since the epoch.", tested.at),
        ("right", "Share of its frames whose scene was named first.", tested.right),
        ("matches", "Share of its frames whose scene was named first and called a match.", tested.matches),
        ("false_matches", "Share called a match without their own video.", tested.false_matches),
        ("p50_seconds", "Half of its queries took at most so long.", tested.p50_ms / 1000),
        ("p95_seconds", "Of its queries 19 of 20 took at most so long.", tested.p95_ms / 1000),
    ):
        yield GaugeMetricFamily(f"cbvir_self_test_{name}", text, value=value)


def registry_of(context: Context) -> CollectorRegistry:
    """Return a registry of this service alone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(QUERY_SECONDS)
    registry.register(_Gauges(context))
    return registry


def render(registry: CollectorRegistry) -> bytes:
    """Return the metrics in the text format."""
    return generate_latest(registry)
