"""The peak memory of a command, measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["find_folder", "measure_peak"]

# The command is started from a small process: what a parent holds would count towards its child's peak.
_START = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    ended = subprocess.run(sys.argv[2:], stdout=out)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(ended.returncode)
"""


def measure_peak(command: list[str], out: Path) -> int:
    """Run `driftwatch` with these words, its standard output in `out`, and return its peak memory in MB."""
    words = [sys.executable, "-m", "driftwatch", *command]
    ended = subprocess.run(
        [sys.executable, "-c", _START, str(out), *words], capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


def find_folder() -> Path:
    """Return a folder of this user's that keeps made-up data from one benchmark run to the next."""
    folder = Path(tempfile.gettempdir()) / f"driftwatch-benchmark-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
