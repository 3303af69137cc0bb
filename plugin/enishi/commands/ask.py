"""Questions to the last build: what is related to a post, what is near some words, and why.

`related` answers from related.json alone, `search` from the vectors in the cache; both are there in a moment, without
reading a post.  `explain` reads the posts again (from the cache), so that it can say why one is *not* listed.
"""

from __future__ import annotations

import difflib
import os
import posixpath
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.errors import EnishiError
from enishi.generators import detect_site
from enishi.pipeline import Run
from enishi.reading.links import PostFinder, without_host
from enishi.state import Request, built_key, is_committed, open_cache
from enishi.types import Post
from enishi.writing.reading_back import read_related

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.config import Settings
    from enishi.encoders.blog import BlogEncoder
    from enishi.encoders.parts import PassagePair
    from enishi.encoders.weight import ChosenWeight
    from enishi.types import Vectors


class NoBuildError(EnishiError):
    """There is no build to ask, or it is not the one that the question needs."""


class UnknownPostError(EnishiError):
    """No post of the site is meant by what was given."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A post near some words."""

    path: str
    title: str
    url: str
    score: float
    status: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two posts are, or are not, related."""

    post: str
    other: str
    score: float
    """Cosine similarity, rounded to 4 digits."""
    min_score: float
    places: tuple[str, str]
    """A sentence each: where `other` stands in the list of `post`, and the reverse."""
    shared_tags: tuple[str, ...]
    shared_terms: tuple[tuple[str, float], ...]
    """With their weights, in whose order they stand."""
    links: bool
    """Whether one links to the other."""
    parts: tuple[tuple[str, float], ...] = ()
    """What each part of the vectors, by its label, contributes to the score; and `links`."""
    chosen: ChosenWeight | None = None
    """The model's weight, where the blog chose it."""
    passages: tuple[PassagePair, ...] = ()
    """The most similar passages, best first, by a part that reads passages."""


