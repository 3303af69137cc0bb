"""The decisions of one review: each is carried out at once, and can be taken back.

Every decision is a few edits of files: of posts, and of the files in which declines and decisions are kept.  The patch
that takes all of them back is written before each, so that a review that is killed loses nothing.  Files are read
anew for each decision: whoever else writes to them (an editor, a watch, another review) is never overwritten.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from enishi.commands.ask import NoBuildError
from enishi.commands.init.profile import blog_language
from enishi.commands.review.queue import Backlog, Item, count_tags, read_backlog
from enishi.commands.review.undo import UndoPatch, patch_of
from enishi.commands.review.views import diff_view, evidence_view, item_view, post_view, text_view, uses_view
from enishi.commands.tags.edits import Plan, PlannedEdit, plan_changes, take_back
from enishi.commands.tags.write import Outcome, write_plan
from enishi.editing.change import TagChange
from enishi.editing.patch import read_patch
from enishi.editing.plan import read_tags
from enishi.editing.style import prevailing_style
from enishi.errors import EnishiError, OutputError, SettingsError
from enishi.files import read_if_regular
from enishi.pipeline import Posts, build, read_blog
from enishi.reading.documents import PostFile
from enishi.state import Request
from enishi.tags.decisions import DECISIONS_NAME, Decision, with_decisions
from enishi.tags.declined import DECLINED_NAME, read_declined, with_apart, with_decline, with_untagged
from enishi.tags.vocabulary import fold_tag, spelling_key
from enishi.text.labels import page_language
from enishi.types import Progress

State = Literal["open", "added", "declined", "later"]
ACTIONS: Mapping[str, State] = {"add": "added", "decline": "declined", "later": "later", "reopen": "open"}
_ATTEMPTS = 3
"""How often a decision is planned anew where a file changes under it."""

_PROBLEMS: Mapping[str, tuple[str, str]] = {
    "decided": (
        "This has been decided already, in another window or in the file itself.",
        "別のウィンドウかファイルで、すでに決まっています。",
    ),
    "carried": ("The post carries this tag by now.", "この記事には、すでにこのタグがあります。"),
    "changed": (
        "The file changed meanwhile, so nothing was written.",
        "ファイルが変わったため、何も書き込みませんでした。",
    ),
    "nothing": ("There is nothing left to undo.", "元に戻す操作はもうありません。"),
    "undo": (
        "The file changed since, so this decision stays. Edit it by hand:",
        "その後ファイルが変わったため、この操作は元に戻せません。手で直してください：",
    ),
    "unknown": ("There is no such item.", "その項目はありません。"),
    "no-tag": ("Choose a tag first.", "先にタグを選んでください。"),
}


class ConflictError(EnishiError):
    """Nothing was written, because things are no longer as the page shows them."""

    def __init__(self, problem: str, items: Sequence[dict[str, Any]], revision: int) -> None:
        super().__init__(problem)
        self.values = {"problem": problem, "items": list(items), "revision": revision}


class UnknownItemError(EnishiError):
    """The page asks for something that is not in the queue."""


@dataclass(frozen=True, slots=True)
class _Done:
    """A decision, and how to take it back."""

    action: str
    before: Mapping[str, State]
    """The states of the items that it changed, by id."""
    undo: bytes = b""
    """A patch."""
    renamed: tuple[str, ...] = ()
    """Tags that go by another name since."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a review."""

    counts: Mapping[State, int]
    undo: Path | None
    """The patch that takes everything back; None where nothing was written."""


def open_session(request: Request, min_confidence: float, progress: Progress = lambda *_: None) -> Session:
    """Bring the build up to date, and begin a review of it.

    Raises:
        EnishiError: see :func:`enishi.pipeline.build`.
        NoBuildError: the settings want no tags.
    """
    for _ in range(_ATTEMPTS):
        build(request, progress)
        with suppress(NoBuildError):  # a watch beside it may be writing anew
            return Session(request, read_blog(request, progress), min_confidence)
    return Session(request, read_blog(request, progress), min_confidence)


def _chosen(item: Item, tags: Sequence[str]) -> tuple[str, ...]:
    """The tags that would be added."""
    return tuple(dict.fromkeys(filter(None, tags))) if item.kind == "untagged" else (item.tag,)


