"""An identity provider asked who somebody is: OpenID Connect, the code flow with PKCE.

What the provider publishes of itself is read anew for each person who signs in: there are few of them, and
keys that were changed are then never a reason to refuse one.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from driftwatch.errors import DriftwatchError
from driftwatch.net.addresses import is_loopback
from driftwatch.net.http import HttpError, HttpRequest, send
from driftwatch.net.secrets import Secret

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

__all__ = ["ALGORITHMS", "Client", "IdentityError", "Journey", "begin_journey", "end_journey", "find_start"]

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""How a provider may sign: with keys of which only half is published."""

_DEADLINE: Final = timedelta(seconds=10)
_MOST_BYTES: Final = 1 << 18
_LEEWAY: Final = 60


class IdentityError(DriftwatchError):
    """The identity provider did not say who somebody is, or not in a way that can be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a provider knows of this installation; it sends people back to `redirect_uri` alone."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    scopes: tuple[str, ...]
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What one person's browser takes along to the provider and back: each part is random and used once."""

    state: str
    nonce: str
    verifier: str


def begin_journey() -> Journey:
    """Return a new journey."""
    return Journey(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
    )


def find_start(client: Client, journey: Journey) -> str:
    """Return the address at the provider where a journey begins. Raises IdentityError where it has none."""
    start = _find_endpoint(_read_provider(client), "authorization_endpoint")
    with _open_session(client) as session:
        address, _ = session.create_authorization_url(
            start, state=journey.state, nonce=journey.nonce, code_verifier=journey.verifier
        )
    return str(address)


def end_journey(
    client: Client, journey: Journey, answer: Mapping[str, str], now: datetime
) -> Mapping[str, Any]:
    """Return what the provider says of somebody who came back with `answer`, the query of the address.

    1. The state is that of the journey: nobody else's browser began it.
    2. The provider is the one that was asked, and it does not refuse.
    3. The code becomes a token, for whoever knows the verifier.
    4. The token is signed by a published key, was made by this provider for us and this journey, and holds.

    Raises IdentityError where one of them is not so.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
        raise IdentityError("this browser did not begin to sign in, or began again since: try once more")
    if answer.get("iss", client.issuer) != client.issuer:
        raise IdentityError("another provider answered than the one that was asked")
    if "error" in answer or not answer.get("code"):
        raise IdentityError("the provider did not let you in")
    provider = _read_provider(client)
    keys = _read_json(_find_endpoint(provider, "jwks_uri"))
    text = _fetch_token(client, journey, _find_endpoint(provider, "token_endpoint"), answer["code"])
    return _read_claims(client, journey, text, keys, now)


def _fetch_token(client: Client, journey: Journey, address: str, code: str) -> str:
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    try:
        with _open_session(client) as session:
            token = session.fetch_token(
                address,
                grant_type="authorization_code",
                code=code,
                redirect_uri=client.redirect_uri,
                code_verifier=journey.verifier,
                timeout=_DEADLINE.total_seconds(),
                allow_redirects=False,
            )
            return str(token["id_token"])
    except (AuthlibBaseError, RequestException, ValueError, KeyError, TypeError) as error:
        # Their words may quote the code, or the secret of this installation.
        raise IdentityError(f"the provider gave no token for the code ({type(error).__name__})") from None


def _read_claims(client: Client, journey: Journey, text: str, keys: Any, now: datetime) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    wanted = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": client.issuer},
        aud={"essential": True, "value": client.client_id},
        sub={"essential": True},
        exp={"essential": True},
        nonce={"essential": True, "value": journey.nonce},
    )
    try:
        claims = jwt.decode(text, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)).claims
        wanted.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise IdentityError(f"what the provider says cannot be believed ({type(error).__name__})") from None
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", None if is_shared else client.client_id) != client.client_id:
        raise IdentityError("what the provider says was meant for somebody else")
    return dict(claims)


def _open_session(client: Client) -> OAuth2Session:
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(
        client.client_id,
        client.client_secret.reveal() if client.client_secret else None,
        scope=" ".join(client.scopes),
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
    )
    session.trust_env = False
    return session


def _read_provider(client: Client) -> Mapping[str, Any]:
    found = _read_json(f"{client.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != client.issuer:
        raise IdentityError(
            "the provider calls itself otherwise than web.auth.oidc.issuer: write it the same"
        )
    return found


def _find_endpoint(provider: Mapping[str, Any], name: str) -> str:
    address = str(provider.get(name, ""))
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise IdentityError(f"the provider has no {name} that begins with https://")
    return address


def _read_json(address: str) -> Mapping[str, Any]:
    request = HttpRequest(method="GET", url=address, deadline=_DEADLINE, at_most_bytes=_MOST_BYTES)
    try:
        response = send(request)
        if response.status != 200 or not response.complete:
            raise IdentityError(f"the provider answered {response.status}")
        found = json.loads(response.body)
    except HttpError as error:
        raise IdentityError(f"the provider cannot be reached: {error.kind}") from None
    except (ValueError, RecursionError):
        raise IdentityError("the provider answered with something else than JSON") from None
    if not isinstance(found, dict):
        raise IdentityError("the provider answered with something else than an object")
    return found
