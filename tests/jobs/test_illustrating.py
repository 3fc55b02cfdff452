from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from driftwatch.channels.contract import Outcome, Picture
from driftwatch.errors import PictureError
from driftwatch.jobs import illustrating
from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from tests.support.monitors import DELIVERED, REFUSED, Bench, FakeChannel, set_up


class Gallery(FakeChannel):
    """Takes notices and pictures; `error` is what it says to every picture, an exception is raised."""

    takes_pictures = True

    def __init__(self, *outcomes: Outcome, error: str | BaseException | None = None) -> None:
        super().__init__(*outcomes)
        self.error = error
        self.pictures: list[Picture] = []

    def send_picture(self, picture: Picture, now: datetime) -> str | None:
        """Keep the picture and answer."""
        self.pictures.append(picture)
        self.sent_at.append(now)
        if isinstance(self.error, BaseException):
            raise self.error
        return self.error


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: `tests/jobs/test_pictures.py` does."""
    monkeypatch.setattr(illustrating, "draw_png", lambda spec: repr(spec["title"]["text"]).encode())


def live(store: Database, gallery: FakeChannel, story: str = "..a") -> Bench:
    bench = set_up(store, parts=[("channels", {"oncall": gallery})])
    bench.live(story)
    deliver_due(bench.parts)
    return bench


def test_the_picture_of_what_changed_most_follows_the_notice(store: Database) -> None:
    gallery = Gallery()

    bench = live(store, gallery)

    assert [one.type for one in gallery.sent] == ["incident.opened"]
    (picture,) = gallery.pictures
    assert picture.name == f"incident-{bench.incidents()[0].id}.png"
    assert picture.words.startswith("amount, 2013-02-03: ")
    assert picture.words.endswith("which is KS.")
    assert picture.content == repr(picture.words).encode()


def test_missing_rows_are_shown_over_time(store: Database) -> None:
    gallery = Gallery()

    live(store, gallery, "..n")

    assert "Of the rows, up to 33 % missing (in 2013-02-03)" in gallery.pictures[0].words


def test_what_is_over_or_only_repeated_has_no_picture(store: Database) -> None:
    gallery = Gallery()

    live(store, gallery, "..a....")

    assert [one.type for one in gallery.sent] == ["incident.opened", "incident.resolved"]
    assert len(gallery.pictures) == 1


def test_a_notice_that_did_not_arrive_has_no_picture(store: Database) -> None:
    gallery = Gallery(REFUSED, DELIVERED)
    bench = live(store, gallery)
    assert gallery.pictures == []

    bench.tick_at(bench.deliveries()[0].next_at)
    deliver_due(bench.parts)

    assert len(gallery.pictures) == 1


@pytest.mark.parametrize(
    "error", ["files.completeUploadExternal: slack says not_in_channel", RuntimeError("x")]
)
def test_a_picture_that_fails_neither_fails_nor_repeats_the_notice(
    store: Database, error: str | BaseException
) -> None:
    gallery = Gallery(error=error)
    bench = live(store, gallery)
    deliver_due(bench.parts)

    assert [row.state for row in bench.deliveries()] == ["delivered"]
    assert len(gallery.sent) == len(gallery.pictures) == 1


def test_a_picture_that_cannot_be_drawn_is_none(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(spec: object) -> bytes:
        raise PictureError("a picture was not drawn within 30 s")

    monkeypatch.setattr(illustrating, "draw_png", fail)
    gallery = Gallery()

    bench = live(store, gallery)

    assert gallery.pictures == []
    assert [row.state for row in bench.deliveries()] == ["delivered"]


def test_channels_that_show_none_are_sent_none(store: Database) -> None:
    gallery = Gallery()
    gallery.takes_pictures = False
    bench = live(store, gallery)

    assert gallery.pictures == []
    row = bench.deliveries()[0]
    assert not illustrating.illustrate(replace(bench.parts, channels={}), row, bench.clock.now())
