"""Plans what posts become when tags are written, renamed or merged: nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from enishi.commands.ask import NoBuildError
from enishi.commands.tags.last_build import ADD, choose_posts, last_tags
from enishi.commands.tags.posts import UnknownTagError, by_path, known_tag, path_meant
from enishi.editing.change import Refusal, Style, TagChange
from enishi.editing.patch import FilePatch, read_patch, unified_diff
from enishi.editing.plan import differs_in_tags_only, plan_edit
from enishi.editing.style import prevailing_style
from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.files import read_file, read_if_regular
from enishi.generators.base import Site
from enishi.pipeline import Blog, Run, read_blog
from enishi.state import Request
from enishi.tags.decisions import DECISIONS_NAME, Decision
from enishi.tags.declined import DECLINED_NAME
from enishi.tags.vocabulary import spelling_key

KEPT_FILES = (DECLINED_NAME, DECISIONS_NAME)
"""Files in the site folder, beside posts, that an undo patch may name."""


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """What a post's file will become."""

    path: str
    file: Path
    before: bytes
    after: bytes
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Edits of several posts, and those that had to be refused."""

    edits: tuple[PlannedEdit, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    less_sure: int = 0
    """Suggestions left out because they are below the confidence asked for."""
    decisions: tuple[Decision, ...] = ()
    """What the author says yes to by writing it: suggestions of the last build."""

    @property
    def added(self) -> dict[str, tuple[str, ...]]:
        """Tags that are added, by path."""
        return {edit.path: edit.added for edit in self.edits if edit.added}

    @property
    def diff(self) -> bytes:
        """All edits as one patch, relative to the site folder."""
        return b"".join(unified_diff(edit.path, edit.before, edit.after) for edit in self.edits)


def undo_patch(edits: Iterable[PlannedEdit]) -> bytes:
    """The patch that takes edits back."""
    return b"".join(unified_diff(edit.path, edit.after, edit.before) for edit in edits)


def plan_suggestions(
    request: Request,
    names: Sequence[str],
    min_confidence: float = ADD,
    only: Sequence[str] = (),
    *,
    is_seen: bool = True,
) -> Plan:
    """Write the suggestions of the last build into the posts: those named, or all; only some tags, if wanted.

    Where both posts and tags are named, they are written whatever was suggested: that needs no build.  All suggestions,
    written unseen, are no decisions: they would teach that all of them are right, and each time a few more.

    Raises:
        NoBuildError, UnknownPostError
        UnknownTagError: a tag of `only` is none of the blog's.
    """
    if names and only:
        return _with_decisions(request, _plan_named(request, names, only))
    tags = last_tags(request)
    wanted = {spelling_key(known_tag(tag, tags.names())) for tag in only}
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
    plan = plan_changes(Run(request).load(), changes) if changes else Plan()
    if is_seen or names or only:
        plan = _with_decisions(request, plan)
    return replace(plan, less_sure=less_sure)


def _with_decisions(request: Request, plan: Plan) -> Plan:
    """The plan with a decision for each tag in it that the last build suggested."""
    wanted = plan.added
    try:
        suggested = last_tags(request).posts if wanted else {}
    except NoBuildError:
        return plan
    documents = by_path(read_blog(request)) if wanted else {}
    decisions = (
        Decision.about(documents[path], one, "added")
        for path, tags in wanted.items()
        if path in suggested and path in documents
        for one in suggested[path].suggestions
        if spelling_key(one.tag) in map(spelling_key, tags)
    )
    return replace(plan, decisions=tuple(decisions))


def _plan_named(request: Request, names: Sequence[str], tags: Sequence[str]) -> Plan:
    posts = read_blog(request)
    blog, documents = posts.blog, by_path(posts)
    known = {tag for document in documents.values() for tag in document.post.tags}
    paths = dict.fromkeys(path_meant(documents, name, request) for name in names)
    changes = [TagChange.adding(tag) for tag in dict.fromkeys(known_tag(tag, known) for tag in tags)]
    return plan_changes(blog, dict.fromkeys(paths, changes))


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
            other = known_tag(tag, names)
            raise UnknownTagError(f"no post of the blog carries the tag {tag!r}; did you mean {other}?")
    changes = {
        document.post.path: [TagChange.renaming(tag, new) for tag in dict.fromkeys(old) if tag in document.post.tags]
        for document in documents
    }
    # Nobody knows the tags of a post that cannot be read: one that seems to hold the name is refused by name
    broken = {one.path for one in posts.broken}
    for file in blog.files:
        if file.path in broken and not changes.get(file.path):
            changes[file.path] = [TagChange.renaming(tag, new) for tag in old if tag.encode() in file.data]
    return plan_changes(blog, {path: wanted for path, wanted in changes.items() if wanted})


def plan_undo(request: Request, patch: Path) -> Plan:
    """Take back what an undo patch holds, change by change: what is as before already is passed over.

    Raises:
        SettingsError: the patch cannot be read, or is none of ours.
    """
    try:
        changes = list(read_patch(read_file(patch)))
    except OSError as error:
        raise SettingsError(f"{patch} cannot be read: {error.strerror or error}") from None
    if not changes:
        raise SettingsError(f"{patch} is no undo patch of `enishi tags rename`, `enishi tags merge` or `enishi review`")
    return take_back(changes, Run(request).load())


def take_back(changes: Iterable[FilePatch], blog: Blog) -> Plan:
    """Make changes of an undo patch in the files as they are now, one after the other; what differs there stays."""
    files = {post.path: post.file for post in blog.files}
    files |= {name: blog.site.root / name for name in KEPT_FILES}
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    refused = []
    for change in changes:
        path = change.path
        if path in files and path not in before:
            with suppress(OSError):
                before[path] = after[path] = read_if_regular(files[path]) or b""
        if path not in before or not (before[path] or path in KEPT_FILES):
            refused.append(left_alone(path, "gone", "there is no such post any more"))
            continue
        now = _taken_back(change, after[path], blog.site)
        if now is not None:
            after[path] = now
        elif path not in KEPT_FILES:  # of a list, a line that is not there has been taken back
            message = "its tags are no longer as they were written, so they stay"
            refused.append(left_alone(path, "changed", message))
    edits = (PlannedEdit(path, files[path], before[path], after[path]) for path in before)
    return Plan(tuple(edit for edit in edits if edit.before != edit.after), tuple(refused))


def _taken_back(change: FilePatch, data: bytes, site: Site) -> bytes | None:
    """The file without a change; None where the changed lines have changed again.  Other lines of it may have."""
    exact = change.applied_to(data)
    if exact is not None:
        return exact
    near = change.applied_near_to(data)
    is_safe = near is not None and (change.path in KEPT_FILES or differs_in_tags_only(data, near, site))
    return near if is_safe else None


def plan_changes(blog: Blog, changes: Mapping[str, Sequence[TagChange]], style: Style | None = None) -> Plan:
    """Make changes, by path, in the posts of a blog; `style` is the prevailing one if not given."""
    files = {file.path: file for file in blog.files}
    style = style or prevailing_style(file.data for file in blog.files)
    edits, refused = [], []
    for path in sorted(changes):
        if path not in files:
            refused.append(left_alone(path, "gone", "the post is no longer there. Run `enishi build` again"))
            continue
        data, added = files[path].data, list[str]()
        for change in changes[path]:
            planned = plan_edit(data, change, blog.site, style=style)
            if isinstance(planned, Refusal):
                if planned.code == "bad-tag":
                    raise SettingsError(planned.message)
                refused.append(planned.diagnostic(path))
            elif planned.is_needed and not _carries_it_already(planned.tags_before, change):
                data = planned.after
                added += [change.add] if not change.remove else []
        if data != files[path].data:
            edits.append(PlannedEdit(path, files[path].file, files[path].data, data, tuple(added)))
    return Plan(tuple(edits), tuple(dict.fromkeys(refused)))


def _carries_it_already(tags: Iterable[str], change: TagChange) -> bool:
    """Whether the author has added the tag since the build, perhaps spelled otherwise."""
    return not change.remove and spelling_key(change.add) in map(spelling_key, tags)


def left_alone(path: str, code: str, message: str) -> Diagnostic:
    """The warning about a post that is left as it is."""
    return Diagnostic(path, 0, code, Severity.WARNING, message)
