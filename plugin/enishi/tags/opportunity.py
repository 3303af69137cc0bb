"""Whether an author could have chosen a tag: when it was in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Matrix


class Opportunity:
    """When each tag was first and last used."""

    def __init__(self, carried: npt.NDArray[np.bool_], days: Matrix) -> None:
        """`carried` has shape (n_posts, n_tags); `days` is the date of every post in days, NaN where it has none."""
        self._days = days
        self._users = [
            users[np.argsort(days[users], kind="stable")]
            for users in (np.flatnonzero(used) for used in (carried & ~np.isnan(days)[:, None]).T)
        ]
        self._first, self._second = (
            np.array([days[users[place]] if len(users) > place else np.nan for users in self._users])
            for place in (0, 1)
        )
        self._first_user = np.array([users[0] if len(users) else -1 for users in self._users])

    def days_until_first_use(self, row: int) -> Matrix:
        """Days from a post until each tag's first use by another post, shape (n_tags,); NaN where that is unknown."""
        first = np.where(self._first_user == row, self._second, self._first)
        return np.asarray(first - self._days[row])

    def first_use(self, row: int, column: int) -> int | None:
        """Row of the first other post with the tag; None if there is none with a date."""
        return next((int(user) for user in self._users[column] if user != row), None)

    def last_use(self, row: int, column: int) -> int | None:
        """Row of the last other post with the tag; None if there is none with a date."""
        return next((int(user) for user in self._users[column][::-1] if user != row), None)
