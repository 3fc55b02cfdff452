from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from driftwatch.cli import main
from tests.support.commands import run_here

pytestmark = pytest.mark.slow

COMMANDS = [
    *("compare", "init", "validate", "schema", "serve", "check", "gate", "window list", "status"),
    *("backtest", "drill", "explain", "why-not", "report"),
    *("reference build", "reference list", "reference show", "reference promote", "reference rollback"),
    "reference accept",
    *("incident list", "incident show", "incident acknowledge", "incident resolve", "incident label"),
    *("incident snooze", "incident assign", "incident note", "monitor list", "monitor remove"),
    *("monitor pause", "monitor resume", "retrain request"),
    *("silence add", "silence list", "silence expire", "mark add", "mark list"),
    *("delivery list", "delivery show", "delivery retry", "delivery test", "retrain list", "retrain show"),
    *("db upgrade", "db check", "db backup", "db restore", "db prune", "db rename-instance"),
    *("token create", "token list", "token revoke", "user add", "user list", "user remove"),
    *("user password", "audit list", "doctor", "torture", "demo"),
]
NOUNS = [
    "",
    "window",
    "reference",
    "incident",
    "monitor",
    "silence",
    "mark",
    "delivery",
    "retrain",
    "db",
    "token",
    "user",
    "audit",
]
HEAVY = {"alembic", "apscheduler", "numpy", "pandas", "pyarrow", "requests", "scipy", "sqlalchemy", "yaml"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, tmp_path: Path) -> None:
    ran = run_here(*command.split(), "--help", folder=tmp_path)

    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"Usage: driftwatch {command} ")
    assert "Options:" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert "\033" not in ran.stdout


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_alone_shows_its_verbs_and_is_a_mistake(noun: str, tmp_path: Path) -> None:
    ran = run_here(*noun.split(), folder=tmp_path)

    assert ran.status == 2
    verbs = {command.removeprefix(noun).split()[0] for command in COMMANDS if command.startswith(noun)}
    said = ran.stdout + ran.stderr
    assert {line.split()[0] for line in said.partition("Commands:\n")[2].splitlines()} == verbs


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    ran = run_here("--version", folder=tmp_path)

    assert (ran.status, ran.stdout) == (0, f"driftwatch {version('driftwatch')}\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["incident", "close"], "No such command 'close'"),
        (["check"], "Missing argument"),
        (["check", "shop", "--frm", "2024-01-01"], "No such option: --frm"),
        (["status", "-o", "xml"], "'xml' is not one of 'text', 'json'"),
        (["check", "shop", "--notify", "some"], "'some' is not one of 'none', 'final', 'all'"),
        (["incident", "show", "first"], "Invalid value for 'number'"),
        (["incident", "resolve", "1"], "Missing option '--why'"),
        (["delivery", "list", "--newest", "0"], "--newest"),
    ],
)
def test_words_that_are_no_command_are_a_mistake(args: list[str], said: str, fresh_shop: Path) -> None:
    ran = run_here(*args, folder=fresh_shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert said in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
    assert not (fresh_shop / "driftwatch.db").exists()


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from driftwatch.cli import main\n"
        f"for command in {COMMANDS!r}:\n"
        "    sys.argv = ['driftwatch', *command.split(), '--help']\n"
        "    try: main()\n"
        "    except SystemExit as ended: assert not ended.code\n"
        f"print('heavy:', sorted({HEAVY!r} & set(sys.modules)))\n"
    )

    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )

    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-1] == "heavy: []"


def test_the_configuration_comes_from_the_option_then_the_environment_then_the_folder(
    fresh_shop: Path, tmp_path: Path
) -> None:
    config = str(fresh_shop / "driftwatch.yaml")
    elsewhere = {"DRIFTWATCH_CONFIG": str(tmp_path / "nowhere.yaml")}

    assert run_here("validate", folder=fresh_shop).status == 0
    assert run_here("validate", folder=tmp_path, variables={"DRIFTWATCH_CONFIG": config}).status == 0
    assert run_here("validate", "-c", config, folder=tmp_path, variables=elsewhere).status == 0
    assert run_here("validate", "--config", config, folder=tmp_path).status == 0
    refused = run_here("validate", folder=fresh_shop, variables=elsewhere)
    assert (refused.status, refused.stdout) == (2, "")
    assert "nowhere.yaml" in refused.stderr


def test_without_a_configuration_the_way_to_one_is_said(tmp_path: Path) -> None:
    ran = run_here("status", folder=tmp_path)

    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == (
        "there is no file driftwatch.yaml; driftwatch init writes one, and -c names another place\n"
    )


def test_output_that_cannot_be_written_is_trouble(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "driftwatch", "schema"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (2, "driftwatch: no space left on device\n")


@pytest.mark.parametrize("args", [["schema"], ["db", "check"]])
def test_a_reader_that_goes_away_early_changes_no_exit_status(args: list[str], shop: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "driftwatch", *args],
        cwd=shop,
        stdout=writer,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    os.close(writer)

    assert (ran.returncode, ran.stderr) == (0, "")


def read_terminal(args: list[str], folder: Path, **variables: str) -> str:
    """Run a command whose standard output is a terminal and return what it wrote there."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    with subprocess.Popen(
        [sys.executable, "-m", "driftwatch", *args],
        cwd=folder,
        stdout=theirs,
        env=environment | {"TERM": "xterm"} | variables,
    ):
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65_536):
                written += piece
        except OSError:
            pass  # So Linux says that the other side has closed it.
        os.close(ours)
    return written.decode()


def test_colours_come_on_a_terminal_alone_and_not_with_no_color(shop: Path) -> None:
    args = ["window", "list", "shop"]

    assert "\033[31mdrift" in read_terminal(args, shop)
    assert "\033" not in read_terminal(args, shop, NO_COLOR="1")


@pytest.mark.parametrize(
    "args",
    [
        ["window", "list", "shop"],
        ["status"],
        ["reference", "list", "shop"],
        ["reference", "show", "shop"],
        ["incident", "list", "--all"],
        ["incident", "show", "1"],
        ["delivery", "list"],
        ["retrain", "list"],
        ["retrain", "show", "1"],
        ["db", "check"],
        ["validate"],
        ["check", "shop", "--at", "2024-01-15"],
    ],
)
def test_text_and_json_are_clean_in_a_pipe(args: list[str], shop: Path) -> None:
    text, found = run_here(*args, folder=shop), run_here(*args, "-o", "json", folder=shop)

    assert text.status == found.status
    assert text.stderr == found.stderr == ""
    assert "\033" not in text.stdout + found.stdout
    assert not any(line != line.rstrip() for line in text.stdout.splitlines())
    assert found.json["schema"].startswith("driftwatch.")
    assert "{" not in text.stdout


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_python_drops_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cleared:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def run(**_: object) -> None:
        Cleared()
        raise SystemExit(0)

    monkeypatch.setattr("driftwatch.cli.app", run)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130
    assert signal.getsignal(signal.SIGINT) is before
