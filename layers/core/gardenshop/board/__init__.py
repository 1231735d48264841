"""The page of the dashboard: one document with style and script inside, and what a browser may do with it."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent


class Page(NamedTuple):
    """The document, and the policy that allows what is in it and nothing else."""

    html: str
    policy: str


@cache
def page() -> Page:
    """Put the parts together; the policy names script and style by their digests."""
    html, style, script = (
        (_FOLDER / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")
    )
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    return Page(html.replace("/*style*/", style).replace("/*script*/", script), policy)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
