"""What a worker does with one chunk of posts: the functions of a build on one machine, and nothing of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enishi.cache import Cache
from enishi.counts import WordNumbers
from enishi.distributed.cluster import Shared
from enishi.distributed.folder import Folder
from enishi.errors import Diagnostic
from enishi.reading.chinese import with_words as with_chinese_words
from enishi.reading.documents import document_of, read_record
from enishi.reading.records import Record
from enishi.state import Request
from enishi.types import Document, Post, Terms, TextFields
from enishi.vectors import number_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.config import PartialSettings
    from enishi.encoders.transformer import TransformerEncoder
    from enishi.generators.base import Site
    from enishi.pipeline import Blog, TagBlocks, Tagged
    from enishi.related.index import Backend
    from enishi.related.reasons import SharedTerms
    from enishi.types import Related, Rows, Scores, Vectors

    WordCounts = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class ReadPost:
    """A post as its file alone tells it."""

    post: Post
    record: Record
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class ReadPosts:
    """(path, name in the folder) of files -> what they say; those that vanished meanwhile are not there."""

    folder: Folder
    site: Site
    now: datetime

    def __call__(self, _: int, files: Sequence[tuple[str, str]]) -> list[ReadPost]:
        read = []
        for path, name in files:
            with suppress(OSError):
                record = read_record(self.folder.read(name), self.site.generator.dialect)
                post, problems = self.site.make_post(path, record.front_matter, self.now)
                read.append(ReadPost(post, record, tuple(problems)))
        return read


@dataclass(frozen=True, slots=True)
class MakeDocuments:
    """Read posts -> the documents of those that are posts, as the site's own list, if there is one, has them."""

    posts: Sequence[Shared[Sequence[Post]]]

    def __call__(self, number: int, read: Sequence[ReadPost]) -> list[Document]:
        records = {one.post.path: one.record for one in read}
        return [document_of(post, records[post.path]) for post in self.posts[number].get()]


def posts_only(_: int, read: Sequence[ReadPost]) -> list[tuple[Post, tuple[Diagnostic, ...]]]:
    """The posts, and what is wrong with each."""
    return [(one.post, one.problems) for one in read]


@dataclass(frozen=True, slots=True)
class Change:
    """What the whole blog tells of one of its documents."""

    stays: bool = True
    """Whether it is a post after all, and no page among posts."""
    words: Mapping[str, int] | None = None
    """The words of its Chinese text."""


@dataclass(frozen=True, slots=True)
class ChangeDocuments:
    """Documents as the files tell them -> the posts among them, those in Chinese with their words."""

    changes: Sequence[Shared[list[Change]]]

    def __call__(self, number: int, documents: Sequence[Document]) -> list[Document]:
        changed = zip(documents, self.changes[number].get(), strict=True)
        return [
            document if change.words is None else with_chinese_words(document, change.words)
            for document, change in changed
            if change.stays
        ]


def chinese_texts(_: int, documents: Sequence[Document]) -> list[str]:
    """The Chinese text of each document, empty for others."""
    return [one.terms.chinese for one in documents]


def without_text(_: int, documents: Sequence[Document]) -> list[Document]:
    """What the flow itself needs of documents: the post, what to call it, and its links."""
    return [
        Document(
            one.post,
            TextFields(one.fields.title, headings=one.fields.headings[:1], links=one.fields.links),
            {},
            Terms({}, {}),
        )
        for one in documents
    ]


def whole(document: Document) -> Document:
    """All of a document."""
    return document


def with_words(document: Document) -> Document:
    """What near-duplicates are found by."""
    return replace(document, fields=TextFields(), terms=Terms({}, {}))


def with_terms(document: Document) -> Document:
    """What shared terms are found by."""
    return replace(document, fields=replace(document.fields, lede="", prose="", code="", links=()), words={})


def no_progress(*_: object) -> None:
    """Nobody watches a worker."""


def count_words(_: int, documents: Sequence[Document]) -> tuple[list[str], list[WordCounts]]:
    """The words of a chunk, and for each post which of them it contains how often: it takes a tenth of a dictionary."""
    import numpy as np

    numbers = WordNumbers()
    counts = [number_words(document.words, numbers) for document in documents]
    return list(numbers), [(which.astype(np.int32), often.astype(np.int32)) for which, often in counts]


