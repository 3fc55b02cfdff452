"""Which quotes of a CSV text open and close fields, and where its rows end.

Why not leave it to the parser: a quote that is never closed makes it swallow the rest of the file as one
field, and a file that lost its end must not look like one with few rows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["QuoteError", "find_end_of_rows", "find_open_quote", "find_quotes"]

_QUOTE: Final = 0x22
_ENDS: Final = b"\r\n"

Places = NDArray[np.int64]


class QuoteError(ValueError):
    """A closing quote is followed by something other than a delimiter; `place` is where the quote stands."""

    def __init__(self, place: int, opened: int) -> None:
        super().__init__("a closing quote is followed by text")
        self.place = place
        self.opened = opened


def find_quotes(text: bytes, delimiter: bytes, *, final: bool = True) -> Places:
    """Return the places of the quotes that open or close fields or stand doubled inside them, in order.

    `text` begins at the beginning of a row. A quote in the middle of an unquoted field is an ordinary
    character. Unless `final`, quotes at the very end are left out, for what follows them is not known.
    Raises QuoteError.

    >>> find_quotes(b'5" nail,"a""b"', b",").tolist()
    [8, 10, 11, 13]
    """
    known = len(text) if final else len(text.rstrip(b'"'))
    codes = np.frombuffer(text, dtype=np.uint8, count=known)
    places: Places = np.flatnonzero(codes == _QUOTE)
    if len(places) == 0 or _are_well_placed(codes, places, delimiter):
        return places
    return _follow_quotes(text, places, delimiter)


def _are_well_placed(codes: NDArray[np.uint8], places: Places, delimiter: bytes) -> bool:
    ends_field = np.zeros(256, dtype=bool)
    ends_field[list(delimiter + _ENDS)] = True
    opening, closing = places[0::2], places[1::2]
    opens = ends_field[codes[np.maximum(opening - 1, 0)]] | (opening == 0)
    opens[1:] |= opening[1:] - 1 == closing[: len(opening) - 1]
    closes = ends_field[codes[np.minimum(closing + 1, len(codes) - 1)]] | (closing == len(codes) - 1)
    following = opening[1 : len(closing) + 1]
    closes[: len(following)] |= closing[: len(following)] + 1 == following
    return bool(opens.all() and closes.all())


def _follow_quotes(text: bytes, places: Places, delimiter: bytes) -> Places:
    around = delimiter + _ENDS
    found: list[int] = []
    opened, skipped = -1, -1
    for place in places.tolist():
        if place == skipped:
            found.append(place)
        elif opened < 0:
            if place == 0 or text[place - 1] in around:
                opened = place
                found.append(place)
        else:
            found.append(place)
            after = text[place + 1 : place + 2]
            if after == b'"':
                skipped = place + 1
            elif not after or after in around:
                opened = -1
            else:
                raise QuoteError(place, opened)
    return np.array(found, dtype=np.int64)


def find_open_quote(quotes: Places) -> int | None:
    """Return the place of the quote that opens a field and is not closed; None when all are closed.

    `quotes` are those that `find_quotes` returns for a whole text.
    """
    if len(quotes) % 2 == 0:
        return None
    for at in range(len(quotes) - 1, 0, -2):
        # The second of two neighbours is a doubled quote inside the field.
        if quotes[at] - quotes[at - 1] != 1:
            return int(quotes[at])
    return int(quotes[0])


def find_end_of_rows(text: bytes, quotes: Places, newline: bytes = b"\n") -> int:
    """Return where the last whole row of `text` ends, just behind its line end; 0 when there is none."""
    end = len(text)
    while True:
        place = text.rfind(newline, 0, end)
        if place < 0:
            return 0
        before = int(np.searchsorted(quotes, place))
        if before % 2 == 0:
            return place + 1
        end = int(quotes[before - 1])
