"""What the author decided about suggestions: ``.enishi-decisions.jsonl``, committed with the blog.

One line of JSON a decision, sorted by post and tag, so that two branches merge line by line::

    {"post": "a.md", "tag": "NLP", "verdict": "added", "confidence": 0.83, "evidence": {…}, "content": "07a1…"}

Confidence and evidence are those of the time of the decision.  Whatever else stands in the file stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import NotReplacedError, create_file, read_file, replace_file
from enishi.tags.sketches import SAME, Sketches, fingerprint, likeness, sketches_by
from enishi.tags.vocabulary import fold_tag
from enishi.text.printable import shown
from enishi.types import Document, Evidence, TagSuggestion

if TYPE_CHECKING:
    from pydantic import TypeAdapter

DECISIONS_NAME = ".enishi-decisions.jsonl"
Verdict = Literal["added", "declined"]

_MAX_BYTES = 16 * 1024 * 1024
"""A larger file is not read."""
_MAX_LINES = 20_000
"""About as many decisions as such a file holds; further lines are passed over."""
_MAX_LINE_BYTES = 64 * 1024
_NAMED_LINES = 10
"""How many unreadable lines are named one by one."""
_MOST_MOVED = 1000
"""Of so many decisions about posts that are gone, the post is looked for under another path."""
_ATTEMPTS = 5
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the author said to one suggestion."""

    post: str
    """Path of the post at that time."""
    tag: str
    verdict: Verdict
    confidence: float
    """As it was shown."""
    evidence: Evidence = field(default_factory=Evidence)
    content: str = ""
    """See :func:`enishi.tags.sketches.fingerprint`: by it a renamed post keeps its decisions."""

    @classmethod
    def about(cls, document: Document, suggestion: TagSuggestion, verdict: Verdict) -> Decision:
        """The decision about a suggestion for a post as it is now."""
        path, content = document.post.path, fingerprint(document)
        return cls(path, suggestion.tag, verdict, suggestion.confidence, suggestion.evidence, content)

    @property
    def subject(self) -> tuple[str, str]:
        """The post and the tag that it is about, however the tag is spelled."""
        return self.post, fold_tag(self.tag)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_decisions(root: Path) -> tuple[tuple[Decision, ...], list[Diagnostic]]:
    """The decisions of a site, sorted; none if there is no file.

    A broken file (a merge conflict, say) is read line by line: what is readable counts, the rest is named.
    """
    try:
        data = read_file(root / DECISIONS_NAME, _MAX_BYTES)
    except FileNotFoundError:
        return (), []
    except OSError as error:
        return (), [_problem(f"cannot be read ({error.strerror or error}): no decision teaches until it is mended")]
    return parse_decisions(data)


def parse_decisions(data: bytes) -> tuple[tuple[Decision, ...], list[Diagnostic]]:
    """The decisions in the bytes of such a file; see :func:`read_decisions`."""
    decisions: set[Decision] = set()
    diagnostics: list[Diagnostic] = []
    unnamed = 0
    lines = data.removeprefix(_BOM).split(b"\n", _MAX_LINES)
    for number, line in enumerate(lines[:_MAX_LINES], start=1):
        if not line.strip():
            continue
        try:
            decisions.add(_decision(line))
        except ValueError as error:
            if len(diagnostics) < _NAMED_LINES:
                diagnostics.append(_problem(f"no decision, so passed over: {_reason(line, error)}", number))
            else:
                unnamed += 1
    if lines[_MAX_LINES:] not in ([], [b""]):
        diagnostics.append(_problem(f"more than {_MAX_LINES:,} lines; the others are passed over", _MAX_LINES + 1))
    if unnamed:
        diagnostics.append(_problem(f"{unnamed:,} more lines are no decisions either"))
    return tuple(sorted(decisions, key=lambda one: (one.post, one.tag, repr(one)))), diagnostics


def _decision(line: bytes) -> Decision:
    """Raises ValueError for anything else."""
    if len(line) > _MAX_LINE_BYTES:
        raise ValueError(f"longer than {_MAX_LINE_BYTES // 1024} kB")
    decision: Decision = _codec().validate_json(line, strict=True)
    if not (decision.post and fold_tag(decision.tag) and 0 <= decision.confidence <= 1):
        raise ValueError("it needs a post, a tag, and a confidence between 0 and 1")
    return decision


def _known(line: bytes) -> Decision | None:
    try:
        return _decision(line)
    except ValueError:
        return None


@cache
def _codec() -> TypeAdapter[Decision]:
    from pydantic import TypeAdapter

    return TypeAdapter(Decision)


