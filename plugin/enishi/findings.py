"""The findings of a check, whatever format they are reported in.

A :class:`Finding` is one sentence about one place in one file, with the evidence for it and what to do about it.
:mod:`enishi.commands.check` makes them, :mod:`enishi.reporters` writes them.  All text in them (titles, tags, paths,
terms) is untrusted: a reporter escapes whatever it prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from enishi.errors import Severity
from enishi.types import Document

CODES: Mapping[str, str] = {
    "missing-tag": "a tag of the blog that the post is probably missing",
    "no-tags": "a post without any tag",
    "tag-spelling": "another spelling of a tag that the blog usually writes differently",
    "implied-tag": "a broader tag beside a narrower one that implies it",
    "retired-tag": "a tag that is not to be used any more",
    "tag-is-category": "a tag equal to the post's category",
    "near-duplicate": "a post that says nearly the same as another one",
    "bad-front-matter": "front matter that the generator does not read, or not as it was meant",
}
"""Every code that a finding may have, and what it means in a few words."""

EXPLANATIONS: Mapping[str, str] = {
    "missing-tag": (
        "Posts that are like this one carry the tag. All that a post lacks is one finding: one suggested edit writes "
        "every tag from the confidence `check.warn_from` on, and less sure ones are named only. Add the tags, or "
        "decline one for good with `enishi tags decline`."
    ),
    "no-tags": (
        "Most posts of the blog have tags, and this one has none. Tags that fit are named, and sure ones suggested as "
        "an edit, as for `missing-tag`."
    ),
    "tag-spelling": (
        "More posts write the tag differently, or the settings (`tags.aliases`) give it another name. Write it as they "
        "do, or rename it everywhere with `enishi tags rename`."
    ),
    "implied-tag": (
        "The setting `tags.broader` says that one of the post's tags implies this one, so that readers find the post "
        "anyway. Take it out."
    ),
    "retired-tag": (
        "The setting `tags.retired` names the tag, and the post did not have it before. Take it out, or take it off "
        "the list."
    ),
    "tag-is-category": (
        "The tag says what the post's category or series says already, and the blog does not tag other posts so. Take "
        "it out."
    ),
    "near-duplicate": (
        "Most words of the post are those of another one. If one is a copy, delete it; if both are meant, put "
        "`enishi: {ignore: [near-duplicate]}` into its front matter."
    ),
    "bad-front-matter": (
        "The site's generator cannot read a part of the front matter, or reads it otherwise than it looks. The message "
        "says what and where."
    ),
}
"""For each code, why it is reported and what to do."""
REPOSITORY = "https://github.com/OWNER/enishi/blob/main"
DOCS = f"{REPOSITORY}/docs/check.md"


def docs_address(code: str) -> str:
    """Where the documentation explains a code."""
    return f"{DOCS}#{code}" if code in CODES else DOCS


def explain(code: str) -> str:
    """What a code means, why it is reported, what to do, and how to turn it off."""
    return (
        f"{code}: {CODES[code]}\n\n{EXPLANATIONS[code]}\n\nOne post turns it off in its front matter, "
        f"`enishi: {{ignore: [{code}]}}`; the settings make it an error, a warning, a note or off for all: "
        f'`check.levels = {{"{code}" = "off"}}`.\n\n{docs_address(code)}'
    )


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Whole lines that replace others, in one place of one file.

    At least one line is replaced, because review tools can only replace existing lines: where a line is added, the
    one before it is replaced by itself.
    """

    line: int
    """The first line that is replaced, from 1."""
    before: tuple[str, ...]
    """The lines as they are, each without its line break; never empty."""
    after: tuple[str, ...]
    """The lines that replace them, each without its line break; empty where they are removed."""
    patch: str
    """The same change as a unified diff, which `git apply` takes at the top of the repository; empty where there is
    none."""
    line_break: str = "\n"
    """The line ending of the file."""

    @property
    def end_line(self) -> int:
        """The last line that is replaced."""
        return self.line + len(self.before) - 1


@dataclass(frozen=True, slots=True)
class SuggestedTag:
    """A tag that a post probably lacks."""

    tag: str
    confidence: float
    """Probability that the author agrees, 0 to 1."""
    is_sure: bool
    """Whether the finding's edit writes it; else it is only named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about one post."""

    path: str
    """Relative to the site folder, POSIX."""
    line: int
    """From 1; 1 where no better line can be named.  0 in a draft: wherever the tags of the post stand."""
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
    """The tag that the finding is about, if any; of several, the surest."""
    tags: tuple[SuggestedTag, ...] = ()
    """All tags that the post lacks, the surest first: a post has one finding about them."""
    new_tag: str = ""
    """The tag to write instead."""
    confidence: float | None = None
    """Probability that the author agrees, 0 to 1; None where the finding is a fact."""
    evidence: tuple[str, ...] = ()
    """Reasons, the strongest first, a clause each: "4 of the 5 nearest posts carry it"."""
    advice: tuple[str, ...] = ()
    """What to do, a clause or a command each: how to accept it, how to decline it for good."""
    edit: LineEdit | None = None
    """The change that settles this and all other findings about the post's tags, at the first of them, where one can
    be made safely: two edits of one line could not both be accepted."""
    line_text: str = ""
    """The text of that line, without its break: formats that count columns in bytes or UTF-16 need it."""
    subject: str = ""
    """What distinguishes it from other findings of this code in the post, such as the path of its near-duplicate."""

    @property
    def about(self) -> str:
        """What distinguishes it from others of its code in the post; nothing of what a post lacks, which is one."""
        return "" if self.code in ("missing-tag", "no-tags") else self.tag or self.subject

    @property
    def fingerprint(self) -> str:
        """Identifies the finding across commits, moved lines and changed confidences: 32 hex digits."""
        return fingerprint(self.code, self.path, self.about)


def fingerprint(*named: str) -> str:
    """32 hexadecimal digits that stand for these names."""
    return hashlib.sha256("\0".join(named).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings of one run."""

    findings: tuple[Finding, ...]
    """By (path, line, column, code, tag)."""
    checked: tuple[str, ...]
    """Paths of the posts that were checked, sorted."""
    posts: int
    """How many posts of the blog served as evidence."""
    prefix: str = ""
    """The site folder relative to the top of its repository, POSIX, without a slash at the end; empty if it is the top.
    Formats that annotate the files of a repository put it before every path."""
    base: str = ""
    """The full name of the commit that the posts were compared with; empty where nothing was compared."""
    suppressed: int = 0
    """How many findings were left out because the baseline or a post's front matter says so."""
    failing: tuple[str, ...] = ()
    """Codes of findings that make the check fail; empty where it passes."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    """Remarks on the run itself, a sentence each: a shallow clone, a model that was not used."""
    patches: Mapping[str, str] = field(default_factory=dict)
    """All suggested edits of a post as one patch for `git apply` at the top of the repository, by path.
    Bytes that are not UTF-8 become lone surrogates."""

    def in_repository(self, path: str) -> str:
        """A post's path relative to the top of the repository."""
        return f"{self.prefix}/{path}" if self.prefix else path


def ignored_codes(document: Document) -> frozenset[str]:
    """Kinds of findings that a post turns off for itself: ``enishi: {ignore: [missing-tag]}``."""
    block = document.post.front_matter.get("enishi")
    value = block.get("ignore") if isinstance(block, dict) else None
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str) and item in CODES)
