"""TC3-HMAC-SHA256, the signature of Cloud API 3.0, as its receiver checks it.

The canonical request holds the headers that the client lists. Official clients disagree on two points, so
both readings are accepted: the host with or without its port, and header values as sent or in lower case.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import NamedTuple

from localcloud.cloudapi.errors import ApiError
from localcloud.credentials import Credentials
from localcloud.traces import MARK

VALID_SECONDS = 300
"""How far a request's timestamp may be from the receiver's clock."""

_MUST_BE_SIGNED = frozenset({"content-type", "host"})
_TIMESTAMP_DIGITS = 11
_DAY = 86_400
_ALGORITHM = "TC3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/([a-z0-9_-]+)/tc3_request\s*,"
    r"\s*SignedHeaders=([a-z0-9;_-]+)\s*,\s*Signature=([0-9a-f]{64})"
)


class Authorization(NamedTuple):
    """The parts of an Authorization header."""

    secret_id: str
    date: str
    service: str
    signed_headers: str
    signature: str


@lru_cache(maxsize=64)
def signing_key(secret_key: str, date: str, service: str) -> bytes:
    """Return the key of one day and one service."""
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(secret_key: str, scope: Authorization, timestamp: str, headers: str, body_hash: str) -> str:
    """Return the signature of a POST to ``/`` whose canonical header lines are *headers*."""
    request = f"POST\n/\n\n{headers}\n{scope.signed_headers}\n{body_hash}"
    text = (
        f"{_ALGORITHM}\n{timestamp}\n{scope.date}/{scope.service}/tc3_request\n"
        f"{hashlib.sha256(request.encode()).hexdigest()}"
    )
    key = signing_key(secret_key, scope.date, scope.service)
    return hmac.digest(key, text.encode(), "sha256").hex()


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *nows: float) -> str:
    """Return the service that a request was signed for; ApiError ``AuthFailure.*`` if it was not signed well.

    *headers* have lower-case names; *nows* is what the clocks that a caller may go by show, in epoch seconds.
    """
    scope = _parse(headers.get("authorization"))
    timestamp = _timestamp(headers, scope, nows)
    if scope.secret_id != credentials.secret_id:
        raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found, please check it.")
    token = headers.get("x-tc-token", credentials.session_token)
    if token.partition(MARK)[0] != credentials.session_token:
        raise ApiError("AuthFailure.TokenFailure", "The provided token is invalid.")
    unsigned = headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD"
    body_hash = hashlib.sha256(b"UNSIGNED-PAYLOAD" if unsigned else body).hexdigest()
    for lines in _canonical_headers(headers, scope.signed_headers.split(";")):
        expected = sign(credentials.secret_key, scope, timestamp, lines, body_hash)
        if hmac.compare_digest(expected, scope.signature):
            return scope.service
    raise ApiError(
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated: check the signature.",
    )


def _parse(header: str | None) -> Authorization:
    if not header:
        raise ApiError("MissingParameter", "The request is missing the header `Authorization`.")
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        raise ApiError(
            "AuthFailure.InvalidAuthorization", "The header `Authorization` is not a TC3 signature."
        )
    scope = Authorization(*match.groups())
    if not _MUST_BE_SIGNED.issubset(scope.signed_headers.split(";")):
        raise ApiError(
            "AuthFailure.SignatureFailure", "SignedHeaders must contain `content-type` and `host`."
        )
    return scope


def _timestamp(headers: Mapping[str, str], scope: Authorization, nows: Sequence[float]) -> str:
    timestamp = headers.get("x-tc-timestamp")
    if not timestamp:
        raise ApiError("MissingParameter", "The request is missing the header `X-TC-Timestamp`.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        raise ApiError("InvalidParameterValue", "The header `X-TC-Timestamp` is not a Unix timestamp.")
    seconds = int(timestamp)
    if min(abs(now - seconds) for now in nows) > VALID_SECONDS:
        raise ApiError(
            "AuthFailure.SignatureExpire",
            f"Signature expired: the timestamp differs by more than {VALID_SECONDS} s.",
        )
    if _date(seconds // _DAY) != scope.date:
        raise ApiError("AuthFailure.SignatureFailure", "The date of the credential is not the timestamp's.")
    return timestamp


@lru_cache(maxsize=8)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, timezone.utc).strftime("%Y-%m-%d")


def _canonical_headers(headers: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    """Yield the header lines that the client may have signed, the likeliest first."""
    try:
        lines = {name: headers[name].strip() for name in names}
    except KeyError as absent:
        raise ApiError("AuthFailure.SignatureFailure", f"The signed header {absent} is absent.") from absent
    yield _joined(lines)
    yield _joined(lines).lower()
    lines["host"] = lines["host"].rpartition(":")[0] or lines["host"]
    yield _joined(lines)
    yield _joined(lines).lower()


def _joined(lines: Mapping[str, str]) -> str:
    return "".join([f"{name}:{value}\n" for name, value in lines.items()])
