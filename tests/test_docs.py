"""What exists is in README, and what README shows works."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from driftwatch.channels import CHANNELS
from driftwatch.cli import app
from driftwatch.config.loading import parse_config
from driftwatch.config.settings import MonitorSettings
from driftwatch.sources import SOURCES
from driftwatch.statistics import entries
from driftwatch.triggers import TRIGGERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_statistic_is_in_readme(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(kind, part) for catalogue in (SOURCES, CHANNELS, TRIGGERS) for kind, part in catalogue.items()],
)
def test_every_source_channel_and_trigger_is_in_readme_with_its_settings(kind: str, settings: type) -> None:
    lines = [line for line in README.splitlines() if f"`{kind}`" in line and line.startswith("|")]
    names = {field.name for field in dataclasses.fields(settings)}

    assert any(names <= set(re.findall(r"`(\w+)`", line)) for line in lines)


@pytest.mark.parametrize("name", [field.name.rstrip("_") for field in dataclasses.fields(MonitorSettings)])
def test_every_setting_of_a_monitor_is_in_the_example_of_readme(name: str) -> None:
    assert re.search(rf"\b{name}:", find_example())


def test_the_example_configuration_of_readme_has_no_mistakes(tmp_path: Path) -> None:
    example = find_example().replace("${file:/run/secrets/hook}", SECRET)
    environment = {
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/X",
        "RETRAIN_SECRET": SECRET,
        "WAREHOUSE_URL": "sqlite:///warehouse.db",
    }

    config = parse_config(example.encode(), file=tmp_path / "driftwatch.yaml", environment=environment)

    assert [monitor.id for monitor in config.monitors] == ["flight-delays"]


def find_example() -> str:
    found = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def list_commands() -> list[str]:
    group = typer.main.get_command(app)
    names = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {verb}" for verb in inner] if inner else [name]
    return names


@pytest.mark.parametrize("command", list_commands())
def test_every_command_is_in_readme(command: str) -> None:
    noun, _, verb = command.partition(" ")
    table = README[README.index("## Commands") :]

    lines = [line for line in table.splitlines() if re.search(rf"[` ]{noun}\b", line)]

    assert any(re.search(rf"\b{verb}\b", line) for line in lines)


@pytest.mark.parametrize("name", re.findall(r"\]\((examples/\w+\.py)\)", README))
def test_every_example_that_readme_names_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


def test_readme_names_every_example() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == {
        Path(name).name for name in re.findall(r"\]\((examples/\w+\.py)\)", README)
    }


def test_every_make_target_of_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))

    assert named
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in named)


def test_alembic_is_no_package() -> None:
    # With an __init__.py it would hide the library of that name.
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, driftwatch; print(sorted(set(sys.modules) & {'numpy', 'pandas', 'sqlalchemy', 'scipy'}))"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/]*(?:\.py)?)`", README))))
def test_every_test_that_readme_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()
