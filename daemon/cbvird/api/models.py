"""Weight files: what is there, bringing more in, checking them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from cbvir_core.embed import fetch_profile, import_files, list_profiles, verify
from cbvir_core.embed.sums import read_sums
from cbvir_core.errors import DiskFull
from cbvird.api.failures import BadRequest
from cbvird.api.reports import ModelsDocument, ProfileDocument, UploadDocument, WeightsDocument
from cbvird.api.serving import Served
from cbvird.context import Context

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def models(served: Served) -> ModelsDocument:
    """Every profile, its files, and which one answers."""
    return _document(served)


@router.post("/verify")
def check(served: Served) -> ModelsDocument:
    """Read every file and compare it with its checksum."""
    verdicts = {
        found.path: "good" if found.good else found.message for found in verify(served.weights.folder)
    }
    return _document(served, verdicts)


@router.post("/{profile}/fetch")
def fetch(served: Served, profile: str) -> ModelsDocument:
    """Download a profile's published files; progress goes to the events; answers when it is done."""

    def tell(name: str, here: int, total: int | None) -> None:
        served.board.publish("models", profile=profile, file=name, bytes=here, total=total)

    fetch_profile(profile, served.weights.folder, tell)
    return _document(served)


@router.put("/{profile}/files/{name}")
async def upload(request: Request, served: Served, profile: str, name: str) -> UploadDocument:
    """Take a weight file as the raw body; `import` makes it part of the profile."""
    target = _uploads(served, profile) / _plain(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        size = await _save(request.stream(), target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise DiskFull(f"{target} cannot be written: {error.strerror}") from error
    return UploadDocument(name=name, size_bytes=size)


@router.post("/{profile}/import")
def take_in(served: Served, profile: str) -> ModelsDocument:
    """Check what was uploaded and make it the profile's; the uploads are gone afterwards."""
    uploads = _uploads(served, profile)
    try:
        import_files(profile, sorted(uploads.glob("*")), served.weights.folder)
    finally:
        shutil.rmtree(uploads, ignore_errors=True)
    return _document(served)


async def _save(chunks: AsyncIterator[bytes], target: Path) -> int:
    with target.open("wb") as file:
        async for chunk in chunks:
            await run_in_threadpool(file.write, chunk)
        return file.tell()


def _uploads(served: Context, profile: str) -> Path:
    return served.weights.folder / ".uploads" / _plain(profile)


def _plain(name: str) -> str:
    if not name or "/" in name or name.startswith("."):
        raise BadRequest(f"{name!r} is not a plain name")
    return name


def _document(served: Context, verdicts: dict[Path, str] | None = None) -> ModelsDocument:
    found = [
        ProfileDocument(
            name=profile.name,
            usable=profile.usable,
            files=[
                WeightsDocument(
                    part=file.role,
                    label=file.header.label if file.header else "",
                    path=str(file.path),
                    size_bytes=file.size_bytes,
                    sha256=read_sums(file.path.parent).get(file.path.name, ""),
                    state=(verdicts or {}).get(file.path, file.problem or "good"),
                )
                for file in profile.files
            ],
        )
        for profile in list_profiles(served.weights.folder)
    ]
    return ModelsDocument(answering=served.library.profile, profiles=found, notes=served.weights.notes())
