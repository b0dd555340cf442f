"""Pages of a long list, without reading it anew for each."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.types import VideoId
from cbvird.ingest.entries import VideoEntry
from cbvird.ingest.listing import VideoFilter, VideoListing, VideoOrder

ROOT = Path("/films")
EVERY = VideoFilter()


def entry(
    name: str, state: str = "indexed", duration_s: float | None = 1.0, added: float = 0.0
) -> VideoEntry:
    path = ROOT / name
    return VideoEntry(VideoId(name), path, (path,), state, duration_s, 1, None, added_at=added)


VIDEOS = [
    entry("a/one.mp4", duration_s=5.0, added=3.0),
    entry("a/sub/Ölberg.mp4", duration_s=None, added=1.0),
    entry("ab/two.mp4", state="failed", duration_s=5.0, added=2.0),
    entry("three.mp4", state="offline", duration_s=9.0, added=4.0),
]


class Source:
    """A list that takes time to make, by a clock of its own."""

    def __init__(self, build_s: float = 0.0) -> None:
        self.now, self.made, self.changes, self._build_s = 100.0, 0, 0, build_s

    def videos(self) -> list[VideoEntry]:
        self.made += 1
        self.now += self._build_s
        return VIDEOS

    def listing(self) -> VideoListing:
        return VideoListing(self.videos, lambda: self.changes, lambda: self.now)


def names(
    listing: VideoListing, wanted: VideoFilter = EVERY, order: VideoOrder = VideoOrder.PATH
) -> list[str]:
    return [video.path.name for video in listing.page(wanted, order, 0, 100).videos]


def test_filters() -> None:
    listing = Source().listing()
    assert names(listing, VideoFilter(states=frozenset({"failed", "offline"}))) == ["two.mp4", "three.mp4"]
    assert names(listing, VideoFilter(under=ROOT / "a")) == ["one.mp4", "Ölberg.mp4"]
    assert names(listing, VideoFilter(under=Path("/"))) == [video.path.name for video in VIDEOS]
    assert names(listing, VideoFilter(name="ÖLB")) == ["Ölberg.mp4"]
    assert names(listing, VideoFilter(name="sub")) == []


def test_orders() -> None:
    listing = Source().listing()
    assert names(listing, order=VideoOrder.PATH_DOWN)[0] == "three.mp4"
    assert names(listing, order=VideoOrder.DURATION) == ["Ölberg.mp4", "one.mp4", "two.mp4", "three.mp4"]
    assert names(listing, order=VideoOrder.ADDED_DOWN) == ["three.mp4", "one.mp4", "two.mp4", "Ölberg.mp4"]


def test_pages() -> None:
    page = Source().listing().page(EVERY, VideoOrder.PATH, 1, 2)
    assert [video.path.name for video in page.videos] == ["Ölberg.mp4", "two.mp4"]
    assert page.total == 4


def test_a_long_list_is_not_read_for_each_page() -> None:
    source = Source(build_s=2.0)
    listing = source.listing()
    for _ in range(3):
        names(listing)
    assert source.made == 1
    source.changes += 1
    source.now += 19.0
    names(listing)
    assert source.made == 1
    source.now += 2.0
    names(listing)
    assert source.made == 2
    source.now += 39.0
    names(listing)
    assert source.made == 2
    source.now += 2.0
    names(listing)
    assert source.made == 3


def test_a_short_list_shows_changes_at_once() -> None:
    source = Source()
    listing = source.listing()
    names(listing)
    source.changes += 1
    names(listing)
    assert source.made == 2
