"""Related posts: what a reader should see, in which order, and why.

index.py           nearest rows: ScaNN (scann_index.py) or NumPy (exact.py)
ranking.py         vectors -> for every post, the candidates, best first
groups.py          near-duplicates and translations
rules.py           which posts may stand in whose lists
candidate_pool.py  all pairs that may be listed, best first over the whole site
published.py       the lists that were shown last, to which near-ties go
lists.py           the lists, filled over the whole site at once
reasons.py         what two posts share: tags and terms
term_uses.py       which posts use which terms, as numbers
pair_texts.py      what their texts have in common, for many pairs at once
explain.py         why a post is, or is not, in a list
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enishi.config import RelatedSettings
from enishi.errors import Diagnostic
from enishi.related.lists import SiteLists
from enishi.related.pair_texts import PairTexts
from enishi.related.reasons import SharedTags
from enishi.related.rules import ListingRules
from enishi.types import Document, Kind, Related

if TYPE_CHECKING:
    from enishi.related.index import Backend, IndexMaker
    from enishi.related.published import PublishedLists
    from enishi.types import Vectors


@dataclass(frozen=True, slots=True)
class RelatedPosts:
    """The lists of a whole site."""

    lists: Mapping[str, tuple[Related, ...]]
    """By path, for every post (drafts too, which are in nobody else's list)."""
    min_score: float
    diagnostics: tuple[Diagnostic, ...] = ()


def find_related(
    documents: Sequence[Document],
    vectors: Vectors,
    links: Mapping[str, tuple[str, ...]],
    settings: RelatedSettings,
    *,
    backend: Backend | IndexMaker = "auto",
    texts: PairTexts | None = None,
    published: PublishedLists | None = None,
) -> RelatedPosts:
    """The related posts of every document.

    Args:
        documents: sorted by path.
        vectors: shape (len(documents), dim), unit rows or zeros.
        links: by path, the posts that a body links to.
        texts: compares the documents' texts, where these do not hold them themselves.
        published: the lists that the blog showed last, to which near-ties go.
    """
    lists = SiteLists(documents, vectors, links, settings, backend, texts, published)
    return RelatedPosts(
        _entries(lists),
        lists.min_score,
        tuple(sorted(lists.rules.diagnostics)),
    )


def without_lists(
    documents: Sequence[Document], links: Mapping[str, tuple[str, ...]], settings: RelatedSettings
) -> RelatedPosts:
    """What there is to say of the wishes of authors, without any list; see :func:`find_related`."""
    rules = ListingRules(documents, links, settings)
    return RelatedPosts({}, 0.0, tuple(sorted(rules.diagnostics)))


def _entries(lists: SiteLists) -> dict[str, tuple[Related, ...]]:
    documents = lists.documents
    rows = np.repeat(np.arange(len(documents)), [len(listed.chosen) for listed in lists.lists])
    others = np.array([other for listed in lists.lists for other in listed.chosen], dtype=np.int64)
    scores = iter(lists.ranking.cosines(rows, others).tolist())
    tags = iter(SharedTags(documents).of_pairs(documents, rows.tolist(), others.tolist()))
    terms = iter(lists.texts.shared_terms(rows, others))
    return {
        document.post.path: tuple(
            related_entry(documents[other], next(scores), listed.kinds[other], next(tags), next(terms))
            for other in listed.chosen
        )
        for document, listed in zip(documents, lists.lists, strict=True)
    }


def related_entry(
    document: Document, score: float, kind: Kind, tags: tuple[str, ...], terms: tuple[str, ...]
) -> Related:
    """The entry of a document in the list of one that shares these tags and terms with it."""
    post = document.post
    return Related(
        path=post.path,
        title=post.title or document.title,
        url=post.url,
        score=score,
        kind=kind,
        date=post.date.date().isoformat() if post.date else "",
        lang=post.lang,
        shared_tags=tags,
        shared_terms=terms,
    )
