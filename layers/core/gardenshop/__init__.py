"""The shared layer of garden and shop: access to the cloud, document models, pure rules and shared flows."""

import sys
from types import ModuleType


def _do_without_plugins() -> None:
    """Put a loader that knows no plugins in the place of pydantic's, which searches every package for them.

    A layer has none, and importing that loader takes a tenth of the time of importing pydantic itself.
    Where pydantic has no such module, nothing happens.
    """
    loader = ModuleType("pydantic.plugin._loader")
    loader.__dict__["get_plugins"] = tuple
    sys.modules.setdefault(loader.__name__, loader)


_do_without_plugins()
