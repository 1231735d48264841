"""The names of Tencent Cloud's own hosts, answered by the local cloud, for tools that know no other.

a tool → proxy (CONNECT, by hosts alone) → TLS (certificates) → the local cloud → its Cloud API
                                                                                ├ bucket
                                                                                └ telemetry: nothing
"""

from .bucket import bucket
from .hosts import routes
from .proxy import TencentHosts

__all__ = ["TencentHosts", "bucket", "routes"]
