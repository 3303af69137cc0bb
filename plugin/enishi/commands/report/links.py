"""How readers get from post to post: links, lists of related posts, and posts that say nearly the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from enishi.commands.report.analysis import AnalysedBlog
from enishi.findings import ignored_codes
from enishi.related.groups import are_near_duplicates, distinct_pairs, is_translation, share_of_words
from enishi.related.index import build_index, neighbors_of_all

MOST_SHOWN = 20
MOST_DUPLICATES = 100
_NEAREST = 10
"""As many of each post's nearest are compared with it word by word, as lists of related posts do."""


def link_values(blog: AnalysedBlog) -> dict[str, Any]:
    """What nothing leads to, and what many lists show (of equally many, what stands further up)."""
    posts = [document.post for document in blog.documents]
    public = [row for row, post in enumerate(posts) if post.is_public]
    shown, places = Counter[int](), Counter[int]()
    for row in public:
        shown.update(blog.lists[row])
        places.update({other: place for place, other in enumerate(blog.lists[row])})
    linked = {other for row in public for other in blog.links[row] if other != row}
    never = [row for row in public if posts[row].is_listable and not shown[row]]
    most = sorted(shown, key=lambda row: (-shown[row], places[row], row))
    return {
        "unlinked": [row for row in never if row not in linked],
        "never_shown": never if shown else [],  # the settings want no lists
        "most_shown": [{"post": row, "times": shown[row]} for row in most[:MOST_SHOWN]],
    }


def near_duplicates(blog: AnalysedBlog) -> list[dict[str, Any]]:
    """Pairs of posts most of whose words are the same, as `enishi check` finds them; translations are none."""
    index = build_index(blog.vectors, backend=blog.blog.settings.index.backend)
    nearest, _ = neighbors_of_all(index, blog.vectors, _NEAREST)
    low, high, _ = distinct_pairs(np.repeat(np.arange(len(nearest)), nearest.shape[1]), nearest.ravel())
    are_duplicates, found = are_near_duplicates(blog.documents, low, high), list[dict[str, Any]]()
    for pair in zip(low[are_duplicates].tolist(), high[are_duplicates].tolist(), strict=True):
        one, other = (blog.documents[row] for row in pair)
        if not is_translation(one, other) and "near-duplicate" not in ignored_codes(one) | ignored_codes(other):
            found.append({"posts": list(pair), "score": round(share_of_words(one, other), 2)})
    return sorted(found, key=lambda entry: (-entry["score"], entry["posts"]))[:MOST_DUPLICATES]
