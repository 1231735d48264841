"""The platform's temporary bucket, as far as clients use it: whole objects and objects in parts."""

import hashlib
import hmac
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud.cloudapi.uploads import authorization
from localcloud.deployed import Uploads

_LARGEST = 64 * 1024 * 1024
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def bucket(uploads: Uploads, secret: str) -> Starlette:
    """Return the application that answers for the bucket; *secret* made the rights to write into it."""
    doors = _Bucket(uploads, secret)
    return Starlette(routes=[Route("/{key:path}", doors.answer, methods=["GET", "PUT", "POST"])])


class _Bucket:
    def __init__(self, uploads: Uploads, secret: str) -> None:
        self._uploads = uploads
        self._secret = secret

    async def answer(self, request: Request) -> Response:
        query = request.query_params
        key = (request.path_params["key"] or query.get("prefix", "")).strip("/")
        allowed = authorization(self._secret, key)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), allowed.encode()):
            return _error(403, "AccessDenied", "The Authorization header is not the one for this object.")
        content = await _read(request)
        if content is None:
            return _error(400, "EntityTooLarge", f"An object has at most {_LARGEST} bytes.")
        return self._do(request, key, content)

    def _do(self, request: Request, key: str, content: bytes) -> Response:
        query, method = request.query_params, request.method
        if method == "GET" and "uploads" in query:
            return _xml("ListMultipartUploadsResult", Prefix=key, IsTruncated="false")
        if method == "POST" and "uploads" in query:
            return _xml("InitiateMultipartUploadResult", Key=key, UploadId=self._uploads.begin())
        if method == "PUT" and "uploadId" in query:
            number = query.get("partNumber", "")
            done = number.isdigit() and self._uploads.add_part(query["uploadId"], int(number), content)
            return _stored(content) if done else _no_upload()
        if method == "POST" and "uploadId" in query:
            done = self._uploads.finish(query["uploadId"], key)
            return (
                _xml("CompleteMultipartUploadResult", Key=key, ETag=_etag(key.encode()))
                if done
                else _no_upload()
            )
        if method == "PUT":
            self._uploads.put(key, content)
            return _stored(content)
        return _error(405, "MethodNotAllowed", "Only uploads are served here.")


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return None
    return bytes(body)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _stored(content: bytes) -> Response:
    return Response(headers={"ETag": _etag(content)})


def _no_upload() -> Response:
    return _error(404, "NoSuchUpload", "There is no such upload.")


def _error(status: int, code: str, message: str) -> Response:
    return _xml("Error", status=status, Code=code, Message=message)


def _xml(root: str, *, status: int = 200, **fields: str) -> Response:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return Response(f"{_XML}<{root}>{inner}</{root}>", status_code=status, media_type="application/xml")
