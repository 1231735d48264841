"""The signature of `/admin`: TC3 over parameters, not over a body, as `@cloudbase/signature-nodejs` makes it.

The verb and header values are signed in lower case, the address without its scheme, and each parameter as
``&name=text`` in the order that `SignedParams` tells; what is not text is signed as its JSON, what is empty
not at all.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from localcloud.admin.refusals import Refused
from localcloud.cloudapi.tc3 import signing_key
from localcloud.credentials import Credentials

_ALGORITHM = "TC3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=(?P<id>[^/,\s]+)/(?P<date>[\d-]{{10}})/(?P<service>\w+)/tc3_request,"
    r" SignedParams=(?P<params>[\w;.%-]*), SignedHeaders=(?P<headers>[\w;-]+),"
    r" Signature=(?P<signature>[0-9a-f]{64})"
)
_LONGEST_SECONDS = 600


class Call(NamedTuple):
    """A request as it was signed; *headers* have lower-case names."""

    path: str
    query: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


def verify(call: Call, credentials: Credentials, *nows: float) -> None:
    """Raise Refused when *call* was not signed with *credentials*, or not lately by any of the clocks."""
    match = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    if match is None or match["id"] != credentials.secret_id:
        raise _invalid("the Authorization header is none of this environment's")
    timestamp = call.headers.get("x-timestamp", "")
    if not timestamp.isdigit() or min(abs(now - int(timestamp)) for now in nows) > _LONGEST_SECONDS:
        raise _invalid("the signature has expired")
    texts = {name.lower(): text for name, text in map(_signed, call.body.items()) if text}
    named = match["params"].split(";")
    if {*texts} - {*named}:
        raise _invalid("a parameter is not signed")
    payload = "".join(f"&{name}={texts[name]}\r\n" for name in named if name in texts)
    names = match["headers"].split(";")
    lines = "".join(f"{name}:{call.headers.get(name, '').strip().lower()}\n" for name in names)
    address = f"//{call.headers.get('host', '')}{call.path}"
    request = f"post\n{address}\n{call.query}\n{lines}\n{';'.join(names)}\n{_sha256(payload)}"
    scope = f"{match['date']}/{match['service']}/tc3_request"
    text = f"{_ALGORITHM}\n{timestamp}\n{scope}\n{_sha256(request)}"
    key = signing_key(credentials.secret_key, match["date"], match["service"])
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), match["signature"]):
        raise _invalid("the signature is wrong")


def _signed(parameter: tuple[str, Any]) -> tuple[str, str]:
    name, value = parameter
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return name, text.strip()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _invalid(why: str) -> Refused:
    return Refused("SIGN_PARAM_INVALID", f"The request was not signed well: {why}.")
