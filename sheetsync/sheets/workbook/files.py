"""The workbook as a file: who has it open, whether it changed, and replacing it in one step."""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sheetsync.errors import LayoutError, SheetError
from sheetsync.sheets.layout import PULL_HINT

LOCK_TIMEOUT_S = 60.0
"""How long to wait while another of our processes writes in the same folder."""

_POLL_S = 0.05
_EFFECTIVE = os.access in os.supports_effective_ids

Signature = tuple[int, int, int, int]
"""Device, inode, size and time of change: differs whenever another program saved the file."""


def signature(path: Path) -> Signature | None:
    """Return what tells one state of the file from another; None if there is no file."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def read_bytes(path: Path) -> bytes:
    """Return the file's content.

    Raises:
        LayoutError: there is no such file.
        SheetError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LayoutError(
            f"There is no workbook {path}.", hint=PULL_HINT, details={"path": str(path)}
        ) from error
    except OSError as error:
        raise _refused(path, "read", error) from error


def _refused(path: Path, act: str, error: OSError) -> SheetError:
    return SheetError(
        f"{path} cannot be {act}: {error.strerror or error}.",
        hint="Check the permissions of the file and its folder, and the space on the disk.",
    )


def opened_elsewhere(path: Path) -> str:
    """Return in words who has the workbook open in a spreadsheet program; empty if nobody has.

    LibreOffice and Excel leave a file beside an open workbook that names the person.
    """
    libre = path.with_name(f".~lock.{path.name}#")
    excel = path.with_name(f"~${path.name}")
    if libre.exists():
        return "LibreOffice" + _by(_libre_owner(_mark(libre)), libre)
    if excel.exists():
        return "Excel" + _by(_excel_owner(_mark(excel)), excel)
    return ""


def _mark(path: Path) -> bytes:
    """Return what the mark says; another user's may be unreadable or gone by now, and still it was there."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _by(owner: str, mark: Path) -> str:
    return (f" by {owner}" if owner else "") + f" (says {mark.name})"


def _libre_owner(data: bytes) -> str:
    """Return the name from ``,user,host,date,profile;``: the program's own name for the user comes first."""
    fields = data.decode("utf-8", "replace").split(",")
    return next((field.strip() for field in fields[:2] if field.strip()), "")


def _excel_owner(data: bytes) -> str:
    """Return the name: its length in the first byte, then its characters."""
    return data[1 : 1 + data[0]].decode("cp1252", "replace").strip("\x00 ") if data else ""


def require_writable(path: Path) -> None:
    """Check that the file may be replaced now.

    Raises:
        SheetError: it is open in a spreadsheet program, or permissions are missing.
    """
    try:
        program, obstacle = opened_elsewhere(path), _obstacle(path)
    except OSError as error:
        raise _refused(path, "written", error) from error
    if program:
        raise SheetError(
            f"{path} is open in {program}: close it there, then try again.",
            hint="If nobody has it open, that program crashed: delete the file named in brackets.",
            details={"path": str(path)},
        )
    if obstacle:
        raise _refused(path, "written", PermissionError(errno.EACCES, obstacle))


def _obstacle(path: Path) -> str:
    """Return in words what keeps us from replacing the file; empty if nothing does.

    A read-only file could be replaced nevertheless, but whoever made it read-only meant it.
    """
    if path.is_dir():
        return "it is a folder"
    if not path.parent.is_dir():
        return "its folder does not exist"
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        return "its folder is read-only"
    if path.exists() and not os.access(path, os.W_OK, effective_ids=_EFFECTIVE):
        return "it is read-only"
    return ""


@contextlib.contextmanager
def exclusive(path: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Keep our other processes and threads from writing workbooks of this folder meanwhile.

    The folder itself is locked: a lock file would either stay as litter beside the workbook, or, deleted, let
    two waiting processes in at once. A file system that cannot lock folders (some network shares) leaves the
    check for changes right before the replacement.

    Raises:
        SheetError: another process kept it locked for too long.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _refused(path, "written", error) from error
    try:
        if not _lock(folder, time.monotonic() + timeout_s):
            raise SheetError(
                f"Another process of this service kept {path.parent} locked for {timeout_s:.0f} seconds.",
                hint="Try again when it has finished.",
            )
        yield
    finally:
        os.close(folder)


def _lock(folder: int, deadline_s: float) -> bool:
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline_s:
                return False
            time.sleep(_POLL_S)
        except OSError:
            return True
        else:
            return True


def replace(path: Path, save: Callable[[Path], None], *, expected: Signature | None) -> bool:
    """Write a new version beside the file and put it in its place in one step.

    Whoever reads sees the old version or the new one. Mode, owner and attributes stay; a failure leaves the
    old version and no litter.

    Args:
        path: the file; it may not exist yet.
        save: writes the new version to the path that it is given.
        expected: the file's signature when it was read.

    Returns:
        Whether it was replaced; False if the file changed meanwhile.

    Raises:
        SheetError: it cannot be written.
    """
    temporary: Path | None = None
    try:
        temporary = path.with_name(f".~{path.stem[:40]}-{secrets.token_hex(6)}.tmp")
        temporary.touch(exist_ok=False)
        save(temporary)
        _take_over_attributes(path, temporary)
        _flush(temporary)
        if signature(path) != expected:
            return False
        require_writable(path)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise _refused(path, "written", error) from error
    else:
        return True
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _take_over_attributes(path: Path, temporary: Path) -> None:
    if not path.exists():
        return
    with contextlib.suppress(PermissionError):
        os.chown(temporary, path.stat().st_uid, path.stat().st_gid)
    shutil.copystat(path, temporary)
    os.utime(temporary)


def _flush(path: Path) -> None:
    """Make the disk keep what was written, so that a power cut finds the old version or the new one."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
