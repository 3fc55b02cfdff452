"""The ledger: what is left of the promise. A page costs, every quiet window pays a little back."""

from __future__ import annotations

__all__ = ["PRICE", "enter_window", "refund_page", "use_level"]

PRICE = 0.02
"""γ: what a page costs of the level."""
_FLOOR = 5
"""Without a hard cap the level in use is never less than a fifth of what was promised."""


def enter_window(level: float, promised: float, *, paged: bool) -> float:
    """Return the level after a window outside of incidents.

    Parameters
    ----------
    level
        The level before, at most `promised`; below 0 where more was spent than there was.
    promised
        α, the chance of a page in a clean window.
    paged
        Whether somebody was told at once.

    Notes
    -----
    a ← min(α, a + γ(α − page)), the adaptive conformal step with one side only: it tightens after pages
    and never loosens beyond what was promised.

    References
    ----------
    I. Gibbs and E. Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021.

    Examples
    --------
    >>> round(enter_window(0.05, 0.05, paged=True), 6), enter_window(0.05, 0.05, paged=False)
    (0.031, 0.05)
    """
    return min(promised, level + PRICE * (promised - paged))


def refund_page(level: float, promised: float) -> float:
    """Return the level after a person said that a page was right: it cost nothing.

    >>> refund_page(0.01, 0.05)
    0.03
    """
    return min(promised, level + PRICE)


def use_level(level: float, promised: float, *, hard_cap: bool) -> float:
    """Return the level to judge by: a fifth of the promise at least, 0 where a hard cap is spent.

    >>> use_level(-0.01, 0.05, hard_cap=False), use_level(-0.01, 0.05, hard_cap=True)
    (0.01, 0.0)
    """
    least = 0.0 if hard_cap else promised / _FLOOR
    return min(promised, max(least, level))
