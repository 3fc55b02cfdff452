"""The command as users run it: in a process of its own, or, where that proves nothing more, in this one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from driftwatch.cli import main

__all__ = ["Ran", "run_command", "run_here"]

# What the shell of whoever runs the tests must not decide.
_OURS = ("DRIFTWATCH_CONFIG", "NO_COLOR", "FORCE_COLOR", "TERM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command said and how it ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What stands on standard output, which must be JSON and nothing else."""
        return json.loads(self.stdout)


def run_command(*args: str, folder: Path, variables: Mapping[str, str] | None = None) -> Ran:
    """Run `driftwatch` in a process of its own, in `folder`, with further environment variables."""
    found = subprocess.run(
        [sys.executable, "-m", "driftwatch", *args],
        cwd=folder,
        env=_build_environment(variables or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    return Ran(status=found.returncode, stdout=found.stdout, stderr=found.stderr)


def run_here(*args: str, folder: Path, variables: Mapping[str, str] | None = None) -> Ran:
    """Run `driftwatch` in this process, as from the shell of `folder`, with pipes for its output."""
    with (
        _catch() as stdout,
        _catch() as stderr,
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        contextlib.chdir(folder),
        patch.dict(os.environ, _build_environment(variables or {}), clear=True),
        patch.object(sys, "argv", ["driftwatch", *args]),
    ):
        status = _run_main()
        return Ran(status=status, stdout=_read(stdout), stderr=_read(stderr))


def _run_main() -> int:
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


@contextlib.contextmanager
def _catch() -> Iterator[io.TextIOWrapper]:
    with io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") as stream:
        yield stream


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def _build_environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, **variables}
