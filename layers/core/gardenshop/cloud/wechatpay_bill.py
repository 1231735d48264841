"""A bill's way from WeChat Pay: downloaded piece by piece, and read when its digest is what was announced."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from gardenshop.cloud.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from gardenshop.cloud.wechatpay import PaySettings

_TIMEOUT = (2.0, 30.0)
_PIECE = 64 << 10
_IN_MEMORY = 1 << 20
_GZIP = zlib.MAX_WBITS + 16


def downloaded(url: str, settings: "PaySettings") -> Iterator[bytes]:
    """Yield the unpacked pieces of the gzipped file at *url*; the package would hold all of it in memory.

    Raises UpstreamUnavailable when it does not come, or does not lie at the gateway.
    """
    from requests import RequestException, get  # noqa: PLC0415  # Costly: see `wechatpay`.
    from wechatpayv3.utils import build_authorization, load_private_key  # noqa: PLC0415

    if not url.startswith(f"{settings.gateway}/"):
        raise UpstreamUnavailable(cause="bill: lies elsewhere")
    path, key = url.removeprefix(settings.gateway), load_private_key(settings.private_key)
    signed = build_authorization(path, "GET", settings.mchid, settings.serial_no, key)
    unpack = zlib.decompressobj(_GZIP)
    try:
        with get(url, headers={"Authorization": signed}, stream=True, timeout=_TIMEOUT) as reply:
            reply.raise_for_status()
            for piece in reply.iter_content(_PIECE):
                yield unpack.decompress(piece)
        yield unpack.flush()
    except (RequestException, zlib.error) as error:
        raise UpstreamUnavailable(cause=type(error).__name__) from error


@contextmanager
def checked_lines(pieces: Iterable[bytes], sha1: str) -> Iterator[Iterator[str]]:
    """Open the lines of the text that *pieces* make. Raises UpstreamUnavailable unless *sha1* is its."""
    with SpooledTemporaryFile(_IN_MEMORY) as text:
        digest = hashlib.sha1(usedforsecurity=False)
        for piece in pieces:
            digest.update(piece)
            text.write(piece)
        if digest.hexdigest() != sha1:
            raise UpstreamUnavailable(cause="bill: other than announced")
        text.seek(0)
        yield (line.decode("utf-8-sig").rstrip("\r\n") for line in text)
