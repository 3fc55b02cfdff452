"""A text that must never be shown: it can be sent, but not printed, logged, dumped or pickled.

Why it is no dataclass: `dataclasses.asdict` would walk into it and lay the text open.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final, NoReturn

from driftwatch.errors import ConfigError

__all__ = ["AT_MOST_FILE_BYTES", "Secret"]

AT_MOST_FILE_BYTES: Final = 65_536
_MASK: Final = "***"


class Secret:
    """A text that shows itself as `***` everywhere but in `reveal()`.

    It is joined from parts: literal texts and files. A file is read when the text is first asked for, and
    again as soon as it has changed, so that a rotated secret is used without a restart.

    >>> secret = Secret.of_text("hunter2")
    >>> print(secret, repr(secret), f"{secret:>5}")
    *** ***   ***
    >>> secret.reveal()
    'hunter2'
    """

    __slots__ = ("_parts",)
    _parts: tuple[str | _FileText, ...]

    def __init__(self, parts: Sequence[str | Path]) -> None:
        read = tuple(_FileText(part) if isinstance(part, Path) else part for part in parts)
        object.__setattr__(self, "_parts", read)

    @classmethod
    def of_text(cls, text: str) -> Secret:
        """Return a secret whose text never changes."""
        return cls((text,))

    @classmethod
    def of_file(cls, path: str | Path) -> Secret:
        """Return a secret that is the content of the file at `path`, without the line end that closes it."""
        return cls((Path(path),))

    @classmethod
    def of_parts(cls, parts: Sequence[str | Path]) -> Secret:
        """Return a secret joined from texts and files, as `https://host/${file:/run/secrets/token}` is."""
        return cls(parts)

    def reveal(self) -> str:
        """Return the text as it is now.

        Raises ConfigError, naming the file, when a file cannot be read and has never been read before. A file
        that vanishes later, as happens for a moment while secrets are rotated, leaves its last text in force.
        """
        return "".join(part if isinstance(part, str) else part.read() for part in self._parts)

    def refresh(self) -> bool:
        """Read the files again whatever their times say, and return whether the text is another one now.

        For the moment after a 401 or 403: some file systems keep the time of a file that has changed.
        """
        files = [part for part in self._parts if isinstance(part, _FileText)]
        changed = [file.reread() for file in files]
        return any(changed)

    def reveal_parts(self) -> tuple[str | Path, ...]:
        """Return what it is joined from: for a process of this program's own, which needs it too."""
        return self._identity()

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str | Path, ...]:
        return tuple(part if isinstance(part, str) else part.path for part in self._parts)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed; make another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret cannot be changed; make another one")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled: its text would lie open in the result")


class _FileText:
    """The text of one file, read again when the file's stamp has changed."""

    __slots__ = ("_lock", "_stamp", "_text", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._text: str | None = None

    def read(self) -> str:
        with self._lock:
            try:
                found = self.path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                if self._text is None or stamp != self._stamp:
                    self._text, self._stamp = _read_text(self.path, found.st_mode), stamp
            except (OSError, ValueError, ConfigError) as error:
                if self._text is None:
                    raise _explain(self.path, error) from None
            return self._text

    def reread(self) -> bool:
        with self._lock:
            before = self._text
            self._stamp = None
        try:
            return self.read() != before
        except ConfigError:
            return False


def _read_text(path: Path, mode: int) -> str:
    if not S_ISREG(mode) and not S_ISDIR(mode):
        # A pipe without a writer would be waited for without end.
        raise ConfigError("it is a pipe, a socket or a device")
    with path.open("rb") as file:
        content = file.read(AT_MOST_FILE_BYTES + 1)
    if len(content) > AT_MOST_FILE_BYTES:
        raise ConfigError(f"it is larger than {AT_MOST_FILE_BYTES} bytes")
    text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigError("it is empty")
    return text


def _explain(path: Path, error: Exception) -> ConfigError:
    if isinstance(error, UnicodeError):
        why = "it is not UTF-8 text"
    elif isinstance(error, OSError):
        why = (error.strerror or type(error).__name__).lower()
    else:
        why = str(error)
    return ConfigError(f"the secret in the file {path} cannot be read: {why}; write one line of text into it")
