"""Coverage-guided fuzzing of our own parsers with atheris: whatever the bytes, they are read or refused.

All of them run in one process beside this one; the first byte of an input names its parser.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from torture.tally import Outcome, Tally

MAX_INPUT_BYTES = 4096
INPUT_LIMIT_S = 20
"""Seconds in which an input is read or refused."""

MEMORY_MB = 2048
COUNTED_EVERY = 500
"""Inputs after which their number is written down: the process ends without a word."""

FOUND, COUNTS = "found.jsonl", "counts.json"


def fuzz(
    seconds: int,
    seed: int,
    told: Callable[[str], None] = print,
    *,
    names: Sequence[str] = (),
    tally: Tally | None = None,
) -> Tally:
    """Fuzz all parsers for `seconds` together, or those of these names."""
    tally = tally or Tally()
    with tempfile.TemporaryDirectory() as folder:
        done = _run(seconds, seed, Path(folder), names)
        counts = _json(Path(folder) / COUNTS, {})
        found = [json.loads(line) for line in _text(Path(folder) / FOUND).splitlines()]
        ended = [path.read_bytes()[:300].hex() for path in Path(folder).glob("*-*") if path.is_file()]
    slowest = re.search(r"stat::slowest_unit_time_sec:\s*(\d+)", done.stderr)
    for name, inputs in sorted(counts.items()):
        own = [one for one in found if one["parser"] == name]
        outcome = Outcome([json.dumps(one) for one in own], crashes=len(own))
        tally.add_inputs(f"fuzzed: {name}", inputs, outcome, limit_s=INPUT_LIMIT_S)
        told(f"{name}: {inputs} inputs, {len(own)} faults")
    outcome = Outcome(stall_s=float(slowest[1]) if slowest else 0.0)
    if done.returncode or slowest is None:
        outcome.crashes = 1
        outcome.wrong.append(f"it ended with {done.returncode}, by {ended}: {done.stderr[-1500:]}")
    tally.add("processes that fuzzed", outcome, limit_s=INPUT_LIMIT_S)
    return tally


def _run(seconds: int, seed: int, folder: Path, names: Sequence[str]) -> subprocess.CompletedProcess[str]:
    corpus = folder / "corpus"
    corpus.mkdir()
    command = [
        sys.executable, "-m", "torture.fuzz", str(folder), json.dumps([*names]), str(corpus),
        f"-max_total_time={seconds}", f"-max_len={MAX_INPUT_BYTES}", f"-timeout={INPUT_LIMIT_S}",
        f"-rss_limit_mb={MEMORY_MB}", f"-seed={seed + 1}", "-print_final_stats=1",
        f"-artifact_prefix={folder}/",
    ]  # fmt: skip
    own = os.environ | {"TMPDIR": str(folder)}  # it ends without deleting its files
    return subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=own,
    )


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _json(path: Path, default: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = json.loads(_text(path) or json.dumps(default))
    return found


def _main(folder: Path, names: list[str], arguments: list[str]) -> None:
    """Fuzz parsers, in a process of its own."""
    import atheris

    with atheris.instrument_imports(include=["cbvir_core", "cbvir_shared", "cbvird"]):
        from torture.parsers import parsers
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    known = {name: parser for name, parser in parsers().items() if not names or name in names}
    chosen = [*known]
    for number, name in enumerate(chosen):
        for other, data in enumerate(known[name].right):
            (folder / "corpus" / f"{number}-{other}").write_bytes(bytes([number]) + data)
    seen, counts = set[str](), Counter[str]()

    def once(raw: bytes) -> None:
        name, data = chosen[(raw or b"\0")[0] % len(chosen)], raw[1:]
        counts[name] += 1
        if counts.total() % COUNTED_EVERY == 0:
            (folder / COUNTS).write_text(json.dumps(counts))
        try:
            known[name].run(data)
        except known[name].refusals:
            pass
        except Exception as error:
            _note(folder, seen, name, data, error)

    atheris.Setup([sys.argv[0], *arguments], once)
    atheris.Fuzz()


def _note(folder: Path, seen: set[str], name: str, data: bytes, error: Exception) -> None:
    """Write an error down that is no refusal, once for each place."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
    if (key := f"{name}: {said}") not in seen:
        seen.add(key)
        found = {"parser": name, "said": said, "error": str(error)[:300], "input": data[:300].hex()}
        with (folder / FOUND).open("a") as out:
            out.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
