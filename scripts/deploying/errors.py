"""Why a deployment cannot begin or go on; every message says what to do."""


class NotDeployable(Exception):
    """Something in the repository, in the settings or on this machine stands in the way."""
