from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import ks_2samp

import driftwatch
from driftwatch.errors import DataError, SourceError, UsageError
from driftwatch.incidents.finding import VerdictWord

ROWS = 3000


def draw_frame(seed: int, rows: int = ROWS, *, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": np.round(rng.normal(100 + shift, 10, rows), 2),
            "count": rng.poisson(3, rows),
            "city": rng.choice(["oslo", "rome", "cork"], rows, p=[0.6, 0.3, 0.1]),
            "member": rng.random(rows) < 0.3,
            "seen_at": pd.date_range("2024-01-01", periods=rows, freq="min"),
        }
    )


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path


def write_csv_gz(frame: pd.DataFrame, path: Path) -> Path:
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    return packed


def write_jsonl(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_json(path.with_suffix(".jsonl"), orient="records", lines=True, date_format="iso")
    return path.with_suffix(".jsonl")


def write_parquet(frame: pd.DataFrame, path: Path) -> Path:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, path.with_suffix(".parquet"), row_group_size=700)
    return path.with_suffix(".parquet")


WRITERS = [write_csv, write_csv_gz, write_jsonl, write_parquet]


@pytest.mark.parametrize("write", WRITERS)
def test_files_of_every_format_say_the_same_as_the_frames(
    tmp_path: Path, write: Callable[[pd.DataFrame, Path], Path]
) -> None:
    old, new = draw_frame(1), draw_frame(2, shift=5)

    from_frames = driftwatch.compare(old, new)
    from_files = driftwatch.compare(write(old, tmp_path / "old.csv"), write(new, tmp_path / "new.csv"))

    assert from_files.verdict is from_frames.verdict is VerdictWord.DRIFT
    assert from_files.to_dict() == from_frames.to_dict()


def test_ks_agrees_with_scipy_within_its_interval() -> None:
    rng = np.random.default_rng(3)
    old, new = rng.gamma(2, size=20_000), rng.gamma(2.1, size=30_000)

    found = driftwatch.compare(pa.table({"x": old}), pa.table({"x": new})).columns["x"].statistics["ks"]

    assert found.low is not None
    assert found.high is not None
    assert found.low <= ks_2samp(old, new).statistic <= found.high
    assert found.high - found.low < 0.0005


def test_statistics_of_a_column_are_attributes() -> None:
    result = driftwatch.compare(draw_frame(1), draw_frame(2, shift=5))

    amount = result.columns["amount"]
    assert isinstance(amount.ks, float)
    assert amount.ks == amount.statistics["ks"].value
    assert amount.psi is not None
    assert "psi" in dir(amount)
    with pytest.raises(AttributeError, match="'city' has no statistic 'ks'"):
        _ = result.columns["city"].ks


def test_the_json_has_the_agreed_shape_and_no_nan(tmp_path: Path) -> None:
    new = draw_frame(2, shift=5)
    new.loc[: ROWS // 3, "amount"] = math.nan
    new = new.drop(columns=["member"]).assign(extra=1)

    found = driftwatch.compare(draw_frame(1), new).to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["schema"], found["verdict"]) == ("driftwatch.compare/v1", "drift")
    assert (found["reference"], found["current"]) == ({"rows": ROWS}, {"rows": ROWS})
    columns = {column["column"]: column for column in found["columns"]}
    assert list(columns) == ["amount", "count", "city", "member"]
    amount, city, member = columns["amount"], columns["city"], columns["member"]
    assert amount["kind"] == "number"
    assert {"ks", "psi", "total_variation", "wasserstein", "jensen_shannon", "hellinger"} <= set(
        amount["statistics"]
    )
    assert set(amount["statistics"]["ks"]) == {"value", "low", "high", "p_value"}
    assert set(amount["statistics"]["psi"]) == {"value", "debiased"}
    assert amount["missing_share"] == {"reference": 0.0, "current": pytest.approx(1 / 3, abs=0.001)}
    assert amount["unseen_share"] is None
    assert [finding["kind"] for finding in amount["findings"]] == ["missing", "drift"]
    assert city["unseen_share"] == {"reference": 0.0, "current": 0.0}
    assert "chi_square" in city["statistics"]
    assert (member["verdict"], member["statistics"]) == ("data", {})
    assert member["moved_share_at_least"] is None
    assert {"column": "seen_at", "why": "taken as the time column"} in found["skipped"]
    assert found["extra"] == ["extra"]


