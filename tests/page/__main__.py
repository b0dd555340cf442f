"""``make test-page``: start a real cbvird with real clips, and let Chromium use its page.

Prints why it does nothing where a browser, Node.js or the clips are absent, and ends with 0 then.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from page.control import serving_control
from page.prepared import ASKED, HARMFUL, PASSWORD, keep, many_videos, prepared_service, write_questions
from support.services import Service

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "daemon" / "web"
SHARED_VIDEOS = ROOT.parent / "shared" / "videos"
TIME_LIMIT_S = 540.0
"""Seconds after which something hangs; an idle machine needs less than half of them."""


def missing() -> str:
    """Return why the tests cannot run here; empty where they can."""
    browser = chromium()
    if browser is None:
        return "no Chromium is installed (Debian: apt-get install chromium)"
    if shutil.which("node") is None:
        return "Node.js is not installed (Debian: apt-get install nodejs npm)"
    if not (WEB / "node_modules" / "playwright-core").is_dir():
        return "the packages of daemon/web are not installed (make daemon/web/node_modules)"
    if not SHARED_VIDEOS.is_dir():
        return "the folder ../shared with real clips is not here"
    return ""


def chromium() -> str | None:
    """Return the path of the browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def browse(service: Service, control: str, folder: Path, names: list[str], pattern: str | None) -> int:
    """Run the tests of the files in `daemon/web/e2e` that have these words in their names, and, where a
    pattern is given, of them those that it fits.  Returns the exit code."""
    files = sorted((WEB / "e2e").glob("*.test.mjs"))
    chosen = [file for file in files if not names or any(name in file.name for name in names)]
    world = {
        "control": control,
        "questions": str(folder / "questions"),
        "videos": str(service.videos),
        "shared": str(SHARED_VIDEOS),
        "screenshots": os.environ.get("CBVIR_SCREENSHOTS", str(folder / "screenshots")),
        "docs": str(ROOT / "docs"),
        "chromium": chromium(),
        "asked": {"name": ASKED[0], "time_s": ASKED[1]},
        "harmful": HARMFUL[1],
        "password": PASSWORD,
    }
    command = ["node", "--test", "--test-concurrency=1"]
    command += [f"--test-name-pattern={pattern}"] if pattern else []
    command += map(str, chosen)
    environment = os.environ | {"CBVIR_E2E": json.dumps(world)}
    return subprocess.run(command, cwd=WEB, env=environment, timeout=TIME_LIMIT_S, check=False).returncode


def main() -> int:
    """Run the tests and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", help="only test files with these words in their names")
    parser.add_argument("--tests", help="only tests whose names this regular expression fits")
    parser.add_argument("--data", type=Path, help="keep the library in this folder for the next run")
    options = parser.parse_args()
    if reason := missing():
        print(f"SKIPPED: {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="cbvir-page-") as name:
        folder: Path = options.data or Path(name)
        service = prepared_service(folder, SHARED_VIDEOS)
        try:
            write_questions(folder / "questions", SHARED_VIDEOS)
            with serving_control(service, lambda count: many_videos(folder, count)) as control:
                code = browse(service, control, folder, options.names, options.tests)
            if code:
                print(service.trouble())
            if options.data:
                service.stop()
                keep(service, folder)
            return code
        finally:
            service.close()


if __name__ == "__main__":
    sys.exit(main())
