from __future__ import annotations

import copy
import json
import logging
import os
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from driftwatch.errors import ConfigError
from driftwatch.net.secrets import AT_MOST_FILE_BYTES, Secret

CANARY = "canary-4711"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    token: Secret


def test_a_secret_shows_itself_nowhere_but_when_revealed(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret.of_text(CANARY)
    settings = Settings(token=secret)

    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r %s", secret, settings, asdict(settings))

    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>20}", repr(settings), repr(asdict(settings))]
    assert all("***" in text and CANARY not in text for text in [*shown, caplog.text])
    assert secret.reveal() == CANARY


def test_a_secret_can_be_copied_but_not_changed_pickled_or_dumped() -> None:
    secret = Secret.of_text(CANARY)

    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(AttributeError):
        secret._parts = ("other",)
    with pytest.raises(AttributeError):
        del secret._parts


def test_secrets_are_equal_when_they_come_from_the_same_texts_and_files(tmp_path: Path) -> None:
    path = tmp_path / "secret"

    assert Secret.of_text("a") == Secret.of_text("a")
    assert hash(Secret.of_file(path)) == hash(Secret.of_file(str(path)))
    assert Secret.of_text("a") != Secret.of_text("b")
    assert Secret.of_text("a") != "a"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_end_of_a_file_is_no_part_of_the_secret(tmp_path: Path, end: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f" {CANARY} {end}".encode())

    assert Secret.of_file(path).reveal() == f" {CANARY} "


def test_texts_and_files_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{CANARY}\n")

    secret = Secret.of_parts(["https://hooks.example.com/", path, "/send"])

    assert secret.reveal() == f"https://hooks.example.com/{CANARY}/send"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    secret = Secret.of_file(path)
    before = secret.reveal()

    path.write_text("newer")
    os.utime(path, ns=(1, 1))

    assert (before, secret.reveal()) == ("old", "newer")


def test_a_file_swapped_by_a_link_is_read_again(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, ns=(1, 1))
    link = tmp_path / "secret"
    link.symlink_to(tmp_path / "old")
    secret = Secret.of_file(link)
    before = secret.reveal()

    link.unlink()
    link.symlink_to(tmp_path / "new")

    assert (before, secret.reveal()) == ("old", "new")


def test_a_refresh_finds_a_change_that_the_time_of_the_file_hides(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    os.utime(path, ns=(1, 1))
    secret = Secret.of_file(path)
    assert secret.reveal() == "old"
    path.write_text("new")
    os.utime(path, ns=(1, 1))

    stale = secret.reveal()
    changed = secret.refresh()
    changed_again = secret.refresh()

    assert (stale, changed, changed_again, secret.reveal()) == ("old", True, False, "new")


def test_a_text_never_changes_by_a_refresh() -> None:
    assert not Secret.of_text("a").refresh()


def test_a_file_that_vanishes_leaves_its_last_text_in_force(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(CANARY)
    secret = Secret.of_file(path)
    secret.reveal()

    path.unlink()
    gone = secret.reveal()
    path.write_text("")
    emptied = secret.reveal()

    assert (gone, emptied, secret.refresh()) == (CANARY, CANARY, False)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"\n", "empty"),
        (b"canary\xff\xfe", "not UTF-8"),
        (b"canary" * AT_MOST_FILE_BYTES, "larger than"),
    ],
)
def test_a_file_that_gives_no_secret_is_named_with_the_reason(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=why) as raised:
        Secret.of_file(path).reveal()

    assert str(path) in str(raised.value)
    assert "canary" not in str(raised.value)


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        Secret.of_file(tmp_path).reveal()


def test_a_pipe_is_no_secret_and_nobody_waits_for_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")

    with pytest.raises(ConfigError, match="it is a pipe"):
        Secret.of_file(tmp_path / "secret").reveal()


def test_a_name_that_no_file_can_have_is_an_error() -> None:
    with pytest.raises(ConfigError, match="null byte"):
        Secret.of_file("secret\0").reveal()
