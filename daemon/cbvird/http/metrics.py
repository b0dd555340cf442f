"""Metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cbvir_core.index import IndexStatus
from cbvird.http.context import Context

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


def registry_of(context: Context) -> CollectorRegistry:
    """Return a registry of this service alone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(QUERY_SECONDS)
    registry.register(_Gauges(context))
    return registry


def render(registry: CollectorRegistry) -> bytes:
    """Return the metrics in the text format."""
    return generate_latest(registry)
