"""Text files in blocks of whole rows, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from driftwatch.errors import SourceError
from driftwatch.sources.datafile import Wanted
from driftwatch.sources.opening import TextStream

__all__ = ["AT_MOST_ROW_BYTES", "BLOCK_BYTES", "Block", "BlockedText", "count_lines"]

BLOCK_BYTES: Final = 4 << 20
AT_MOST_ROW_BYTES: Final = 64 << 20

Cut = Callable[["Block", bool], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows of a text file: `text` begins at `offset` (unpacked bytes) and on line `line`, from 1."""

    number: int
    offset: int
    line: int
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    offset: int
    length: int
    line: int


class BlockedText:
    """The rows of a text file, block by block.

    `cut` says how much of a text that begins with a row is whole rows; its second argument says that
    nothing follows. Where blocks lie is remembered after the first whole reading, so that later ones can
    leave out what is not wanted.
    """

    def __init__(self, path: str, cut: Cut, *, offset: int = 0, line: int = 1, block_bytes: int) -> None:
        self.path = path
        self._cut = cut
        self._start = _Place(offset=offset, length=0, line=line)
        self._block_bytes = block_bytes
        self._places: list[_Place] | None = None

    def read_blocks(self, wanted: Wanted) -> Iterator[Block]:
        """Yield the wanted blocks in order. Raises SourceError."""
        if self._places is None:
            yield from self._find_blocks(wanted)
        else:
            yield from self._read_places(self._places, wanted)

    def _read_places(self, places: list[_Place], wanted: Wanted) -> Iterator[Block]:
        with TextStream(self.path) as stream:
            for number, place in enumerate(places):
                if wanted(number):
                    stream.seek(place.offset)
                    text = stream.read(place.length)
                    yield Block(number=number, offset=place.offset, line=place.line, text=text)

    def _find_blocks(self, wanted: Wanted) -> Iterator[Block]:
        places: list[_Place] = []
        offset, line, rest, final = self._start.offset, self._start.line, b"", False
        with TextStream(self.path) as stream:
            stream.seek(offset)
            while not final:
                data = stream.read(self._block_bytes)
                final = len(data) < self._block_bytes
                text = rest + data
                end = self._cut(Block(number=len(places), offset=offset, line=line, text=text), final)
                self._check_row(len(text) - end, line)
                body, rest = text[:end], text[end:]
                if body:
                    places.append(_Place(offset=offset, length=len(body), line=line))
                    if wanted(len(places) - 1):
                        yield Block(number=len(places) - 1, offset=offset, line=line, text=body)
                offset += len(body)
                line += count_lines(body)
        self._places = places

    def _check_row(self, length: int, line: int) -> None:
        if length > AT_MOST_ROW_BYTES:
            raise SourceError(
                f"the file {self.path}: a row that begins at or after line {line} is longer than "
                f"{AT_MOST_ROW_BYTES >> 20} MB; is a quote left open, or is this another format?"
            )


def count_lines(text: bytes) -> int:
    """Return how many line ends `text` has; files with carriage returns alone have those."""
    return text.count(b"\n") or text.count(b"\r")
