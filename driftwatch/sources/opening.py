"""Files opened with care: regular ones only, decompressed as they are read, never more than they promise."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from driftwatch.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["FileStamp", "PositionedFile", "TextStream", "open_regular", "read_stamp", "unpack_to_disk"]

AT_MOST_RATIO: Final = 200
"""How many times larger than its file unpacked content may be, once it is over `FREE_BYTES`."""
FREE_BYTES: Final = 10**9
_COPY_BYTES: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStamp:
    """What tells one state of a file from another."""

    device: int
    inode: int
    size: int
    changed_ns: int


def open_regular(path: str) -> BinaryIO:
    """Open a regular file for reading, without a buffer.

    The opened file is looked at, not its name, so that nothing can be put in its place in between. Raises
    SourceError for directories, pipes, devices and what cannot be opened.
    """
    try:
        # A pipe without a writer would block the opening itself.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        again = not isinstance(error, PermissionError | FileNotFoundError)
        why = (error.strerror or type(error).__name__).lower()
        raise SourceError(f"the file {path} cannot be opened: {why}", again=again) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise SourceError(
            f"{path} is {_name_kind(mode)}, not a regular file; name a file, or a pattern such as data/*.csv"
        )
    return os.fdopen(descriptor, "rb", buffering=0)


def _name_kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for check, name in kinds if check(mode)), "a special file")


def read_stamp(path: str) -> FileStamp:
    """Return the present state of a regular file. Raises SourceError as `open_regular` does."""
    with open_regular(path) as file:
        found = os.fstat(file.fileno())
    return FileStamp(
        device=found.st_dev, inode=found.st_ino, size=found.st_size, changed_ns=found.st_mtime_ns
    )


class TextStream:
    """The content of a file from its beginning, unpacked when it is gzip, whatever its name says.

    Use as a context manager. Reading raises SourceError when packed content ends early, is damaged, or
    grows beyond all reason.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._raw = open_regular(path)
        self._size = os.fstat(self._raw.fileno()).st_size
        self._given = 0
        try:
            with _explain_gzip(path):
                self.packed = self._raw.read(2) == _GZIP_MAGIC
        except SourceError:
            self._raw.close()
            raise
        self._raw.seek(0)
        self._file: BinaryIO | gzip.GzipFile = self._raw
        if self.packed:
            self._file = gzip.GzipFile(fileobj=io.BufferedReader(_Raw(self._raw), _COPY_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._raw.close()

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end."""
        with _explain_gzip(self.path):
            parts = []
            while size > 0 and (part := self._file.read(size)):
                parts.append(part)
                size -= len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._given += len(data)
        if self.packed:
            self._check_growth()
        return data

    def seek(self, offset: int) -> None:
        """Go forward to `offset`, counted in unpacked bytes."""
        if not self.packed:
            self._file.seek(offset)
            self._given = offset
        while self._given < offset:
            if not self.read(min(_COPY_BYTES, offset - self._given)):
                return

    def _check_growth(self) -> None:
        if self._given > FREE_BYTES and self._given > AT_MOST_RATIO * max(self._size, 1):
            raise SourceError(
                f"the file {self.path} unpacks to more than {AT_MOST_RATIO} times its size and 1 GB, as no "
                "honest data does; unpack it yourself if it is what you want read"
            )


@contextmanager
def _explain_gzip(path: str) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise SourceError(
            f"the gzip file {path} is cut off: it ends before its content does; copy it again", again=True
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"the gzip file {path} is damaged ({error}); copy it again") from None
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise SourceError(f"the file {path} cannot be read: {why}", again=True) from error


class _Raw(io.RawIOBase):
    """Bytes of a file that the reader above does not own: closing this leaves the file open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)


class PositionedFile(io.RawIOBase):
    """A file with a place of its own in it: several of them read one opened file at the same time.

    Closing it closes the file, unless that is `shared`.
    """

    def __init__(self, file: BinaryIO, *, shared: bool = False) -> None:
        self._file = file
        self._shared = shared
        self._place = 0
        self._lock = threading.Lock()

    def readable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the file unless it is shared."""
        if not self._shared:
            self._file.close()
        super().close()

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of its own and return it."""
        size = os.fstat(self._file.fileno()).st_size
        with self._lock:
            start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: size}[whence]
            self._place = start + offset
            return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, as many as there are; all of them without a size."""
        left = max(os.fstat(self._file.fileno()).st_size - self.tell(), 0)
        # A damaged file may ask for gigabytes of which it has none: they are not made room for.
        return super().read(left if size < 0 else min(size, left)) or b""

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read from the place on, as much as fits."""
        with self._lock:
            count = os.preadv(self._file.fileno(), [buffer], self._place)
            self._place += count
            return count


def unpack_to_disk(path: str) -> BinaryIO:
    """Return the content of a gzip file as a nameless temporary file that ends with its last user."""
    target = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - the caller keeps it open
    try:
        with TextStream(path) as stream:
            while data := stream.read(_COPY_BYTES):
                target.write(data)
    except BaseException:
        target.close()
        raise
    return target
