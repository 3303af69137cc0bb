"""A blog with all that a build found out about it: from the last build, or worked out where none can be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from enishi.commands.report.map import place_posts, principal_positions, trustworthiness
from enishi.errors import OutputError
from enishi.pipeline import Blog, Posts, Run
from enishi.processes import Beside
from enishi.state import calibration_in
from enishi.tags.communities import SMALLEST
from enishi.tags.distinctive_terms import DistinctiveTerms
from enishi.tags.topics import Grouping, describe_topics
from enishi.tags.vocabulary import Vocabulary, read_vocabulary
from enishi.types import Document, Progress, TagSuggestion, Topic
from enishi.writing.reading_back import read_related
from enishi.writing.render_tags import TAGS_NAME, TagsFile, read_tags_json

if TYPE_CHECKING:
    from enishi.errors import Diagnostic
    from enishi.state import Request
    from enishi.types import Matrix, Vectors


@dataclass(frozen=True, slots=True)
class AnalysedBlog:
    """A blog and its analysis.  A row is a position in `documents`, which are sorted by path."""

    blog: Blog
    documents: tuple[Document, ...]
    vectors: Vectors
    """Shape (n_posts, dim)."""
    links: Sequence[tuple[int, ...]]
    """By row, the posts that its body links to."""
    lists: Sequence[tuple[int, ...]]
    """By row, the posts that its list of related posts shows."""
    suggestions: Sequence[tuple[TagSuggestion, ...]]
    """By row, the surest first."""
    topics: tuple[Topic, ...]
    calibration: Sequence[Sequence[float]]
    """For each tenth of confidence (pairs, right ones, sum of their confidences); empty if that is not known."""
    vocabulary: Vocabulary
    row: Mapping[str, int]
    """By path."""
    broken: tuple[Diagnostic, ...] = ()
    """Why some posts cannot be read as their author means them."""
    problem: str = ""
    """Why the build could not be written; empty if it could."""

    def tags_of(self, row: int) -> list[str]:
        """A post's tags as the blog prevailingly writes them, each once."""
        names, key = self.vocabulary.names, self.vocabulary.key
        return list(dict.fromkeys(names[key(tag)] for tag in self.documents[row].post.tags if key(tag) in names))

    def published(self) -> AnalysedBlog:
        """The same blog as if there were no other posts: what only they say is in no label, tag or list."""
        rows = [row for row, document in enumerate(self.documents) if document.post.is_public]
        documents = tuple(self.documents[row] for row in rows)
        new = {old: row for row, old in enumerate(rows)}
        vocabulary = _vocabulary(self.blog, documents)
        places = ([new[self.row[path]] for path in topic.posts if self.row[path] in new] for topic in self.topics)
        groups = [group for group in places if len(group) >= SMALLEST]
        grouping = Grouping(groups, {row: number for number, group in enumerate(groups) for row in group})
        terms = DistinctiveTerms(documents)
        topics = describe_topics(documents, grouping, vocabulary, terms, wants=lambda *_: False)
        return replace(
            self,
            documents=documents,
            vectors=self.vectors[rows],
            links=[tuple(new[other] for other in self.links[row] if other in new) for row in rows],
            lists=[tuple(new[other] for other in self.lists[row] if other in new) for row in rows],
            suggestions=[()] * len(rows),
            topics=tuple(replace(topic, missing=()) for topic in topics),
            calibration=(),
            vocabulary=vocabulary,
            row={document.post.path: row for row, document in enumerate(documents)},
        )


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map of posts."""

    positions: Matrix
    """Shape (n_posts, 2)."""
    trustworthiness: float
    pca: float
    """The trustworthiness of the plane of the first two principal components."""


def draw(vectors: Vectors, paths: Sequence[str]) -> Drawing:
    """The map of the posts with these vectors."""
    positions = place_posts(vectors, paths)
    plane = principal_positions(vectors)
    return Drawing(positions, trustworthiness(vectors, positions), trustworthiness(vectors, plane))


def analyse(
    request: Request, public: bool = False, progress: Progress = lambda *_: None
) -> tuple[AnalysedBlog, Callable[[], Drawing]]:
    """Bring the build up to date, and read what it says: of all posts, or of the published ones alone.

    The map is being drawn meanwhile; the second result waits for it.

    Raises:
        EnishiError: settings, the site or the encoder do not allow it.
    """
    with Run(request, progress) as run:
        blog = run.load()
        build = _last_build(run, blog) if run.recall(blog) is not None else None
        if build is not None:
            paths = sorted(build.related)
            shown = [row for row, path in enumerate(paths) if not (public and "status" in build.related[path])]
            drawn = partial(draw, build.vectors[shown], [paths[row] for row in shown])
            drawing = Beside(drawn, processes=request.processes).result
            posts = run.read(blog)
            if [document.post.path for document in posts.documents] == paths:
                whole = _analysed(posts, build)
                return whole.published() if public else whole, drawing
        relations = run.relate(run.read(blog))
        found = run.render_tags(relations.posts, run.tag(relations.posts, relations.tag_blocks))
        rendered, problem = run.render(relations).with_tags(found.file), ""
        try:
            run.remember(relations, found, rendered, run.write(rendered))
        except OutputError as error:  # a report can be had all the same
            problem = str(error)
    files = rendered.files
    build = _Build.of(files.__getitem__, files.get(TAGS_NAME), relations.vectors, found.calibration)
    whole = _analysed(relations.posts, build)
    analysed = replace(whole.published() if public else whole, problem=problem)
    return analysed, lambda: draw(analysed.vectors, list(analysed.row))


@dataclass(frozen=True, slots=True)
class _Build:
    """What a build wrote and remembered."""

    related: Mapping[str, Any]
    """What related.json says, by path."""
    tags: TagsFile | None
    vectors: Vectors
    calibration: Sequence[Sequence[float]]

    @classmethod
    def of(
        cls,
        read: Callable[[str], bytes],
        tags: bytes | None,
        vectors: Vectors,
        calibration: Sequence[Sequence[float]],
    ) -> _Build:
        return cls(read_related(read), None if tags is None else read_tags_json(tags), vectors, calibration)


def _last_build(run: Run, blog: Blog) -> _Build | None:
    """The last build; None where another one is just writing, so that its parts do not fit together."""
    folder, arrays = run.request.folder, run.cache.arrays()
    try:
        tags = (folder / TAGS_NAME).read_bytes() if blog.settings.tags.enabled else None
        sums = calibration_in(arrays)
        build = _Build.of(
            lambda name: (folder / name).read_bytes(), tags, arrays["vectors"], () if sums is None else sums.tolist()
        )
    except (OSError, ValueError, LookupError):
        return None
    tagged = build.tags.posts if build.tags else build.related
    return build if len(build.vectors) == len(build.related) and tagged.keys() == build.related.keys() else None


def _analysed(posts: Posts, build: _Build) -> AnalysedBlog:
    documents, paths = posts.documents, [document.post.path for document in posts.documents]
    row, tags = {path: number for number, path in enumerate(paths)}, build.tags
    return AnalysedBlog(
        posts.blog,
        documents,
        build.vectors,
        links=[tuple(row[to] for to in posts.links.get(path, ()) if to in row) for path in paths],
        lists=[tuple(row[entry["path"]] for entry in build.related[path]["related"]) for path in paths],
        suggestions=[tags.posts[path].suggestions if tags else () for path in paths],
        topics=tags.topics if tags else (),
        calibration=build.calibration,
        vocabulary=_vocabulary(posts.blog, documents),
        row=row,
        broken=posts.broken,
    )


def _vocabulary(blog: Blog, documents: Sequence[Document]) -> Vocabulary:
    return read_vocabulary([document.post for document in documents], blog.site, blog.settings.tags)[0]
