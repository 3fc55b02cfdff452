from __future__ import annotations

import gzip
import os
import socket
from pathlib import Path

import pytest

from driftwatch.errors import SourceError
from driftwatch.sources import opening
from driftwatch.sources.opening import TextStream, open_regular, read_stamp


def test_pipes_devices_directories_and_sockets_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="pipe is a pipe, not a regular file"):
        open_regular(str(tmp_path / "pipe"))
    with pytest.raises(SourceError, match="is a device, not a regular file"):
        open_regular("/dev/zero")
    with pytest.raises(SourceError, match="is a directory, not a regular file"):
        open_regular(str(tmp_path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(SourceError, match="cannot be opened"):
            open_regular(str(tmp_path / "s"))


def test_a_link_to_a_device_is_refused_and_one_to_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"x")
    (tmp_path / "good").symlink_to(tmp_path / "rows")
    (tmp_path / "bad").symlink_to("/dev/zero")

    with open_regular(str(tmp_path / "good")) as file:
        assert file.read() == b"x"
    with pytest.raises(SourceError, match="is a device"):
        open_regular(str(tmp_path / "bad"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no\.csv cannot be opened: no such file"):
        read_stamp(str(tmp_path / "no.csv"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_gzip_file_that_ends_early_is_an_error_that_may_pass(tmp_path: Path, share: float) -> None:
    whole = gzip.compress(os.urandom(10_000))
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(whole[: int(len(whole) * share)])

    with (
        pytest.raises(SourceError, match=r"rows\.csv\.gz is cut off") as caught,
        TextStream(str(path)) as stream,
    ):
        stream.read(20_000)

    assert caught.value.again


def test_a_damaged_gzip_file_is_an_error(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"a,b\n1,2\n" * 1000))
    content[-8] ^= 1
    (tmp_path / "rows.gz").write_bytes(content)

    with pytest.raises(SourceError, match="damaged"), TextStream(str(tmp_path / "rows.gz")) as stream:
        stream.read(20_000)


def test_a_gzip_bomb_is_stopped_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FREE_BYTES", 1 << 20)
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"\n" * (8 << 20)))

    with TextStream(str(path)) as stream:
        assert len(stream.read(1 << 20)) == 1 << 20
        with pytest.raises(SourceError, match="more than 200 times its size"):
            stream.read(1 << 20)


@pytest.mark.parametrize("packed", [False, True])
def test_a_stream_goes_forward_to_an_offset(tmp_path: Path, packed: bool) -> None:
    content = bytes(range(256)) * 100
    (tmp_path / "rows").write_bytes(gzip.compress(content) if packed else content)

    with TextStream(str(tmp_path / "rows")) as stream:
        stream.seek(1000)
        first = stream.read(10)
        stream.seek(20_000)

        assert first == content[1000:1010]
        assert stream.read(10**6) == content[20_000:]


def test_a_file_that_cannot_be_read_from_its_first_byte_is_named() -> None:
    with pytest.raises(SourceError, match="/proc/self/mem cannot be read") as raised:
        TextStream("/proc/self/mem")

    assert raised.value.again