def written_posts(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """What related.json of the last build says of every post, by path.

    Raises:
        NoBuildError: there is none, or it is not ours.
    """
    try:
        posts = read_related(lambda name: (folder / name).read_bytes())
    except (OSError, ValueError):
        posts = None
    if posts is None or not all(map(_is_written_post, posts.values())):
        raise NoBuildError(f"there is no build in {folder}. Run `enishi build` first")
    return posts


def _is_written_post(value: Any) -> bool:
    return _has_fields(value, "title", "url", "related") and all(
        _has_fields(entry, "path", "title", "score", "kind") for entry in value["related"]
    )


def _has_fields(value: Any, *needed: str) -> bool:
    """Whether this is an object with the needed fields, and every field is of its type."""

    def fits(name: str, field: Any) -> bool:
        if name.startswith("shared_"):
            return isinstance(field, list) and all(isinstance(word, str) for word in field)
        return isinstance(field, list if name == "related" else float if name == "score" else str)

    return isinstance(value, dict) and value.keys() >= set(needed) and all(map(fits, value, value.values()))


def find_post(posts: Mapping[str, Mapping[str, Any]], text: str, site: Path) -> str:
    """The path of the post that is meant by a path, a file name, a slug, an address or a title.

    Raises:
        UnknownPostError: with the nearest names.
    """
    text = unicodedata.normalize("NFC", text)
    if text in posts:
        return text
    file, root = Path(os.path.realpath(text)), Path(os.path.realpath(site))
    if file.is_relative_to(root) and (relative := file.relative_to(root).as_posix()) in posts:
        return relative
    finder = PostFinder([Post(path, str(post["title"]), str(post["url"])) for path, post in posts.items()])
    titled = [path for path, post in posts.items() if str(post["title"]).casefold() == text.casefold()]
    named = [path for path in posts if _stem(path) == _stem(text)]
    found = finder.find(without_host(text)) or _only(titled) or _only(named)
    if found:
        return found
    names = {_stem(path): path for path in posts}
    near = [names[name] for name in difflib.get_close_matches(_stem(text), names, n=3)] or named[:3]
    hint = f"; did you mean {' or '.join(near)}?" if near else ". Give its path, its slug, its address or its title"
    raise UnknownPostError(f"no post is meant by {text!r}{hint}")


def last_vectors(request: Request, posts: int) -> tuple[Vectors, BlogEncoder, Settings]:
    """The vectors of the last build's posts, by path; the encoder that made them; the settings.

    Raises:
        NoBuildError: they are gone, or of another build.
    """
    from enishi.config_files import load_settings
    from enishi.encoders.blog import BlogEncoder

    with open_cache(request.site) as cache:
        arrays, key = cache.arrays(), built_key(cache, request.folder)
    if not arrays and is_committed(request.site):
        raise NoBuildError("git tracks .enishi/cache.db, so it does not count. Run `git rm --cached .enishi/cache.db`")
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    site, _ = detect_site(request.site, generator=settings.generator, posts=settings.posts)
    encoder = BlogEncoder(settings, site)
    vectors = arrays.get("vectors")
    fits = vectors is not None and len(vectors) == posts and key == _key_of(arrays)
    if vectors is None or not fits or not encoder.load(arrays):
        raise NoBuildError("the last build's vectors are gone, or are of another one. Run `enishi build` again")
    return vectors, encoder, settings


def search(request: Request, text: str, limit: int) -> list[Hit]:
    """The posts nearest to some words, by the encoder and vectors of the last build.

    Raises:
        NoBuildError: there is none, or its cache is gone.
        EncoderError: the pretrained model cannot be had.
    """
    from enishi.related.index import build_index

    posts = written_posts(request.folder)
    vectors, encoder, settings = last_vectors(request, len(posts))
    query = encoder.encode_query(text)
    if not query.any():
        return []
    rows, scores = build_index(vectors, backend=settings.index.backend).search(query, limit)
    paths = sorted(posts)
    return [
        Hit(path, str(posts[path]["title"]) or path, str(posts[path]["url"]), score, posts[path].get("status", ""))
        for path, score in ((paths[row], score) for row, score in zip(rows[0], scores[0].tolist(), strict=True))
        if score > 0
    ]


def explain(request: Request, post: str, other: str) -> Explanation:
    """Why `other` is, or is not, among the related posts of `post` (each given as for :func:`find_post`).

    Raises:
        UnknownPostError, NoBuildError
    """
    from enishi.encoders.joining import contributions, link_rows
    from enishi.related.explain import explain_place
    from enishi.related.reasons import Reasons

    posts = written_posts(request.folder)
    first, second = find_post(posts, post, request.site), find_post(posts, other, request.site)
    with Run(request) as run:
        blog = run.load()
        read = run.read(blog)
        documents, links = read.documents, read.links
        arrays = run.cache.arrays()
        by_path = {document.post.path: document for document in documents}
        for path in (first, second):
            if path not in by_path:
                raise UnknownPostError(f"{path} is no longer there. Run `enishi build` again")
        encoder = run.encoder(blog)
        is_known = _key_of(arrays) == blog.key and len(arrays.get("vectors", ())) == len(documents)
        vectors = arrays["vectors"] if is_known and encoder.load(arrays) else run.vectors(read)
        passages = encoder.similar_passages(by_path[first], by_path[second])
        published, _ = run.published(blog)
    row = {document.post.path: number for number, document in enumerate(documents)}
    weight = blog.settings.encoder.link_weight
    parts = contributions(vectors, encoder.slots, link_rows(documents, links), weight, row[first], row[second])
    labels = {part.name: part.label for part, _ in encoder.parts}
    policy = (documents, vectors, links, blog.settings.related)
    backend = blog.settings.index.backend
    place = explain_place(*policy, first, second, backend=backend, published=published)
    reasons = Reasons(documents)
    return Explanation(
        first,
        second,
        place.score,
        place.min_score,
        (place.there, place.back),
        reasons.shared_tags(by_path[first], by_path[second]),
        tuple(reasons.weighted_terms(by_path[first], by_path[second], 10)),
        second in links.get(first, ()) or first in links.get(second, ()),
        tuple((labels.get(name) or name, round(share, 4)) for name, share in parts.items()),
        encoder.chosen,
        tuple(passages),
    )


def _key_of(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """The key of the build that the arrays are of; empty if they name none."""
    return arrays["key"].tobytes().decode("utf-8", "replace") if "key" in arrays else ""


def _stem(path: str) -> str:
    name = posixpath.splitext(path.rstrip("/"))[0]
    last = posixpath.basename(name)
    return posixpath.basename(posixpath.dirname(name)) if last in ("index", "README") else last


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None
