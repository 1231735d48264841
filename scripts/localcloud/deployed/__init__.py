"""What was deployed to the local cloud: functions, layers, HTTP routes and rules, and the zips they came in.

cloudapi (scf, tcb) → Deployments ─ Records   what was said of each
└ Packages  the zips, and where they lie unpacked
functions.DeployedLauncher → Deployments      runs them
"""

from .deployments import FUNCTION, Deployments
from .packages import BadPackage, Package, Packages
from .records import DeployedFunction, LayerRef, LayerVersion, Published, Route, Rule, Timer
from .uploads import Uploads

__all__ = [
    "FUNCTION",
    "BadPackage",
    "DeployedFunction",
    "Deployments",
    "LayerRef",
    "LayerVersion",
    "Package",
    "Packages",
    "Published",
    "Route",
    "Rule",
    "Timer",
    "Uploads",
]
