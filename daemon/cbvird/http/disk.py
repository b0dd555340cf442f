"""The room that the library takes on the disk."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel

from cbvird.http.context import Served

router = APIRouter(tags=["service"])


class StorePartsDocument(BaseModel):
    """Bytes of the store by what they hold; freed pages that will be used again are in `other`."""

    stills: int
    thumbnails: int
    features: int
    frame_codes: int
    descriptors: int
    other: int


class DiskDocument(BaseModel):
    """Bytes on the disk: the store and its parts, both indices, weights and networks, and what is free."""

    store: int
    parts: StorePartsDocument
    indices: int
    models: int
    free: int


@router.get("/disk")
def disk(served: Served) -> DiskDocument:
    """Return how much room the library takes, and how much is left."""
    return DiskDocument.model_validate(asdict(served.library.disk_use()))
