"""What a person reads on the terminal about tags and topics: suggestions with their evidence, patches.

What could be piped on goes to standard output (a patch, a table), what is said about it to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from enishi.commands.tags.edits import KEPT_FILES, Plan, PlannedEdit
from enishi.commands.tags.last_build import LastTags, TaggedPost, by_tag, level
from enishi.commands.tags.write import write_plan
from enishi.console.terminal import print_diagnostics
from enishi.errors import OutputError, SettingsError
from enishi.tags.declined import DECLINED_NAME, Decline
from enishi.tags.wording import said_against, said_for
from enishi.text.plural import counted
from enishi.text.printable import shell_word, shown
from enishi.types import Evidence, TagSuggestion, Topic
from enishi.writing.render_tags import suggestion_fields

if TYPE_CHECKING:
    from enishi.tags.explain import TagExplanation

_LEVEL_STYLES = {"add": "bold green", "maybe": "yellow", "unsure": "dim"}
_SHOWN_POSTS = 5
SHOWN_POSTS = 20
"""Posts with suggestions that are shown unless told otherwise."""


# -- suggestions -----------------------------------------------------------------------------------------------------


def suggestion_values(posts: Sequence[TaggedPost], grouped_by_tag: bool) -> dict[str, Any]:
    """Suggestions for machines, as tags.json has them, with what to do about each."""

    def with_level(one: TagSuggestion) -> dict[str, Any]:
        return {**suggestion_fields(one), "level": level(one.confidence)}

    def named(post: TaggedPost) -> dict[str, Any]:
        return {"path": post.path, "title": post.title}

    if grouped_by_tag:
        tags = by_tag(posts).items()
        return {"tags": [{"tag": tag, "posts": [named(p) | with_level(one) for p, one in rows]} for tag, rows in tags]}
    return {
        "posts": [
            {**named(post), "tags": list(post.tags), "suggestions": list(map(with_level, post.suggestions))}
            for post in posts
        ]
    }


def print_suggestions(tags: LastTags, posts: Sequence[TaggedPost], grouped_by_tag: bool, more: int) -> None:
    """By post or by tag, the surest first, each with its evidence; `more` posts were left out."""
    out = Console(highlight=False)
    if not posts:
        out.print("no missing tags: none is sure enough, or all were declined")
        return
    for tag, rows in by_tag(posts).items() if grouped_by_tag else ():
        out.print(Text(f"#{shown(tag)}", style="bold"))
        for post, suggestion in rows:
            name = Text.assemble(shown(post.title), "  ", (shown(post.path), "dim"))
            _print_suggestion(out, tags, suggestion, name)
        out.print()
    for post in posts if not grouped_by_tag else ():
        carried = " ".join(f"#{shown(tag)}" for tag in post.tags) or "no tags yet"
        out.print(Text.assemble((shown(post.title), "bold"), "  ", (f"{shown(post.path)}  {carried}", "dim")))
        for suggestion in post.suggestions:
            _print_suggestion(out, tags, suggestion, Text(f"#{shown(suggestion.tag)}", style="bold"))
        out.print()
    if more:
        out.print(Text(f"… and {counted(more, 'more post')} (--limit {len(posts) + more} for all)", style="dim"))
    out.print(Text("`enishi tags apply` writes those marked add; `enishi tags decline POST TAG` says no", style="dim"))


def _print_suggestion(out: Console, tags: LastTags, suggestion: TagSuggestion, name: Text) -> None:
    word = level(suggestion.confidence)
    out.print(
        Text.assemble("  ", (f"{suggestion.confidence:.2f} ", "cyan"), (f"{word:<6} ", _LEVEL_STYLES[word]), name)
    )
    for line in evidence_lines(suggestion.evidence, tags):
        out.print(Padding(Text(line, style="dim"), (0, 0, 0, 14)))


def evidence_lines(evidence: Evidence, tags: LastTags) -> list[str]:
    """Why a tag is suggested, in words; what speaks against it comes last."""
    lines = []
    if evidence.neighbors:
        near = "; ".join(f"{shown(tags.title(n.path))} ({n.score:.2f})" for n in evidence.neighbors)
        lines.append(f"nearest posts with it: {near}")
    if evidence.topic is not None and evidence.topic.posts:
        share = evidence.topic
        label = next((topic.label for topic in tags.topics if topic.id == share.id), ())
        named = f" ({', '.join(map(shown, label))})" if label else ""
        lines.append(f"{share.with_tag} of the {counted(share.posts, 'other post')} of its topic{named} carry it")
    times = counted(evidence.mentions, "time")
    lines.append(f"named {times} in the text" if evidence.mentions else "never named in the text")
    if evidence.terms:
        lines.append(f"terms that speak for it: {', '.join(map(shown, evidence.terms))}")
    lines += said_for(evidence, _named)
    return lines + [f"against it: {clause}" for clause in said_against(evidence, _named)]


def _named(tag: str) -> str:
    return f"#{shown(tag)}"


def print_tag_explanation(why: TagExplanation, titles: Mapping[str, str]) -> None:
    """Why a tag is, or is not, suggested for a post, with the factors that its confidence is made of."""
    out = Console(highlight=False)
    out.print(Text.assemble((f"#{shown(why.tag)}", "bold"), " on ", (shown(why.post), "bold")))
    out.print(Text(f"It is {why.verdict}; {counted(why.posts_with_tag, 'post')} of the blog carry it."))
    if why.confidence is None:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="cyan")
    table.add_column(overflow="fold")
    table.add_row(f"{why.start:.2%}", "how likely any tag is on any post; its odds are multiplied by")
    for name, factor in why.factors:
        table.add_row(_times(factor), Text(f"for {name}"))
    table.add_row(f"{why.confidence:.2%}", Text("how sure that makes it (at most 95 %)", style="bold"))
    out.print(Padding(table, (1, 0, 0, 2)))
    if why.neighbors_say is not None:
        out.print(Text(f"\nPosts like it say {why.neighbors_say:.2f}."))
    nothing = LastTags({path: TaggedPost(path, title, (), ()) for path, title in titles.items()}, ())
    for line in evidence_lines(why.evidence, nothing):
        out.print(Text(f"{line[0].upper()}{line[1:]}."))


def _times(factor: float) -> str:
    return f"× {factor:.0f}" if factor >= 10 else f"× {factor:.1f}" if factor >= 1 else f"÷ {1 / max(factor, 1e-9):.1f}"


# -- declines --------------------------------------------------------------------------------------------------------


def print_declines(declines: Sequence[Decline]) -> None:
    """One line a decline."""
    out = Console(highlight=False, soft_wrap=True)
    for decline in declines:
        out.print(Text.assemble((f"#{shown(decline.tag)}", "bold"), f"  {shown(decline.post)}"))
    if not declines:
        out.print("nothing was declined")


# -- edits -----------------------------------------------------------------------------------------------------------


def print_plan(plan: Plan) -> None:
    """The patch on standard output, byte for byte where nobody watches; what was refused on standard error."""
    if sys.stdout.isatty():
        out = Console(highlight=False, soft_wrap=True)
        styles = {b"+": "green", b"-": "red", b"@": "cyan", b"d": "bold"}
        for line in plan.diff.split(b"\n")[:-1]:
            visible = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line.decode("utf-8", "replace"))
            out.print(Text(visible, style=styles.get(line[:1], "")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(plan.diff)
        sys.stdout.buffer.flush()
    print_diagnostics(plan.refused, verbose=True)
    if plan.less_sure:
        say(f"{counted(plan.less_sure, 'suggestion')} less sure left out (--min-confidence takes them in)")


def ask(question: str) -> bool:
    """Whether the author says yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def print_undo(site: Path, patch: Path) -> None:
    """How to take a renaming back."""
    options = [] if os.path.realpath(site) == os.path.realpath(Path()) else ["--site", str(site)]
    command = " ".join(map(shell_word, ["enishi", "tags", "undo", str(patch), *options]))
    say(f"to take it back: {shown(command)}")


