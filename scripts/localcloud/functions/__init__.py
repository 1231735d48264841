"""The function host: runs the project's functions as the platform does, each instance in its own process."""

from .callers import HTTP, OPERATOR, TIMER, Caller, member
from .failures import Failure
from .host import FunctionHost, Limits
from .invocation import Invocation
from .layers import LayerMissing, Layers
from .project import Project, ProjectError, load_project

__all__ = [
    "HTTP",
    "OPERATOR",
    "TIMER",
    "Caller",
    "Failure",
    "FunctionHost",
    "Invocation",
    "LayerMissing",
    "Layers",
    "Limits",
    "Project",
    "ProjectError",
    "load_project",
    "member",
]
