"""What the author does about tags: looks at suggestions, declines them, writes them into posts, renames tags.

Suggestions and topics are those of the last build (tags.json), without what was declined since.  Files are edited by
:mod:`enishi.editing` alone: first everything is planned, and nothing is written before the author has seen it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.commands.ask import NoBuildError, UnknownPostError, find_post, written_posts
from enishi.config_files import load_settings
from enishi.editing.change import Refusal, Style, TagChange
from enishi.editing.patch import unified_diff
from enishi.editing.plan import plan_edit
from enishi.errors import Diagnostic, EnishiError, OutputError, SettingsError, Severity
from enishi.files import NotReplacedError, create_file, replace_file
from enishi.pipeline import Blog, Posts, Run, read_blog
from enishi.reading.documents import PostFile
from enishi.state import STATE_FOLDER, Request
from enishi.tags.audit import Audit, audit_tags
from enishi.tags.declined import Decline, decline_tag, match_declines, read_declined, undecline_tag
from enishi.tags.vocabulary import fold_tag, read_vocabulary, spelling_key
from enishi.text.toml import toml_key, toml_string
from enishi.types import (
    Document,
    Post,
    TagSuggestion,
    Terms,
    TextFields,
    Topic,
)
from enishi.writing.render_tags import TAGS_NAME, TagsOfPost, read_tags_json

if TYPE_CHECKING:
    from enishi.tags.explain import TagExplanation

ADD, MAYBE = 0.8, 0.5
"""From these confidences a suggestion is marked "add" or "maybe"."""
_MOST_YEARS = 20


class UnknownTagError(EnishiError):
    """No tag of the blog is meant by what was given."""


def level(confidence: float) -> str:
    """What to do about a suggestion, in a word."""
    return "add" if confidence >= ADD else "maybe" if confidence >= MAYBE else "unsure"


# -- the last build --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaggedPost:
    """What the last build said about a post's tags."""

    path: str
    title: str
    date: str
    """ISO date, or empty."""
    tags: tuple[str, ...]
    suggestions: tuple[TagSuggestion, ...]
    """The surest first."""


@dataclass(frozen=True, slots=True)
class LastTags:
    """tags.json, with titles and dates from related.json beside it."""

    posts: Mapping[str, TaggedPost]
    """By path."""
    topics: tuple[Topic, ...]

    def title(self, path: str) -> str:
        """The post's title, or its path where there is none."""
        return self.posts[path].title if path in self.posts else path

    def names(self) -> frozenset[str]:
        """Every tag that a post carries or that is proposed."""
        carried = {tag for post in self.posts.values() for tag in post.tags}
        suggested = {one.tag for post in self.posts.values() for one in post.suggestions}
        return frozenset(carried | suggested | {one.tag for topic in self.topics for one in topic.missing})


def last_tags(request: Request) -> LastTags:
    """The suggestions and topics of the last build, without what was declined since.

    Raises:
        NoBuildError: there is none, or it is not ours.
    """
    listed = written_posts(request.folder)
    declines, _ = read_declined(request.site)
    declined = {(decline.post, fold_tag(decline.tag)) for decline in declines}
    try:
        content = read_tags_json((request.folder / TAGS_NAME).read_bytes())
    except (OSError, ValueError):
        raise NoBuildError(_why_no_tags(request)) from None
    posts = {path: _tagged_post(path, post, listed.get(path, {}), declined) for path, post in content.posts.items()}
    return LastTags(posts, tuple(_without_declined(topic, declined) for topic in content.topics))


def _tagged_post(
    path: str, post: TagsOfPost, listed: Mapping[str, Any], declined: Collection[tuple[str, str]]
) -> TaggedPost:
    kept = tuple(one for one in post.suggestions if (path, fold_tag(one.tag)) not in declined)
    return TaggedPost(path, str(listed.get("title", "")) or path, str(listed.get("date", "")), post.tags, kept)


def _without_declined(topic: Topic, declined: Collection[tuple[str, str]]) -> Topic:
    missing = (
        replace(one, posts=tuple(path for path in one.posts if (path, fold_tag(one.tag)) not in declined))
        for one in topic.missing
    )
    return replace(topic, missing=tuple(one for one in missing if one.posts))


