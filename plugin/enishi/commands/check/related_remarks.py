"""What is to be said about a post beside others: that it says nearly the same, and whose related posts it changes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache, digest
from enishi.commands.check.git import Changes
from enishi.commands.check.remarks import Nearest, Remark, quoted
from enishi.errors import Severity
from enishi.pipeline import Blog, Progress, analyze, code_fingerprint, create_encoder, site_key
from enishi.reading.documents import PostFile, read_documents
from enishi.reading.posts import make_post, read_source
from enishi.related.policy import share_of_words
from enishi.text.labels import same_language
from enishi.text.plural import counted
from enishi.types import Document, Related

if TYPE_CHECKING:
    from enishi.config import Settings

Lists = Mapping[str, Sequence[str]]
"""By path, the paths of a post's related posts."""
_REMEMBERED = "related lists"
_MOST_REMEMBERED = 4
_MOST_POSTS = 20_000
"""The lists of a larger blog are not remembered: they would be tens of megabytes."""
_SHOWN_TITLES = 3
_IGNORE = "enishi: {ignore: [near-duplicate]}"


# -- near-duplicates -------------------------------------------------------------------------------------------------


def near_duplicates(documents: Sequence[Document], nearest: Nearest, checked: Collection[str]) -> Iterator[Remark]:
    """Posts that say nearly the same as another; of two that are both checked, the newer one is told."""
    row_of = {document.post.path: row for row, document in enumerate(documents)}
    for path in checked:
        if path not in row_of:
            continue
        document = documents[row_of[path]]
        for row in nearest.rows(row_of[path]):
            other = documents[row]
            if other.post.path in checked and _age(other) > _age(document):
                continue
            if _is_translation(document, other):
                continue
            share = share_of_words(document, other)
            if share:
                yield _near_duplicate(document, other, share)


def _near_duplicate(document: Document, other: Document, share: float) -> Remark:
    is_same = document.words == other.words
    return Remark(
        document.post.path,
        "near-duplicate",
        f"the post says {'the same' if is_same else 'nearly the same'} as {quoted(other.title)}",
        evidence=(f"{share:.0%} of their words are the same", f"the other post: {other.post.path}"),
        advice=("if one is a copy, delete it", "if both are meant, put into its front matter: " + _IGNORE),
        subject=other.post.path,
    )


def _age(document: Document) -> tuple[float, str]:
    """Grows from older to newer; a post without a date is the newest."""
    date = document.post.date
    return (date.timestamp() if date else float("inf"), document.post.path)


def _is_translation(one: Document, other: Document) -> bool:
    is_same_text = bool(one.post.translation_key) and one.post.translation_key == other.post.translation_key
    return is_same_text and not same_language(one.post.lang, other.post.lang)


# -- what becomes of the related posts of other pages ----------------------------------------------------------------


class RelatedBefore:
    """The lists of related posts as they were at the base.

    Args:
        blog: as it is now.
        changes: what is different from the base.
        contents: what the changed and the removed posts said at the base, by object.
        cache: remembers the lists of the last bases.
    """

    def __init__(self, blog: Blog, changes: Changes, contents: Mapping[str, bytes], cache: Cache) -> None:
        self._blog, self._cache = blog, cache
        old = {change.old_path: contents.get(change.old_blob) for change in changes.changed.values() if change.old_path}
        old |= {path: contents.get(blob) for path, blob in changes.removed.items()}
        self.is_known = all(data is not None for data in old.values())
        """False where the clone lacks what some posts said."""
        self._old = [PostFile(path, blog.site.root / path, data) for path, data in sorted(old.items()) if data]
        self._changed = frozenset(changes.changed)

    def lists(self, documents: Sequence[Document], progress: Progress) -> Lists:
        """The lists at the base; `documents` are the posts as they are now."""
        blog = self._blog
        kept = [document for document in documents if document.post.path not in self._changed]
        data = {file.path: file.digest for file in blog.files}
        posts = {document.post.path: (data[document.post.path], document.post.status) for document in kept}
        for file in self._old:
            source = read_source(file.data, hexo=blog.site.reads_like_hexo)
            posts[file.path] = (file.digest, make_post(file.path, source, blog.site, blog.now)[0].status)
        key = _key(blog, posts)
        found = _read_remembered(self._cache).get(key)
        if found is None:
            found = self._work_out(kept, progress)
            _remember(self._cache, key, found)
        return found

    def _work_out(self, unchanged: Sequence[Document], progress: Progress) -> dict[str, list[str]]:
        blog = self._blog
        old, _ = read_documents(self._old, blog.site, blog.now, Cache(None))
        documents = sorted([*unchanged, *old], key=lambda document: document.post.path)
        encoder = create_encoder(blog, self._cache, progress)
        _, analysis = analyze(documents, blog.site, _without_tags(blog.settings), encoder, progress=progress)
        return _paths(analysis.related)


