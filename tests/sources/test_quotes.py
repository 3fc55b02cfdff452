from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.sources.quotes import QuoteError, find_end_of_rows, find_open_quote, find_quotes

FIELDS = st.text(alphabet='ab",\n\r 5', max_size=6)
ROWS = st.lists(st.lists(FIELDS, min_size=2, max_size=3), min_size=1, max_size=6)


def write(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@given(rows=ROWS)
def test_whatever_the_standard_library_writes_has_all_its_quotes_closed(rows: list[list[str]]) -> None:
    text = write(rows)

    quotes = find_quotes(text, b",")

    assert find_open_quote(quotes) is None
    assert find_end_of_rows(text, quotes) == len(text)


@given(rows=ROWS, share=st.floats(0, 1))
def test_a_text_is_cut_where_a_row_of_the_standard_library_ends(rows: list[list[str]], share: float) -> None:
    text = write(rows)
    ends = [len(write(rows[:count])) for count in range(len(rows) + 1)]
    part = text[: int(share * len(text))]

    end = find_end_of_rows(part, find_quotes(part, b",", final=False))

    assert end in ends
    # Quotes at the very end wait for what follows them, and with them the row they are in.
    assert end == max(e for e in ends if e <= len(part.rstrip(b'"')) or e == 0)


@pytest.mark.parametrize(
    ("text", "opened"),
    [(b'a,"b\nc,d\n', 2), (b'a,"b""\n', 2), (b'"a"\n"b,"",\n', 4), (b'"', 0), (b'5" nail,"open', 8)],
)
def test_the_quote_that_is_never_closed_is_found(text: bytes, opened: int) -> None:
    assert find_open_quote(find_quotes(text, b",")) == opened


def test_a_quote_inside_an_unquoted_field_is_an_ordinary_character() -> None:
    assert find_quotes(b'5" nail,6" nail\n', b",").tolist() == []


def test_text_behind_a_closing_quote_is_an_error_at_its_place() -> None:
    with pytest.raises(QuoteError) as caught:
        find_quotes(b'a,"b\n1,2\n3,"x"y\n', b",")

    assert caught.value.opened == 2
    assert caught.value.place == 11
