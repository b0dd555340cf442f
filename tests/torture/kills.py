"""A service that is killed at random moments, whatever it does; afterwards nothing may be lost or doubled.

After each kill every row, value and link of its data folder is checked while nothing runs.  At the end its
answers are compared with those of a service that nobody disturbed.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.films import Film, draw_film
from support.running import BIN
from support.services import Service, frame_at

FILMS = 5
LONGEST_WAIT_S = 1.5
START_LIMIT_S = 30.0
"""Seconds in which a killed service answers again; longer is a stall beyond its limit."""

INDEXED_LIMIT_S = 300.0

Answers = dict[str, list[tuple[object, ...]]]


@dataclass
class KillTally:
    """What came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    rows_lost: int = 0
    rows_doubled: int = 0
    answers_changed: int = 0
    longest_start_s: float = 0.0

    @property
    def survived(self) -> bool:
        """Whether nothing was lost, doubled or changed, and no start took too long."""
        lost = self.rows_lost or self.rows_doubled or self.answers_changed
        return not self.faults and not lost and self.longest_start_s <= START_LIMIT_S

    def rows(self) -> list[tuple[str, str]]:
        """Return the rows of the table."""
        return [
            *((f"killed while {kind}", str(count)) for kind, count in sorted(self.kills.items())),
            ("kills, all", str(self.kills.total())),
            ("faults that the deep check found", str(len(self.faults))),
            ("keyframes lost, doubled", f"{self.rows_lost}, {self.rows_doubled}"),
            ("answers other than undisturbed", str(self.answers_changed)),
            (f"longest start after a kill (at most {START_LIMIT_S:.0f} s)", f"{self.longest_start_s:.1f} s"),
        ]


def kill_often(kills: int, seed: int, told: Callable[[str], None] = print, count: int = FILMS) -> KillTally:
    """Kill a service of `count` films `kills` times.

    The same seed does the same things, though never at the same moments.
    """
    rng, tally = random.Random(seed), KillTally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = [
            draw_film(folder / f"film-{number}.mp4", seed=number, shots=4, size=(320, 180), rate=12)
            for number in range(count)
        ]
        with _service(folder) as service:
            service.index(film.path for film in films)
            _until_complete(service, count)
            expected = _answers(service, films)
        with _service(folder) as service:
            for number in range(kills):
                kind, work = rng.choice(WORK)
                with contextlib.ExitStack() as busy:
                    work(service, films, rng, busy)
                    time.sleep(rng.uniform(0.0, LONGEST_WAIT_S))
                    service.stop(signal.SIGKILL)
                tally.kills[kind] += 1
                for said in _faults(service):
                    tally.faults.append(f"kill {number}, {kind}: {said}")
                begun = time.monotonic()
                service.start()
                tally.longest_start_s = max(tally.longest_start_s, time.monotonic() - begun)
                told(f"{number + 1} of {kills}: killed while {kind}; {len(tally.faults)} faults so far")
            for film in films:
                if not (service.videos / film.path.name).exists():
                    service.drop(film.path)
            service.post("/v1/rescan")
            service.post("/v1/retry")
            _until_complete(service, count)
            _compare(expected, _answers(service, films), tally)
            tally.faults += [f"at the end: {said}" for said in _stopped(service)]
    return tally


@contextlib.contextmanager
def _service(folder: Path) -> Iterator[Service]:
    """A service with the built-in weights and an empty library."""
    (folder / "empty").mkdir(exist_ok=True)
    service = Service(folder / "empty", models={"profile": "builtin"}, rescan_s=5)
    try:
        service.start()
        yield service
    finally:
        service.close()


