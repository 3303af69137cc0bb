"""Near-duplicates: what many pairs are told at once is what each is told."""

from __future__ import annotations

import random

import numpy as np

from enishi.related.groups import are_near_duplicates, connected_groups, share_of_words
from enishi.types import Document, Post, Terms, TextFields


def document(name: str, words: dict[str, int]) -> Document:
    return Document(Post(name, name), TextFields(), words, Terms({}, {}))


def test_many_pairs_are_near_duplicates_where_their_words_say_so() -> None:
    chance = random.Random(0)
    first = {f"word{number}": chance.randint(1, 3) for number in range(400)}
    variants = [first]
    for changed in (1, 40, 85, 95, 110, 300):
        words = sorted(first)[changed:]
        variants.append({word: first[word] for word in words} | {f"new{number}": 2 for number in range(changed)})
    documents = [document(str(number), words) for number, words in enumerate([*variants, {}, {"few": 4}])]
    rows, others = (pairs.ravel() for pairs in np.indices((len(documents), len(documents))))
    found = are_near_duplicates(documents, rows, others)
    assert found.tolist() == [
        share_of_words(documents[row], documents[other]) > 0
        for row, other in zip(rows.tolist(), others.tolist(), strict=True)
    ]
    assert found.reshape(len(documents), -1)[0].tolist() == [True, True, True, False, False, False, False, False, False]


def test_groups_are_named_by_their_lowest_row() -> None:
    assert connected_groups(np.array([5, 7, 2]), np.array([7, 3, 4])) == {2: 2, 3: 3, 4: 2, 5: 3, 7: 3}
