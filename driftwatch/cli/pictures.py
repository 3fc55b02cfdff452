"""Small pictures of distributions, made of characters."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["draw_bars"]

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:-=+*%#"


def draw_bars(shares: Sequence[float], *, top: float, blocks: bool = True) -> str:
    """Return one character for each share, 0 to `top`; a share above 0 is never invisible.

    Without `blocks` the characters are ASCII, the denser the more.

    >>> draw_bars([0.0, 0.001, 0.25, 0.5], top=0.5)
    ' ▁▄█'
    >>> draw_bars([0.0, 0.001, 0.25, 0.5], top=0.5, blocks=False)
    ' .=#'
    """
    signs = _BLOCKS if blocks else _ASCII
    if top <= 0:
        return signs[0] * len(shares)
    return "".join(signs[_find_step(share / top, len(signs) - 1)] for share in shares)


def _find_step(part: float, steps: int) -> int:
    return max(1, min(steps, round(part * steps))) if part > 0 else 0