def _reason(line: bytes, error: ValueError) -> str:
    """Why a line is none, in one sentence."""
    from pydantic import ValidationError

    if line.startswith((b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")):
        return "a merge conflict; keep the lines of both sides, without the marks"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return shown(": ".join([*map(str, first["loc"][:1]), first["msg"].partition(" at line ")[0]]), 200)
    return str(error)


def _problem(message: str, line: int = 0) -> Diagnostic:
    return Diagnostic(DECISIONS_NAME, line, "bad-decisions-file", Severity.WARNING, message)


def match_taken(
    decisions: Iterable[Decision], documents: Sequence[Document], sketches: Sketches | None = None
) -> dict[str, frozenset[str]]:
    """Tags that were added, as written, by path of the post they belong to now."""
    carried = {document.post.path: {fold_tag(tag) for tag in document.post.tags} for document in documents}
    added = [decision for decision in decisions if decision.verdict == "added"]
    places = [(one.post, one.tag) for one in added if one.post in carried]
    moved = [one for one in added if one.post not in carried][:_MOST_MOVED]
    tags = {fold_tag(one.tag) for one in moved}
    # Only posts with such a tag can be meant, and a sketch takes milliseconds
    may_be_meant = [document for document in documents if tags & carried[document.post.path]]
    of_these = (sketches or sketches_by())("posts of added tags", may_be_meant)
    for one in moved:
        alike = (path for path, sketch in of_these.items() if likeness(one.content, sketch) >= SAME)
        places += [(path, one.tag) for path in islice(alike, 1)]
    taken: dict[str, set[str]] = {}
    for path, tag in places:
        taken.setdefault(path, set()).add(tag)
    return {path: frozenset(taken[path]) for path in sorted(taken)}


# --- writing ---------------------------------------------------------------------------------------------------------


def keep_decision(root: Path, decision: Decision) -> None:
    """Write a decision down, in place of an older one about the same post and tag; see :func:`keep_decisions`."""
    keep_decisions(root, (decision,))


def keep_decisions(root: Path, decisions: Iterable[Decision]) -> None:
    """Write decisions down, each in place of an older one about the same post and tag.

    Raises:
        OutputError: the file cannot be read or written; nothing was changed.
    """
    kept = tuple(decisions)
    if kept:
        _edit(root, lambda data: with_decisions(data, kept))


def with_decisions(data: bytes, decisions: Iterable[Decision]) -> bytes:
    """The bytes of such a file, or of none, with decisions, each in place of an older one about the same."""
    added = {one.subject: one for one in decisions}
    return _edited(data, lambda old: old.subject in added, tuple(added.values()))


def forget_decision(root: Path, post: str, tag: str, content: str = "") -> bool:
    """Take a decision out of the file; False if there was none.

    With a sketch of the post's content, also what was decided when the post lay elsewhere.

    Raises:
        OutputError: see :func:`keep_decisions`.
    """

    def is_meant(old: Decision) -> bool:
        return fold_tag(old.tag) == fold_tag(tag) and (old.post == post or likeness(old.content, content) >= SAME)

    return _edit(root, lambda data: _edited(data, is_meant, ()))


def _edit(root: Path, edited: Callable[[bytes], bytes]) -> bool:
    """Edit the file; whether that changed anything.

    Where somebody else writes at the same time, their lines are read and kept.
    """
    file = root / DECISIONS_NAME
    for attempt in range(_ATTEMPTS):
        try:
            before: bytes | None = read_file(file, _MAX_BYTES)
        except FileNotFoundError:
            before = None
        except OSError as error:
            raise OutputError(f"{DECISIONS_NAME} cannot be read, so nothing was written: {error}") from error
        after = edited(before or b"")
        if after == (before or b""):
            return False
        try:
            if before is not None:
                replace_file(file, after, expected=before, name=DECISIONS_NAME)
                return True
            if create_file(file, after):
                return True
        except NotReplacedError:
            if attempt == _ATTEMPTS - 1 or _unchanged(file, before):  # a link, say: no other try will help
                raise
        except OSError as error:
            raise OutputError(f"{DECISIONS_NAME} cannot be written: {error.strerror or error}") from error
    raise OutputError(f"{DECISIONS_NAME}: a link, or changed again and again meanwhile, so nothing was written")


def _unchanged(file: Path, before: bytes | None) -> bool:
    try:
        return read_file(file, _MAX_BYTES) == before
    except OSError:
        return False


def _edited(data: bytes, is_gone: Callable[[Decision], bool], added: Sequence[Decision]) -> bytes:
    """The bytes of the file without some decisions and with others; every other line as it was."""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    lines = data.removeprefix(_BOM).splitlines(keepends=True)
    known = [(line, _known(line)) for line in lines]
    kept = [(line, old) for line, old in known if old is None or not is_gone(old)]
    if kept and not kept[-1][0].endswith(b"\n"):
        kept[-1] = (kept[-1][0] + end, kept[-1][1])
    for new in added:
        above = (number for number, (_, old) in enumerate(kept) if old and (old.post, old.tag) > (new.post, new.tag))
        kept.insert(next(above, len(kept)), (_line(new) + end, new))
    return (_BOM if data.startswith(_BOM) else b"") + b"".join(line for line, _ in kept)


def _line(decision: Decision) -> bytes:
    fields = asdict(decision)
    fields["confidence"] = round(decision.confidence, 4)
    fields["evidence"] = {name: value for name, value in fields["evidence"].items() if value not in (None, ())}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
