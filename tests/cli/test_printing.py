from __future__ import annotations

import io
import json
import logging
import math
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.cli.printing import (
    flush_output,
    print_json,
    print_lines,
    print_table,
    say_age,
    say_stamp,
    shade,
)
from driftwatch.cli.session import log_to_stderr
from tests.support.hostile import HOSTILE, find_controls


def test_a_table_is_as_wide_as_its_cells_and_no_line_ends_in_spaces(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(["ID", "WHAT"], [[1, "a longer text"], [1234567, None]])

    assert capsys.readouterr().out == (
        "ID         WHAT\n1          a longer text\n1,234,567  -\n"
    )  # fmt: skip - as it is printed


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_data_steers_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(f"a{text}b", text)
    print_table(["WHAT", text], [[text, f"c{text}"]])

    lines = capsys.readouterr().out
    assert find_controls(lines) == []
    # Two lines of text, which may have more in them, the head of the table and one row.
    assert lines.count("\n") == 4 + 2 * text.count("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_record_is_one_line_of_the_log_whatever_is_in_it(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = logging.getLogger().handlers[:]
    try:
        log_to_stderr()
        logging.getLogger("driftwatch.test").info("window judged monitor=%s", text)
    finally:
        logging.getLogger().handlers[:] = handlers

    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()


def test_cells_are_said_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2013, 2, 8, 6, 30, 59, tzinfo=UTC)

    print_table(["A", "B", "C", "D"], [[at, timedelta(hours=26), True, 0.5]])

    assert capsys.readouterr().out.splitlines()[1].split("  ") == [
        "2013-02-08 06:30Z",
        "1d 2h",
        "True",
        "0.5",
    ]


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), "0s"),
        (timedelta(milliseconds=900), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=1), "1m"),
        (timedelta(hours=3, seconds=5), "3h 5s"),
        (timedelta(days=400, minutes=5), "400d 5m"),
        (timedelta(days=2, hours=3, minutes=4, seconds=5), "2d 3h"),
    ],
)
def test_an_age_is_said_in_its_two_largest_units(age: timedelta, said: str) -> None:
    assert say_age(age) == said


def test_a_stamp_says_its_zone() -> None:
    assert say_stamp(datetime(2013, 2, 8, 6, 5, tzinfo=UTC)) == "2013-02-08 06:05Z"


def test_json_is_alone_on_its_lines_and_refuses_what_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None]})

    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}
    with pytest.raises(ValueError, match="nan"):
        print_json({"a": math.nan})
    assert capsys.readouterr().out == ""


def test_what_a_terminal_cannot_show_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)

    print_lines("naïve ≥ 1")

    stream.seek(0)
    assert stream.read() == "na?ve ? 1\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())

    assert shade("drift", "red") == "\033[31mdrift\033[0m"
    assert shade("drift", "") == "drift"
    monkeypatch.setenv("TERM", "dumb")
    assert shade("drift", "red") == "drift"
    monkeypatch.delenv("TERM")
    monkeypatch.setenv("NO_COLOR", "1")
    assert shade("drift", "red") == "drift"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert shade("drift", "red") == "drift"


def test_words_for_states_are_coloured_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", terminal)

    print_table(["VERDICT", "WHAT"], [["drift", "x"], ["ok", "drift of all kinds"]])

    header, first, second = terminal.getvalue().splitlines()
    assert "\033" not in header
    assert first == "\033[31mdrift  \033[0m  x"
    assert second == "\033[32mok     \033[0m  drift of all kinds"


def test_output_that_nobody_reads_any_more_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor has no path.
        monkeypatch.setattr(sys, "stdout", stream)

        print_lines("x" * 100_000, "y")
        flush_output()
        print_json({"more": "z" * 100_000})
        flush_output()
