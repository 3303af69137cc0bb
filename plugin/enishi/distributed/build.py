"""The flow of a build on a cluster; compare :class:`enishi.pipeline.Run`.

    list ─> read ─> documents, which stay on the cluster
         ─> words of a sample ─> fit, here ─> encode ─> vectors, here
         ─> search by shards ─> lists, here ─> what pairs share ─> fragments, written by the workers
         ─> tags, in one place ─> related.json, tags.json

The machine that leads a build holds of each post its front matter, links, vector and list, never its text.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from enishi import state
from enishi.cache import Cache
from enishi.counts import WordNumbers
from enishi.distributed import stages
from enishi.distributed.cluster import Chunks, Cluster
from enishi.distributed.folder import Folder
from enishi.encoders.readers import ReadersEncoder
from enishi.encoders.site import SiteEncoder
from enishi.encoders.transformer import TransformerEncoder
from enishi.errors import SettingsError, SiteNotFoundError
from enishi.memo import Memo
from enishi.pipeline import BuildReport, Posts, Run
from enishi.reading.chinese import count_recurring
from enishi.reading.documents import PostFile, settle_posts
from enishi.reading.standing_pages import without_pages
from enishi.related.groups import distinct_pairs, may_be_near_duplicates
from enishi.related.pair_texts import PairTexts
from enishi.related.policy import find_related
from enishi.related.reasons import SharedTerms
from enishi.types import Document, Progress
from enishi.writing.output import WriteReport
from enishi.writing.render import (
    PARTIAL_TEMPLATE,
    PARTIALS_FOLDER,
    RELATED_NAME,
    SHARDS_FOLDER,
    render_related,
    shown_lists,
)
from enishi.writing.render_tags import TAGS_NAME

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.encoders.parts import PartEncoder
    from enishi.pipeline import Blog, Tagged
    from enishi.related.index import Backend
    from enishi.related.policy import RelatedPosts
    from enishi.related.published import PublishedLists
    from enishi.types import Rows, Scores, Vectors

T = TypeVar("T")

POSTS_A_CHUNK = 500
QUERIES_A_CHUNK = 4_000
ROWS_A_SHARD = 20_000


def build_on_cluster(
    request: state.Request, site: str, out: str, address: str, progress: Progress = lambda *_: None
) -> BuildReport:
    """Build a blog that lies at `site` into the new folder `out`; both are paths or addresses of fsspec.

    Args:
        request: the rest of what is asked for.
        address: of the cluster, see :class:`Cluster`.

    Raises:
        EnishiError: Ray, the cluster, settings, the site or the output folder do not allow it.
    """
    source, target = Folder(site), Folder(out)
    with Cluster(address) as cluster, source.settings_of_site() as root:  # Ray brings fsspec
        local = replace(request, site=root, trusts_addresses=False)
        with Run(local, progress, cache=Cache(None)) as run:
            return _Build(run, cluster, source, target).run()


class _Build:
    def __init__(self, run: Run, cluster: Cluster, source: Folder, target: Folder) -> None:
        self._run, self._cluster, self._source, self._target = run, cluster, source, target
        self._progress = run.progress

    def run(self) -> BuildReport:
        run = self._run
        blog = run.load(lambda sources, _: [PostFile(one.path, one.file, b"", b"") for one in sources])
        settings = blog.settings
        if settings.data_file:
            raise SettingsError("data_file: a build on a cluster writes into its own folder only; copy related.json")
        if (blog.site.root / settings.templates / PARTIAL_TEMPLATE).is_file():
            raise SettingsError(
                f"{settings.templates}/{PARTIAL_TEMPLATE}: a build on a cluster uses Enishi's own template"
            )
        self._target.make(PARTIALS_FOLDER)
        documents, posts = self._read(blog)
        if not posts.documents:
            raise SiteNotFoundError(f"no posts in {self._source.address}")
        vectors = self._encode(documents, posts)
        published, unusable = run.published(blog)
        related = self._relate(documents, posts, vectors, published)
        tags = self._tag(documents, posts)
        names = self._write(posts, related, tags.file)
        encoder = run.encoder(blog)
        found = (*posts.diagnostics, *encoder.diagnostics, *related.diagnostics, *unusable, *tags.diagnostics)
        return BuildReport(
            Path(self._target.address),
            state.summarise(
                blog.site, posts.documents, posts.links, related, {}, suggestions=tags.suggestions, topics=tags.topics
            ),
            tuple(sorted({*blog.diagnostics, *found})),
            WriteReport(written=tuple(sorted(names))),
            is_unchanged=False,
        )

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read(self, blog: Blog) -> tuple[Chunks[list[Document]], Posts]:
        """Every post's document, on the cluster, and here without its text."""
        self._progress("reading posts", 0, 0)
        root = os.path.realpath(blog.site.root)
        files = [(file.path, file.file.relative_to(root).as_posix()) for file in blog.files]
        chunks = [files[start : start + POSTS_A_CHUNK] for start in range(0, len(files), POSTS_A_CHUNK)]
        read = self._cluster.chunks(chunks).map(stages.ReadPosts(self._source, blog.site, blog.now)).kept()
        told = _joined(read.map(stages.posts_only).gathered())
        posts, diagnostics = settle_posts([post for post, _ in told], blog.site, blog.manifest, blog.told)
        diagnostics += [problem for _, problems in told for problem in problems]
        by_path = {post.path: post for post in posts}
        of_chunks = [[by_path[path] for path, _ in chunk if path in by_path] for chunk in chunks]
        documents = read.map(stages.MakeDocuments(list(map(self._cluster.share, of_chunks)))).kept()
        light = documents.map(stages.without_text).gathered()
        leaves_out = blog.site.generator.mixes_pages and not blog.settings.standing_pages
        kept, notes = without_pages(_joined(light), blog.site) if leaves_out else (_joined(light), [])
        texts = documents.map(stages.chinese_texts).gathered()
        counts = iter(count_recurring([text for text in _joined(texts) if text]))
        paths = {document.post.path for document in kept}
        changes = {
            number: [
                stages.Change(document.post.path in paths, next(counts) if text else None)
                for document, text in zip(light[number], texts[number], strict=True)
            ]
            for number in light
        }
        if any(change != stages.Change() for of_chunk in changes.values() for change in of_chunk):
            shared = [self._cluster.share(changes[number]) for number in sorted(changes)]
            documents = documents.map(stages.ChangeDocuments(shared)).kept()
        sizes = [sum(change.stays for change in changes[number]) for number in sorted(changes)]
        self._bounds = [0, *accumulate(sizes)]
        return documents, Posts.of(blog, kept, sorted([*diagnostics, *notes]))

    # -- relating ----------------------------------------------------------------------------------------------------

    def _encode(self, documents: Chunks[list[Document]], posts: Posts) -> Vectors:
        """A vector of each post, here; the parts that a blog fits need the words of their sample."""
        self._progress("encoding posts", 0, 0)
        encoder = self._run.encoder(posts.blog)

        def encode(part: PartEncoder) -> Vectors:
            if isinstance(part, SiteEncoder):
                return part.encode(posts.documents, self._counted_words(documents, posts))
            if isinstance(part, TransformerEncoder) and not part.chooses_weight:
                return part.finish(self._with_model(part, documents))
            if isinstance(part, ReadersEncoder):
                return part.encode(posts.documents)
            what = 'encoder.weight = "auto"' if part.chooses_weight else f"the part {part.name}"
            raise SettingsError(f"{what}: a build on a cluster does not know it yet")

        return encoder.encode(posts.documents, posts.links, encode_part=encode)

    def _counted_words(self, documents: Chunks[list[Document]], posts: Posts) -> Memo:
        """What the site encoder asks of texts, by the names under which it keeps that from pass to pass."""
        import numpy as np

        memo, counts = Memo(), list["stages.WordCounts"]()
        numbers = memo.lasting("word numbers", WordNumbers)
        for words, of_posts in documents.map(stages.count_words).gathered().values():
            number = np.fromiter(map(numbers.__getitem__, words), dtype=np.int32, count=len(words))
            counts += [(number[which], often) for which, often in of_posts]
        memo.keep("word counts", posts.documents, counts)
        return memo

    def _with_model(self, part: TransformerEncoder, documents: Chunks[list[Document]]) -> Vectors:
        import numpy as np

        sent = copy.copy(part)
        sent.progress, sent.store = stages.no_progress, None
        rows = documents.map(stages.EncodeWithModel(sent), has_model=True).gathered().values()
        width = max((len(one.T) for one in rows), default=1)  # a chunk without any text is narrower
        return np.concatenate([np.pad(one, ((0, 0), (0, width - len(one.T)))) for one in rows])

    def _relate(
        self,
        documents: Chunks[list[Document]],
        posts: Posts,
        vectors: Vectors,
        published: PublishedLists | None,
    ) -> RelatedPosts:
        self._progress("finding related posts", 0, 0)
        settings, links = posts.blog.settings, posts.links
        index = partial(ClusterIndex, self._cluster, backend=settings.index.backend)
        texts = ClusterTexts(self._cluster, documents, self._bounds)
        return find_related(
            posts.documents, vectors, links, settings.related, backend=index, texts=texts, published=published
        )

    # -- tags and output ---------------------------------------------------------------------------------------------

    def _tag(self, documents: Chunks[list[Document]], posts: Posts) -> Tagged:
        self._progress("suggesting tags", 0, 0)
        blog = self._cluster.share(replace(posts.blog, files=(), manifest=None, previous=None))
        blocks = self._cluster.share(self._run.encoder(posts.blog).tag_blocks)
        everything = {0: range(self._bounds[-1])}
        done = documents.paired(
            self._cluster, self._bounds, stages.whole, everything, stages.SuggestTags(self._source, blog, blocks)
        )
        return done.gathered()[0]

    def _write(self, posts: Posts, related: RelatedPosts, tags: bytes | None) -> list[str]:
        self._progress("writing", 0, 0)
        settings, site = posts.blog.settings, posts.blog.site
        every = [document.post for document in posts.documents]
        shown = shown_lists(every, related.lists)
        chunks = [list(zip(every[start:end], shown[start:end], strict=True)) for start, end in pairwise(self._bounds)]
        language = settings.language or site.language
        write = stages.WriteFragments(self._target, settings.partials, language)
        names = _joined(self._cluster.chunks(chunks).map(write).gathered())
        files = render_related(every, related.lists)
        if tags is not None:
            files[TAGS_NAME] = tags
        if any("/" in name for name in files):
            self._target.add(SHARDS_FOLDER)
        for name in sorted(files, key=lambda name: (name == RELATED_NAME, name)):  # last: once it is there, all is
            self._target.write(name, files[name])
        return [*names, *files]


