"""Make the golden backup with an older version, together with what that version answered.

    git worktree add /tmp/older 790f54b
    PYTHONPATH=.:daemon:tests python tests/daemon/care/golden/make.py /tmp/older

Only the older version's programs run, as its users ran them.  `older.backup`, `answers.json` and the pictures
beside this file are what it made; a test restores the backup and asks with the same pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.films import draw_film
from support.services import frame_at, jpeg

HERE = Path(__file__).resolve().parent
FOLDER = Path("/tmp/cbvir-golden")
SEEDS = (41, 42)
SHOTS = 3
KEPT = ("video_id", "keyframe_id", "path", "scene_start_s", "scene_end_s", "verdict")
"""What the two versions must agree in; times and scores may become better."""


def main(older: Path) -> None:
    """Make everything anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "films").mkdir(parents=True)
    films = [
        draw_film(FOLDER / "films" / f"{seed}.mp4", seed=seed, shots=SHOTS, size=(160, 90)) for seed in SEEDS
    ]
    config = FOLDER / "config.toml"
    config.write_text(
        f'[service]\ndata_dir = "{FOLDER}/data"\nsocket = "{FOLDER}/socket"\n'
        f'[watch]\nfolders = ["{FOLDER}/films"]\nsettle_s = 0.2\n[models]\nprofile = "builtin"\n'
    )
    environment = os.environ | {"PYTHONPATH": f"{older}:{older}/daemon", "CBVIR_SOCKET": f"{FOLDER}/socket"}

    def ctl(*arguments: str) -> str:
        command = [sys.executable, "-m", "cbvirctl", *arguments]
        return subprocess.run(
            command, env=environment, cwd=FOLDER, check=True, stdout=subprocess.PIPE
        ).stdout.decode()

    service = subprocess.Popen(
        [sys.executable, "-m", "cbvird", "--config", str(config)], env=environment, cwd=FOLDER
    )
    try:
        while not (FOLDER / "socket").exists():
            time.sleep(0.5)
        ctl("wait")
        while (status := json.loads(ctl("status", "--json")))["refined"] < status["keyframes"]:
            time.sleep(0.5)
        answers = {}
        for film in films:
            for shot, middle in enumerate(film.middles):
                picture = HERE / f"{film.path.stem}-{shot}.jpg"
                picture.write_bytes(jpeg(frame_at(film.path, middle)))
                best = json.loads(ctl("query", str(picture), "--json"))["results"][0]
                answers[picture.name] = {key: best[key] for key in KEPT}
        (HERE / "older.backup").unlink(missing_ok=True)
        ctl("backup", str(HERE / "older.backup"))
        (HERE / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait()
        shutil.rmtree(FOLDER)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
