"""What keeps other web pages out: a browser is served only on a page of this very cloud.

Programs send neither an Origin nor Fetch Metadata and are not asked. A browser names the page that calls:
another page's call is refused, also when its own name was made to lead here, because such a name is not
one of this computer's. A link may lead here from anywhere: who follows it sees the answer, the other page
does not.
What is only meant for the page is asked for by a name of this computer, whoever asks.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_OWN_SITES: Final = frozenset({"", "same-origin", "none"})
_PAGE: Final = "/_dev"


class Guard:
    """Middleware that refuses what other pages of a browser ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_welcome(scope):
            refusal = JSONResponse({"error": "another page's requests are not served"}, 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_welcome(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin", "")
    site = headers.get(b"sec-fetch-site", "")
    from_browser = bool(origin or site)
    is_page = scope["path"] == _PAGE or scope["path"].startswith(f"{_PAGE}/")
    if (from_browser or is_page) and not _is_own(host):
        return False
    if scope["method"] == "GET" and headers.get(b"sec-fetch-mode") == "navigate" and not origin:
        return True
    return site in _OWN_SITES and origin in ("", f"http://{host}")


def _is_own(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _OWN_NAMES
    except ValueError:
        return False
