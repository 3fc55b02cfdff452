"""The program of a drawing child: one picture, or what draws them in a browser, and then it ends.

`python -m driftwatch.jobs.picture_child PARENT SECONDS` is started by `driftwatch.jobs.pictures` and by
nobody else. It reads what to draw as JSON from standard input and writes the bytes to standard output. The
engine that draws is that of a browser, of some 300 MB: it is gone with this process.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

from driftwatch.jobs.confinement import end_with, leave_network, set_limit

__all__ = ["main"]

_MOST_MEMORY: Final = 1 << 30
_MOST_FILES: Final = 64


def main(words: list[str]) -> int:
    """Do what standard input asks for; return the exit status."""
    parent, seconds = int(words[0]), int(words[1])
    # A terminal's Ctrl-C goes to all; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    leave_network()
    # Not the limit on addresses: the engine reserves far more of them than it uses.
    set_limit(resource.RLIMIT_DATA, _MOST_MEMORY)
    set_limit(resource.RLIMIT_CPU, seconds)
    set_limit(resource.RLIMIT_NOFILE, _MOST_FILES)
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        set_limit(kind, 0)
    made = _make(json.load(sys.stdin.buffer))
    with os.fdopen(1, "wb") as out:
        out.write(made)
    return 0


def _make(task: Mapping[str, Any]) -> bytes:
    import vl_convert

    if "snippet" in task:
        return str(vl_convert.javascript_bundle(task["snippet"])).encode()
    return bytes(
        vl_convert.vegalite_to_png(
            json.dumps(task["spec"]), config=task["config"], scale=task["scale"], allowed_base_urls=[]
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
