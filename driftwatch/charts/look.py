"""How pictures look: on light and on dark ground, for eyes that tell few colours apart, and for paper.

Specifications name what a thing is (`current`, `limit`, …); the colours of these names are here. What a
colour says, a dash or a shape says too.
"""

from __future__ import annotations

from typing import Any, Final, Literal

__all__ = ["Ground", "build_look"]

Ground = Literal["light", "dark"]

_COLOURS: Final[dict[Ground, dict[str, str]]] = {
    "light": {
        "text": "#1b1f27",
        "soft": "#555d6b",
        "line": "#d5d9e0",
        "current": "#0b57b7",
        "reference": "#5a6170",
        "limit": "#b45309",
        "third": "#7b3fa0",
        "empty": "#eef0f3",
        "full": "#0b3d86",
    },
    "dark": {
        "text": "#e8eaee",
        "soft": "#a9b1be",
        "line": "#363c47",
        "current": "#8ab8ff",
        "reference": "#a9b1be",
        "limit": "#f5b041",
        "third": "#d0a3ec",
        "empty": "#262b34",
        "full": "#a8ccff",
    },
}


def build_look(ground: Ground, *, background: str = "transparent") -> dict[str, Any]:
    """Return the Vega-Lite configuration for pictures on a light or a dark ground.

    >>> build_look("dark")["style"]["limit"]["strokeDash"]
    [6, 3]
    """
    colour = _COLOURS[ground]
    words = {"labelColor": colour["soft"], "titleColor": colour["soft"], "labelFont": "sans-serif"}
    lines = {"gridColor": colour["line"], "domainColor": colour["line"], "tickColor": colour["line"]}
    return {
        "background": background,
        "font": "sans-serif",
        "title": {"color": colour["text"], "anchor": "start", "fontSize": 14, "fontWeight": 600},
        "axis": {**words, **lines, "labelLimit": 160, "titleFontWeight": "normal"},
        "legend": {**words, "orient": "top", "symbolStrokeColor": colour["soft"], "labelLimit": 240},
        "view": {"stroke": None},
        "range": {
            "category": [colour[name] for name in ("current", "reference", "limit", "third")],
            "heatmap": [colour["empty"], colour["full"]],
            "ramp": [colour["empty"], colour["full"]],
        },
        "style": _build_styles(colour),
    }


def _build_styles(colour: dict[str, str]) -> dict[str, Any]:
    # `color`, for `stroke` and `fill` of a style give way to the colour that a mark has by default.
    return {
        "current": {"color": colour["current"], "strokeWidth": 2, "strokeJoin": "round"},
        "limit": {"color": colour["limit"], "strokeWidth": 2, "strokeDash": [6, 3]},
        "gap": {"color": colour["limit"], "strokeWidth": 4},
        "dot": {"color": colour["current"]},
        "beyond": {"color": colour["limit"], "opacity": 1},
        "band": {"color": colour["limit"], "opacity": 0.18},
        "mark": {"color": colour["third"], "strokeWidth": 1.5},
        "sign": {"color": colour["third"], "opacity": 1},
        "name": {"color": colour["text"]},
        "now": {"color": colour["current"]},
        "usual": {"color": colour["reference"]},
    }
