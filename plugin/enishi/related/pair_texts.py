"""What the texts of two posts have in common, asked for many pairs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from enishi.related.groups import are_near_duplicates
from enishi.related.reasons import SharedTerms
from enishi.types import Document

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Rows


class PairTexts:
    """Compares the texts of the posts rows[i] and others[i]; one whose texts lie elsewhere may stand in for it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    def near_duplicates(self, rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
        """Whether the two say the same."""
        return are_near_duplicates(self._documents, rows, others)

    def shared_terms(self, rows: Rows, others: Rows) -> list[tuple[str, ...]]:
        """The terms that are reasons for listing one of the two beside the other, the most distinctive first."""
        return SharedTerms(len(self._documents)).of_pairs(self._documents, rows, others)
