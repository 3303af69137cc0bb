"""Findings about the tags of a post: those that it is probably missing, and those that it should not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from enishi.errors import Severity
from enishi.findings import Finding, SuggestedTag
from enishi.tags.declined import Kept
from enishi.tags.vocabulary import Vocabulary, fold_tag, reader_key, spelling_key
from enishi.tags.wording import said_against, said_for
from enishi.text.plural import counted
from enishi.text.printable import shell_word
from enishi.types import Document, Post, TagAnalysis, TagSuggestion

if TYPE_CHECKING:
    from enishi.config import Settings
    from enishi.related.index import Backend
    from enishi.types import Vectors

NEAREST = 5
"""How many of the nearest posts are evidence for a tag."""
_TELLING_SHARE = 0.2
"""The topic is no evidence for a tag that a smaller share of its posts carries."""
_MANY_MENTIONS = 8
_OWN_TAGS = 0.3
"""How strong a reason the post's other tags and its date are, from 0 to 1."""
_SHOWN_TITLES = 3
_LONGEST_TITLE = 60
_GRAVEST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def nearest_posts(vectors: Vectors, rows: Sequence[int], backend: Backend = "auto") -> dict[int, list[int]]:
    """By row of a post, the rows of its nearest other posts, nearest first, at most `NEAREST`.

    Args:
        vectors: shape (n, dim), unit rows or zeros.
        rows: the posts whose nearest posts are wanted.
        backend: see :func:`enishi.related.index.build_index`.
    """
    from enishi.related.index import build_index

    nearest: dict[int, list[int]] = {}
    if rows:
        neighbors, scores = build_index(vectors, backend=backend).search(vectors[list(rows)], NEAREST + 1)
        for row, near, alike in zip(rows, neighbors.tolist(), scores.tolist(), strict=True):
            others = [other for other, score in zip(near, alike, strict=True) if other != row and score > 0]
            nearest[row] = others[:NEAREST]
    return nearest


@dataclass(frozen=True, slots=True)
class Advice:
    """How commands are written in the advice, for whoever reads it."""

    program: str = "enishi"
    """How this program is called."""
    site: tuple[str, ...] = ()
    """How commands name the site folder: ``--site blog``, or nothing."""
    where: str = ""
    """Where they are to be run: `` at the top of the repository``, or nothing."""

    def run(self, *words: str) -> str:
        """The clause that ends in a command."""
        return f"run{self.where}: {self.program} {' '.join(map(shell_word, (*words, *self.site)))}"


