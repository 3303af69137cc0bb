"""What a check found, whatever the format it is reported in.

A :class:`Finding` is one sentence about one place of one file, with the evidence for it and what to do about it.
:mod:`enishi.commands.check.run` makes them, :mod:`enishi.reporters` writes them.  All text in them may be a
stranger's (titles, tags, paths, terms): a reporter escapes whatever it prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from enishi.errors import Severity

CODES: Mapping[str, str] = {
    "missing-tag": "a tag of the blog that the post is probably missing",
    "no-tags": "a post without any tag",
    "tag-spelling": "another spelling of a tag that the blog usually writes differently",
    "implied-tag": "a broader tag beside a narrower one that implies it",
    "retired-tag": "a tag that is not to be used any more",
    "tag-is-category": "a tag equal to the post's category",
    "near-duplicate": "a post that says nearly the same as another one",
    "bad-front-matter": "front matter that the generator does not read, or not as it was meant",
    "related-change": "the related posts of other pages change",
}
"""Every code a finding may have, and what it means in a few words."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Whole lines to put in the place of others, in one place of one file.

    There is always at least one line to replace, because review tools can only replace lines that are there: where a
    line is added, the one before it is taken in and comes back unchanged.
    """

    line: int
    """The first line that is replaced, from 1."""
    before: tuple[str, ...]
    """Those lines as they are, each without its line break; never empty."""
    after: tuple[str, ...]
    """What takes their place, each without its line break; empty where they are taken out."""
    patch: str
    """The same change as a unified diff, which `git apply` takes at the top of the repository; empty where there is
    none."""
    line_break: str = "\n"
    """What ends the lines in the file."""

    @property
    def end_line(self) -> int:
        """The last line that is replaced."""
        return self.line + len(self.before) - 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a post."""

    path: str
    """Relative to the site folder, POSIX."""
    line: int
    """From 1; 1 where no better line can be named."""
    column: int
    """From 1, in Unicode code points."""
    code: str
    """One of :data:`CODES`."""
    level: Severity
    message: str
    """What is wrong, in one sentence without a full stop: "`NLP` is probably missing (0.93)"."""
    title: str = ""
    """The post's title."""
    tag: str = ""
    """The tag that this is about; the empty string for other findings."""
    confidence: float | None = None
    """Probability that the author agrees, 0 to 1; None where the finding is a fact."""
    evidence: tuple[str, ...] = ()
    """Why, the strongest first, a clause each: "4 of the 5 nearest posts carry it"."""
    advice: tuple[str, ...] = ()
    """What to do, a clause or a command each: how to accept, how to decline for good."""
    edit: LineEdit | None = None
    """The change that settles it, where that is safe to make."""
    line_text: str = ""
    """The line that `line` names, without its break: formats that count columns in bytes or UTF-16 need it."""
    subject: str = ""
    """What else tells it from another finding with the same code in the same post, such as the path of a twin."""

    @property
    def fingerprint(self) -> str:
        """Names the finding over commits, lines that move and confidences that change: 32 hex digits."""
        named = "\0".join((self.code, self.path, self.tag or self.subject))
        return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings of one run."""

    findings: tuple[Finding, ...]
    """By (path, line, column, code, tag)."""
    checked: tuple[str, ...]
    """Paths of the posts that were looked at, sorted."""
    posts: int
    """How many posts of the blog were the evidence."""
    prefix: str = ""
    """The site folder relative to the top of its repository, POSIX, without a slash at the end; empty if it is that.
    Formats that annotate a repository's files put it before every path."""
    base: str = ""
    """The commit that the posts were compared with, in full; empty where nothing was compared."""
    suppressed: int = 0
    """Findings left out because the baseline or a post's front matter says so."""
    failing: tuple[str, ...] = ()
    """Codes of findings that make the check fail; empty where it passes."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    """What a reader should know about the run itself, a sentence each: a shallow clone, a model that was not used."""

    patches: Mapping[str, str] = field(default_factory=dict)
    """By a post's path: all its suggested edits as one patch, which `git apply` takes at the top of the repository.
    Bytes that are no UTF-8 are carried along as lone surrogates."""

    def in_repository(self, path: str) -> str:
        """A post's path relative to the top of the repository."""
        return f"{self.prefix}/{path}" if self.prefix else path
