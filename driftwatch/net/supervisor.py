"""What the supervisor that started this process is told of it, by the protocol of sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

__all__ = ["tell_supervisor"]

log = logging.getLogger("driftwatch.supervisor")


def tell_supervisor(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether systemd, or its like, was told `state`: `READY=1`, `WATCHDOG=1` or `STOPPING=1`.

    False where nobody asked for it by `NOTIFY_SOCKET`, or where that socket is gone: nothing depends on it.

    References
    ----------
    sd_notify(3), https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html

    Examples
    --------
    >>> tell_supervisor("READY=1", {})
    False
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A name that begins with @ lies in the abstract namespace, which begins with a zero byte.
    name = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            # A supervisor that does not read must not stop the ticks.
            end.setblocking(False)
            end.sendto(state.encode(), name)
    except OSError as error:
        log.debug("supervisor not told state=%s reason=%s", state, type(error).__name__)
        return False
    return True
