"""The lock beside a SQLite store: which daemon, of those on this machine, has the file as its own.

*Why a lock:* two daemons on one file work against each other for nothing unless that was wanted, and below
SQLite 3.51.3 two processes that write and checkpoint at once can damage a file in WAL mode. So only who has
the lock checkpoints. It goes with the process that has it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from driftwatch.errors import StoreError

__all__ = ["FileLock"]


class FileLock:
    """The lock of the store at `path`; nobody has it until `take` says so."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether we have it."""
        return self._file is not None

    def take(self) -> bool:
        """Return whether we have it now; False where another process has.

        Raises StoreError where the file cannot be made.
        """
        if self.held:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be opened: {error.strerror}; a daemon needs to write beside its store"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def is_taken(self) -> bool:
        """Return whether another process has it; we do not have it afterwards."""
        if self.held or not self._path.exists():
            return False
        is_free = self.take()
        self.release()
        return not is_free

    def release(self) -> None:
        """Give it back; nothing happens where we do not have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