def _why_no_tags(request: Request) -> str:
    """Why the last build says nothing of tags, although there was one."""
    missing = f"there is no {TAGS_NAME} of this version in {request.folder}"
    with suppress(SettingsError):  # what else is wrong with them, the build says
        settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
        if not settings.tags.enabled:
            return f"{missing}: tag suggestions are switched off by the setting `tags.enabled`"
    if not os.path.lexists(request.folder / TAGS_NAME):
        return f"{missing}: the last build wrote none, as with `tags.enabled` off. Run `enishi build` with it on"
    return f"{missing}. Run `enishi build` first"


def choose_posts(
    tags: LastTags, request: Request, names: Sequence[str], min_confidence: float = 0.0
) -> list[TaggedPost]:
    """Posts with suggestions at least this sure, the one with the surest first; those named, or all.

    Raises:
        UnknownPostError: a name means no post.
    """
    chosen = _meant(request, names) if names else list(tags.posts)
    posts = []
    for path in chosen:
        post = tags.posts.get(path)
        sure = [found for found in post.suggestions if found.confidence >= min_confidence] if post else []
        if post and sure:
            posts.append(TaggedPost(post.path, post.title, post.date, post.tags, tuple(sure)))
    posts.sort(key=lambda post: (-post.suggestions[0].confidence, post.path))
    return posts


def _meant(request: Request, names: Sequence[str]) -> list[str]:
    listed = written_posts(request.folder)
    return list(dict.fromkeys(find_post(listed, name, request.site) for name in names))


def by_tag(posts: Iterable[TaggedPost]) -> dict[str, list[tuple[TaggedPost, TagSuggestion]]]:
    """The same suggestions by tag, and for each tag the surest first; the tag with the surest first."""
    rows: dict[str, list[tuple[TaggedPost, TagSuggestion]]] = {}
    for post in posts:
        for suggestion in post.suggestions:
            rows.setdefault(suggestion.tag, []).append((post, suggestion))
    for entries in rows.values():
        entries.sort(key=lambda entry: (-entry[1].confidence, entry[0].path))
    return dict(sorted(rows.items(), key=lambda item: (-item[1][0][1].confidence, item[0])))


# -- topics ----------------------------------------------------------------------------------------------------------


def years_of(tags: LastTags) -> range:
    """The years that the blog's posts are of, the last twenty at most; empty where no post has a date."""
    years = [int(post.date[:4]) for post in tags.posts.values() if re.match(r"\d{4}-", post.date)]
    return range(max(min(years), max(years) - _MOST_YEARS + 1), max(years) + 1) if years else range(0)


def posts_by_year(tags: LastTags, topic: Topic, years: range) -> dict[int, int]:
    """How many of a topic's posts are of each year."""
    dates = Counter(tags.posts[path].date[:4] for path in topic.posts if path in tags.posts)
    return {year: dates[f"{year:04}"] for year in years}


# -- audit -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BlogAudit:
    """What there is to say about a blog's tags, and about whose posts."""

    found: Audit
    posts: Mapping[str, Document]
    """By path."""
    diagnostics: tuple[Diagnostic, ...]
    """Why it may not be the whole truth: posts whose tags cannot be read, rules that cannot."""


def audit(request: Request) -> BlogAudit:
    """Read the blog as it lies on the disk, and look its tags over; no build is needed."""
    read = read_blog(request)
    blog, documents = read.blog, read.documents
    posts = [document.post for document in documents]
    vocabulary, problems = read_vocabulary(posts, blog.site, blog.settings.tags)
    broken = [one for one in read.diagnostics if one.severity is Severity.ERROR]
    return BlogAudit(
        audit_tags(documents, vocabulary, blog.settings.tags),
        {document.post.path: document for document in documents},
        tuple(sorted({*blog.diagnostics, *problems, *broken})),
    )


def renaming_command(request: Request, old: Sequence[str], new: str) -> list[str]:
    """The words of the command that writes `new` for `old` in the same blog under the same settings."""
    words = ["enishi", "tags", "rename" if len(old) == 1 else "merge"]
    if os.path.realpath(request.site) != os.path.realpath(Path()):
        words += ["--site", str(request.site)]
    if request.config_file is not None:
        words += ["--config", str(request.config_file)]
    for override in request.overrides:
        words += ["--set", override]
    names = [*old, new]
    return [*words, *(["--"] if any(name.startswith("-") for name in names) else []), *names]


