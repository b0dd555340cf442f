"""Requests that the description of the API allows, and requests that it forbids, to a running service.

schemathesis draws both of the OpenAPI document.  None may get a status, a type or a document that is not
described, none a 500, none that is allowed a refusal, and none that is forbidden an answer.  A method that a
path does not have gets 405, and `Allow` names those that it has.
"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import hypothesis
import requests
import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation

from support.services import Service, jpeg
from torture.tally import Outcome, Tally
from torture.tried import Subject

EXAMPLES = 25
"""Requests of each kind to an operation."""

ANSWER_LIMIT_S = 60.0

ENDLESS = {("get", "/v1/events")}
"""A stream without end, which is left out."""

AWAY = {
    ("post", "/v1/models/{profile}/fetch"),
    ("post", "/v1/models/{profile}/import"),
    ("put", "/v1/models/{profile}/files/{name}"),
}
"""Operations that are left out beside it: one asks another host, and the others bring in networks."""

ENDED_BY = {"/v1/calibrate", "/v1/bench", "/v1/duplicates"}
"""Work in the background that is ended after the requests that begin it."""

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")

REFUSALS = (
    "all and top exclude each other",
    "want a limit too",
    "after wants the order of paths",
    "end_s should not be before start_s",
    "start_s to end_s should be more than 0",
    "should have start_s <= time_s <= end_s",
    "cannot be shown",
    "outside the picture",
    "does not lie in the picture",
    "is not a plain name",
    "digests of 32 bytes",
    "takes no uploads",
)
"""Rules between parameters, and about the library, which the language of the description cannot say."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
)

ACCEPTED = frozenset({304, 404, 409, 503})
"""Of requests that the description allows: the thing is unknown or busy, or the service is."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies that are what they should be: a picture as JPEG, and a video file."""

    picture: bytes
    clip: bytes


def ask_as_described(
    subject: Subject,
    examples: int = EXAMPLES,
    told: Callable[[str], None] = print,
    *,
    tally: Tally | None = None,
) -> Tally:
    """Send `examples` requests of each kind to every operation of the service's description."""
    tally, service = tally or Tally(), subject.service
    film = service.films[0].path
    video = service.video(service.videos / film.name)
    assert video is not None
    known = {"video_id": video["video_id"], "keyframe_id": f"{video['video_id']}:0"}
    bodies = Bodies(jpeg(service.questions[film.name][0]), film.read_bytes())
    document = service.get("/openapi.json")
    schema = schemathesis.openapi.from_dict(_with_plain_bodies(document))
    load_all_checks()
    for found in schema.get_all_operations():
        operation: APIOperation[Any, Any, Any, Any] = found.ok()  # type: ignore[union-attr]
        if (operation.method, operation.path) in ENDLESS | AWAY:
            continue
        for is_allowed, strategy in _strategies(operation, known):
            _ask(service, strategy, bodies, examples, tally, is_allowed=is_allowed)
        if operation.path in ENDED_BY:
            service.http.delete(operation.path)
        told(f"{operation.label}: {tally.injected} requests, {len(tally.wrong)} faults so far")
    for path, operations in document["paths"].items():
        _ask_with_other_methods(service, path, {method.upper() for method in operations}, tally)
    return tally


def _strategies(
    operation: APIOperation[Any, Any, Any, Any], known: dict[str, str]
) -> Iterator[tuple[bool, SearchStrategy[Any]]]:
    """Yield whether requests are allowed, and how they are drawn: with any ids, known ones, and wrong."""
    own = {name: value for name, value in known.items() if f"{{{name}}}" in operation.path}
    yield True, operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if own and operation.method != "delete":
        yield True, operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=own)
    if any(len(place) for place in (operation.query, operation.path_parameters, operation.body)):
        yield False, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def _with_plain_bodies(document: dict[str, Any]) -> dict[str, Any]:
    """Return the description with bodies of any bytes: no real picture can be drawn of ``image/*``."""
    plain = copy.deepcopy(document)
    for operations in plain["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            for kind in [kind for kind in content if kind.endswith("/*")]:
                content.clear()
                content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
                operation["x-kind"] = kind
    return plain


def _ask(
    service: Service,
    strategy: SearchStrategy[Any],
    bodies: Bodies,
    examples: int,
    tally: Tally,
    *,
    is_allowed: bool,
) -> None:
    name = "requests that are described" if is_allowed else "requests that are not"

    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=strategy)
    def ask(case: Any) -> None:
        outcome = Outcome()
        _send(service, case, is_allowed, bodies, outcome)
        tally.add(name, outcome, limit_s=ANSWER_LIMIT_S)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing of it can be wrong
        ask()


def _send(service: Service, case: Any, is_allowed: bool, bodies: Bodies, outcome: Outcome) -> None:
    request = requests.Request(**_known(case.as_transport_kwargs(base_url="http://cbvird"))).prepare()
    content: Any = request.body or b""
    headers = {name: str(value) for name, value in request.headers.items()}
    if is_allowed:
        content, headers = _real_body(case, bodies, content, headers)
    headers.pop("Content-Length", None)
    begun = time.monotonic()
    said = f"{request.method} {request.url} {str(case.body)[:200] if case.body else ''}"
    try:
        response = service.http.request(
            str(request.method), str(request.url), headers=headers, content=content
        )
    except Exception as error:
        outcome.wrong.append(f"{said}: {type(error).__name__}: {error}")
        return
    outcome.stall_s = time.monotonic() - begun
    outcome.crashes += response.status_code == 500
    try:
        case.validate_response(response, checks=[schemathesis.checks.CHECKS.get_one(one) for one in CHECKS])
    except FailureGroup as group:
        outcome.wrong.append(f"{said}: {[str(one) for one in group.exceptions]}: {response.text[:300]}")
    is_refused = not response.is_success and response.status_code not in ACCEPTED
    if is_allowed and is_refused and not any(rule in response.text for rule in REFUSALS):
        outcome.wrong.append(f"{said}: refused with {response.status_code}: {response.text[:300]}")


def _known(arguments: dict[str, Any]) -> dict[str, Any]:
    names = ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
    return {name: value for name, value in arguments.items() if name in names}


def _real_body(
    case: Any, bodies: Bodies, content: Any, headers: dict[str, str]
) -> tuple[Any, dict[str, str]]:
    """Return a picture or a video where one is wanted: random bytes are none, and are refused."""
    kind = case.operation.definition.raw.get("x-kind")
    if kind is not None:
        return bodies.clip if kind == "video/*" else bodies.picture, headers
    if str(case.media_type).startswith("multipart/"):
        form = requests.Request(
            "POST", "http://cbvird", files={"picture": ("p.jpg", bodies.picture)}
        ).prepare()
        return form.body, headers | {"Content-Type": str(form.headers["content-type"])}
    return content, headers


def _ask_with_other_methods(service: Service, path: str, known: set[str], tally: Tally) -> None:
    address = path.format(video_id="0", keyframe_id="0:0", profile="moreso", name="a")
    for method in METHODS:
        if method in known or (method == "HEAD" and "GET" in known):
            continue
        with httpx.Client(
            transport=httpx.HTTPTransport(uds=str(service.socket)), base_url="http://x"
        ) as client:
            response = client.request(method, address)
        allowed = set(response.headers.get("allow", "").replace(" ", "").split(",")) - {"HEAD"}
        outcome = Outcome()
        if response.status_code != 405 or allowed != known:
            outcome.wrong.append(f"{method} {path}: {response.status_code}, allow {sorted(allowed)}")
        tally.add("methods that a path does not have", outcome, limit_s=ANSWER_LIMIT_S)
