"""What a watch says: to an author, on a terminal or in the log of `npm run`; to an editor, one JSON value a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enishi.commands.watch.loop import Built, PostLists, Saved
from enishi.commands.watch.post_files import FileProblem
from enishi.console.terminal import print_diagnostics
from enishi.errors import Diagnostic, Severity
from enishi.text.plural import counted
from enishi.text.printable import json_text, shown
from enishi.writing.render import entry_fields
from enishi.writing.render_tags import suggestion_fields

T = TypeVar("T")

EVENTS_VERSION = 1
_NEW, _GONE = ("+", "bold green"), ("−", "red")


class TerminalListener:
    """Tells an author; where nobody looks at a terminal, in plain lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._out = Console(highlight=False)
        self._previewed: dict[str, PostLists] = {}
        """What the previews showed, by path."""
        self._related: Built | None = None

    def built(self, built: Built) -> None:
        if built.half == "related":
            self._related = built
        elif built.is_first and built.summary is not None:
            self._say(
                f"{counted(built.posts, 'post')}, {counted(built.summary.entries, 'related post')}, "
                f"{counted(built.summary.suggestions, 'suggested tag')}, after {built.seconds:.1f} s. "
                "Watching; Ctrl-C ends it."
            )
        else:
            before = self._related.seconds if self._related else built.seconds
            files = len(built.written.written) + (len(self._related.written.written) if self._related else 0)
            what = [counted(built.edited, "post") + " saved"] if built.edited > 1 else []
            what += [f"{built.gone} gone"] if built.gone else []
            self._say(
                f"{'; '.join([*what, 'related posts'])} written after {before:.1f} s, tags after {built.seconds:.1f} s "
                f"({counted(files, 'file')})"
            )

    def saved(self, saved: Saved) -> None:
        if self._quiet:
            return
        path = saved.document.post.path
        if saved.stage == "provisional":
            self._previewed[path] = saved.now
        elif _names(self._previewed.pop(path, None)) == _names(saved.now):
            return  # just as in the preview
        self._out.print()
        name = Text.assemble((shown(saved.document.title), "bold"), f"  {shown(path)}")
        if saved.stage == "provisional":
            name.append("  (provisional)", "dim")
        self._out.print(name)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        for style in ("", "cyan", "", "dim"):
            table.add_column(style=style, overflow="fold")
        before = saved.before or PostLists()
        for mark, entry in _marked(saved.now.related, before.related, lambda e: e.path, is_new=saved.before is None):
            why = [*(f"#{shown(tag)}" for tag in entry.shared_tags), ", ".join(map(shown, entry.shared_terms))]
            table.add_row(Text(*mark), f"{entry.score:.2f}", shown(entry.title), " ".join(filter(None, why)))
        for mark, found in _marked(
            saved.now.suggestions, before.suggestions, lambda s: s.tag, is_new=saved.before is None
        ):
            table.add_row(Text(*mark), f"{found.confidence:.2f}", Text(f"#{shown(found.tag)}", "bold"), "suggested")
        if table.row_count:
            self._out.print(table)
        else:
            self._out.print(Text("no related posts, no suggested tags", "dim"))

    def file_problem(self, problem: FileProblem) -> None:
        diagnostic = problem.diagnostic
        place = f"{diagnostic.path}:{diagnostic.line}" if diagnostic.line else diagnostic.path
        if problem.kind == "held":
            self._say(f"{place}: {diagnostic.message}. Its last good state stays while you type", "yellow")
        elif problem.kind == "taken":
            self._say(f"{place}: {diagnostic.message}. It stays broken, so it is now taken as it is", "yellow")
        else:
            self._say(f"{place}: mended", "green")

    def diagnosed(self, new: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None:
        del gone
        if not self._quiet:
            print_diagnostics(new, verbose=not is_first)

    def failed(self, message: str) -> None:
        lines = message.rstrip().splitlines() or [""]
        lines[-1] += " (the output is that of before; the next save tries again)"
        for line in lines:
            Console(stderr=True, highlight=False, soft_wrap=True).print(Text(f"enishi: {shown(line)}", "red"))

    def said(self, message: str) -> None:
        self._say(message, "yellow")

    def _say(self, message: str, style: str = "") -> None:
        if not self._quiet:
            self._out.print(Text(shown(message), style), soft_wrap=True)


class JsonListener:
    """Tells a program: see docs/watch.md and templates/schema/watch.schema.json."""

    def built(self, built: Built) -> None:
        written = built.written
        names = ("written", "unchanged", "removed", "kept")
        _line(
            "built",
            what=built.half,
            first=built.is_first,
            posts=built.posts,
            edited=built.edited,
            gone=built.gone,
            seconds=round(built.seconds, 3),
            files={name: len(getattr(written, name)) for name in names},
        )

    def saved(self, saved: Saved) -> None:
        before = saved.before or PostLists()
        had_paths, had_tags = {entry.path for entry in before.related}, {s.tag for s in before.suggestions}
        paths, tags = {entry.path for entry in saved.now.related}, {s.tag for s in saved.now.suggestions}
        _line(
            "post",
            path=saved.document.post.path,
            title=saved.document.title,
            stage=saved.stage,
            new=saved.before is None,
            tags=list(saved.document.post.tags),
            related=[entry_fields(entry) | {"new": entry.path not in had_paths} for entry in saved.now.related],
            related_gone=[entry.path for entry in before.related if entry.path not in paths],
            suggestions=[suggestion_fields(s) | {"new": s.tag not in had_tags} for s in saved.now.suggestions],
            suggestions_gone=[s.tag for s in before.suggestions if s.tag not in tags],
        )

    def file_problem(self, problem: FileProblem) -> None:
        _diagnostic(problem.diagnostic, problem.kind)

    def diagnosed(self, new: Sequence[Diagnostic], gone: Sequence[Diagnostic], is_first: bool) -> None:
        del is_first
        for found in gone:
            _diagnostic(found, "gone")
        for found in new:
            _diagnostic(found, "new")

    def failed(self, message: str) -> None:
        _diagnostic(Diagnostic("", 0, "build-failed", Severity.ERROR, message), "new")

    def said(self, message: str) -> None:
        _diagnostic(Diagnostic("", 0, "watching", Severity.NOTE, message), "new")


def _names(lists: PostLists | None) -> object:
    if lists is None:
        return None
    return [entry.path for entry in lists.related], [found.tag for found in lists.suggestions]


def _marked(
    now: Iterable[T], before: Iterable[T], name: Callable[[T], str], *, is_new: bool
) -> list[tuple[tuple[str, str], T]]:
    """What is there now, what is new marked (of a new post, nothing is); and behind it, what is gone."""
    now, before = list(now), list(before)
    had, has = {name(one) for one in before}, {name(one) for one in now}
    rows = [((" ", "") if is_new or name(one) in had else _NEW, one) for one in now]
    return rows + [(_GONE, one) for one in before if name(one) not in has]


def _diagnostic(found: Diagnostic, state: str) -> None:
    _line(
        "diagnostic",
        state=state,
        path=found.path,
        line=found.line,
        code=found.code,
        severity=found.severity.value,
        message=found.message,
    )


def _line(event: str, **fields: Any) -> None:
    sys.stdout.write(json_text({"event": event, "version": EVENTS_VERSION, **fields}, indent=None))
    sys.stdout.flush()
