"""What a child process takes upon itself: limits, an end with its parent, and nobody to talk to."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Final

__all__ = ["end_with", "leave_network", "set_limit"]

_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER and CLONE_NEWNET of unshare(2)


def set_limit(kind: int, value: int) -> None:
    """Set a soft limit of this process: it can be raised again."""
    hard = resource.getrlimit(kind)[1]
    # macOS knows the limit on memory by name only.
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def end_with(parent: int) -> None:
    """End this process when `parent` ends, on Linux; at once where it is gone already."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def leave_network() -> None:
    """Go where there is no network, on a Linux that lets everybody do so; one thread may be there so far."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)