def test_time_key_and_calendar_columns_are_skipped_with_the_reason() -> None:
    frame = draw_frame(1).assign(
        order=np.arange(ROWS) * 7,
        hour=lambda rows: rows["seen_at"].dt.hour,
        weekday=lambda rows: rows["seen_at"].dt.day_name(),
        label=[f"row {place}" for place in range(ROWS)],
    )

    result = driftwatch.compare(frame, frame, key="order")

    assert {skipped.column: skipped.why for skipped in result.skipped} == {
        "seen_at": "taken as the time column",
        "order": "a key column",
        "hour": "calendar column: equals the hour of the time column",
        "weekday": "calendar column: equals the weekday of the time column",
        "label": "all values differ",
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"seen": ["2024-01-01 05:00", "2024-01-02 06:00"], "v": ["1", "2"]}, "seen"),
        ({"start": ["2024-01-01"] * 2, "created_at": ["2024-01-02"] * 2, "v": ["1", "2"]}, "created_at"),
        ({"start": ["2024-01-01"] * 2, "end": ["2024-01-02"] * 2, "v": ["1", "2"]}, None),
        ({"ts": ["1700000000", "1700000060"], "v": ["1", "2"]}, "ts"),
        ({"time": ["0.5", "12.5"], "v": ["1", "2"]}, None),
        ({"Date": ["2024-01-01", "2024-01-02"], "v": ["1", "2"]}, "Date"),
    ],
)
def test_the_time_column_is_recognised_where_nothing_else_can_be_meant(
    tmp_path: Path, columns: dict[str, list[str]], expected: str | None
) -> None:
    path = write_csv(
        pd.DataFrame({name: values * 30 for name, values in columns.items()}), tmp_path / "rows.csv"
    )

    result = driftwatch.compare(path, path)

    taken = [skipped.column for skipped in result.skipped if skipped.why == "taken as the time column"]
    assert taken == ([expected] if expected else [])


def test_a_time_column_that_the_user_names_is_used() -> None:
    frame = draw_frame(1).assign(event=lambda rows: rows["seen_at"].astype(str))

    result = driftwatch.compare(frame, frame, time_column="event")

    assert {skipped.column: skipped.why for skipped in result.skipped} == {
        "seen_at": "calendar column: equals the time of the time column",
        "event": "the time column",
    }


def test_dates_are_compared_as_their_age_at_the_end_of_each_side() -> None:
    rng = np.random.default_rng(5)

    def draw(start: str) -> pd.DataFrame:
        at = pd.date_range(start, periods=4000, freq="min")
        return pd.DataFrame(
            {"event_time": at, "joined": at - pd.to_timedelta(rng.integers(0, 900, 4000), "D")}
        )

    same = driftwatch.compare(draw("2024-01-01"), draw("2024-07-01"))

    assert same.columns["joined"].kind == "time"
    assert same.verdict is VerdictWord.OK


def test_without_a_time_column_dates_are_compared_as_dates() -> None:
    dates = pd.date_range("2024-01-01", periods=1000, freq="D")
    frame = pd.DataFrame({"start": dates, "stop": dates})

    moved = frame + pd.Timedelta(days=400)

    assert driftwatch.compare(frame, frame).verdict is VerdictWord.OK
    assert driftwatch.compare(frame, moved).columns["start"].verdict is VerdictWord.DRIFT


@pytest.mark.parametrize(
    ("options", "judged"),
    [
        ({"exclude": ["amount", "city"]}, ["count", "member"]),
        ({"include": ["amount"]}, ["amount"]),
        ({"exclude": "amount"}, ["count", "city", "member"]),
    ],
)
def test_only_the_wanted_columns_are_judged(options: driftwatch.Options, judged: list[str]) -> None:
    assert list(driftwatch.compare(draw_frame(1), draw_frame(2), **options).columns) == judged


def test_kinds_and_missing_values_are_what_the_user_says() -> None:
    old = pd.DataFrame({"zip": [100, 200, 300] * 100, "reading": [1.0, -200.0, 3.0] * 100})

    column = driftwatch.compare(old, old, kinds={"zip": "category"}, missing=[-200]).columns

    assert column["zip"].kind == "category"
    assert column["reading"].current_missing_share == pytest.approx(1 / 3)


