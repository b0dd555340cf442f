"""``make demo``: cbvir from ingest to answer in a minute, on a temporary data folder.

It draws three small films (or takes a folder of your videos), moves them into a watched folder, waits
until they are indexed, queries with a perturbed frame of one of them, and checks the answer.  The exit
code is 0 only if the right video and the right time came first.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from cbvir_core.decode import read_frames
from cbvir_core.types import Frame, Image
from support.running import Service, service

INDEX_TIMEOUT_S = 24 * 3600.0
TIME_TOLERANCE_S = 0.5  # a frame on a cut may be assigned to either scene
VIDEO_SUFFIXES = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".ts", ".mpg", ".mpeg"}

console = Console(highlight=False)


def perturb(frame: Image, rng: random.Random) -> Image:
    """Perturb a frame as people do: crop, tone, scaling, caption."""
    height, width = frame.shape[:2]
    top, left = (round(side * rng.uniform(0.02, 0.08)) for side in (height, width))
    cut = frame[top : height - top, left : width - left]
    toned = np.clip((cut / 255.0) ** rng.uniform(0.8, 1.2) * 255 * 0.95 + 6, 0, 255).astype(np.uint8)
    size = (400, round(400 * toned.shape[0] / toned.shape[1]))
    small: Image = np.asarray(cv2.resize(toned, size, interpolation=cv2.INTER_AREA), np.uint8)
    bar = small.shape[0] // 9
    small[-bar:] //= 4
    cv2.putText(
        small, "seen on the net", (8, small.shape[0] - bar // 3), cv2.FONT_HERSHEY_DUPLEX, 0.5, (250,) * 3
    )
    return small


def random_frame(video: Path, rng: random.Random) -> Frame:
    """Return a random sample of the video that is not flat."""
    with read_frames(video, samples_per_s=2.0) as frames:
        varied = [Frame(frame.time, frame.image) for frame in frames if frame.image.std() > 25]
    if not varied:
        sys.exit(f"{video} shows nothing but flat colour; choose another video")
    return rng.choice(varied[len(varied) // 8 :])


def videos_to_show(own: Path | None, folder: Path) -> tuple[Path, list[Path]]:
    """Return the folder to watch, and the drawn films that are moved into it once the service runs."""
    if own is not None:
        return own.resolve(), []
    from support.films import draw_film

    drawn, watched = folder / "drawn", folder / "videos"
    drawn.mkdir()
    watched.mkdir()
    with console.status("drawing three films"):
        for number in range(3):
            draw_film(drawn / f"film-{number + 1}.mp4", seed=number)
    return watched, sorted(drawn.iterdir())


def ask(running: Service, folder: Path, seed: int) -> bool:
    """Query with a perturbed frame, print the answer, and return whether video and time are right."""
    rng = random.Random(seed)
    videos = running.json("videos", "list")["videos"]
    assert isinstance(videos, list)
    usable = [video for video in videos if video["state"] in ("indexed", "partial")]
    if not usable:
        sys.exit("no video could be indexed; the errors are listed above")
    video = rng.choice(sorted(usable, key=lambda row: str(row["path"])))
    frame = random_frame(Path(video["path"]), rng)
    picture = folder / "query.jpg"
    perturbed = perturb(frame.image, rng)
    cv2.imwrite(str(picture), cv2.cvtColor(perturbed, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 60])
    console.print(
        f"\nA frame of [bold]{Path(video['path']).name}[/bold] at {frame.time_s:.2f} s, cropped, toned,"
    )
    console.print("captioned, scaled down and compressed, is the query:\n")
    console.print(f"$ cbvirctl query {picture.name}", style="bold")
    running.ctl("query", str(picture))
    return _is_right(running.json("query", str(picture)), video, frame.time_s)


def _is_right(answer: dict[str, object], video: dict[str, object], time_s: float) -> bool:
    results = answer["results"]
    assert isinstance(results, list)
    if not results:
        return False
    best = results[0]
    in_scene = best["scene_start_s"] - TIME_TOLERANCE_S <= time_s <= best["scene_end_s"] + TIME_TOLERANCE_S
    return bool(best["video_id"] == video["video_id"] and in_scene)


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--videos", type=Path, help="a folder of your videos; nothing is written there")
    parser.add_argument("--seed", type=int, default=1, help="chooses the frame of the query")
    options = parser.parse_args()
    if options.videos is not None and not options.videos.is_dir():
        parser.error(f"{options.videos} is not a folder")
    with tempfile.TemporaryDirectory(prefix="cbvir-demo-") as name:
        folder = Path(name)
        watched, to_drop = videos_to_show(options.videos, folder)
        with service(folder, watch={"folders": [str(watched)], "settle_s": 1.0}) as running:
            for film in to_drop:
                film.rename(watched / film.name)
            console.print("$ cbvirctl wait", style="bold")
            running.ctl("wait", "--timeout", str(INDEX_TIMEOUT_S))
            console.print("\n$ cbvirctl videos list", style="bold")
            running.ctl("videos", "list")
            right = ask(running, folder, options.seed)
        log = (folder / "cbvird.runtime.log").read_text()
    if right:
        console.print("\n[green]The right video and the right time came first.[/green]")
        return 0
    console.print("\n[red]The answer is wrong.[/red]  The service's log:")
    console.print(log, markup=False)
    return 1


if __name__ == "__main__":
    sys.exit(main())
