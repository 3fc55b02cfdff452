"""The request that webhooks and triggers send: JSON, signed where there is a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from driftwatch.errors import ConfigError
from driftwatch.net.http import HttpRequest
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import build_headers, parse_secret

__all__ = ["build_post", "sign_post"]


def build_post(url: Secret, content: Mapping[str, Any], timeout: timedelta) -> HttpRequest:
    """Return a request that posts `content` as JSON.

    Raises ValueError when JSON cannot hold it (NaN is no number there), ConfigError when the file of `url`
    cannot be read.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Names in the data may hold half a surrogate pair: a question mark there is better than no notice at all.
    body = text.encode("utf-8", "replace")
    return HttpRequest(
        method="POST",
        url=url.reveal(),
        headers={"Content-Type": "application/json"},
        body=body,
        deadline=timeout,
    )


def sign_post(request: HttpRequest, secret: Secret, message_id: str, now: datetime) -> HttpRequest:
    """Return the request with the three Standard Webhooks headers over its exact body.

    Raises ConfigError when the secret cannot be read or is not of the form that signing needs: its file may
    hold another one later.
    """
    text = secret.reveal()
    try:
        key = parse_secret(text)
    except ValueError:
        # The full message offers a fresh secret as the example, which has no place in a record of attempts.
        raise ConfigError("it is not whsec_ and base64 of 24 to 64 bytes") from None
    signed = build_headers(key, message_id, now, request.body)
    return HttpRequest(
        method=request.method,
        url=request.url,
        headers={**request.headers, **signed},
        body=request.body,
        deadline=request.deadline,
    )
