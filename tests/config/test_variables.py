from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.config.variables import insert_variables

FOLDER = Path("/etc/driftwatch")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("${NAME}", ("value",)),
        ("a${NAME}b${NAME}", ("avaluebvalue",)),
        ("${UNSET:-x:-y}", ("x:-y",)),
        ("${UNSET:-}", ()),
        ("${EMPTY:-x}", ("x",)),
        ("${EMPTY}", ()),
        ("${NAME:-x}", ("value",)),
        ("${NESTED}", ("${NAME}",)),
        ("$${NAME}", ("${NAME}",)),
        ("$NAME and $$", ("$NAME and $$",)),
        ("${file:/run/secrets/x}", (Path("/run/secrets/x"),)),
        ("https://h/${file:token}?a=${NAME}", ("https://h/", FOLDER / "token", "?a=value")),
    ],
)
def test_variables_are_filled_in(text: str, parts: tuple[str | Path, ...]) -> None:
    environment = {"NAME": "value", "EMPTY": "", "NESTED": "${NAME}"}

    inserted = insert_variables(text, environment, FOLDER)

    assert inserted.parts == parts
    assert inserted.mistakes == ()


@pytest.mark.parametrize("text", ["${", "${}", "${NAME", "${1A}", "${NA ME}", "${file:}", "a ${NAME:x}"])
def test_a_variable_that_cannot_be_read_is_a_mistake(text: str) -> None:
    inserted = insert_variables(text, {"NAME": "canary"}, FOLDER)

    assert len(inserted.mistakes) == 1
    assert "write ${NAME}" in inserted.mistakes[0]


def test_a_variable_that_is_not_set_is_named() -> None:
    inserted = insert_variables("${A} ${B:-b} ${C}", {}, FOLDER)

    assert [mistake.split()[2] for mistake in inserted.mistakes] == ["A", "C"]
