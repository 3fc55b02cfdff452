from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from driftwatch.channels.contract import Picture, PictureChannel
from driftwatch.channels.log import Log
from driftwatch.channels.slack import Slack
from driftwatch.net.secrets import Secret
from tests.support.hostile import find_live_mrkdwn
from tests.support.receiver import Connection, Received, Receiver, answer, never_answer, serve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PICTURE = Picture(name="incident-7.png", words="fee, 2013-02-08: a gap of 0.2", content=PNG)
TOKEN = "xoxb-canary"


def be_slack(**answers: object) -> Callable[[Connection], None]:
    """Return the behaviour of Slack's Web API and its file store; `answers` take the place of its own."""

    def behave(connection: Connection) -> None:
        received = connection.read()
        host = received.headers["host"]
        usual: dict[str, object] = {
            "files.getUploadURLExternal": {"ok": True, "upload_url": f"http://{host}/up/1", "file_id": "F1"},
            "1": "OK - 12",
            "files.completeUploadExternal": {"ok": True, "files": [{"id": "F1"}]},
        }
        method = received.path.rpartition("/")[2]
        said = answers.get(method.replace(".", "_"), usual.get(method))
        status, body = said if isinstance(said, tuple) else (200, said)
        text = body if isinstance(body, str) else json.dumps(body)
        connection.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
        )

    return behave


def make_slack(receiver: Receiver, **changes: object) -> Slack:
    settings = {
        "url": Secret.of_text(f"{receiver.url}/hook"),
        "bot_token": Secret.of_text(TOKEN),
        "channel": "C012",
        "api": f"{receiver.url}/api",
        "timeout": timedelta(seconds=5),
    }
    return Slack(**{**settings, **changes})  # type: ignore[arg-type]


def read_form(received: Received) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(received.body.decode()).items()}


def test_a_picture_goes_the_three_steps_that_slack_asks_for() -> None:
    with serve(be_slack()) as receiver:
        error = make_slack(receiver).send_picture(PICTURE, NOW)

    ask, upload, share = receiver.requests
    assert error is None
    assert [one.path for one in receiver.requests] == [
        "/api/files.getUploadURLExternal",
        "/up/1",
        "/api/files.completeUploadExternal",
    ]
    assert read_form(ask) == {
        "filename": "incident-7.png",
        "length": str(len(PNG)),
        "alt_txt": "fee, 2013-02-08: a gap of 0.2",
    }
    assert upload.body == PNG
    form = read_form(share)
    assert form["channel_id"] == "C012"
    assert json.loads(form["files"]) == [{"id": "F1", "title": "fee, 2013-02-08: a gap of 0.2"}]


def test_the_token_goes_to_the_web_api_alone() -> None:
    with serve(be_slack()) as receiver:
        make_slack(receiver).send_picture(PICTURE, NOW)

    assert [one.headers.get("authorization") for one in receiver.requests] == [
        f"Bearer {TOKEN}",
        None,
        f"Bearer {TOKEN}",
    ]
    assert TOKEN not in str([one.path for one in receiver.requests])


@pytest.mark.parametrize(
    ("answers", "steps", "words"),
    [
        (
            {"files_getUploadURLExternal": {"ok": False, "error": "invalid_auth"}},
            1,
            "files.getUploadURLExternal: slack says invalid_auth",
        ),
        ({"files_getUploadURLExternal": "<html>"}, 1, "slack says nothing that can be read"),
        ({"files_getUploadURLExternal": {"ok": True, "upload_url": "file:///etc/passwd"}}, 1, "no address"),
        ({"files_getUploadURLExternal": (503, "")}, 1, "files.getUploadURLExternal: http_503"),
        ({"1": (413, "too large")}, 2, "upload: http_413"),
        (
            {"files_completeUploadExternal": {"ok": False, "error": "not_in_channel"}},
            3,
            "files.completeUploadExternal: slack says not_in_channel",
        ),
        (
            {"files_completeUploadExternal": {"ok": False, "error": "<!channel> \x1b[2J"}},
            3,
            "slack says nothing that can be read",
        ),
    ],
)
def test_every_refusal_is_told_and_ends_it(answers: dict[str, object], steps: int, words: str) -> None:
    with serve(be_slack(**answers)) as receiver:
        error = make_slack(receiver).send_picture(PICTURE, NOW)

    assert error is not None
    assert words in error
    assert TOKEN not in error
    assert len(receiver.requests) == steps


def test_a_web_api_that_never_answers_is_given_up() -> None:
    with serve(never_answer) as receiver:
        error = make_slack(receiver, timeout=timedelta(seconds=0.2)).send_picture(PICTURE, NOW)

    assert error is not None
    assert "timeout" in error


def test_what_data_holds_is_inert_in_the_title() -> None:
    words = "<!channel> <https://evil.example|x> @here"
    with serve(be_slack()) as receiver:
        make_slack(receiver).send_picture(Picture(name="a.png", words=words, content=PNG), NOW)

    title = json.loads(read_form(receiver.requests[2])["files"])[0]["title"]
    assert find_live_mrkdwn(title) == []


def test_pictures_need_a_token_and_a_channel() -> None:
    with serve(answer(200, body=b"ok")) as receiver:
        assert make_slack(receiver).takes_pictures
        assert not make_slack(receiver, bot_token=None, channel=None).takes_pictures
        for lacking in ({"bot_token": None}, {"channel": None}):
            with pytest.raises(ValueError, match="both a bot_token and the id of a channel"):
                make_slack(receiver, **lacking)
        with pytest.raises(ValueError, match="http:// or https://"):
            make_slack(receiver, api="slack")


def test_a_channel_without_pictures_is_told_from_one_with() -> None:
    with serve(answer(200, body=b"ok")) as receiver:
        assert isinstance(make_slack(receiver), PictureChannel)
    assert not isinstance(Log(), PictureChannel)
