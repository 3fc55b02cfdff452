"""The settings of simulated worlds, and the named worlds that the false-alarm budget is judged in.

Nothing is wrong in a world but what its `shifts` say: whatever is told elsewhere is a false page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

__all__ = ["SHIFTED", "SPECS", "Shift", "WorldSpec", "choose_for_calibration", "choose_for_suite"]

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A change of so many σ in the number column at this place, or in all of them.

    `first` is the first changed window and `until` the first that is as before, None for never. Both are
    counted from the first counted window on; numbers below 0 reach into the history and the reference.
    """

    sigmas: float
    column: int | None
    first: int
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSpec:
    """Everything that a world is drawn from.

    Columns: `columns` number columns of a standard normal law, then one category column for each entry
    of `categories`, with so many names by Zipf's law. With `zero_share` above 0 that share of a number
    column is exactly 0; with `levels` its values are so many whole numbers. `missing` shares are dealt to
    all columns in turn; their log-odds wobble with a standard deviation of .2.

    Wobble: a quarter of the columns each has one of the four `wobbles`, in σ (of the log-odds for
    categories). Half of its variance is common to all columns; `memory` is its φ. Seasons: every fourth
    column moves by `weekend` σ at weekends and every fourth by a yearly wave of `trend` σ, every second
    one by a daily wave of `hours` σ that comes six hours later at weekends. Columns at even places have no
    season.

    Rows: `rows` on a usual weekday (at noon, for hourly windows), times `weekend_rows` at weekends, times
    `night_rows` at midnight, times a log-normal factor of `jitter`; or the two of `alternate` by turns.

    Windows: `reference` blocks, then `history` windows that are judged first, then `counted` ones.
    """

    name: str = "world"
    seed: int = 0
    columns: int = 20
    categories: tuple[int, ...] = ()
    zero_share: float = 0.0
    levels: int = 0
    missing: tuple[float, ...] = (0.0,)
    wobbles: tuple[float, float, float, float] = (0.0, 0.03, 0.03, 0.10)
    memory: float = 0.0
    tails: Literal["normal", "t3"] = "normal"
    scale_wobble: bool = False
    weekend: float = 0.3
    trend: float = 0.0
    hours: float = 0.0
    rows: int = 2000
    weekend_rows: float = 0.4
    night_rows: float = 1.0
    jitter: float = 0.3
    alternate: tuple[int, int] | None = None
    length: timedelta = timedelta(days=1)
    reference: int = 56
    history: int = 0
    counted: int = 600
    shifts: tuple[Shift, ...] = ()

    def __post_init__(self) -> None:
        if self.columns + len(self.categories) < 1 or self.reference < 1:
            raise ValueError("a world needs a column and a block of reference")
        if self.length not in {timedelta(days=1), _HOUR}:
            raise ValueError(f"windows of a world last a day or an hour, not {self.length}")
        if self.zero_share and self.levels:
            raise ValueError("a world has zeros or levels, not both")

    @property
    def counted_from(self) -> int:
        """Return the place of the first counted window, the reference's blocks included."""
        return self.reference + self.history

    @property
    def windows(self) -> int:
        """Return how many windows there are in all, the reference's blocks included."""
        return self.counted_from + self.counted

    @property
    def windows_a_day(self) -> int:
        """Return 1 or 24."""
        return timedelta(days=1) // self.length

    @property
    def number_names(self) -> tuple[str, ...]:
        """Return the names of the number columns."""
        return tuple(f"number_{place:03d}" for place in range(self.columns))

    @property
    def category_names(self) -> tuple[str, ...]:
        """Return the names of the category columns."""
        return tuple(f"category_{place:03d}" for place in range(len(self.categories)))

    @property
    def number_wobbles(self) -> tuple[float, ...]:
        """Return the standard deviation of the wobble of each number column.

        >>> WorldSpec(columns=5).number_wobbles
        (0.0, 0.03, 0.03, 0.03, 0.1)
        """
        return self._deal_wobbles(self.columns)

    @property
    def category_wobbles(self) -> tuple[float, ...]:
        """Return the standard deviation of the wobble of each category column's log-odds."""
        return self._deal_wobbles(len(self.categories))

    def _deal_wobbles(self, count: int) -> tuple[float, ...]:
        return tuple(self.wobbles[(4 * place + 2) // count] for place in range(count))

    def find_column(self, wobble: float, *, weekend: bool = False) -> int:
        """Return the place of the first number column that wobbles so: without a season, or with weekends.

        >>> WorldSpec().find_column(0.10), WorldSpec().find_column(0.0, weekend=True)
        (16, 3)
        """
        for place, found in enumerate(self.number_wobbles):
            if found == wobble and (place % 4 == 3 if weekend else place % 2 == 0):
                return place
        raise ValueError(f"no such column with a wobble of {wobble} among {self.columns}")


def _grid() -> Iterable[WorldSpec]:
    for memory in (0.0, 0.6, 0.9):
        for history in (0, 90):
            for columns in (5, 20, 200):
                for rows in (200, 2_000, 20_000, 100_000):
                    yield WorldSpec(
                        name=f"phi{memory:g}-history{history}-columns{columns}-rows{rows}",
                        memory=memory,
                        history=history,
                        columns=columns,
                        rows=rows,
                    )


_HOURLY = WorldSpec(
    columns=10,
    hours=0.3,
    rows=300,
    night_rows=0.25,
    weekend_rows=0.8,
    jitter=0.1,
    length=_HOUR,
    reference=28 * 24,
    counted=60 * 24,
)


def _others() -> Iterable[WorldSpec]:
    for memory in (0.0, 0.6, 0.9):
        usual = WorldSpec(memory=memory)
        kinds = {
            "scale-wobble": replace(usual, scale_wobble=True),
            "heavy-tails": replace(usual, tails="t3"),
            "zeros60": replace(usual, zero_share=0.6),
            "zeros97": replace(usual, zero_share=0.97),
            "levels5": replace(usual, levels=5),
            "categories": replace(usual, columns=0, categories=(5, 50, 500) * 6),
            "missing": replace(usual, missing=(0.0, 0.01, 0.1)),
            "alternating": replace(usual, alternate=(100, 10_000)),
            "trend0.3": replace(usual, trend=0.3),
            "trend1": replace(usual, trend=1.0),
            "mixed": replace(
                usual, categories=(50,), tails="t3", scale_wobble=True, missing=(0.0, 0.0, 0.01)
            ),
            "dirty-reference": replace(usual, shifts=(Shift(sigmas=0.5, column=None, first=-28, until=-21),)),
            "hourly": replace(_HOURLY, memory=memory),
        }
        for name, spec in kinds.items():
            yield replace(spec, name=f"{name}-phi{memory:g}")
    yield WorldSpec(name="columns20-phi0.97", memory=0.97)


_LASTING = {0.0: (0.1, 0.2), 0.03: (0.05, 0.1, 0.2), 0.10: (0.1, 0.2, 0.3)}
"""The shifts whose delays are known, by the wobble of the column that they are put into."""


def _shifted() -> Iterable[WorldSpec]:
    for memory in (0.0, 0.6, 0.9):
        usual = WorldSpec(memory=memory, history=90, counted=360)
        for wobble, sizes in _LASTING.items():
            for sigmas in sizes:
                shift = Shift(sigmas=sigmas, column=usual.find_column(wobble), first=60)
                name = f"shift{sigmas:g}-wobble{wobble:g}-phi{memory:g}"
                yield replace(usual, name=name, shifts=(shift,))
        weekend = Shift(sigmas=0.2, column=usual.find_column(0.0, weekend=True), first=60)
        yield replace(usual, name=f"shift0.2-weekends-phi{memory:g}", shifts=(weekend,))
        passing = Shift(sigmas=0.2, column=usual.find_column(0.0), first=60, until=90)
        yield replace(usual, name=f"passing-shift0.2-phi{memory:g}", shifts=(passing,))
        hourly = replace(_HOURLY, memory=memory)
        shift = Shift(sigmas=0.2, column=hourly.find_column(0.0), first=30 * 24)
        yield replace(hourly, name=f"hourly-shift0.2-phi{memory:g}", shifts=(shift,))


def _name(specs: Iterable[WorldSpec]) -> Mapping[str, WorldSpec]:
    return MappingProxyType({spec.name: spec for spec in specs})


SPECS: Mapping[str, WorldSpec] = _name((*_grid(), *_others()))
"""Worlds in which nothing changes once the reference is over."""
SHIFTED: Mapping[str, WorldSpec] = _name(_shifted())
"""Worlds in which one column changes, for delays and for what becomes of the incident."""

_SMALL = (
    "phi0-history0-columns20-rows2000",
    "phi0.9-history90-columns5-rows200",
    "mixed-phi0.6",
    "zeros97-phi0.6",
    "categories-phi0",
)


def choose_for_suite(counted: int = 240) -> tuple[WorldSpec, ...]:
    """Return a few clean worlds, cut to so many counted windows, for every run of the tests."""
    return tuple(replace(SPECS[name], counted=counted) for name in _SMALL)


def choose_for_calibration(seeds: int = 10) -> Iterable[WorldSpec]:
    """Return every clean world with each of so many seeds, those of one world in a row."""
    return (replace(spec, seed=seed) for spec in SPECS.values() for seed in range(seeds))
