"""What every ``--help`` shares: it ends with examples, and names no types of Python."""

from __future__ import annotations

from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "cbvirctl query picture.jpg",
        "cbvirctl query picture.jpg --json",
        "cbvirctl status --watch",
    ),
    "query": (
        "cbvirctl query picture.jpg",
        "cbvirctl query picture.jpg --all --relative",
        "cbvirctl query picture.jpg --region 40,80,240,135 --in ~/Videos",
        "cbvirctl query picture.jpg --evidence why.png --open",
        "cbvirctl query clip.mp4",
        "cbvirctl query --clip first.jpg second.jpg third.jpg",
        "cbvirctl query pictures/ --csv > found.csv",
        "curl -sL https://example.org/picture.jpg | cbvirctl query -",
    ),
    "status": ("cbvirctl status", "cbvirctl status --watch", "cbvirctl status --json | jq .videos"),
    "wait": ("cbvirctl wait", "cbvirctl wait --timeout 3600"),
    "videos": ("cbvirctl videos list --relative", "cbvirctl videos show film.mp4"),
    "videos list": (
        "cbvirctl videos list --in ~/Videos/1962",
        "cbvirctl videos list --relative | grep failed",
    ),
    "videos show": (
        "cbvirctl videos show ~/Videos/film.mp4",
        "cbvirctl videos show 5f3a81",
        "cbvirctl videos show film",
        "cbvirctl videos show 1962/film.mp4 --json",
    ),
    "videos forget": ("cbvirctl videos forget film.mp4", "cbvirctl videos forget 5f3a81"),
    "keyframes": ("cbvirctl keyframes film.mp4", "cbvirctl keyframes film.mp4 --export stills/"),
    "errors": ("cbvirctl errors", "cbvirctl errors --relative"),
    "retry": ("cbvirctl retry", "cbvirctl retry film.mp4"),
    "rescan": ("cbvirctl rescan", "cbvirctl rescan && cbvirctl wait"),
    "duplicates": (
        "cbvirctl duplicates",
        "cbvirctl duplicates --in ~/Videos/1962 --min-seconds 10",
        "cbvirctl duplicates --html duplicates.html --csv duplicates.csv",
        "cbvirctl duplicates --stop",
    ),
    "calibrate": ("cbvirctl calibrate", "cbvirctl calibrate --questions 400", "cbvirctl calibrate --reset"),
    "backup": (
        "cbvirctl backup /mnt/disk/cbvir.backup",
        "cbvirctl backup /mnt/disk/cbvir.backup --update",
        "cbvirctl backup small.backup --without stills --without features",
    ),
    "restore": (
        "cbvirctl restore /mnt/disk/cbvir.backup",
        "cbvirctl restore cbvir.backup --into ~/data --map /media/old=/media/new",
    ),
    "doctor": (
        "cbvirctl doctor",
        "cbvirctl doctor --deep",
        "cbvirctl doctor --json",
    ),
    "bench": ("cbvirctl bench", "cbvirctl bench --questions 200 --film 600", "cbvirctl bench --json"),
    "web": (
        "cbvirctl web",
        "cbvirctl web --open",
        "cbvirctl web --set-password ~/.config/cbvir/password",
        "cbvirctl web --sign-out",
    ),
    "index": ("cbvirctl index status", "cbvirctl index rebuild"),
    "index status": ("cbvirctl index status", "cbvirctl index status --json | jq .tail"),
    "index rebuild": ("cbvirctl index rebuild",),
    "models": ("cbvirctl models list", "cbvirctl models fetch moreso"),
    "models list": ("cbvirctl models list",),
    "models fetch": ("cbvirctl models fetch moreso",),
    "models import": ("cbvirctl models import moreso filter.pth refine.pth",),
    "models verify": ("cbvirctl models verify", "cbvirctl models verify || cbvirctl models fetch moreso"),
}
"""Command lines by the name of the command; a test runs them."""


def write_examples(context: Any, formatter: Any) -> None:
    """Write the examples of a command at the end of its help."""
    names = []
    while context.parent is not None:
        names.append(context.info_name)
        context = context.parent
    with formatter.section("Examples"):
        for line in EXAMPLES.get(" ".join(reversed(names)), ()):
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class ExplainedCommand(TyperCommand):
    """A command whose help ends with examples."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options; an argument has its name, without ``<list[str]>`` behind it."""
        for parameter in self.get_params(ctx):
            if isinstance(parameter, TyperArgument):
                parameter.display_type_rich = _no_type  # type: ignore[method-assign]
        super().format_options(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands in the usage; an argument that is needed stands there without braces."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        write_examples(ctx, formatter)


class ExplainedGroup(TyperGroup):
    """A group of commands whose help ends with examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        write_examples(ctx, formatter)


def _no_type(ctx: Any) -> None:
    return None