def lengths(_: int, documents: Sequence[Document]) -> list[int]:
    """How many words each post has."""
    return [sum(one.words.values()) for one in documents]


def count_terms(_: int, documents: Sequence[Document]) -> Counter[str]:
    """In how many of the posts each term is."""
    return Counter(term for one in documents for term in one.terms.frequency)


@dataclass(frozen=True, slots=True)
class EncodeWithModel:
    """Documents -> a pretrained part's vectors before they are centred over the blog."""

    part: TransformerEncoder

    def __call__(self, _: int, documents: Sequence[Document]) -> Vectors:
        return self.part.raw(documents)


@dataclass(frozen=True, slots=True)
class SearchShards:
    """Some queries -> their best rows among all: each shard has an index of its own, whose exact scores are merged."""

    vectors: Shared[Vectors]
    queries: Shared[Vectors]
    k: int
    rows_a_shard: int
    backend: Backend

    def __call__(self, _: int, bounds: tuple[int, int]) -> tuple[Rows, Scores]:
        import numpy as np

        from enishi.related.index import build_index

        vectors, queries = self.vectors.get(), self.queries.get()[slice(*bounds)]
        rows, scores = np.empty((len(queries), 0), dtype=np.int64), np.empty((len(queries), 0))
        for start in range(0, len(vectors), self.rows_a_shard):
            shard = vectors[start : start + self.rows_a_shard]
            # All rows of a shard are compared, so that no result depends on how a shard was quantised
            index = build_index(shard, backend=self.backend, mode="brute", threads=1)
            found, their_scores = index.search(queries, self.k)
            rows, scores = np.hstack([rows, found + start]), np.hstack([scores, their_scores])
            best = np.lexsort((rows, -scores), axis=-1)[:, : self.k]
            rows, scores = np.take_along_axis(rows, best, 1), np.take_along_axis(scores, best, 1)
        return rows, scores


@dataclass(frozen=True, slots=True)
class CompareWords:
    """Pairs of rows -> whether the two posts are near-duplicates."""

    pairs: Mapping[int, Shared[tuple[Rows, Rows]]]

    def __call__(self, number: int, documents: Mapping[int, Document]) -> list[bool]:
        from enishi.related.groups import are_near_duplicates

        answers: list[bool] = are_near_duplicates(*_placed(documents, *self.pairs[number].get())).tolist()
        return answers


@dataclass(frozen=True, slots=True)
class FindTerms:
    """Pairs of rows -> the terms that the two posts share."""

    pairs: Mapping[int, Shared[tuple[Rows, Rows]]]
    terms: Shared[SharedTerms]

    def __call__(self, number: int, documents: Mapping[int, Document]) -> list[tuple[str, ...]]:
        return self.terms.get().of_pairs(*_placed(documents, *self.pairs[number].get()))


def _placed(documents: Mapping[int, Document], rows: Rows, others: Rows) -> tuple[list[Document], Rows, Rows]:
    """The documents in the order of their rows, and the places of these rows among them."""
    import numpy as np

    known = np.array(sorted(documents))
    return [documents[row] for row in known.tolist()], np.searchsorted(known, rows), np.searchsorted(known, others)


@dataclass(frozen=True, slots=True)
class SuggestTags:
    """All documents of a blog -> its suggestions and topics: a fit over the whole blog, in one place."""

    folder: Folder
    blog: Shared[Blog]
    blocks: Shared[TagBlocks]

    def __call__(self, _: int, documents: Mapping[int, Document]) -> Tagged:
        from enishi.pipeline import Posts, Run

        in_order = tuple(documents[row] for row in sorted(documents))
        with self.folder.settings_of_site() as root, Run(Request(root), cache=Cache(None)) as run:
            blog = self.blog.get()
            posts = Posts(replace(blog, site=replace(blog.site, root=root)), in_order, {}, ())
            return run.render_tags(posts, run.tag(posts, self.blocks.get()))


@dataclass(frozen=True, slots=True)
class WriteFragments:
    """Posts with what their lists show -> one HTML fragment each, written; their names."""

    folder: Folder
    options: PartialSettings
    language: str

    def __call__(self, _: int, lists: Sequence[tuple[Post, Sequence[Related]]]) -> list[str]:
        from enishi.writing.render import render_fragments

        fragments = render_fragments(lists, self.options, self.language)
        for name, data in fragments.items():
            self.folder.write(name, data)
        return list(fragments)
