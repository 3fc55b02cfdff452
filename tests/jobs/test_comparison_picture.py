from __future__ import annotations

import pandas as pd
import pytest

import driftwatch
from driftwatch.errors import PictureError
from driftwatch.jobs import comparison_picture

USUAL = pd.DataFrame({"fee": [x / 2 for x in range(100)] * 3, "city": ["oslo", "rome", "cork"] * 100})
NOW = pd.DataFrame({"fee": [x / 2 + 25 for x in range(100)] * 3, "city": ["oslo"] * 300})


def test_a_column_shows_itself_as_a_picture_in_a_notebook() -> None:
    picture = driftwatch.compare(USUAL, NOW).columns["fee"]._repr_png_()

    assert picture is not None
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")


def test_the_picture_says_which_column_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(comparison_picture, "draw_png", lambda spec: said.append(spec["title"]["text"]))
    found = driftwatch.compare(USUAL, NOW)

    for column in found.columns.values():
        column._repr_png_()

    assert said[0].startswith("fee: 0 % of the current rows are ")
    assert said[0].endswith("which is KS.")
    assert said[1] == "city: oslo grew the most, from 33 % to 100 % of the rows."


def test_a_column_that_the_batch_lacks_has_no_picture() -> None:
    assert driftwatch.compare(USUAL, NOW[["fee"]]).columns["city"]._repr_png_() is None


def test_where_nothing_can_be_drawn_a_notebook_shows_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(spec: object) -> bytes:
        raise PictureError("no memory")

    monkeypatch.setattr(comparison_picture, "draw_png", fail)

    assert driftwatch.compare(USUAL, NOW).columns["fee"]._repr_png_() is None