class ClusterIndex:
    """The nearest of some vectors, compared on a cluster; the same rows and scores as an index of this machine."""

    def __init__(self, cluster: Cluster, vectors: Vectors, backend: Backend) -> None:
        self._cluster, self._backend, self._count = cluster, backend, len(vectors)
        self._vectors = cluster.share(vectors)

    def search(self, queries: Vectors, k: int) -> tuple[Rows, Scores]:
        """As :meth:`enishi.related.exact.Index.search`."""
        import numpy as np

        k = min(k, self._count)
        if k == 0 or len(queries) == 0:
            return np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        starts = range(0, len(queries), QUERIES_A_CHUNK)
        search = stages.SearchShards(self._vectors, self._cluster.share(queries), k, ROWS_A_SHARD, self._backend)
        chunks = self._cluster.chunks((start, start + QUERIES_A_CHUNK) for start in starts)
        rows, scores = zip(*chunks.map(search).gathered().values(), strict=True)
        return np.concatenate(rows), np.concatenate(scores)


class ClusterTexts(PairTexts):
    """What the texts of two posts have in common, asked where the texts are."""

    def __init__(self, cluster: Cluster, documents: Chunks[list[Document]], bounds: Sequence[int]) -> None:
        super().__init__(())
        self._cluster, self._chunks, self._bounds = cluster, documents, bounds

    def near_duplicates(self, rows: Rows, others: Rows) -> npt.NDArray[np.bool_]:
        """As :meth:`PairTexts.near_duplicates`."""
        import numpy as np

        lengths = np.array(_joined(self._chunks.map(stages.lengths).gathered()), dtype=np.int64)
        low, high, place = distinct_pairs(rows, others)
        alike = may_be_near_duplicates(lengths, low, high)  # few pairs are, and only their words are sent
        alike[alike] = self._asked(low[alike], high[alike], stages.with_words, stages.CompareWords)
        return alike[place]

    def shared_terms(self, rows: Rows, others: Rows) -> list[tuple[str, ...]]:
        """As :meth:`PairTexts.shared_terms`."""
        frequency = Counter[str]()
        for _, counted in self._chunks.map(stages.count_terms).one_by_one():
            frequency.update(counted)
        common = Counter({term: posts for term, posts in frequency.items() if posts > 1})
        terms = self._cluster.share(SharedTerms(self._bounds[-1], common))
        low, high, place = distinct_pairs(rows, others)
        found = self._asked(low, high, stages.with_terms, partial(stages.FindTerms, terms=terms))
        return [found[one] for one in place.tolist()]

    def _asked(self, rows: Rows, others: Rows, part: Any, work: Any) -> list[Any]:
        """The answer for each pair, worked out in the chunk of its first post; `rows` are sorted."""
        import numpy as np

        ends = np.searchsorted(rows, self._bounds).tolist()
        pairs = {number: (rows[a:b], others[a:b]) for number, (a, b) in enumerate(pairwise(ends)) if a < b}
        if not pairs:
            return []
        needed = {number: np.concatenate(asked).tolist() for number, asked in pairs.items()}
        shared = {number: self._cluster.share(asked) for number, asked in pairs.items()}
        return _joined(self._chunks.paired(self._cluster, self._bounds, part, needed, work(shared)).gathered())


def _joined(chunks: Mapping[int, Sequence[T]]) -> list[T]:
    """The values of all chunks, in order."""
    return [one for chunk in chunks.values() for one in chunk]
