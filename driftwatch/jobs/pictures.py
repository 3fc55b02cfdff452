"""Pictures drawn, for messages and notebooks, and the program that draws them in a browser.

Both are made by a child process that lives as long as that takes: see `driftwatch.jobs.picture_child`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from math import ceil
from textwrap import wrap
from typing import Any, Final

from driftwatch.charts.look import Ground, build_look
from driftwatch.charts.values import Spec
from driftwatch.errors import PictureError

__all__ = ["PICTURE_DEADLINE", "build_bundle", "draw_png", "name_bundle"]

PICTURE_DEADLINE: Final = timedelta(seconds=30)
"""How long a picture may take, on a machine that is busy: alone it takes about a second."""

_GROUNDS: Final[dict[Ground, str]] = {"light": "#ffffff", "dark": "#14171c"}
_WIDTH: Final = 720
_TITLE_LETTERS: Final = 88
_MOST_LETTERS: Final = 300
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")

# What a browser needs of the bundle, and no more of it than that.
_SNIPPET: Final = "window.vegaEmbed = vegaEmbed;"

_ONE_AT_A_TIME: Final = threading.Lock()
"""Each takes some 300 MB."""


def draw_png(
    spec: Spec, *, ground: Ground = "light", scale: float = 2.0, deadline: timedelta = PICTURE_DEADLINE
) -> bytes:
    """Return a picture as PNG, `scale` times as fine as a screen of old. Raises PictureError."""
    look = build_look(ground, background=_GROUNDS[ground])
    return _ask({"spec": _fit(spec), "config": look, "scale": scale}, deadline)


def build_bundle(*, deadline: timedelta = PICTURE_DEADLINE) -> bytes:
    """Return the JavaScript that draws specifications in a browser. Raises PictureError."""
    return _ask({"snippet": _SNIPPET}, deadline)


@cache
def name_bundle() -> str:
    """Return 16 hex digits that differ wherever `build_bundle` returns something else."""
    made_of = f"{version('vl-convert-python')}|{_SNIPPET}"
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


def _fit(spec: Spec) -> Spec:
    """Return a specification for paper: as wide as that, its title on as many lines as it takes."""
    fitted = deepcopy(spec)
    fitted["width"] = _WIDTH
    fitted["autosize"] = {"type": "fit-x", "contains": "padding"}
    fitted["padding"] = 12
    title = fitted.get("title")
    if title:
        fitted["title"] = {**title, "text": wrap(title["text"], _TITLE_LETTERS)}
    return fitted


def _ask(task: Mapping[str, Any], deadline: timedelta) -> bytes:
    seconds = deadline.total_seconds()
    # The engine has threads; that the child ends with its work undone is for the deadline to say.
    cpu = ceil(2 * seconds)
    with _ONE_AT_A_TIME:
        child = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-m", "driftwatch.jobs.picture_child", str(os.getpid()), str(cpu)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_build_environment(),
            start_new_session=True,
        )
        try:
            made, said = child.communicate(json.dumps(task).encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            raise PictureError(f"a picture was not drawn within {seconds:g} s") from None
        finally:
            child.kill()
            child.communicate()
    if child.returncode != 0 or not made:
        raise PictureError(f"a picture could not be drawn: {_read_reason(said, child.returncode)}")
    return made


def _build_environment() -> dict[str, str]:
    """Return what the child may know: the packages that this process sees, and no secret of it."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path)}


def _read_reason(said: bytes, status: int) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    reason = lines[-1] if lines else f"the child ended with status {status}"
    return "".join(sign if sign.isprintable() else " " for sign in reason)[:_MOST_LETTERS]
