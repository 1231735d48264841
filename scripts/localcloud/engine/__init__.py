"""The embedded, durable document engine of the local CloudBase: MongoDB's semantics on SQLite."""

from localcloud.engine.engine import Engine
from localcloud.engine.errors import EngineError
from localcloud.engine.scan import Tally

__all__ = ["Engine", "EngineError", "Tally"]
