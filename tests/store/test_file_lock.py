from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch.errors import StoreError
from driftwatch.store.file_lock import FileLock

HOLD = """
import sys, pathlib
from driftwatch.store.file_lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_one_has_it_until_it_is_given_back(tmp_path: Path) -> None:
    ours, other = FileLock(tmp_path / "a.db"), FileLock(tmp_path / "a.db")

    assert ours.take()
    assert ours.take()
    assert not other.take()
    assert other.is_taken()
    ours.release()
    assert not other.is_taken()
    assert other.take()
    assert (ours.held, other.held) == (False, True)
    assert not other.is_taken()
    assert stat.S_IMODE((tmp_path / "a.db.lock").stat().st_mode) == 0o600


def test_it_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = FileLock(tmp_path / "a.db")
        assert not lock.take()
        holder.kill()
        holder.wait()
        assert lock.take()


def test_asking_about_a_store_without_a_daemon_leaves_no_file(tmp_path: Path) -> None:
    assert not FileLock(tmp_path / "a.db").is_taken()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: No such file"):
        FileLock(tmp_path / "none" / "a.db").take()
