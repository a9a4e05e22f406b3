"""``add-on``: writes the files of the Google Sheets add-on into a folder."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from sheetsync import addon
from sheetsync.cli.frame import Frame, command
from sheetsync.config.urls import is_plain
from sheetsync.errors import UsageError

MANIFEST = "appsscript.json"


@click.command("add-on")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--address",
    metavar="URL",
    help="The service's https address: the only one that a published add-on may call.",
)
@click.option("--force", is_flag=True, help="Also replace files that were changed there.")
@command
def addon_command(frame: Frame, *, folder: Path, address: str | None, force: bool) -> int:
    """Write the add-on's files there, ready for clasp or for pasting."""
    files = _files(address)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Name a folder; it is made if it is missing.")
    changed = [name for name, text in files.items() if _other(folder / name, text)]
    if changed and not force:
        raise UsageError(
            f"{len(changed)} files in {folder} are not what would be written, such as {changed[0]}.",
            hint="Look at them, then use --force to replace them, or name another folder.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    frame.emit({"folder": str(folder), "files": sorted(files)}, lambda out: _tell(out, folder, len(files)))
    return 0


def _files(address: str | None) -> dict[str, str]:
    """Return name → content."""
    found = {path.name: path.read_text("utf-8") for path in sorted(addon.folder().iterdir())}
    if address is not None:
        found[MANIFEST] = _narrowed(found[MANIFEST], address)
    return found


def _narrowed(manifest: str, address: str) -> str:
    """Return the manifest with the one address that the add-on may call; Google wants a path in it."""
    if not address.startswith("https://") or is_plain(address) or set(address) & set(" ?#*@"):
        raise UsageError(f"--address takes an https address, not {address}.")
    facts: dict[str, Any] = json.loads(manifest)
    facts["urlFetchWhitelist"] = [f"{address.rstrip('/')}/"]
    return json.dumps(facts, indent=2) + "\n"


def _other(path: Path, text: str) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != text.encode())


def _tell(out: Console, folder: Path, count: int) -> None:
    out.print(f"{count} files are in {escape(str(folder))}.")
    out.print("Next: put them into the spreadsheet's script, with clasp or by pasting; see docs/add-on.md.")
