"""Results as W3C Web Annotations whose targets are media fragments."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from cbvird.export.results import ExportedResult

ANNOTATION_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"


def annotation_page(results: Sequence[ExportedResult]) -> bytes:
    """Return an annotation page (https://www.w3.org/TR/annotation-model/) in JSON-LD.

    The same results have the same ids.
    """
    items = [_annotation(result) for result in results]
    page = {
        "@context": ANNOTATION_CONTEXT,
        "id": _id_of("page", *(item["id"] for item in items)),
        "type": "AnnotationPage",
        "items": items,
    }
    return json.dumps(page, indent=2, ensure_ascii=False).encode("utf-8", "replace")


def _annotation(result: ExportedResult) -> dict[str, Any]:
    fragment = f"t={result.start_s:.3f},{result.end_s:.3f}"
    return {
        "id": _id_of(result.video_id, fragment, f"{result.time_s:.3f}", result.label),
        "type": "Annotation",
        "motivation": "identifying",
        "body": {"type": "TextualBody", "value": result.label, "format": "text/plain"},
        "target": {
            "type": "SpecificResource",
            "source": {"id": result.address, "type": "Video"},
            "selector": {
                "type": "FragmentSelector",
                "conformsTo": MEDIA_FRAGMENTS,
                "value": fragment,
            },
        },
    }


def _id_of(*parts: str) -> str:
    text = "\n".join(parts).encode("utf-8", "replace").decode()
    return uuid.uuid5(uuid.NAMESPACE_URL, text).urn
