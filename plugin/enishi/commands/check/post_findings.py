"""Findings about a post as a whole: what is wrong with its front matter, and posts that say nearly the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from enishi.commands.check.tag_findings import draft, quoted
from enishi.errors import Diagnostic
from enishi.findings import Finding
from enishi.related.groups import are_near_duplicates, is_translation, share_of_words
from enishi.types import Document

_REPEATABLE = frozenset({"bad-enishi-block", "duplicate-key"})
"""Problems that a post may have several of."""
_IGNORE = "enishi: {ignore: [near-duplicate]}"


def front_matter_findings(diagnostics: Iterable[Diagnostic], checked: Collection[str]) -> Iterator[Finding]:
    """The diagnostics of the posts that are checked, each once."""
    are_checked = frozenset(checked)
    for diagnostic in sorted(set(diagnostics)):
        if diagnostic.path in are_checked:
            message, _, advice = diagnostic.message.partition(". ")
            if advice and diagnostic.line:  # a report may list the advice of all findings about a post in one place
                advice = f"line {diagnostic.line}: {advice}"
            yield draft(
                diagnostic.path,
                "bad-front-matter",
                message.removesuffix("."),
                level=diagnostic.severity,
                line=diagnostic.line,
                advice=(advice.removesuffix("."),) if advice else (),
                subject=f"{diagnostic.code}: {message}" if diagnostic.code in _REPEATABLE else diagnostic.code,
            )


def near_duplicates(
    documents: Sequence[Document], nearest: Mapping[int, Sequence[int]], checked: Collection[str]
) -> Iterator[Finding]:
    """Posts that say nearly the same as another one; of two that are both checked, the newer one is reported."""
    import numpy as np

    row_of = {document.post.path: row for row, document in enumerate(documents)}
    are_checked = frozenset(checked)
    pairs = [
        (row_of[path], other)
        for path in checked
        if path in row_of
        for other in nearest[row_of[path]]
        if documents[other].post.path not in are_checked or _age(documents[other]) <= _age(documents[row_of[path]])
    ]
    rows, others = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    are_duplicates = are_near_duplicates(documents, rows, others)
    for row, other in zip(rows[are_duplicates].tolist(), others[are_duplicates].tolist(), strict=True):
        document, copy = documents[row], documents[other]
        if not is_translation(document, copy):
            how = "the same" if document.words == copy.words else "nearly the same"
            yield draft(
                document.post.path,
                "near-duplicate",
                f"the post says {how} as {quoted(copy.title)}",
                evidence=(
                    f"{share_of_words(document, copy):.0%} of their words are the same",
                    f"the other post: {copy.post.path}",
                ),
                advice=("if one is a copy, delete it", f"if both are meant, put into its front matter: {_IGNORE}"),
                subject=copy.post.path,
            )


def _age(document: Document) -> tuple[float, str]:
    """Sorts older posts first; a post without a date is the newest."""
    date = document.post.date
    return (date.timestamp() if date else float("inf"), document.post.path)
