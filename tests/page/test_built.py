"""The built page as it is committed: small, without inline scripts or styles, and without another host."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "daemon" / "cbvird" / "page"
LOCK = ROOT / "daemon" / "web" / "package-lock.json"

MAX_FIRST_VIEW_BYTES = 250_000
NAMESPACES = {"www.w3.org"}
"""Names of formats, which nothing is asked of."""


def test_the_first_view_is_small_without_compression() -> None:
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".js", ".css", ".svg"}
    assert sum(path.stat().st_size for path in files) < MAX_FIRST_VIEW_BYTES


def test_scripts_and_styles_are_files_of_the_page() -> None:
    index = (PAGE / "index.html").read_text("utf-8")
    named = re.findall(r'(?:src|href)="([^"]+)"', index)
    assert len(named) >= 3
    assert all((PAGE / name.removeprefix("/")).is_file() for name in named)
    assert re.findall(r"<script[^>]*>(.*?)</script>", index, re.DOTALL) == [""]
    assert not re.search(r"<style|\sstyle=|\son\w+=", index)


def test_no_file_names_another_host() -> None:
    hosts = {
        host
        for path in PAGE.rglob("*")
        if path.is_file()
        for host in re.findall(r"https?://([\w.-]+)", path.read_text("utf-8"))
    }
    assert hosts - NAMESPACES == set()


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(LOCK.read_text("utf-8"))["packages"]
    assert len(packages) > 10
    named = [entry["resolved"] for entry in packages.values() if "resolved" in entry]
    assert [address for address in named if not address.startswith("https://registry.npmjs.org/")] == []
