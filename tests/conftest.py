"""A browser for the pages, where one is installed."""

from collections.abc import Iterator

import pytest

from browser import CHROMIUM, Browser, open_browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a module, which are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with open_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened
