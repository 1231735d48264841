"""The doorway to the official SDK for what a deployment does: one product of the cloud, action by action.

Throttled calls alone are made again. Whatever else fails may have been done, and the next run sees that.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.scf.v20180416.scf_client import ScfClient
from tencentcloud.tcb.v20180608.tcb_client import TcbClient

from dataio.cloudapi import Access, CloudError, connection

_ATTEMPTS = 6
_THROTTLED = ("RequestLimitExceeded", "LimitExceeded.Request")


class Service:
    """One product. *client* is the SDK's for it."""

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Return the reply to *action*. Raises CloudError."""
        for attempt in range(1, _ATTEMPTS + 1):
            is_last = attempt == _ATTEMPTS
            try:
                reply: dict[str, Any] = self._client.call_json(action, parameters)["Response"]
            except TencentCloudSDKException as error:
                code = str(error.get_code())
                if is_last or not code.startswith(_THROTTLED):
                    raise CloudError(code, str(error.get_message())) from error
                self._sleep(random.uniform(0.5, 1) * 0.4 * 2**attempt)
            else:
                return reply
        raise AssertionError("the last attempt returns or raises")

    def pages(self, action: str, key: str, size: int = 100, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the items under *key* in the replies to *action*, page by page."""
        offset = 0
        while True:
            found = self.call(action, Offset=offset, Limit=size, **parameters).get(key) or []
            yield from found
            offset += len(found)
            if len(found) < size:
                return


def scf(access: Access, sleep: Callable[[float], None] = time.sleep) -> Service:
    """Return the product of functions, which on the real cloud has a host of its own beside tcb's."""
    url = urlsplit(access.endpoint)
    host = url.netloc.replace("tcb.", "scf.", 1) if url.netloc.startswith("tcb.") else url.netloc
    return Service(ScfClient(*connection(access._replace(endpoint=f"{url.scheme}://{host}"))), sleep)


def tcb(access: Access, sleep: Callable[[float], None] = time.sleep) -> Service:
    """Return the product of environments."""
    return Service(TcbClient(*connection(access)), sleep)
