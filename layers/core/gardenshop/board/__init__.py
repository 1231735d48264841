"""The page of the dashboard, what a browser may do with it, and the library that draws its charts.

Style and scripts are inside the page. The library, Apache ECharts, comes in a layer of its own and is served
under a name of its content, so that browsers may keep it.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_PARTS = ("page.html", "page.css", "charts.js", "page.js")


class Page(NamedTuple):
    """The document, and the policy that allows what is in it, the library, and nothing else."""

    html: str
    policy: str


class Library(NamedTuple):
    """The library, the name it is asked for by, and the digest that a browser compares it with."""

    content: bytes
    name: str
    digest: str

    def packed(self) -> bytes:
        """Return it compressed."""
        import gzip  # noqa: PLC0415  # Of no use to any other request.

        return gzip.compress(self.content, mtime=0)


@cache
def page() -> Page:
    """Put the parts together; the policy names style and scripts by their digests."""
    html, style, *scripts = ((_FOLDER / name).read_text("utf-8") for name in _PARTS)
    script, drawing = "".join(scripts), library()
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src '{_digest(style.encode())}'; "
        f"script-src '{_digest(script.encode())}' '{drawing.digest}'"
    )
    html = html.replace("/*library*/", drawing.name).replace("/*digest*/", drawing.digest)
    return Page(html.replace("/*style*/", style).replace("/*script*/", script), policy)


@cache
def library() -> Library:
    """Read the library from its layer."""
    from importlib.resources import files  # noqa: PLC0415  # Figures are answered without it.

    content = (files("echarts") / "echarts.min.js").read_bytes()
    return Library(content, hashlib.sha256(content).hexdigest()[:16], _digest(content))


def _digest(content: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()
