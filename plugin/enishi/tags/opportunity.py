"""Whether an author could have chosen a tag: when it was in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from enishi.tags.pairs import Pairs
    from enishi.types import Matrix, Rows


class Opportunity:
    """When each tag was first and last used."""

    def __init__(self, carried: Pairs, days: Matrix) -> None:
        """`days` is the date of every post in days, NaN where it has none."""
        self._days = days
        rows, columns = (which[~np.isnan(days[carried.rows])] for which in (carried.rows, carried.columns))
        order = np.lexsort((days[rows], columns))  # stable: of one day, by row
        self._users = np.split(rows[order], np.searchsorted(columns[order], np.arange(1, carried.shape[1])))
        self._first, self._second = (
            np.array([days[users[place]] if len(users) > place else np.nan for users in self._users])
            for place in (0, 1)
        )
        self._first_user = np.array([users[0] if len(users) else -1 for users in self._users])

    def days_until_first_use(self, rows: Rows, columns: Rows) -> Matrix:
        """Days from each post until the tag's first use by another post; NaN where that is unknown."""
        first = np.where(self._first_user[columns] == rows, self._second[columns], self._first[columns])
        return np.asarray(first - self._days[rows])

    def first_use(self, row: int, column: int) -> int | None:
        """Row of the first other post with the tag; None if there is none with a date."""
        return next((int(user) for user in self._users[column] if user != row), None)

    def last_use(self, row: int, column: int) -> int | None:
        """Row of the last other post with the tag; None if there is none with a date."""
        return next((int(user) for user in self._users[column][::-1] if user != row), None)
