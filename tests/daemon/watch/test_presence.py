"""What is known of one folder is not held against another one, whoever finds it out first."""

from __future__ import annotations

import threading
from pathlib import Path

from cbvird.watch.mounts import Mount
from cbvird.watch.presence import Presence
from support.watching import LOCAL, touch

SOON_S = 0.2


def test_a_look_in_the_middle_of_a_deletion_does_not_lend_it_another_folder(
    root: Path, tmp_path: Path
) -> None:
    """A deletion is found out in the old folder; before it is held against the folder's identity,
    another thread learns that there is another one now."""
    looks = [threading.Thread(target=lambda: presence.check())]

    def mounts() -> list[Mount]:
        if presence_is_asked.is_set() and looks:
            look = looks.pop()
            look.start()
            look.join(SOON_S)
            begun.append(look)
        return LOCAL

    presence_is_asked, begun = threading.Event(), list[threading.Thread]()
    video = root / "a.mp4"
    touch(video)
    presence = Presence(root, mounts)
    presence.check()
    presence.saw(video)
    root.rename(tmp_path / "disk")
    root.mkdir()
    presence_is_asked.set()
    assert presence.deleted([video]) == []
    begun[0].join()
    assert presence.deleted([video]) == []
    assert presence.reason


def test_a_video_of_the_former_folder_does_not_make_the_empty_one_inhabited(
    root: Path, tmp_path: Path
) -> None:
    video = root / "a.mp4"
    touch(video)
    presence = Presence(root, lambda: LOCAL)
    presence.check()
    root.rename(tmp_path / "disk")
    root.mkdir()
    presence.check()
    presence.saw(video)  # an event of before, which comes late
    assert presence.deleted([video]) == []
    assert presence.reason


def test_a_video_that_is_gone_again_does_not_undo_what_another_one_has_shown(root: Path) -> None:
    """Two events at once: by the time the second is looked at, the first has settled the question."""
    first, second = root / "a.mp4", root / "b.mp4"
    touch(first)

    class Settled(Presence):
        """Another thread is let in between the check whether a video was seen and the lock."""

        _known = False

        @property
        def _video_seen(self) -> bool:
            known, self._known = self._known, True
            return known

        @_video_seen.setter
        def _video_seen(self, value: bool) -> None:
            self._known = value

    presence = Settled(root, lambda: LOCAL)
    presence.check()
    presence.saw(second)  # was never there; the first is seen meanwhile
    first.unlink()
    assert presence.deleted([first]) == [first]
    assert not presence.reason
