"""A picture put into a Slack channel by a bot, in the three steps that Slack asks for.

An address to upload to is asked for, the bytes go there, and then the file is shared in the channel. The bot
needs the scope `files:write` and must be in the channel.

References
----------
https://docs.slack.dev/reference/methods/files.getUploadURLExternal and
https://docs.slack.dev/reference/methods/files.completeUploadExternal
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from driftwatch.channels.contract import Picture
from driftwatch.channels.slack_layout import escape_text
from driftwatch.net.answers import Answer, ask
from driftwatch.net.http import HttpRequest, check_url
from driftwatch.net.secrets import Secret

__all__ = ["Upload", "upload_picture"]

# https://docs.slack.dev/reference/methods/files.getUploadURLExternal#errors
_ALT_CHARACTERS: Final = 1000
_TITLE_CHARACTERS: Final = 200
_WORD_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where pictures go: Slack's Web API, a bot's token, a channel's id, and how long each step may take."""

    api: str
    token: Secret
    channel: str
    timeout: timedelta


def upload_picture(upload: Upload, picture: Picture, now: datetime) -> str | None:
    """Return why a picture could not be put into the channel, without any secret; None where it was."""
    about = {
        "filename": picture.name,
        "length": str(len(picture.content)),
        "alt_txt": escape_text(picture.words, _ALT_CHARACTERS),
    }
    place, error = _call(upload, "files.getUploadURLExternal", urlencode(about).encode(), now)
    if error is not None:
        return error
    address, number = str(place.get("upload_url", "")), str(place.get("file_id", ""))
    error = _send_bytes(upload, address, picture.content, now)
    if error is not None:
        return error
    file = {"id": number, "title": escape_text(picture.words, _TITLE_CHARACTERS)}
    shared = {"files": json.dumps([file]), "channel_id": upload.channel}
    return _call(upload, "files.completeUploadExternal", urlencode(shared).encode(), now)[1]


def _call(upload: Upload, method: str, body: bytes, now: datetime) -> tuple[Mapping[str, Any], str | None]:
    """Return what a method of the Web API answers, and why it failed; None where it did not."""

    def build() -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=f"{upload.api.rstrip('/')}/{method}",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Bearer {upload.token.reveal()}",
            },
            body=body,
            deadline=upload.timeout,
        )

    answer = ask(build, (upload.token,), now)
    if not answer.accepted:
        return {}, f"{method}: {answer.error}"
    found = _read(answer)
    # Slack says with 200 that it refuses: https://docs.slack.dev/apis/web-api/#responses
    if found.get("ok") is not True:
        return {}, f"{method}: slack says {_read_word(found)}"
    return found, None


def _send_bytes(upload: Upload, address: str, content: bytes, now: datetime) -> str | None:
    try:
        check_url(address)
    except ValueError:
        return "files.getUploadURLExternal: slack gave no address to upload to"

    def build() -> HttpRequest:
        # The address itself is the permission: the token stays with the Web API.
        headers = {"Content-Type": "application/octet-stream"}
        return HttpRequest(method="POST", url=address, headers=headers, body=content, deadline=upload.timeout)

    answer = ask(build, (), now)
    return None if answer.accepted else f"upload: {answer.error}"


def _read(answer: Answer) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_word(found: Mapping[str, Any]) -> str:
    """Return the word for an error, as far as it is one."""
    word = str(found.get("error", ""))[:_WORD_CHARACTERS]
    return word if word.replace("_", "").isalnum() else "nothing that can be read"