# -- why -------------------------------------------------------------------------------------------------------------


def explain_tag(request: Request, post: str, tag: str) -> tuple[TagExplanation, Mapping[str, str]]:
    """Why a tag is, or is not, suggested for a post, as a build would find now; and the titles of posts by path.

    Raises:
        UnknownPostError, UnknownTagError
        EncoderError: the pretrained model cannot be had.
    """
    from enishi.tags import explain

    with Run(request) as run:
        blog = run.load()
        documents = run.read(blog).documents
        posts = {document.post.path: document for document in documents}
        path = _meant_now(posts, post, request)
        encoder = run.encoder(blog)
        if blog.settings.encoder.model:
            encoder.encode_parts(documents)
    tags = blog.settings.tags
    vocabulary, _ = read_vocabulary([document.post for document in documents], blog.site, tags)
    names = {name for document in documents for name in document.post.tags}
    explanation = explain.explain_tag(
        documents,
        blog.site,
        tags,
        match_declines(blog.declines, documents, tags.declined),
        list(posts).index(path),
        vocabulary.key(_known_tag(tag, names)),
        blocks=encoder.tag_blocks,
        backend=blog.settings.index.backend,
    )
    return explanation, {path: document.title for path, document in posts.items()}


# -- declining -------------------------------------------------------------------------------------------------------


def decline(request: Request, post: str, tag: str) -> tuple[str, str, bool]:
    """Never again suggest a tag for a post: (the post's path, the tag, whether that is new).  No build is needed.

    Raises:
        UnknownPostError, UnknownTagError
        OutputError: the file of declines cannot be written.
    """
    documents = _by_path(read_blog(request))
    path = _meant_now(documents, post, request)
    names = {name for document in documents.values() for name in document.post.tags}
    with suppress(NoBuildError):  # which may have proposed tags that no post carries yet
        names |= last_tags(request).names()
    name = _known_tag(tag, names)
    return path, name, decline_tag(request.site, documents[path], name)


def undecline(request: Request, post: str, tag: str) -> tuple[str, bool]:
    """Take a decline back: (the post's path, whether there was one).  No build is needed.

    A post that is gone is named by its old path.

    Raises:
        UnknownPostError, OutputError
    """
    declines, _ = read_declined(request.site)
    try:
        documents = _by_path(read_blog(request))
        path = _meant_now(documents, post, request)
        document = documents[path]
    except UnknownPostError:
        if all(known.post != post for known in declines):
            raise
        document = Document(Post(post, post), TextFields(), {}, Terms({}, {}))
        path = post
    return path, undecline_tag(request.site, document, tag)


def declines_of(request: Request) -> tuple[list[Decline], list[Diagnostic]]:
    """All declines, those of the settings too (which have no `content`), sorted; and what could not be read."""
    settings, ignored = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    declines, diagnostics = read_declined(request.site)
    known = {(one.post, fold_tag(one.tag)): one for one in declines}
    for path, tags in settings.tags.declined.items():
        for tag in tags:
            known.setdefault((path, fold_tag(tag)), Decline(path, tag))
    return sorted(known.values()), [*ignored, *diagnostics]


def _known_tag(tag: str, names: Collection[str]) -> str:
    """The blog's own way of writing a tag."""
    if tag in names:
        return tag
    alike = [name for name in sorted(names) if spelling_key(name) == spelling_key(tag)]
    if alike:
        return alike[0]
    near = difflib.get_close_matches(fold_tag(tag), folded := {fold_tag(name): name for name in sorted(names)}, n=3)
    hint = f"; did you mean {' or '.join(folded[name] for name in near)}?" if near else ""
    raise UnknownTagError(f"no post of the blog carries the tag {tag!r}{hint}")


def _by_path(posts: Posts) -> dict[str, Document]:
    """Every post as it lies on the disk, by path."""
    return {document.post.path: document for document in posts.documents}


def _meant_now(documents: Mapping[str, Document], name: str, request: Request) -> str:
    """The path of the post that is meant, of those on the disk."""
    listed = {path: {"title": document.title, "url": document.post.url} for path, document in documents.items()}
    return find_post(listed, name, request.site)


