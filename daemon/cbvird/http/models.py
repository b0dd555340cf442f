"""Weight files: what is there, bringing more in, checking them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from cbvir_core.embed import (
    FileCheck,
    ProfileInfo,
    WeightsInfo,
    fetch_profile,
    import_files,
    list_profiles,
    official_sources,
    verify,
)
from cbvir_core.errors import BadRequest, CbvirError
from cbvir_core.files import no_room
from cbvir_core.weights.checksums import read_sums
from cbvird.http.reports import ModelsDocument, ProfileDocument, UploadDocument, WeightsDocument
from cbvird.http.serving import Served
from cbvird.runtime.context import Context

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def models(served: Served) -> ModelsDocument:
    """Every profile, its files, and which one answers."""
    return _document(served)


@router.post("/verify")
def check(served: Served) -> ModelsDocument:
    """Read every file and compare it with its checksum."""
    return _document(served, verify(served.weights.folder))


@router.post("/{profile}/fetch")
def fetch(served: Served, profile: str) -> ModelsDocument:
    """Download a profile's published files; progress goes to the events; answers when it is done."""

    def tell(name: str, here: int, total: int | None) -> None:
        served.board.publish("models", profile=profile, file=name, bytes=here, total=total)

    mirrored = profile == "moreso" and served.weights.mirror
    sources = official_sources(served.weights.mirror) if mirrored else None
    fetch_profile(profile, served.weights.folder, tell, sources=sources)
    return _document(served)


@router.put("/{profile}/files/{name}")
async def upload(request: Request, served: Served, profile: str, name: str) -> UploadDocument:
    """Take a weight file as the raw body; `import` makes it part of the profile."""
    target = _uploads(served, profile) / _plain(name)
    try:
        with no_room(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            size = await _save(request.stream(), target)
    except BaseException:  # also a sender that hangs up
        target.unlink(missing_ok=True)
        raise
    return UploadDocument(name=name, size_bytes=size)


@router.post("/{profile}/import")
def take_in(
    served: Served,
    profile: str,
    files: Annotated[list[str] | None, Query(alias="file", description="only these uploads")] = None,
) -> ModelsDocument:
    """Check what was uploaded and make it the profile's; the uploads are gone afterwards."""
    uploads = _uploads(served, profile)
    names = [_plain(name) for name in files] if files else sorted(path.name for path in uploads.glob("*"))
    try:
        import_files(profile, [uploads / name for name in names], served.weights.folder)
    except CbvirError as error:  # who sent the file does not know where it was put
        raise type(error)(str(error).replace(f"{uploads}{os.sep}", "")) from error
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


def _document(served: Context, checks: Sequence[FileCheck] = ()) -> ModelsDocument:
    """Every profile; with what a check has found, which may be that a file is not there."""
    found = [
        ProfileDocument(
            name=profile.name,
            usable=profile.usable,
            files=[_weights(file, checks) for file in profile.files] + _missing(profile, checks),
        )
        for profile in list_profiles(served.weights.folder)
    ]
    return ModelsDocument(answering=served.library.profile, profiles=found, notes=served.weights.notes())


def _weights(file: WeightsInfo, checks: Sequence[FileCheck]) -> WeightsDocument:
    bad = next((check.message for check in checks if check.path == file.path and not check.good), None)
    return WeightsDocument(
        part=file.role,
        label=file.header.label if file.header else "",
        path=str(file.path),
        size_bytes=file.size_bytes,
        sha256=read_sums(file.path.parent).get(file.path.name, ""),
        state=bad or file.problem or "good",
    )


def _missing(profile: ProfileInfo, checks: Sequence[FileCheck]) -> list[WeightsDocument]:
    there = {file.path for file in profile.files}
    gone = [check for check in checks if check.profile == profile.name and check.path not in there]
    return [
        WeightsDocument(
            part=check.path.stem, label="", path=str(check.path), size_bytes=0, sha256="", state=check.message
        )
        for check in gone
    ]
