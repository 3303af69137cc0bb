"""What is to be said about a post's tags, before it is known where in its file, how loudly and in which format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.editing.change import TagChange
from enishi.errors import Diagnostic, Severity
from enishi.tags.vocabulary import Vocabulary, fold_tag, reader_key, spelling_key
from enishi.text.plural import counted
from enishi.text.printable import shell_word
from enishi.types import Document, TagAnalysis, TagSuggestion

if TYPE_CHECKING:
    from enishi.config import Settings
    from enishi.related.index import Backend
    from enishi.types import Vectors

NEAREST = 5
"""So many posts nearest to a post are asked whether they carry a tag."""
_TELLING_SHARE = 0.2
"""A tag that fewer posts of the topic carry is not spoken for by it."""
_MANY_MENTIONS = 8
_SHOWN_TITLES = 3
_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about one post; see :class:`enishi.findings.Finding` for the fields that both have."""

    path: str
    code: str
    message: str
    level: Severity = Severity.WARNING
    """Where the settings say nothing else."""
    tag: str = ""
    confidence: float | None = None
    evidence: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    change: TagChange | None = None
    """What settles it."""
    line: int = 0
    """The line that it is about; 0: the tags entry's."""
    subject: str = ""


class Nearest:
    """The posts nearest to some posts.

    Args:
        vectors: shape (n, dim), unit rows or zeros.
        rows: the posts that will be asked about.
        backend: see :func:`enishi.related.index.build_index`.
    """

    def __init__(self, vectors: Vectors, rows: Sequence[int], backend: Backend = "auto") -> None:
        from enishi.related.index import build_index

        self._nearest: dict[int, list[int]] = {}
        if rows:
            found, scores = build_index(vectors, backend=backend).search(vectors[list(rows)], NEAREST + 1)
            for row, near, alike in zip(rows, found.tolist(), scores.tolist(), strict=True):
                others = [other for other, score in zip(near, alike, strict=True) if other != row and score > 0]
                self._nearest[row] = others[:NEAREST]

    def rows(self, row: int) -> list[int]:
        """Rows of the nearest others, nearest first; fewer where no others have a word in common with it."""
        return self._nearest[row]