def print_aliases(lines: Sequence[str]) -> None:
    """What to add to the settings."""
    if lines:
        say("so that the old name is read as the new one from now on, add to enishi.toml:\n\n[tags.aliases]")
        for line in lines:
            say(line)


def say(message: str) -> None:
    """A sentence about what is done, on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message))


# -- topics ----------------------------------------------------------------------------------------------------------


def topic_values(tags: LastTags) -> dict[str, Any]:
    """Topics for machines."""
    return {"topics": [asdict(topic) for topic in tags.topics]}


def print_topics(tags: LastTags) -> None:
    """A table: topic, posts, tags; below it the posts that lack a topic's usual tag."""
    out = Console(highlight=False)
    if not tags.topics:
        out.print("no topics: the blog has too few posts that belong together")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Topic", overflow="fold", ratio=2)
    table.add_column("Posts", justify="right")
    table.add_column("Tags", overflow="fold", ratio=2)
    for topic in sorted(tags.topics, key=lambda topic: (-len(topic.posts), topic.id)):
        carried = ", ".join(f"#{shown(tag.tag)} {tag.with_tag}" for tag in topic.tags[:_SHOWN_POSTS])
        table.add_row(Text(_label(topic), style="bold"), str(len(topic.posts)), Text(carried))
    out.print(table)
    for topic in tags.topics:
        _print_missing(out, tags, topic)