class TagFindings:
    """Compares the tags of single posts with those of the whole blog.

    Args:
        documents: sorted by path.
        nearest: of the posts that are checked, see :func:`nearest_posts`.
        tags: the analysis of the blog's tags.
        vocabulary: the blog's tags and rules.
        settings: the rules that the blog sets itself.
        kept: what its author means to keep as it is.
        advice: how commands are written.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        nearest: Mapping[int, Sequence[int]],
        tags: TagAnalysis,
        vocabulary: Vocabulary,
        settings: Settings,
        kept: Kept,
        advice: Advice,
    ) -> None:
        self._documents, self._nearest, self._tags = documents, nearest, tags
        self._vocabulary, self._settings, self._kept, self._advice = vocabulary, settings, kept, advice
        self._row = {document.post.path: row for row, document in enumerate(documents)}
        self._labels = {topic.id: topic.label for topic in tags.topics}
        self._meant = [vocabulary.meant_by(vocabulary.tags_of(document.post)) for document in documents]
        self._written = Counter(tag for document in documents for tag in set(document.post.tags))
        self._tagged = sum(1 for document in documents if document.post.tags)
        self._retired = {vocabulary.key(tag) for tag in settings.tags.retired}

    def of(self, path: str, old_tags: frozenset[str] = frozenset()) -> Iterator[Finding]:
        """Draft findings about a post's tags, one for each tag.

        `old_tags` are the tags, folded, that the post had at the base.
        """
        post = self._documents[self._row[path]].post
        # on a blog that hardly uses tags, having none is nothing to report
        is_bare = not any(map(fold_tag, post.tags)) and path not in self._kept.untagged
        if is_bare and 2 * self._tagged >= len(self._documents):
            counts = f"{self._tagged} of the {len(self._documents)} posts of the blog have tags"
            yield draft(path, "no-tags", "the post has no tags", evidence=(counts,), advice=("add tags",))
        for one in self._tags.suggestions.get(path, ()):
            is_sure = one.confidence >= self._settings.check.warn_from
            level, evidence = Severity.WARNING if is_sure else Severity.NOTE, tuple(self._evidence(path, one))
            yield draft(path, "missing-tag", "", level=level, tag=one.tag, confidence=one.confidence, evidence=evidence)
        for tag in filter(fold_tag, dict.fromkeys(post.tags)):
            if finding := (
                self._retired_tag(post, tag, old_tags)
                or self._misspelled(post, tag)
                or self._category(post, tag)
                or self._implied(post, tag)
            ):
                yield finding

    def joined(self, drafts: Iterable[Finding]) -> list[Finding]:
        """The drafts with all that a post lacks as one of them."""
        joined, lacking = list[Finding](), dict[str, list[Finding]]()
        for one in drafts:
            if one.code in ("missing-tag", "no-tags"):
                lacking.setdefault(one.path, []).append(one)
            else:
                joined.append(one)
        for path, parts in lacking.items():
            bare = [one for one in parts if one.code == "no-tags"]
            missing = [one for one in parts if one.code == "missing-tag"]
            joined.append(self._lacking(path, missing, bare[0] if bare else None) if missing else bare[0])
        return joined

    def _lacking(self, path: str, missing: Sequence[Finding], bare: Finding | None) -> Finding:
        tags = [SuggestedTag(one.tag, one.confidence or 0.0, one.level is not Severity.NOTE) for one in missing]
        sure, unsure = [one for one in tags if one.is_sure], [one for one in tags if not one.is_sure]
        evidence = missing[0].evidence
        if len(tags) > 1 or bare:
            evidence = tuple(f"{_code(one.tag)}: {'; '.join(one.evidence)}" for one in missing)
        accepted = [word for one in sure or tags for word in ("--tag", one.tag)]
        them, declined = ("it", tags[0].tag) if len(tags) == 1 else ("one", "TAG")
        return replace(
            bare or missing[0],
            message=_lack(sure, unsure, bare is not None),
            level=next(level for level in _GRAVEST for one in (*missing, *filter(None, [bare])) if one.level is level),
            tag=tags[0].tag,
            tags=tuple(tags),
            confidence=tags[0].confidence,
            evidence=(*evidence, *(bare.evidence if bare else ())),
            advice=(
                f"to accept, add {'it' if len(accepted) == 2 else 'them'} to the tags, or "
                + self._advice.run("tags", "apply", path, *accepted),
                f"to decline {them} for good, " + self._advice.run("tags", "decline", path, declined),
            ),
        )

    def _evidence(self, path: str, suggestion: TagSuggestion) -> list[str]:
        """Reasons for a suggestion, the strongest first; what speaks against it comes last."""
        evidence = suggestion.evidence
        clauses = [self._near(path, suggestion)]
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
        clauses += [(_OWN_TAGS, text) for text in said_for(evidence, _code)]
        clauses.sort(key=lambda clause: -clause[0])
        against = [] if evidence.mentions else ["the text never names it"]
        against += said_against(evidence, _code)
        return [text for _, text in clauses if text] + [f"though {text}" for text in against]

    def _near(self, path: str, suggestion: TagSuggestion) -> tuple[float, str]:
        key = self._vocabulary.key(suggestion.tag)
        near = self._nearest[self._row[path]]
        carrying = [row for row in near if key in self._meant[row]]
        if carrying:
            text = f"{len(carrying)} of the {len(near)} nearest posts {_carry(len(carrying))}: {self._titles(carrying)}"
            return len(carrying) / len(near), text
        rows = [self._row[neighbor.path] for neighbor in suggestion.evidence.neighbors]
        return 0.1, f"the nearest posts that carry it: {self._titles(rows)}" if rows else ""

    def _titles(self, rows: Sequence[int]) -> str:
        titles = ", ".join(quoted(self._documents[row].title) for row in rows[:_SHOWN_TITLES])
        return titles + (f" and {len(rows) - _SHOWN_TITLES} more" if len(rows) > _SHOWN_TITLES else "")

    def _retired_tag(self, post: Post, tag: str, old_tags: frozenset[str]) -> Finding | None:
        if self._vocabulary.key(tag) not in self._retired or fold_tag(tag) in old_tags:
            return None
        return draft(
            post.path,
            "retired-tag",
            f"{_code(tag)} is retired: no new post should carry it",
            tag=tag,
            evidence=("the setting `tags.retired` names it",),
            advice=("take it out, or take it off the list in the settings",),
        )

    def _misspelled(self, post: Post, tag: str) -> Finding | None:
        key = self._vocabulary.key(tag)
        name = self._vocabulary.names.get(key, tag)
        if name == tag or any({name, tag} <= names for names in self._kept.apart):
            return None
        if spelling_key(name) != spelling_key(tag):
            message = f"{_code(tag)} is called {_code(name)} on this blog"
            evidence = f"the settings give {_code(name)} as its new name"
        elif self._written[name] > self._written[tag]:
            message = f"{_code(tag)} is usually written {_code(name)} on this blog"
            evidence = (
                f"{_code(name)} is on {counted(self._written[name], 'post')}, {_code(tag)} on {self._written[tag]}"
            )
        else:
            return None
        has_both = name in post.tags
        return draft(
            post.path,
            "tag-spelling",
            message,
            tag=tag,
            evidence=(evidence,),
            advice=(f"take it out: the post has {_code(name)} as well" if has_both else f"write {_code(name)}",),
            new_tag=name,
        )

    def _category(self, post: Post, tag: str) -> Finding | None:
        key = reader_key(tag)
        categories = {reader_key(name): name for chain in post.categories for name in chain}
        what, name = "category", categories.get(key, "")
        if not name and post.series and reader_key(post.series) == key:
            what, name = "series", post.series
        if not name or self._vocabulary.repeated.meant(key, post):
            return None
        return draft(
            post.path,
            "tag-is-category",
            f"{_code(tag)} is the post's {what} already",
            tag=tag,
            evidence=(f"the post's {what} is {quoted(name)}, and this blog does not tag posts with it",),
            advice=("take the tag out",),
        )

    def _implied(self, post: Post, tag: str) -> Finding | None:
        if not self._settings.tags.broader:
            return None  # only a blog that says which tags are broader may forbid to carry both
        key = self._vocabulary.key(tag)
        for other in post.tags:
            narrower = self._vocabulary.key(other)
            if narrower != key and key in self._vocabulary.broader.get(narrower, frozenset()):
                return draft(
                    post.path,
                    "implied-tag",
                    f"{_code(tag)} goes without saying, because the post has {_code(other)}",
                    tag=tag,
                    evidence=(f"on this blog {_code(other)} implies {_code(tag)} (setting `tags.broader`)",),
                    advice=("take it out",),
                )
        return None


def _lack(sure: Sequence[SuggestedTag], unsure: Sequence[SuggestedTag], has_none: bool) -> str:
    """What a post lacks, in a sentence."""

    def listed(tags: Sequence[SuggestedTag]) -> str:
        names = [f"{_code(one.tag)} ({one.confidence:.2f})" for one in tags]
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

    named, rest = sure or unsure, unsure if sure else ()
    likely = "probably" if named[0].confidence >= 0.5 else "possibly"
    perhaps = f", perhaps {listed(rest)} too" if rest else ""
    if has_none:
        return f"the post has no tags; {listed(named)} {likely} {'fits' if len(named) == 1 else 'fit'}{perhaps}"
    if len(named) == 1:
        return f"{_code(named[0].tag)} is {likely} missing ({named[0].confidence:.2f}){perhaps}"
    return f"{listed(named)} are {likely} missing{perhaps}"


def draft(path: str, code: str, message: str, *, level: Severity = Severity.WARNING, **fields: Any) -> Finding:
    """A finding that has no place yet; `level` counts where the settings give none."""
    return Finding(path, fields.pop("line", 0), 1, code, level, message, **fields)


def quoted(title: str) -> str:
    """A title in a sentence: on one line, not too long, in quotation marks."""
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
