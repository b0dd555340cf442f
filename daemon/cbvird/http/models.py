"""Weight files: listing, checking, downloading and importing them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request

from cbvir_core.embed import fetch_profile, import_files
from cbvir_core.errors import BadRequest, CbvirError
from cbvir_core.weights import (
    FileCheck,
    ProfileInfo,
    WeightsInfo,
    list_profiles,
    official_sources,
    read_checksums,
    verify,
)
from cbvird.http.context import Context, Served
from cbvird.http.reports import ModelsDocument, ProfileDocument, UploadDocument, WeightsDocument
from cbvird.http.roles import ADMINISTRATIVE
from cbvird.http.uploads import save

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def models(served: Served) -> ModelsDocument:
    """Return every profile, its files, and which one answers queries."""
    return _document(served)


@router.post("/verify")
def check(served: Served) -> ModelsDocument:
    """Read every file and compare it with its checksum."""
    return _document(served, verify(served.weights.folder))


@router.post("/{profile}/fetch", dependencies=[ADMINISTRATIVE])
def fetch(served: Served, profile: str) -> ModelsDocument:
    """Download the published files of a profile, with events about progress; answer when it is done."""

    def publish(name: str, here: int, total: int | None) -> None:
        served.event_bus.publish("models", profile=profile, file=name, bytes=here, total=total)

    mirrored = profile == "moreso" and served.weights.mirror
    sources = official_sources(served.weights.mirror) if mirrored else None
    fetch_profile(profile, served.weights.folder, publish, sources=sources)
    return _document(served)


@router.put("/{profile}/files/{name}", dependencies=[ADMINISTRATIVE])
async def upload(request: Request, served: Served, profile: str, name: str) -> UploadDocument:
    """Take a weight file as the raw body; a request for `import` makes it part of the profile."""
    target = _uploads(served, profile) / _plain(name)
    try:
        size = await save(request.stream(), target)
    except BaseException:  # also a sender that hangs up
        target.unlink(missing_ok=True)
        raise
    return UploadDocument(name=name, size_bytes=size)


@router.post("/{profile}/import", dependencies=[ADMINISTRATIVE])
def import_uploads(
    served: Served,
    profile: str,
    files: Annotated[list[str] | None, Query(alias="file", description="only these uploads")] = None,
) -> ModelsDocument:
    """Check the uploaded files and make them part of the profile; the uploads are removed."""
    uploads = _uploads(served, profile)
    names = [_plain(name) for name in files] if files else sorted(path.name for path in uploads.glob("*"))
    try:
        import_files(profile, [uploads / name for name in names], served.weights.folder)
    except CbvirError as error:
        if error.path is None or Path(error.path).parent != uploads:
            raise
        raise error.about(Path(error.path).name) from error  # the sender knows the file by its name alone
    finally:
        shutil.rmtree(uploads, ignore_errors=True)
    return _document(served)


def _uploads(served: Context, profile: str) -> Path:
    return served.weights.folder / ".uploads" / _plain(profile)


def _plain(name: str) -> str:
    if not name or "/" in name or name.startswith("."):
        raise BadRequest(f"{name!r} is not a plain name")
    return name


def _document(served: Context, checks: Sequence[FileCheck] = ()) -> ModelsDocument:
    """Return every profile with what a check has found, also about files that are missing."""
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
        sha256=read_checksums(file.path.parent).get(file.path.name, ""),
        state=bad or file.problem or "good",
    )


def _missing(profile: ProfileInfo, checks: Sequence[FileCheck]) -> list[WeightsDocument]:
    present = {file.path for file in profile.files}
    missing = [check for check in checks if check.profile == profile.name and check.path not in present]
    return [
        WeightsDocument(
            part=check.path.stem, label="", path=str(check.path), size_bytes=0, sha256="", state=check.message
        )
        for check in missing
    ]
