"""The shared layer of garden and shop: access to the cloud, document models, pure rules and shared flows."""

import os

# At its first model pydantic would search every installed package for plugins, of which a layer has none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
