"""The configuration file as it is on disk now, read once for each content."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from driftwatch.config.loading import Config, load_config
from driftwatch.errors import ConfigError

__all__ = ["Readings"]


class Readings:
    """Keeps what the last content of the file was read as: reading hundreds of monitors takes its time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[str, Config | ConfigError] | None = None

    def read(self, path: Path, digest: str) -> Config | ConfigError:
        """Return the configuration in a file whose content has this digest, or what is wrong with it."""
        with self._lock:
            if self._last is None or self._last[0] != digest:
                try:
                    self._last = (digest, load_config(path))
                except ConfigError as error:
                    self._last = (digest, error)
            return self._last[1]
