"""What is said of the rows that carry a change."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from driftwatch.incidents.slices import (
    FoundSlice,
    SliceReport,
    decode_report,
    encode_report,
    say_how_counted,
    say_report,
    say_slice,
)
from driftwatch.statistics.slices import SliceKind
from tests.support.incidents import day

FOUND = FoundSlice(
    column="amount",
    divide="city",
    name="oslo",
    kind=SliceKind.OWN,
    explained=0.949,
    share=0.6,
    usual_share=0.59,
)
REPORT = SliceReport(
    window=day(8),
    columns=("amount",),
    divides=2,
    rows=300,
    usual_rows=600,
    usual_windows=2,
    found=(FOUND, replace(FOUND, column="b")),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "94 % of the change in amount is city = `oslo`: the rows with it, 60 % of all, changed, and"),
        ({"kind": SliceKind.SIZE}, "is city = `oslo`: the rows with it went from 59 % to 60 % of all."),
        ({"kind": SliceKind.SIZE, "share": 0.0}, "went from 59 % to none of all."),
        (
            {"kind": SliceKind.SIZE, "name": None, "apart": "unseen", "usual_share": 0.0},
            "is a city that the reference never had: the rows with it went from none to 60 % of all.",
        ),
        ({"name": None, "apart": "missing"}, "is no value in city: the rows with it"),
        ({"name": "x" * 200}, "xxx…`"),
        ({"name": "two\nlines"}, "`two lines`"),
    ],
)
def test_a_slice_is_one_sentence_with_its_shares(changes: dict[str, object], said: str) -> None:
    assert said in say_slice(replace(FOUND, **changes))  # type: ignore[arg-type]


def test_one_sentence_is_told_and_how_it_was_counted_can_be_read() -> None:
    assert say_report(REPORT) == say_slice(FOUND)
    assert say_how_counted(REPORT) == (
        "Counted by reading 300 rows of the window of 2013-02-08 once more, against 600 rows of 2 windows of "
        "the reference, by 2 columns."
    )


def test_where_rows_could_not_be_read_the_stored_counts_are_named_as_such() -> None:
    stored = replace(FOUND, kind=SliceKind.SIZE, usual_share=0.1)
    failed = SliceReport(window=day(8), stored=stored, failed="the server is gone")

    assert say_report(failed) == (
        "By the stored counts, rows with city = `oslo` went from 10 % to 60 % of all; whether those rows "
        "carry the change is not known."
    )
    assert say_how_counted(failed) == "Rows could not be searched for slices: the server is gone."
    assert say_report(SliceReport(window=day(8))) == ""


@pytest.mark.parametrize(
    "report", [REPORT, SliceReport(window=day(8), failed="no"), replace(REPORT, stored=FOUND)]
)
def test_a_document_gives_the_report_back(report: SliceReport) -> None:
    assert decode_report(json.loads(json.dumps(encode_report(report)))) == report
