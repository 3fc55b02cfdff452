"""Can what tells people, starts retraining and gives rows be reached? Nothing is sent to find out."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from driftwatch.errors import DriftwatchError
from driftwatch.jobs.checks import Check, pass_check, trouble
from driftwatch.jobs.monitor import Monitor
from driftwatch.net.addresses import resolve_host
from driftwatch.net.connections import Target, connect, read_target
from driftwatch.net.deadlines import Deadline
from driftwatch.net.http_errors import HttpError
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import SignatureError, build_headers, parse_secret, verify

__all__ = ["check_destinations", "check_sources"]

_PATIENCE: Final = timedelta(seconds=5)
_BODY: Final = json.dumps({"type": "doctor"}).encode()


def check_destinations(noun: str, destinations: Mapping[str, object], now: datetime) -> list[Check]:
    """Return a check for each channel or trigger: whether a connection opens, and whether signing works.

    A notice is signed and its signature verified here; nothing is said over the connection.
    """
    return [_check_destination(f"{noun} {name}", one, now) for name, one in destinations.items()]


def _check_destination(name: str, destination: object, now: datetime) -> Check:
    url, secret = (getattr(destination, field, None) for field in ("url", "secret"))
    signs = isinstance(secret, Secret)
    try:
        if isinstance(secret, Secret):
            _try_signature(secret, now)
        if not isinstance(url, Secret) or not url.reveal().startswith(("http://", "https://")):
            return pass_check(name, "nothing to connect to")
        target = read_target("GET", url.reveal(), {}, b"")
    except (SignatureError, ValueError, DriftwatchError) as error:
        return trouble(name, str(error), "correct its settings in the configuration")
    except HttpError:
        return trouble(name, "its address cannot be used", "correct its url in the configuration")
    return _check_target(name, target, signs=signs)


def _try_signature(secret: Secret, now: datetime) -> None:
    key = parse_secret(secret.reveal())
    verify(key, build_headers(key, "doctor", now, _BODY), _BODY, now)


def _check_target(name: str, target: Target, *, signs: bool) -> Check:
    """Return whether a connection opens, encrypted where it is to be. Only the origin is ever named."""
    try:
        with connect(target, Deadline(_PATIENCE), resolve_host, None):
            signed = ", and signing works" if signs else ""
            return pass_check(name, f"{target.origin} answers{signed}")
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is refused ({error.verify_message})"
    except HttpError as error:
        why = str(error)
    except TimeoutError:
        why = f"no answer within {_PATIENCE.total_seconds():.0f} s"
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
    return trouble(
        name, f"{target.origin} cannot be reached: {why}", "check the address, the network and the receiver"
    )


def check_sources(monitors: Sequence[Monitor]) -> list[Check]:
    """Return a check for each monitor: whether its source gives a few rows."""
    return [_check_source(monitor) for monitor in monitors]


def _check_source(monitor: Monitor) -> Check:
    name = f"source of {monitor.id}"
    try:
        monitor.source.look(monitor.columns, monitor.id)
    except DriftwatchError as error:
        return trouble(name, str(error), "correct the source, or mend it")
    return pass_check(name, "rows can be read")
