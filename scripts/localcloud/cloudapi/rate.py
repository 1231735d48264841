"""The request rate of an environment, as the platform limits it."""

from localcloud.cloudapi.errors import ApiError


class Rate:
    """At most *limit* requests in each second of the clock; None never refuses."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._second = 0
        self._taken = 0

    def take(self, now: float) -> None:
        """Count one request at *now* (epoch seconds); ApiError when its second is full."""
        if self._limit is None:
            return
        if int(now) != self._second:
            self._second, self._taken = int(now), 0
        if self._taken >= self._limit:
            raise ApiError("LimitExceeded.Request", f"More than {self._limit} requests in one second.")
        self._taken += 1
