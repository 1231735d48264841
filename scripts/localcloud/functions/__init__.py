"""The function host: runs the project's functions as the platform does, each instance in its own process.

    routes → host → pool → instance ⇄ bootstrap (the function's own process)
               │      launcher: project (cloudbaserc.json), layers, signature → launch
               │      or deployed: what was deployed → launch
               ├─ callers: what the platform tells a function about its caller
               ├─ timers, cron
               └─ logs

Unlike the platform, idle instances are not frozen. That `event.path` of an HTTP access route is the whole
path is a belief: no source says it.
"""

from .callers import HTTP, LOCAL_APPID, LOCAL_UIN, OPERATOR, TIMER, Caller, member
from .deployed import DeployedLauncher
from .failures import Failure, FunctionNotFound
from .host import FunctionHost, Limits
from .invocation import Invocation
from .launcher import Launcher
from .layers import LayerMissing, Layers
from .project import Project, ProjectError, load_project
from .timers import Retry

__all__ = [
    "HTTP",
    "LOCAL_APPID",
    "LOCAL_UIN",
    "OPERATOR",
    "TIMER",
    "Caller",
    "DeployedLauncher",
    "Failure",
    "FunctionHost",
    "FunctionNotFound",
    "Invocation",
    "Launcher",
    "LayerMissing",
    "Layers",
    "Limits",
    "Project",
    "ProjectError",
    "Retry",
    "load_project",
    "member",
]
