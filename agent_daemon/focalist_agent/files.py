"""Files of the state directory: written whole or not at all, and private."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any


class StateError(Exception):
    """A file of the state directory cannot be used; the text is for people."""


def make_directory(path: Path) -> None:
    """Create the state directory, for its owner alone; raises StateError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def write_json(path: Path, data: Any) -> None:
    """Replace a file by data as JSON; see :func:`write_text`."""
    write_text(path, json.dumps(data, indent=1))


def write_text(path: Path, text: str) -> None:
    """Replace a file atomically; from its first byte only its owner can read it.

    Raises StateError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(temporary, flags, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_directory(path.parent)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def has_text(path: Path, text: str) -> bool:
    """Whether this stands in a file of its owner's alone already: a disk that is full
    takes no second one."""
    try:
        with open(path, encoding="utf-8") as file:
            is_private = not stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            return is_private and file.read() == text
    except (OSError, ValueError):
        return False


def read_json(path: Path, secret: bool = False) -> Any:
    """The content of a file, None when there is none; raises StateError.

    A ``secret`` file that others can read is refused: what was in it may be known.
    """
    try:
        with open(path, encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if secret and os.name == "posix" and mode & 0o077:
                raise StateError(
                    f"{path} can be read by others (mode {mode:04o}). "
                    f"Set it right with: chmod 600 {path}"
                )
            return json.load(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise StateError(f"{path} is damaged: {error}") from error


class Reserve:
    """Room that a file keeps on the disk for when that is full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size
        self.is_held = path.exists() and path.stat().st_size == size

    def hold(self) -> bool:
        """Take the room where the disk has twice as much; whether it was taken now."""
        if self.is_held:
            return False
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * self._size:
                return False
            with open(self._path, "wb") as file:
                file.write(bytes(self._size))
        except OSError:
            self.let_go()
            return False
        self.is_held = True
        return True

    def let_go(self) -> bool:
        """Give the room back; whether it was held."""
        was_held, self.is_held = self.is_held, False
        with contextlib.suppress(OSError):
            self._path.unlink()
        return was_held


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