# -- edits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """What a post's file will become."""

    path: str
    file: Path
    before: bytes
    after: bytes
    changes: tuple[TagChange, ...]

    @property
    def diff(self) -> bytes:
        """As a patch, relative to the site folder."""
        return unified_diff(self.path, self.before, self.after)

    @property
    def undo(self) -> bytes:
        """The patch that takes it back."""
        return unified_diff(self.path, self.after, self.before)


@dataclass(frozen=True, slots=True)
class Plan:
    """Edits of several posts, and those that had to be refused."""

    edits: tuple[PlannedEdit, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    less_sure: int = 0
    """Suggestions left out because they are below the confidence asked for."""

    @property
    def changes(self) -> int:
        """How many tags change in all posts together."""
        return sum(len(edit.changes) for edit in self.edits)

    @property
    def diff(self) -> bytes:
        """All edits as one patch."""
        return b"".join(edit.diff for edit in self.edits)

    @property
    def undo(self) -> bytes:
        """The patch that takes all of them back."""
        return b"".join(edit.undo for edit in self.edits)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan."""

    done: tuple[PlannedEdit, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    """Files that changed since they were read, symbolic links and the like: left as they are."""
    stopped: str = ""
    """Why the rest was not tried: a full disk, say."""
    undo: Path | None = None
    """Where the undo patch lies."""


def plan_suggestions(
    request: Request, names: Sequence[str], min_confidence: float = ADD, only: Sequence[str] = ()
) -> Plan:
    """Write the suggestions of the last build into the posts: those named, or all; only some tags, if wanted.

    Where both posts and tags are named, they are written whatever was suggested: that needs no build.

    Raises:
        NoBuildError, UnknownPostError
        UnknownTagError: a tag of `only` is none of the blog's.
    """
    if names and only:
        return _plan_named(request, names, only)
    tags = last_tags(request)
    wanted = {spelling_key(_known_tag(tag, tags.names())) for tag in only}
    changes: dict[str, list[TagChange]] = {}
    less_sure = 0
    for post in choose_posts(tags, request, names):
        for suggestion in post.suggestions:
            if wanted and spelling_key(suggestion.tag) not in wanted:
                continue
            if suggestion.confidence < min_confidence:
                less_sure += 1
            else:
                changes.setdefault(post.path, []).append(TagChange.adding(suggestion.tag))
    plan = _plan(Run(request).load(), changes) if changes else Plan()
    return Plan(plan.edits, plan.refused, less_sure)


def _plan_named(request: Request, names: Sequence[str], tags: Sequence[str]) -> Plan:
    posts = read_blog(request)
    blog, documents = posts.blog, _by_path(posts)
    known = {tag for document in documents.values() for tag in document.post.tags}
    paths = dict.fromkeys(_meant_now(documents, name, request) for name in names)
    changes = [TagChange.adding(tag) for tag in dict.fromkeys(_known_tag(tag, known) for tag in tags)]
    return _plan(blog, dict.fromkeys(paths, changes))


def plan_renaming(request: Request, old: Sequence[str], new: str) -> Plan:
    """Write `new` for each of `old`, exactly as written, in every post that carries one of them.

    Raises:
        SettingsError: the new name is no tag, or nothing would change.
        UnknownTagError: no post carries one of the old ones.
    """
    if new in old:
        raise SettingsError(f"the new name {new!r} is one of the old ones")
    posts = read_blog(request)
    blog, documents = posts.blog, posts.documents
    names = {tag for document in documents for tag in document.post.tags}
    for tag in old:
        if tag not in names:
            other = _known_tag(tag, names)
            raise UnknownTagError(f"no post of the blog carries the tag {tag!r}; did you mean {other}?")
    changes = {
        document.post.path: [TagChange.renaming(tag, new) for tag in dict.fromkeys(old) if tag in document.post.tags]
        for document in documents
    }
    # Nobody knows the tags of a post that cannot be read: one that seems to hold the name is refused by name
    broken = {one.path for one in posts.diagnostics if one.severity is Severity.ERROR}
    for file in blog.files:
        if file.path in broken and not changes.get(file.path):
            changes[file.path] = [TagChange.renaming(tag, new) for tag in old if tag.encode() in file.data]
    return _plan(blog, {path: wanted for path, wanted in changes.items() if wanted})


def _plan(blog: Blog, changes: Mapping[str, Sequence[TagChange]]) -> Plan:
    files = {file.path: file for file in blog.files}
    style = prevailing_style(blog.files)
    edits, refused = [], []
    for path in sorted(changes):
        if path not in files:
            refused.append(_left(path, "gone", "the post is no longer there. Run `enishi build` again"))
            continue
        data, made = files[path].data, []
        for change in changes[path]:
            planned = plan_edit(data, change, blog.site, style=style)
            if isinstance(planned, Refusal):
                if planned.code == "bad-tag":
                    raise SettingsError(planned.message)
                refused.append(planned.diagnostic(path))
            elif planned.is_needed and not _carries_it_already(planned.tags_before, change):
                data = planned.after
                made.append(change)
        if made:
            edits.append(PlannedEdit(path, files[path].file, files[path].data, data, tuple(made)))
    return Plan(tuple(edits), tuple(dict.fromkeys(refused)))


def _carries_it_already(tags: Iterable[str], change: TagChange) -> bool:
    """Whether the author has added the tag since the build, perhaps spelled otherwise."""
    return not change.remove and spelling_key(change.add) in map(spelling_key, tags)


def prevailing_style(files: Iterable[PostFile]) -> Style:
    """How most posts of the blog write their tags."""
    counts = Counter(style for file in files for style in _styles(file.data))
    return "block" if counts["block"] > counts["flow"] else "flow"


def _styles(data: bytes) -> Iterator[Style]:
    head = data[:4000]
    if re.search(rb"(?m)^tags:[ \t]*\r?\n[ \t]*-[ \t]", head):
        yield "block"
    elif re.search(rb"(?m)^tags:[ \t]*\[", head):
        yield "flow"


def _left(path: str, code: str, message: str) -> Diagnostic:
    return Diagnostic(path, 0, code, Severity.WARNING, message)


def write_plan(plan: Plan, undo: Path | None = None) -> Outcome:
    """Edit the files, each at once or not at all.  An undo patch is written first, and holds what was done at the end.

    Raises:
        OutputError: the undo patch cannot be written; then no post was touched.
    """
    if undo is not None:
        _write_undo(undo, plan.undo)
    done: list[PlannedEdit] = []
    refused: list[Diagnostic] = []
    stopped = ""
    try:
        for edit in plan.edits:
            try:
                replace_file(edit.file, edit.after, expected=edit.before)
                done.append(edit)
            except NotReplacedError as error:
                refused.append(_left(edit.path, "not-replaced", str(error).removeprefix(f"{edit.file}: ")))
            except OutputError as error:
                stopped = str(error)
                break
    finally:  # also where the author interrupts: a patch with a file that was not edited does not apply
        if undo is not None and len(done) < len(plan.edits):
            _shorten_undo(undo, Plan(tuple(done)).undo)
    return Outcome(tuple(done), tuple(refused), stopped, undo if done else None)


def undo_file(site: Path, old: Sequence[str]) -> Path:
    """A new name in the site's own folder for the patch that undoes a renaming."""
    name = re.sub(r"[^\w.+#-]+", "-", "+".join(old))[:60].strip("-.") or "tags"
    folder = site / STATE_FOLDER
    candidates = (folder / f"undo-{name}{f'-{number}' if number > 1 else ''}.patch" for number in range(1, 10_000))
    return next(file for file in candidates if not os.path.lexists(file))


def _write_undo(file: Path, data: bytes) -> None:
    try:
        if create_file(file, data):
            return
    except OSError as error:
        raise OutputError(f"{file}: the undo patch cannot be written ({error.strerror}); nothing was changed") from None
    raise OutputError(f"{file} is there already, so nothing was written. Name another file")


def _shorten_undo(file: Path, data: bytes) -> None:
    """Leave in the undo patch what was done; where that fails, the longer one stays."""
    with suppress(OSError, OutputError):
        if data:
            replace_file(file, data)
        else:
            file.unlink()


def alias_lines(old: Iterable[str], new: str) -> list[str]:
    """Lines for `[tags.aliases]`, by which an old name is read as the new one; none for mere spellings of it."""
    names: dict[str, str] = {}
    for tag in old:
        names.setdefault(fold_tag(tag), tag)
    return [f"{toml_key(tag)} = {toml_string(new)}" for tag in names.values() if spelling_key(tag) != spelling_key(new)]