def _print_missing(out: Console, tags: LastTags, topic: Topic) -> None:
    with_tag = {tag.tag: tag.with_tag for tag in topic.tags}
    for missing in topic.missing:
        number, name = len(topic.posts), f"#{shown(missing.tag)}"
        posts = f"of {number} posts about {_label(topic)}"
        sentence = f": {with_tag.get(missing.tag, 0)} {posts} carry it; without it:"
        if missing.new:
            sentence = f" (new): {len(missing.posts)} {posts} mention it, and no tag covers them:"
        out.print(Text.assemble("\n", (name, "bold"), sentence))
        for path in missing.posts[:_SHOWN_POSTS]:
            out.print(Padding(Text.assemble(shown(tags.title(path)), "  ", (shown(path), "dim")), (0, 0, 0, 2)))
        if len(missing.posts) > _SHOWN_POSTS:
            out.print(Text(f"  … and {len(missing.posts) - _SHOWN_POSTS} more (--json for all)", style="dim"))


def _label(topic: Topic) -> str:
    return ", ".join(map(shown, topic.label)) or f"topic {topic.id}"


def print_declined(path: str, tag: str, is_new: bool) -> None:
    """That a tag is declined for a post from now on, or was before."""
    now = f"{tag} is declined for {path}; the next build leaves it out. Commit {DECLINED_NAME}"
    say(now if is_new else f"{tag} was declined for {path} already")


def print_undeclined(path: str, tag: str, was_declined: bool) -> None:
    """That a tag is no longer declined for a post, or was not at all."""
    now = f"{tag} is no longer declined for {path}; the next build may suggest it again"
    say(now if was_declined else f"{tag} was not declined for {path} (what the settings decline, change there)")


def _size(edits: Sequence[PlannedEdit]) -> str:
    """How many posts, or of other files too, how many files."""
    return counted(len(edits), "file" if any(edit.path in KEPT_FILES for edit in edits) else "post")


def carry_out(plan: Plan, site: Path, yes: bool, dry_run: bool, undo: Path | None = None) -> bool:
    """Show a plan, ask, and write; whether anything was written.

    Raises:
        SettingsError: nobody can be asked.
        OutputError: writing stopped half-way.
    """
    print_plan(plan)
    if not plan.edits:
        say("nothing to write")
        return False
    size = _size(plan.edits)
    if dry_run:
        say(f"would change {size}; nothing was written")
        return False
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError(
                "nothing was written: there is no terminal to ask at. --yes writes, --dry-run only shows"
            )
        if not ask(f"Change {size}?"):
            say("nothing was written")
            return False
    outcome = write_plan(plan, site, undo)
    print_diagnostics(outcome.refused, verbose=True)
    say(
        f"changed {_size(outcome.done)}; the next `enishi build` takes it up" if outcome.done else "nothing was written"
    )
    if outcome.stopped:
        raise OutputError(outcome.stopped)
    return bool(outcome.done)
