from __future__ import annotations

import json
from typing import Any

import pytest

from driftwatch.charts.look import Ground, build_look
from tests.support.charts import draw_every

GROUNDS: dict[Ground, str] = {"light": "#ffffff", "dark": "#14171c"}
READ, SEEN = 4.5, 3.0
"""What WCAG 2.2 asks for of text (1.4.3), and of what is seen in a picture (1.4.11)."""


@pytest.mark.parametrize("ground", GROUNDS)
def test_words_can_be_read_and_lines_be_seen_on_either_ground(ground: Ground) -> None:
    look = build_look(ground)
    words = [look["axis"]["labelColor"], look["legend"]["labelColor"], look["title"]["color"]]
    drawn = [*look["range"]["category"], *(one["color"] for one in look["style"].values())]

    assert min(contrast(colour, GROUNDS[ground]) for colour in words) >= READ
    assert min(contrast(colour, GROUNDS[ground]) for colour in drawn) >= SEEN


def test_both_grounds_know_every_name_that_a_picture_uses() -> None:
    named = {style for chart in draw_every() for style in list_styles(chart.spec)}

    assert named == build_look("light")["style"].keys() == build_look("dark")["style"].keys()


def test_no_picture_has_a_colour_of_its_own() -> None:
    assert not any("#" in json.dumps({**chart.spec, "datasets": {}}) for chart in draw_every())


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_fuller_a_cell_the_further_it_is_from_the_ground(ground: Ground) -> None:
    empty, full = build_look(ground)["range"]["heatmap"]

    assert contrast(full, GROUNDS[ground]) > 3 * contrast(empty, GROUNDS[ground])


def list_styles(part: Any) -> set[str]:
    """Return every style that a part of a specification names."""
    if isinstance(part, list):
        return set().union(*map(list_styles, part))
    if not isinstance(part, dict):
        return set()
    own = {part["style"]} if isinstance(part.get("style"), str) else set()
    return own.union(*map(list_styles, part.values()))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
