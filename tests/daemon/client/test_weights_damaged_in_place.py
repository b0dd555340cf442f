"""Weight files, also the built-in ones, that are damaged after they were taken into use."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cbvir_core
from support.films import Film
from support.services import Service

MEND = "use `cbvirctl models fetch moreso`, or `cbvirctl models import moreso FILE...` without internet"


def flip(path: Path) -> bytes:
    """Change one byte of a file and return its former content."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return data


def refused(service: Service) -> str:
    """Return the message of a service that does not start."""
    command, variables = service.command(), service.variables()
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 5, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def moreso(refined: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder whose two networks are the profile ``moreso``, which ``auto`` prefers."""
    data = tmp_path_factory.mktemp("moreso") / "data"
    shutil.copytree(refined, data)
    (data / "models" / "seeded").rename(data / "models" / "moreso")
    return data


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], moreso: Path, films: list[Film]) -> Service:
    made = make_service(moreso, models={"profile": "auto"})
    made.until_state(made.drop(films[0].path), "indexed")
    made.until(lambda: made.get("/v1/status")["refined"] == made.get("/v1/status")["keyframes"], "refined")
    return made


def test_without_solar_s_file_the_filter_answers_and_says_so(
    service: Service, ask: Any, picture: Path
) -> None:
    refine = service.data / "models/moreso/refine.safetensors"
    before = ask(service, "query", str(picture), "--json").document
    assert before["refined"]
    whole = flip(refine)
    problem = f"{refine} is damaged: its SHA-256 is not the one in SHA256SUMS; {MEND}"
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]
    done = ask(service, "models", "verify", "--json")
    states = {part["path"]: part["state"] for each in done.document["profiles"] for part in each["files"]}
    assert (done.code, states[str(refine)]) == (5, problem)
    assert problem in ask(service, "status", "--json").document["notes"][0]
    service.restart()
    alone = ask(service, "query", str(picture), "--json").document
    assert not alone["refined"]
    assert alone["results"][0]["keyframe_id"] == before["results"][0]["keyframe_id"]
    assert any(note.startswith(problem) for note in alone["notes"])
    assert ask(service, "status", "--json").document["notes"] == alone["notes"][1:]
    refine.write_bytes(whole)
    assert "restart cbvird" in ask(service, "models", "list", "--json").document["notes"][0]
    service.restart()
    service.until_refined(picture.read_bytes())
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]


def test_without_the_filter_s_file_the_built_in_one_answers_until_it_is_mended(
    service: Service, ask: Any, picture: Path
) -> None:
    """No descriptor is lost: SOLAR's descriptors of a large library take days."""
    path = service.data / "models/moreso/filter.safetensors"
    before = ask(service, "query", str(picture), "--json").document
    known = service.get("/v1/status")
    whole = flip(path)
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]
    service.restart()
    status = ask(service, "status", "--json").document
    assert status["profile"] == "builtin"
    assert f"{path} is damaged" in status["notes"][0]
    assert MEND in status["notes"][0]

    # Asking for the status, not with a picture: keyframes move to other weights between queries.
    service.until(lambda: len(service.get("/v1/status")["notes"]) == 1, "the built-in weights took over")
    other = ask(service, "query", str(picture), "--json").document
    assert other["results"]
    assert other["profile"] == "builtin"
    assert any(f"{path} is damaged" in note for note in other["notes"])
    path.write_bytes(whole)
    service.restart()
    service.until(lambda: service.get("/v1/status")["profile"] == "moreso", "the mended weights answer again")
    assert service.get("/v1/status")["refined"] == known["refined"] == known["keyframes"]
    service.until_refined(picture.read_bytes())
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]


def test_a_profile_that_is_asked_for_by_name_is_not_replaced(
    service: Service, ask: Any, picture: Path
) -> None:
    path = service.data / "models/moreso/filter.safetensors"
    whole = path.read_bytes()
    service.environment = {"CBVIR_MODELS__PROFILE": "moreso"}
    service.restart()
    ask(service, "query", str(picture))  # the service listens before it has read its networks
    path.write_bytes(whole[:-9])
    done = ask(service, "status", "--json")
    assert "cbvird goes on with what it has loaded" in done.document["notes"][0]
    service.stop()
    said = refused(service)
    assert f"cbvird: {path} is damaged or no weight file (" in said
    assert MEND in said
    assert "CBVIR_MODELS__PROFILE=builtin cbvird" in said
    path.unlink()
    assert "has no filter weights" in refused(service)
    path.write_bytes(whole)
    service.start()
    assert ask(service, "models", "verify").code == 0


def test_verify_names_a_file_that_is_missing(service: Service, ask: Any) -> None:
    path = service.data / "models/moreso/refine.safetensors"
    away = path.rename(path.with_suffix(".away"))
    done = ask(service, "models", "verify")
    assert done.code == 5
    assert "missing" in done.out
    away.rename(path)


def test_the_built_in_file(
    make_service: Callable[..., Service],
    moreso: Path,
    ask: Any,
    films: list[Film],
    picture: Path,
    tmp_path: Path,
) -> None:
    """Where a copy of the program is damaged, the running service goes on, and no other one starts."""
    program = tmp_path / "program"
    shutil.copytree(Path(cbvir_core.__file__).parent, program / "cbvir_core")
    path = program / "cbvir_core/weights/builtin/filter.safetensors"
    service = make_service(moreso, models={"profile": "builtin"}, environment={"PYTHONPATH": str(program)})
    service.until_state(service.drop(films[0].path), "indexed")
    all_refined(service, picture)
    before = ask(service, "query", str(picture), "--json").document
    assert before["results"]
    whole = flip(path)
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]
    done = ask(service, "models", "verify", "--json")
    assert done.code == 5
    assert f"{path} is damaged" in done.out
    service.stop()
    said = refused(service)
    assert f"{path} is damaged" in said
    assert "install cbvir again" in said
    assert "cbvirctl" not in said
    path.write_bytes(whole)
    service.start()
    all_refined(service, picture)
    assert ask(service, "query", str(picture), "--json").document["results"] == before["results"]

    refine = path.with_name("refine.safetensors")
    flip(refine)
    service.restart()
    alone = ask(service, "query", str(picture), "--json").document
    assert not alone["refined"]
    assert alone["results"][0]["keyframe_id"] == before["results"][0]["keyframe_id"]
    assert any(f"{refine} is damaged" in note and "install cbvir again" in note for note in alone["notes"])


def all_refined(service: Service, picture: Path) -> None:
    """Wait until SOLAR takes part and every keyframe has its descriptor."""
    service.until_refined(picture.read_bytes())
    service.until(lambda: _counts_agree(service.get("/v1/status")), "SOLAR's descriptors are there")


def _counts_agree(status: dict[str, Any]) -> bool:
    return bool(status["refined"] == status["keyframes"])
