"""``cbvirctl backup`` and ``restore``: everything that is known of the videos, in one file and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvir_shared.backup_stream import BackupCutOff, read_backup
from cbvirctl.errors import Refused, Usage, from_service
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.progress import ShowProgress, progress_bar
from cbvirctl.session import emit, note, reporting, session

if TYPE_CHECKING:
    from cbvir_shared.backup_stream import Chunk

BACKUP_IN_SHORT = "Write all that is known to a file, while the service runs."
RESTORE_IN_SHORT = "Make a data folder of a backup."

NO_PATH_CHANGED = (
    "no path was changed: no video of the backup lies in a folder that --map names; "
    "`cbvirctl videos list` shows where they are"
)


class LeftOut(StrEnum):
    """What a backup may leave out."""

    STILLS = "stills"
    FEATURES = "features"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.")],
    update: Annotated[
        bool, typer.Option("--update", help="Bring the backup in FILE up to date; only what is new is sent.")
    ] = False,
    without: Annotated[
        list[LeftOut] | None,
        typer.Option(
            metavar="stills|features",
            help="Leave something out: stills, or features, which are computed again; may be repeated. With "
            "--update only what the backup in FILE lacks already: an update removes nothing.",
        ),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Write all that is known to a file, while the service runs.

    The file holds the library as it was at one moment: videos, keyframes, descriptors, stills, weights that
    were brought in, calibration, and what failed.  It holds no video file and no configuration.  A backup
    that was interrupted goes on with the same command.  Every byte is read again at the end.
    """
    from cbvir_shared.backup_file import BackupFile, BackupFileError

    try:
        with ExitStack() as opened:
            client = opened.enter_context(session(socket, as_json, timeout_s=None))
            client.get("/healthz")  # before a file is made
            out = opened.enter_context(BackupFile.create_or_open(file))
            if out.manifest is not None and not update:
                raise Usage(f"{file} holds a backup; --update brings it up to date.", code="file_exists")
            parts = [part.value for part in without or ()]
            _keep_what_it_holds(file, out.manifest, parts)
            with (
                client.post_for_stream("/v1/backup", out.digests(), without=parts) as read,
                progress_bar("chunks") as show,
            ):
                added = out.take(_shown(read_backup(read), show))
            size, manifest = out.verify(), out.manifest or {}
    except (BackupFileError, BackupCutOff) as error:
        again = "; run the command again, it goes on" if isinstance(error, BackupCutOff) else ""
        with reporting(as_json):
            raise Refused(f"{error}{again}", code="backup_file") from None
    document = {"file": str(file), "bytes": size, "new_bytes": added, "without": manifest.get("without", [])}
    if as_json:
        emit(document)
        return
    typer.echo(f"{file}: {size / 1e6:,.1f} MB, {added / 1e6:,.1f} MB of them new; every byte was read again")


def _keep_what_it_holds(file: Path, manifest: dict[str, Any] | None, left_out: list[str]) -> None:
    """Refuse to update a backup to one that lacks a part which it holds.  Raises Usage."""
    lost = [] if manifest is None else [part for part in left_out if part not in manifest.get("without", [])]
    if lost:
        options = " ".join(f"--without {part}" for part in lost)
        raise Usage(
            f"{file} holds {' and '.join(lost)}, and an update with {options} would remove them. "
            f"Update it without that option, or write a backup with {options} to another file.",
            code="file_exists",
        )


def _shown(records: Iterator[Chunk | dict[str, Any]], show: ShowProgress) -> Iterator[Chunk | dict[str, Any]]:
    """Pass the records on, and count them on the bar."""
    for number, record in enumerate(records):
        show(number, None)
        yield record


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of a backup.")],
    into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The data folder to make; default: that of the configuration."),
    ] = None,
    renamed: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OLD=NEW",
            help="Videos of the folder OLD are in the folder NEW now; may be repeated.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The configuration of the service.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a data folder of a backup.

    The folder must not hold a library yet, and cbvird must not run on it.  Run it as the user of the service.
    The indices are made again when the service starts; queries are answered meanwhile.
    """
    _check_folders(renamed or [], as_json)
    command = [sys.executable, "-m", "cbvird.care.restore", str(file)]
    command += [f"--into={into}"] if into else []
    command += [f"--config={config}"] if config else []
    command += [f"--map={pair}" for pair in renamed or ()]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    document = json.loads(done.stdout or b"{}")
    with reporting(as_json):
        if done.returncode:
            raise from_service(document, 500)
    if as_json:
        emit(document)
        return
    videos, keyframes = document["videos"], document["keyframes"]
    typer.echo(f"{document['folder']}: {videos:,} videos, {keyframes:,} keyframes")
    if renamed:
        changed = document["paths_changed"]
        note(f"{changed:,} paths were changed" if changed else NO_PATH_CHANGED)
    note("Start cbvird with this data folder, and watch the folders that hold the videos.")


def _check_folders(pairs: list[str], as_json: bool) -> None:
    """Refuse what ``--map`` cannot mean, before anything is made."""
    for pair in pairs:
        old, _, new = pair.partition("=")
        if not (old.startswith("/") and new.startswith("/")):
            with reporting(as_json):
                raise Usage(f"--map wants /old/folder=/new/folder, not {pair!r}.", code="usage")