class TagRemarks:
    """What the remarks about a post's tags are made from: the whole blog.

    Args:
        documents: sorted by path.
        nearest: which posts lie near which.
        tags: the analysis of the blog's tags.
        vocabulary: the blog's tags and rules.
        settings: for the rules that are the blog's own.
        site: how the commands name the site folder: ``--site blog``, or nothing.
        where: from where they name it so: `` at the top of the repository``, or nothing.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        nearest: Nearest,
        tags: TagAnalysis,
        vocabulary: Vocabulary,
        settings: Settings,
        site: Sequence[str] = (),
        where: str = "",
    ) -> None:
        self._documents, self._nearest, self._tags = documents, nearest, tags
        self._vocabulary, self._settings = vocabulary, settings
        self._site, self._where = tuple(site), where
        self._row = {document.post.path: row for row, document in enumerate(documents)}
        self._labels = {topic.id: topic.label for topic in tags.topics}
        self._meant = [vocabulary.meant_by(vocabulary.tags_of(document.post)) for document in documents]
        self._written = Counter(tag for document in documents for tag in set(document.post.tags))
        self._tagged = sum(1 for document in documents if document.post.tags)
        self._retired = {vocabulary.key(tag) for tag in settings.tags.retired}

    def about(self, path: str, old_tags: frozenset[str] = frozenset()) -> Iterator[Remark]:
        """All there is to say about a post's tags; `old_tags` are those that it had at the base, folded."""
        yield from self._no_tags(path)
        for found in self._tags.suggestions.get(path, ()):
            yield self._missing(path, found)
        document = self._documents[self._row[path]]
        for tag in dict.fromkeys(document.post.tags):
            if fold_tag(tag):
                remark = (
                    self._retired_tag(document, tag, old_tags)
                    or self._misspelled(document, tag)
                    or self._category(document, tag)
                    or self._implied(document, tag)
                )
                if remark is not None:
                    yield remark

    # -- tags that are not there

    def _no_tags(self, path: str) -> Iterator[Remark]:
        post = self._documents[self._row[path]].post
        if any(map(fold_tag, post.tags)) or 2 * self._tagged < len(self._documents):
            return  # a blog that does without tags is not told of each post
        evidence = (f"{self._tagged} of the {len(self._documents)} posts of the blog have tags",)
        suggested = [found.tag for found in self._tags.suggestions.get(path, ())]
        advice = f"add tags; these fit best: {', '.join(_code(tag) for tag in suggested)}" if suggested else "add tags"
        yield Remark(path, "no-tags", "the post has no tags", evidence=evidence, advice=(advice,))

    def _missing(self, path: str, found: TagSuggestion) -> Remark:
        is_sure = found.confidence >= self._settings.check.warn_from
        likely = "probably" if found.confidence >= 0.5 else "possibly"
        return Remark(
            path,
            "missing-tag",
            f"{_code(found.tag)} is {likely} missing ({found.confidence:.2f})",
            Severity.WARNING if is_sure else Severity.NOTE,
            tag=found.tag,
            confidence=found.confidence,
            evidence=tuple(self._evidence(path, found)),
            advice=self._ways_out(path, found),
            change=TagChange.adding(found.tag),
        )

    def _evidence(self, path: str, found: TagSuggestion) -> list[str]:
        """Clauses, the strongest first; that the text does not name the tag comes last."""
        evidence = found.evidence
        clauses = [self._near(path, found)]
        share = evidence.topic
        if share is not None and share.with_tag >= _TELLING_SHARE * share.posts:
            label = self._labels.get(share.id, ())
            named = f" ({', '.join(map(_one_line, label))})" if label else ""
            text = (
                f"{share.with_tag} of {counted(share.posts, 'other post')} of its topic{named} {_carry(share.with_tag)}"
            )
            clauses.append((share.with_tag / max(1, share.posts), text))
        if evidence.mentions:
            strength = min(1.0, evidence.mentions / _MANY_MENTIONS)
            clauses.append((strength, f"the text names it {_times(evidence.mentions)}"))
        if evidence.terms:
            clauses.append((0.0, f"terms that speak for it: {', '.join(map(_one_line, evidence.terms))}"))
        clauses.sort(key=lambda clause: -clause[0])
        texts = [text for _, text in clauses if text]
        return texts if evidence.mentions else [*texts, "though the text never names it"]

    def _near(self, path: str, found: TagSuggestion) -> tuple[float, str]:
        key = self._vocabulary.key(found.tag)
        near = self._nearest.rows(self._row[path])
        carrying = [row for row in near if key in self._meant[row]]
        if carrying:
            text = f"{len(carrying)} of the {len(near)} nearest posts {_carry(len(carrying))}: {self._titles(carrying)}"
            return len(carrying) / len(near), text
        rows = [self._row[neighbor.path] for neighbor in found.evidence.neighbors]
        return 0.1, f"the nearest posts that carry it: {self._titles(rows)}" if rows else ""

    def _titles(self, rows: Sequence[int]) -> str:
        titles = ", ".join(quoted(self._documents[row].title) for row in rows[:_SHOWN_TITLES])
        return titles + (f" and {len(rows) - _SHOWN_TITLES} more" if len(rows) > _SHOWN_TITLES else "")

    def _ways_out(self, path: str, found: TagSuggestion) -> tuple[str, ...]:
        apply = ["enishi", "tags", "apply", path, "--tag", found.tag, *self._site]
        decline = ["enishi", "tags", "decline", path, found.tag, *self._site]
        return (
            f"to accept, add it to the tags, or run{self._where}: {' '.join(map(shell_word, apply))}",
            f"to decline it for good, run{self._where}: {' '.join(map(shell_word, decline))}",
        )

    # -- tags that are there

    def _retired_tag(self, document: Document, tag: str, old_tags: frozenset[str]) -> Remark | None:
        if self._vocabulary.key(tag) not in self._retired or fold_tag(tag) in old_tags:
            return None
        return Remark(
            document.post.path,
            "retired-tag",
            f"{_code(tag)} is retired: no new post should carry it",
            tag=tag,
            evidence=("the setting `tags.retired` names it",),
            advice=("take it out, or take it off the list in the settings",),
            change=TagChange.removing(tag),
        )

    def _misspelled(self, document: Document, tag: str) -> Remark | None:
        key = self._vocabulary.key(tag)
        name = self._vocabulary.names.get(key, tag)
        if name == tag:
            return None
        if spelling_key(name) != spelling_key(tag):
            message = f"{_code(tag)} is called {_code(name)} on this blog"
            evidence = f"the settings give {_code(name)} as its new name"
        elif self._written[name] > self._written[tag]:
            message = f"{_code(tag)} is usually written {_code(name)} on this blog"
            evidence = (
                f"{_code(name)} stands on {counted(self._written[name], 'post')}, {_code(tag)} on {self._written[tag]}"
            )
        else:
            return None
        has_both = name in document.post.tags
        return Remark(
            document.post.path,
            "tag-spelling",
            message,
            tag=tag,
            evidence=(evidence,),
            advice=(f"take it out: the post has {_code(name)} as well" if has_both else f"write {_code(name)}",),
            change=TagChange.renaming(tag, name),
        )

    def _category(self, document: Document, tag: str) -> Remark | None:
        post = document.post
        categories = {reader_key(name): name for chain in post.categories for name in chain}
        if not self._vocabulary.categories_apart:
            categories = {}
        what, name = "category", categories.get(reader_key(tag), "")
        if not name and post.series and reader_key(post.series) == reader_key(tag):
            what, name = "series", post.series
        if not name:
            return None
        return Remark(
            post.path,
            "tag-is-category",
            f"{_code(tag)} is the post's {what} already",
            tag=tag,
            evidence=(f"the post's {what} is {quoted(name)}, and this blog does not tag posts with it",),
            advice=("take the tag out",),
            change=TagChange.removing(tag),
        )

    def _implied(self, document: Document, tag: str) -> Remark | None:
        if not self._settings.tags.broader:
            return None  # only where the blog says which tags are broader, it may forbid to carry both
        key = self._vocabulary.key(tag)
        for other in document.post.tags:
            narrower = self._vocabulary.key(other)
            if narrower != key and key in self._vocabulary.broader.get(narrower, frozenset()):
                return Remark(
                    document.post.path,
                    "implied-tag",
                    f"{_code(tag)} goes without saying, because the post has {_code(other)}",
                    tag=tag,
                    evidence=(f"on this blog {_code(other)} implies {_code(tag)} (setting `tags.broader`)",),
                    advice=("take it out",),
                    change=TagChange.removing(tag),
                )
        return None


def front_matter_remarks(diagnostics: Iterable[Diagnostic], checked: Collection[str]) -> Iterator[Remark]:
    """What was found wrong with the files of posts as they were read, each once."""
    for told in sorted(set(diagnostics)):
        if told.path in checked:
            message, _, advice = told.message.partition(". ")
            if advice and told.line:  # what to do about all that a post is told of may stand in one list
                advice = f"line {told.line}: {advice}"
            yield Remark(
                told.path,
                "bad-front-matter",
                message.removesuffix("."),
                told.severity,
                advice=(advice.removesuffix("."),) if advice else (),
                line=told.line,
                subject=f"{told.code}: {message}" if told.code in _SEVERAL else told.code,
            )


_SEVERAL = frozenset({"bad-enishi-block", "duplicate-key"})
"""Problems that a post may have several of."""


def quoted(title: str) -> str:
    """A title within a sentence, on one line and not too long."""
    text = _one_line(title)
    return f"“{text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + '…'}”"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _carry(number: int) -> str:
    return "carries it" if number == 1 else "carry it"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(tag: str) -> str:
    return f"`{_one_line(tag)}`"