class Session:
    """One review of a blog.  Every method may be called from any thread."""

    def __init__(self, request: Request, posts: Posts, min_confidence: float = 0.5) -> None:
        self._blog, self.broken = posts.blog, posts.broken
        self._root = request.site
        self._backlog: Backlog = read_backlog(request, posts, min_confidence)
        self._items = {item.id: item for item in self._backlog.items}
        self._by_path: dict[str, list[str]] = {}
        for name, item in self._items.items():
            self._by_path.setdefault(item.path, []).append(name)
        self._states: dict[str, State] = dict.fromkeys(self._items, "open")
        self._changed_at = dict.fromkeys(self._items, 0)
        self._files = {file.path: file for file in self._blog.files}
        self._tags = {path: document.post.tags for path, document in self._backlog.posts.items()}
        self._seen = {path: self._stamp(path) for path in self._by_path if path}
        self._style = prevailing_style(file.data for file in self._blog.files)
        self._names: dict[str, str] = {}
        """What tags are called since a merge."""
        self._done: list[_Done] = []
        self._patch = UndoPatch(request.site)
        self._lock = threading.RLock()
        self._revision = 0
        self.language = page_language(blog_language(self._blog, posts.documents))
        self.title = self._blog.site.url.partition("//")[2].rstrip("/") or self._root.resolve().name

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to decide."""
        return not self._items

    # -- what the page asks ------------------------------------------------------------------------------------------

    def queue(self) -> dict[str, Any]:
        """Everything that there is to decide, and its state."""
        with self._lock:
            return {
                "revision": self._revision,
                "blog": self.title,
                "language": self.language,
                "items": self._views(self._items),
                "topics": [{"id": topic.id, "label": list(topic.label)} for topic in self._backlog.tags.topics],
                "tags": count_tags(self._tags),
                "undo": len(self._done),
                "declined_file": DECLINED_NAME,
            }

    def changes(self, since: int) -> dict[str, Any]:
        """What has changed since a revision."""
        with self._lock:
            for path in filter(None, self._by_path):
                if self._open(path) and self._seen.get(path) != (now := self._stamp(path)):
                    self._seen[path] = now
                    self._look_again(path)
            ids = [name for name, revision in self._changed_at.items() if revision > since]
            return {"revision": self._revision, "items": self._views(ids), "undo": len(self._done)}

    def item(self, name: str, tags: Sequence[str] = (), keep: str = "") -> dict[str, Any]:
        """All that there is to know about one item, and what would be written.

        Raises:
            UnknownItemError
        """
        with self._lock:
            item = self._known(name)
            if item.path:
                self._look_again(item.path)
            view: dict[str, Any] = {"item": self._view(item), "refused": ""}
            plan = Plan()
            try:
                plan = self._plan(item, tags, keep)
            except SettingsError as error:
                view["refused"] = str(error)
            view["diff"] = diff_view(plan.edits)
            if plan.refused:
                view["refused"] = "\n".join(
                    f"{one.path}: {one.message}" if item.variants else one.message for one in plan.refused
                )
            if item.variants is not None:
                return view | {"post": None, "text": [], "passage": None, **uses_view(self._backlog, item)}
            document, chosen = self._backlog.posts[item.path], next(reversed(_chosen(item, tags)), "")
            evidence = evidence_view(self._backlog, replace(item, tag=chosen), self._tags)
            names = self._backlog.spellings(chosen) if chosen else ()
            text, passage = text_view(document, names, evidence["terms"])
            view |= {
                "post": post_view(self._backlog, document, self._tags[item.path]),
                "text": text,
                "passage": passage,
            }
            if item.kind == "untagged":
                listed = self._backlog.tags.posts.get(item.path)
                view["suggestions"] = [
                    {"tag": one.tag, "confidence": one.confidence} for one in (listed.suggestions if listed else ())
                ]
            return view | {"evidence": evidence}

    def summary(self) -> Summary:
        """What came of it so far."""
        with self._lock:
            counts = Counter(ACTIONS[done.action] for done in self._done if done.action in ("add", "decline"))
            counts["later"] = sum(state == "later" for state in self._states.values())
            return Summary(counts, self._patch.file)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def decide(self, name: str, action: str, tags: Sequence[str] = (), keep: str = "") -> dict[str, Any]:
        """Carry out a decision.

        Raises:
            UnknownItemError
            ConflictError: the item is decided already, or a file changed; nothing was written.
            SettingsError: it cannot be done, and why.
            OutputError: the disk does not allow it.
        """
        with self._lock:
            item, state = self._known(name), ACTIONS[action]
            if item.path:
                self._look_again(item.path)
            if self._states[name] not in ("open", "later"):
                raise self._conflict("decided", [name])
            if state in ("open", "later"):
                return self._finish(_Done(action, {name: self._states[name]}), {name: state}, Plan())
            for _ in range(_ATTEMPTS):
                plan = self._plan(item, tags, keep) if action == "add" else self._plan_decline(item)
                if action == "add" and not plan.edits and not plan.refused:
                    raise self._resolved(item, tags)
                if not plan.edits and plan.refused:
                    raise SettingsError("\n".join(one.message for one in plan.refused))
                kept = self._plan_decision(item, tags, state)
                patch = patch_of([*plan.edits, *kept.edits])
                self._keep_patch(patch)  # before anything is written
                outcome = write_plan(plan, self._root)
                if outcome.done or not plan.edits:  # of a merge, what could be
                    left = [*plan.refused, *outcome.refused, *write_plan(kept, self._root).refused]
                    problem = "\n".join([*(f"{one.path}: {one.message}" for one in left), outcome.stopped]).strip()
                    return self._decided(item, action, keep, patch, Plan(outcome.done)) | {"problem": problem}
                self._keep_patch()
                if outcome.stopped:
                    raise OutputError(outcome.stopped)
            raise self._conflict("changed", [name], " ".join(["", *(one.message for one in outcome.refused)]))

    def undo(self) -> dict[str, Any]:
        """Take the last decision back.

        Raises:
            ConflictError: there is none, or a file changed since, or the disk does not allow it; the decision stays.
        """
        with self._lock:
            if not self._done:
                raise self._conflict("nothing", [])
            done = self._done[-1]
            plan = take_back(read_patch(done.undo), self._blog)
            outcome = Outcome()
            if not plan.refused or any(edit.path in self._files for edit in plan.edits):
                outcome = write_plan(plan, self._root)
            left = [*plan.refused, *outcome.refused]
            problem = "\n".join([*(f"{one.path}: {one.message}" for one in left), outcome.stopped]).strip()
            self._read_tags(Plan(outcome.done))
            if problem and not outcome.done:
                raise self._conflict("undo", list(done.before), f" {problem}")
            self._done.pop()
            for old in done.renamed:
                self._names.pop(old, None)
            self._set(done.before)
            self._keep_patch()
            return self._answer(done.before, plan) | {"problem": problem}

    # -- parts of it -------------------------------------------------------------------------------------------------

    def _plan(self, item: Item, tags: Sequence[str], keep: str) -> Plan:
        """What adding tags, or merging several, writes, with the files as they are now."""
        if item.variants is not None:
            new = keep or item.tag
            if new not in item.names:
                raise SettingsError(self._problem("unknown"))
            changes: dict[str, list[TagChange]] = {}
            for old in item.names:
                for path, carried in self._tags.items():
                    if old != new and old in carried:
                        changes.setdefault(path, []).append(TagChange.renaming(old, new))
        else:
            chosen = [self._names.get(tag, tag) for tag in _chosen(item, tags)]
            changes = {item.path: [TagChange.adding(tag) for tag in chosen]} if chosen else {}
        now = ((self._files[path], self._read(self._files[path].file)) for path in changes)
        files = tuple(PostFile.of(file.path, file.file, data) for file, data in now if data)
        return plan_changes(replace(self._blog, files=files), changes, self._style)

    def _plan_decline(self, item: Item) -> Plan:
        file = self._root / DECLINED_NAME
        before = self._read(file)
        try:
            text = before.decode()
        except UnicodeDecodeError:
            raise OutputError(f"{DECLINED_NAME} is not UTF-8, so nothing was written") from None
        if item.variants is not None:
            after = with_apart(text, item.names)
        elif item.tag:
            after = with_decline(text, self._backlog.posts[item.path], item.tag)
        else:
            after = with_untagged(text, item.path)
        return Plan((PlannedEdit(DECLINED_NAME, file, before, after.encode()),) if after != text else ())

    def _plan_decision(self, item: Item, tags: Sequence[str], state: State) -> Plan:
        """Keep what was said to suggestions: it teaches what a confidence means here."""
        suggestions = [self._backlog.suggested(item.path, tag) for tag in _chosen(item, tags)]
        if not any(suggestions) or (state != "added" and state != "declined"):
            return Plan()
        file = self._root / DECISIONS_NAME
        before = self._read(file)
        document = self._backlog.posts[item.path]
        decisions = [Decision.about(document, suggestion, state) for suggestion in suggestions if suggestion]
        return Plan((PlannedEdit(DECISIONS_NAME, file, before, with_decisions(before, decisions)),))

    def _keep_patch(self, ahead: bytes = b"") -> None:
        """Write the patch of all that was done, the last first, and of what is about to be done."""
        self._patch.write(ahead + b"".join(done.undo for done in reversed(self._done)))

    def _decided(self, item: Item, action: str, keep: str, patch: bytes, plan: Plan) -> dict[str, Any]:
        """The states of all items that a decision settles."""
        state = ACTIONS[action]
        states: dict[str, State] = {item.id: state}
        renamed: tuple[str, ...] = ()
        self._read_tags(plan)
        if item.variants is not None and action == "add":
            new = keep or item.tag
            renamed = tuple(old for old in item.names if old != new)
            self._names |= dict.fromkeys(renamed, new)
        elif action == "add":
            states |= dict.fromkeys(self._settled(item.path), state)
        before = {name: self._states[name] for name in states}
        return self._finish(_Done(action, before, patch, renamed), states, plan)

    def _finish(self, done: _Done, states: Mapping[str, State], plan: Plan) -> dict[str, Any]:
        self._done.append(done)
        self._set(states)
        return self._answer(states, plan)

    def _answer(self, names: Mapping[str, State], plan: Plan) -> dict[str, Any]:
        values = {"revision": self._revision, "items": self._views(names), "undo": len(self._done)}
        return values | {"diff": diff_view(plan.edits)}

    def _set(self, states: Mapping[str, State]) -> None:
        self._revision += 1
        self._states |= states
        self._changed_at |= dict.fromkeys(states, self._revision)

    def _settled(self, path: str) -> list[str]:
        """Open items about a post that its tags settle."""
        keys = set(map(spelling_key, self._tags[path]))
        tags = ((name, self._items[name].tag) for name in self._open(path))
        return [name for name, tag in tags if (spelling_key(tag) in keys if tag else keys)]

    def _open(self, path: str) -> list[str]:
        return [name for name in self._by_path[path] if self._states[name] in ("open", "later")]

    def _look_again(self, path: str) -> None:
        """Take up what the author did to a post meanwhile, in its file or by declining."""
        with suppress(OutputError):
            if data := self._read(self._files[path].file):
                self._tags[path] = read_tags(data, self._blog.site)
        states: dict[str, State] = dict.fromkeys(self._settled(path), "added")
        declined = {fold_tag(one.tag) for one in read_declined(self._root)[0] if one.post == path}
        for name in self._open(path) if declined else ():
            if fold_tag(self._items[name].tag) in declined:
                states[name] = "declined"
        if states:
            self._set(states)

    def _read(self, file: Path) -> bytes:
        """The bytes of a file now; none where it is gone, or no file of its own."""
        try:
            return read_if_regular(file) or b""
        except OSError as error:
            raise OutputError(f"{file.name} cannot be read, so nothing was written: {error.strerror}") from None

    def _stamp(self, path: str) -> tuple[int, int]:
        """What changes with a file; zeros for one that is gone."""
        with suppress(OSError):
            status = self._files[path].file.stat()
            return status.st_mtime_ns, status.st_size
        return 0, 0

    def _read_tags(self, plan: Plan) -> None:
        for edit in plan.edits:
            if edit.path in self._tags:
                self._tags[edit.path] = read_tags(edit.after, self._blog.site)

    def _resolved(self, item: Item, tags: Sequence[str]) -> ConflictError | SettingsError:
        """What to say where there is nothing to write."""
        if not any(_chosen(item, tags)):
            return SettingsError(self._problem("no-tag"))
        self._set({item.id: "added"})
        return self._conflict("carried", [item.id])

    def _known(self, name: str) -> Item:
        if name not in self._items:
            raise UnknownItemError(self._problem("unknown"))
        return self._items[name]

    def _view(self, item: Item) -> dict[str, Any]:
        view = item_view(self._backlog, item, self._states[item.id])
        return view | {"tag": self._names.get(item.tag, item.tag)} if item.variants is None else view

    def _views(self, names: Mapping[str, Any] | Sequence[str]) -> list[dict[str, Any]]:
        return [self._view(self._items[name]) for name in names]

    def _problem(self, name: str) -> str:
        return _PROBLEMS[name][self.language == "ja"]

    def _conflict(self, problem: str, names: Sequence[str], more: str = "") -> ConflictError:
        return ConflictError(self._problem(problem) + more, self._views(names), self._revision)