def test_repeated_keys_are_found_over_several_columns_and_pieces(tmp_path: Path) -> None:
    old = pd.DataFrame({"shop": [1, 2] * 500, "order": np.arange(1000) // 2, "v": np.arange(1000) % 7})
    new = pd.concat([old, old[:300]])

    result = driftwatch.compare(
        write_parquet(old, tmp_path / "old"), write_parquet(new, tmp_path / "new"), key=["shop", "order"]
    )

    assert result.verdict is VerdictWord.DATA
    assert [finding.text for finding in result.findings] == [
        "23 % of the rows repeat the key of an earlier row, against none in the reference"
    ]
    assert result.to_dict()["keys"] == {
        "columns": ["shop", "order"],
        "reference": {"repeated_share": 0.0, "repeated_rows": 0, "exact": True},
        "current": {"repeated_share": pytest.approx(300 / 1300), "repeated_rows": 300, "exact": True},
    }
    assert result.to_dict()["findings"][0]["kind"] == "repeated_keys"


def test_beyond_a_million_keys_the_repeated_share_is_estimated_and_said_to_be() -> None:
    rows = 1_200_000
    old = pa.table({"id": np.arange(rows), "v": np.zeros(rows)})
    new = pa.table({"id": np.arange(rows) % (rows - rows // 10), "v": np.zeros(rows)})

    result = driftwatch.compare(old, new, key="id")

    (found,) = result.findings
    assert found.value == pytest.approx(0.1, abs=0.005)
    assert found.text.endswith("estimated from a sample of the keys")
    assert result.to_dict()["keys"]["current"]["repeated_rows"] is None


def test_no_rows_to_compare_are_no_data_and_no_rows_of_a_reference_are_an_error(tmp_path: Path) -> None:
    old = draw_frame(1)

    result = driftwatch.compare(old, old[:0])

    assert result.verdict is VerdictWord.NO_DATA
    assert {column.verdict for column in result.columns.values()} == {VerdictWord.NO_DATA}
    assert json.dumps(result.to_dict(), allow_nan=False)
    with pytest.raises(DataError, match="the reference is empty"):
        driftwatch.compare(old[:0], old)
    empty = write_csv(old[:0], tmp_path / "empty.csv")
    with pytest.raises(DataError, match=r"the reference is empty: there are no rows in .*empty\.csv"):
        driftwatch.compare(empty, empty)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": "nope"}, "key names 'nope'"),
        ({"include": ["nope"]}, "names 'nope'"),
        ({"time_column": "nope"}, "the time column 'nope' is not there"),
        ({"kinds": {"amount": "float"}}, "'amount' cannot be 'float'; a column is one of number, category"),
        ({"minimum_effect": 7.0}, "share of rows from 0 to below 1, not 7.0"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_what_is_wrong(
    options: driftwatch.Options, words: str
) -> None:
    with pytest.raises((DataError, UsageError, SourceError), match=words):
        driftwatch.compare(draw_frame(1), draw_frame(2), **options)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(DataError, match="int is no frame; give a pandas frame, a pyarrow table or the path"):
        driftwatch.compare(draw_frame(1), 7)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name in {"src", "href"} or name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_notebook_shows_an_escaped_table_that_needs_nothing_from_elsewhere() -> None:
    name = "<script>alert(1)</script>"
    old, new = draw_frame(1).rename(columns={"amount": name}), draw_frame(2).rename(columns={"amount": name})
    new["city"] = "<b>&"

    html = driftwatch.compare(old, new)._repr_html_()

    reader = _Reader()
    reader.feed(html)
    assert name in reader.text
    assert "script" not in reader.tags
    assert {"table", "svg", "rect", "style"} <= set(reader.tags)
    assert "prefers-color-scheme:dark" in html
    assert "url(" not in html
    assert "http" not in html


def test_profiles_on_the_same_reference_add_up_to_the_profile_of_all() -> None:
    old, new = draw_frame(1), draw_frame(2, shift=3)

    halves = driftwatch.profile(new[:1000], old) + driftwatch.profile(new[1000:], old)
    whole = driftwatch.profile(new, old)

    assert halves.rows == whole.rows == ROWS
    for name, counts in whole.columns.items():
        assert halves.columns[name].cells.tolist() == counts.cells.tolist()
        assert halves.columns[name].sums.total == pytest.approx(counts.sums.total)


def test_the_package_shows_its_public_names_and_no_others() -> None:
    assert set(driftwatch.__all__) <= set(dir(driftwatch))
    assert driftwatch.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = driftwatch.nothing


def test_a_value_that_no_number_can_hold_does_not_break_the_json() -> None:
    huge = np.array([1e308, -1e308, 1e308] * 100)

    found = driftwatch.compare(pa.table({"x": huge}), pa.table({"x": huge[:150]})).to_dict()

    assert json.dumps(found, allow_nan=False)