def _take_in(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    film = rng.choice(films)
    (service.videos / film.path.name).unlink(missing_ok=True)
    service.drop(film.path)


def _forget(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    for video in service.get("/v1/videos")["videos"][:1]:
        if video["video_id"]:
            service.http.delete(f"/v1/videos/{video['video_id']}")
            service.http.post("/v1/retry")


def _move(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    path = service.videos / rng.choice(films).path.name
    if path.exists():
        moved = path.with_name(f"moved-{path.name}")
        path.rename(moved)
        time.sleep(rng.uniform(0.0, 0.5))
        moved.rename(path)


def _rebuild(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    _in_background(service, busy, "index", "rebuild")


def _back_up(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    _in_background(service, busy, "backup", str(service.folder / "library.backup"), "--update")


def _calibrate(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    _in_background(service, busy, "calibrate", "--questions", "100")


def _ask(service: Service, films: list[Film], rng: random.Random, busy: contextlib.ExitStack) -> None:
    picture = service.folder / "picture.png"
    if not picture.exists():
        import cv2

        cv2.imwrite(str(picture), frame_at(films[0].path, films[0].middles[0])[..., ::-1])
    _in_background(service, busy, "query", str(picture), "--all")


Work = Callable[[Service, list[Film], random.Random, contextlib.ExitStack], None]

WORK: tuple[tuple[str, Work], ...] = (
    ("taking in", _take_in),
    ("forgetting", _forget),
    ("moving a file", _move),
    ("rebuilding the index", _rebuild),
    ("backing up", _back_up),
    ("calibrating", _calibrate),
    ("asking", _ask),
)
"""What the service does when it is killed.  SOLAR rows, features and frame codes are made beside it."""


def _in_background(service: Service, busy: contextlib.ExitStack, *arguments: str) -> None:
    """Run the client until the service is killed."""
    command = [str(BIN / "cbvirctl"), *arguments, "--socket", str(service.socket)]
    client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    busy.callback(client.wait, 60)
    busy.callback(client.terminate)


def _faults(service: Service) -> list[str]:
    """Return what the deep check finds in the data folder of a service that does not run."""
    command = [sys.executable, "-m", "cbvird.care.doctor", "--deep", "--config", str(service.config)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)
    if not done.stdout:
        return [f"the check ended with {done.returncode}: {done.stderr.decode()[-500:]}"]
    found = json.loads(done.stdout)["findings"]
    # What a service leaves that was killed: its socket.  The next one takes its place.
    return [one["said"] for one in found if one["level"] == "fault" and one["check"] != "service"]


def _stopped(service: Service) -> list[str]:
    code = service.stop()
    return [*([] if code == 0 else [f"it ended with {code}"]), *_faults(service)]


def _until_complete(service: Service, films: int) -> None:
    """Wait until every file is indexed, and everything that is made later is there."""
    deadline = time.monotonic() + INDEXED_LIMIT_S
    while time.monotonic() < deadline:
        status = service.get("/v1/status")
        indexed, refined = status["videos"].get("indexed"), status["refined"]
        if indexed == films and not status["scanning"] and refined == status["keyframes"]:
            return
        time.sleep(0.2)
    raise AssertionError(f"not complete in {INDEXED_LIMIT_S:.0f} s: {service.get('/v1/status')}")


def _answers(service: Service, films: list[Film]) -> Answers:
    """Return of each film its keyframes, and the best answers to two of its frames."""
    found: Answers = {}
    for film in films:
        video = service.video(service.videos / film.path.name)
        assert video is not None
        keyframes = [(one["keyframe_id"], one["time_s"]) for one in service.keyframes(video["video_id"])]
        hits = [service.query(frame_at(film.path, time_s))["results"][0] for time_s in film.middles[:2]]
        found[film.path.name] = [*keyframes, *((hit["keyframe_id"], hit["verdict"]) for hit in hits)]
    return found


def _compare(expected: Answers, found: Answers, tally: KillTally) -> None:
    for name, before in expected.items():
        keyframes, answers = before[:-2], before[-2:]
        rows, answered = Counter(found[name][:-2]), found[name][-2:]
        tally.rows_lost += sum(not rows[one] for one in keyframes)
        tally.rows_doubled += sum(rows.values()) - len(rows)
        tally.answers_changed += sum(one != other for one, other in zip(answers, answered, strict=True))
