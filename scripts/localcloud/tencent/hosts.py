"""Which hosts there are, and what answers for those that are not the Cloud API."""

import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Host, Route

from localcloud.deployed import Uploads

from .bucket import bucket

CERTIFIED = (
    "*.tencentcloudapi.com",
    "*.ap-shanghai.tencentcloudapi.com",
    "*.cos.ap-shanghai.myqcloud.com",
    "otheve.beacon.qq.com",
)
"""The names in the certificate."""

_BUCKETS = r"[a-z]+tempcos-\d+\.cos\.ap-shanghai\.myqcloud\.com"
_TELEMETRY = r"otheve\.beacon\.qq\.com"
_SERVED = re.compile(
    rf"[a-z0-9-]+\.tencentcloudapi\.com|[a-z0-9-]+\.ap-shanghai\.tencentcloudapi\.com|{_BUCKETS}|{_TELEMETRY}"
)


def is_served(host: str) -> bool:
    """Say whether the local cloud answers for *host*."""
    return _SERVED.fullmatch(host.lower()) is not None


def routes(uploads: Uploads, secret: str) -> list[BaseRoute]:
    """Return what answers for the bucket and for telemetry; the Cloud API answers for all other hosts."""
    silence = Starlette(routes=[Route("/{path:path}", _nothing, methods=["GET", "POST"])])
    return [
        Host("{bucket}.cos.ap-shanghai.myqcloud.com", bucket(uploads, secret)),
        Host("otheve.beacon.qq.com", silence),
    ]


async def _nothing(_request: Request) -> Response:
    return Response(status_code=204)