def remember_lists(
    blog: Blog, documents: Sequence[Document], related: Mapping[str, Sequence[Related]], cache: Cache
) -> None:
    """For when the blog as it is now is the base itself."""
    data = {file.path: file.digest for file in blog.files}
    posts = {document.post.path: (data[document.post.path], document.post.status) for document in documents}
    _remember(cache, _key(blog, posts), _paths(related))


def related_changes(
    documents: Sequence[Document], now: Mapping[str, Sequence[Related]], before: Lists, changes: Changes
) -> tuple[list[Remark], int, int]:
    """Of each changed post, on how many other pages it is listed now and was not, or the reverse.

    Also how many other pages have another list than before, for whatever reason, and how many there are.
    """
    titles = {document.post.path: document.title for document in documents}
    public = {document.post.path for document in documents if document.post.is_public}
    pages = sorted(path for path in public if path in before and path not in changes.changed)
    names = {change.old_path or path: path for path, change in changes.changed.items()}
    gained: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    altered = 0
    for page in pages:
        new, old = [entry.path for entry in now[page]], [names.get(path, path) for path in before[page]]
        altered += new != old
        for path in new:
            if path in changes.changed and path not in old:
                gained.setdefault(path, []).append(page)
        for path in old:
            if path in changes.changed and path not in new:
                lost.setdefault(path, []).append(page)
    remarks = [
        _related_change(path, gained.get(path, []), lost.get(path, []), titles) for path in sorted(gained | lost)
    ]
    return remarks, altered, len(pages)


def _related_change(path: str, gained: Sequence[str], lost: Sequence[str], titles: Mapping[str, str]) -> Remark:
    evidence = [f"listed now on {_pages(gained, titles)}"] if gained else []
    evidence += [f"no longer listed on {_pages(lost, titles)}"] if lost else []
    pages = counted(len(gained) + len(lost), "other page")
    message = f"this change alters the related posts of {pages}"
    return Remark(path, "related-change", message, Severity.NOTE, evidence=tuple(evidence))


def _pages(paths: Sequence[str], titles: Mapping[str, str]) -> str:
    shown = ", ".join(quoted(titles.get(path, path)) for path in paths[:_SHOWN_TITLES])
    more = len(paths) - _SHOWN_TITLES
    return shown + (f" and {counted(more, 'other page')}" if more > 0 else "")


def _without_tags(settings: Settings) -> Settings:
    return settings.model_copy(update={"tags": settings.tags.model_copy(update={"enabled": False})})


def _key(blog: Blog, posts: Mapping[str, tuple[bytes, str]]) -> str:
    """Names everything that the lists depend on; `posts` are the hash and the status of each, by path."""
    settings = blog.settings
    parts: list[bytes | str] = [
        code_fingerprint(),
        settings.related.model_dump_json(),
        settings.encoder.model_dump_json(),
        settings.index.model_dump_json(),
        site_key(blog.site),
    ]
    for path in sorted(posts):
        parts += [path, *posts[path]]
    return digest(*parts).hex()


def _paths(related: Mapping[str, Sequence[Related]]) -> dict[str, list[str]]:
    return {path: [entry.path for entry in entries] for path, entries in related.items()}


def _read_remembered(cache: Cache) -> dict[str, dict[str, list[str]]]:
    value: Any = cache.state(_REMEMBERED)
    try:
        found = json.loads(value) if isinstance(value, str) else {}
        return {
            str(key): {str(path): [str(other) for other in entries] for path, entries in lists.items()}
            for key, lists in found.items()
        }
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _remember(cache: Cache, key: str, lists: dict[str, list[str]]) -> None:
    """Keeps the last few; as ASCII, because a path may hold what is no UTF-8."""
    known = _read_remembered(cache)
    if len(lists) > _MOST_POSTS or key in known:
        return
    kept = {key: lists, **dict(list(known.items())[: _MOST_REMEMBERED - 1])}
    cache.set_state(_REMEMBERED, json.dumps(kept))
