from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import PictureError
from driftwatch.store.database import Database
from driftwatch.web import drawing
from driftwatch.web.drawing import embed_looks, link_bundle, write_data
from tests.support.site import open_site

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_data_can_be_read_again_and_ends_nothing(value: object) -> None:
    written = str(write_data(value))

    assert not set("<>&\u2028\u2029") & set(written)
    written.encode()
    if "\ud800" <= max(written, default="") <= "\udfff":
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert json.loads(written) == value


def test_numbers_have_as_many_digits_as_can_be_seen_and_none_is_infinite() -> None:
    assert str(write_data([0.123456789, float("nan"), float("inf"), 3])) == "[0.123457,null,null,3]"


def test_the_program_that_draws_comes_from_this_site_packed_and_for_good(store: Database) -> None:
    client = open_site(store).client

    answer = client.get(link_bundle(), headers={"accept-encoding": "gzip"})
    plain = client.get(link_bundle(), headers={"accept-encoding": "identity"})

    assert answer.status_code == plain.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == plain.content
    assert len(gzip.compress(plain.content)) < 400_000
    assert b"vegaEmbed" in plain.content


def test_another_version_of_it_is_not_found(store: Database) -> None:
    client = open_site(store).client

    assert client.get("/vega-0123456789abcdef.js").status_code == 404
    assert client.get("/vega-../../etc/passwd.js").status_code == 404


def test_where_it_cannot_be_made_the_reason_is_said_and_it_is_tried_again(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bytes:
        raise PictureError("no memory")

    drawing._pack_bundle.cache_clear()
    monkeypatch.setattr(drawing, "build_bundle", fail)
    client = open_site(store).client

    assert client.get(link_bundle()).status_code == 503
    assert "no memory" in client.get(link_bundle()).text
    monkeypatch.setattr(drawing, "build_bundle", lambda: b"window.vegaEmbed = 1;")
    assert client.get(link_bundle()).status_code == 200
    drawing._pack_bundle.cache_clear()


def test_how_pictures_look_is_known_for_both_grounds() -> None:
    assert set(json.loads(str(embed_looks()))) == {"light", "dark"}
