from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from driftwatch.charts.values import Chart
from driftwatch.errors import PictureError
from driftwatch.jobs.pictures import build_bundle, draw_png, name_bundle
from tests.support.charts import draw_every

PNG = b"\x89PNG\r\n\x1a\n"


def read_size(picture: bytes) -> tuple[int, int]:
    """Return the width and the height of a PNG, from its first chunk."""
    assert picture.startswith(PNG)
    assert picture.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.slow
@pytest.mark.parametrize("chart", draw_every(), ids=lambda one: one.name)
def test_every_picture_can_be_drawn(chart: Chart) -> None:
    width, height = read_size(draw_png(chart.spec, scale=1.0))

    assert 700 <= width <= 800
    assert 80 <= height <= 500


def test_a_picture_is_drawn_on_a_light_or_a_dark_ground_and_finer_where_asked_for() -> None:
    spec = draw_every()[0].spec

    light, dark = draw_png(spec, scale=1.0), draw_png(spec, ground="dark", scale=1.0)

    assert light != dark
    assert read_size(draw_png(spec, scale=2.0)) == tuple(2 * length for length in read_size(light))


def test_what_is_no_specification_is_refused_in_one_line() -> None:
    with pytest.raises(PictureError, match=r"a picture could not be drawn: \S+") as caught:
        draw_png({"mark": "sausage", "encoding": {"x": {"field": "a"}}})

    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the children of a process are listed by Linux alone")
def test_a_picture_that_takes_too_long_is_given_up_and_its_child_is_gone() -> None:
    started = time.monotonic()

    with pytest.raises(PictureError, match=r"not drawn within 0\.05 s"):
        draw_png(draw_every()[0].spec, deadline=timedelta(seconds=0.05))

    assert time.monotonic() - started < 10
    assert not list_children()


def test_the_child_reads_nothing_from_elsewhere() -> None:
    spec = {"data": {"url": "http://127.0.0.1:9/rows.json"}, "mark": "bar", "encoding": {"x": {"field": "a"}}}

    with pytest.raises(PictureError, match="not"):
        draw_png(spec)


def test_the_child_is_told_no_secret_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-secret")
    started = subprocess.Popen

    def note(*words: object, env: dict[str, str], **rest: object) -> object:
        seen.append(env)
        return started(*words, env=env, **rest)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", note)
    draw_png(draw_every()[0].spec)

    assert seen
    assert "xoxb-secret" not in seen[0].values()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends a child with its parent")
def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    # The parent leaves its child waiting for a task, and dies.
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'driftwatch.jobs.picture_child',\n"
        "    str(os.getpid()), '30'], stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    wait_for_end(pid)


def test_the_bundle_is_what_its_name_stands_for() -> None:
    bundle = build_bundle()

    assert b"vegaEmbed" in bundle
    assert 500_000 < len(bundle) < 2_000_000
    assert len(name_bundle()) == 16


def test_help_answers_without_the_library_of_pictures() -> None:
    code = "import sys, driftwatch.web.site, driftwatch.jobs.pictures; print('altair' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(ended.stdout.strip().lower()) is False


def list_children() -> list[str]:
    """Return the drawing children of this process."""
    own = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for found in own for pid in found.read_text().split()]
    return [line.decode() for line in lines if b"picture_child" in line]


def wait_for_end(pid: int) -> None:
    """Return once a process is gone; fails after ten seconds."""
    for _ in range(200):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} lives on")
