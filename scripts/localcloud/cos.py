"""Tencent COS on this machine: moto's S3 server, started only when somebody asks for it.

moto accepts more than COS does. What is known to fail on COS is refused here too, so that it fails before
it is deployed: uploads without a Content-Length and multi-deletes without a Content-MD5. Addresses are
path style here and virtual style there.
"""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

_HOST = "127.0.0.1"
# boto3 with its default checksums names one in this header. Over http it sends a length all the same;
# over https, which COS is, it sends chunks and none.
_CHECKSUM = "HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
)

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class CosStandIn:
    """One COS, in memory. `start` may be called again; it answers with the same endpoint."""

    def __init__(self) -> None:
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def start(self) -> str:
        """Return the endpoint's URL, to be used with path-style addresses."""
        if self._server is None:
            self._server = _server()
            self._thread = Thread(target=self._server.serve_forever, name="cos", daemon=True)
            self._thread.start()
        return f"http://{_HOST}:{self._server.server_port}"

    def stop(self) -> None:
        """Stop serving and forget everything stored."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None


def _server() -> "BaseWSGIServer":
    # Costly, and most runs of the local cloud never store a file.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    app = _as_strict_as_cos(DomainDispatcherApplication(create_backend_app))
    return make_server(_HOST, 0, app, threaded=True, request_handler=MotoRequestHandler)


def _as_strict_as_cos(app: Wsgi) -> Wsgi:
    def checked(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal is None:
            return app(environ, start_response)
        status, code, message = refusal
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", "application/xml")])
        return [_ERROR.format(code=code, message=message).encode()]

    return checked


def _refusal(environ: Environ) -> tuple[str, str, str] | None:
    method = environ["REQUEST_METHOD"]
    if method == "PUT" and (not environ.get("CONTENT_LENGTH") or _CHECKSUM in environ):
        return "411 Length Required", "MissingContentLength", "You must provide the Content-Length header."
    query = environ.get("QUERY_STRING", "").split("&")
    if method == "POST" and query[0].partition("=")[0] == "delete" and "HTTP_CONTENT_MD5" not in environ:
        return "400 Bad Request", "MissingContentMD5", "Missing required header: Content-MD5."
    return None
