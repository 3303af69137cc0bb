"""What a person reads on the terminal of `enishi init`: the blog, the encoders, the proposals."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from enishi.commands.init.languages import language_name
from enishi.commands.init.offers import SAMPLE, Offer, is_installed
from enishi.commands.init.portrait import Portrait
from enishi.commands.init.proposals import NONE, Proposal
from enishi.commands.init.run import FILE_NAME, Beginning
from enishi.commands.init.settings_file import toml_value
from enishi.console.tags import ask
from enishi.console.terminal import print_diagnostics
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_LABEL = 11
_OF_SETTINGS = ("settings-ignored", "bad-site-setting", "bad-site-settings")
_SHOWN_LANGUAGES, _WORTH_NAMING = 4, 0.01
_WORTH_STYLES = {"needed": "dim", "better": "green", "unknown": "dim", "worse": "yellow"}


def beginning_values(found: Beginning, written: str) -> dict[str, Any]:
    """All that was found and proposed, for machines; `written` is the file that was written, or empty."""
    return {
        "version": VERSION,
        "blog": asdict(found.portrait),
        "encoders": [asdict(offer) for offer in found.offers],
        "settings_in": list(found.sources),
        "proposals": [asdict(proposal) for proposal in found.proposals],
        "file": found.text,
        "written": written,
    }


def print_beginning(found: Beginning) -> None:
    """The blog, the encoders, and what is proposed."""
    out = Console(highlight=False)
    _print_portrait(out, found)
    out.print()
    _print_offers(out, found)
    out.print()
    _print_proposals(out, found)


# -- the blog --------------------------------------------------------------------------------------------------------


def _print_portrait(out: Console, found: Beginning) -> None:
    for label, told in _facts(found.portrait, found):
        out.print(_indented(Text(told), _LABEL, f"{label:{_LABEL}}"))


def _facts(blog: Portrait, found: Beginning) -> Iterator[tuple[str, str]]:
    others = ", ".join(f"{count} {status}" for status, count in blog.posts.items() if status != "published")
    kind = "a folder of posts" if blog.generator == "generic" else f"a {blog.generator} site"
    folders = " and ".join(shown(folder) for folder in blog.folders)
    yield "Posts", f"{blog.total:,}{f' ({others})' if others else ''}, read as {kind}, from {folders}"
    yield "Language", _languages(blog)
    yield "Size", f"{blog.characters:,} characters; half of the posts have {blog.median_characters:,} or more"
    if blog.tags:
        yield "Tags", f"{blog.tags:,} on {blog.tagged:,} posts; {blog.used_once:,} of them on one post only"
    else:
        yield "Tags", "none"
    if blog.linking:
        yield "Links", f"{counted(blog.linking, 'post')} link to another one ({counted(blog.links, 'link')})"
    else:
        yield "Links", "no post links to another one"
    pictured = f"{counted(blog.pictured, 'post')} show one that is" if blog.pictured else "none that is"
    yield "Pictures", f"{pictured} a file of the site"
    yield (
        "Settings",
        f"{counted(len(found.existing), 'setting')} in {found.sources[0]}" if found.sources else "none yet",
    )


def _languages(blog: Portrait) -> str:
    shares = {code: count for code, count in blog.languages.items() if code and blog.share(code) >= _WORTH_NAMING}
    parts = [f"{language_name(code)} ({count:,})" for code, count in list(shares.items())[:_SHOWN_LANGUAGES]]
    rest = blog.total - sum(list(shares.values())[:_SHOWN_LANGUAGES])
    if rest:
        parts.append(f"{counted(rest, 'post')} in another one, or too short to tell")
    stated = f"; the generator's settings say {language_name(blog.site_language)}" if _differs(blog) else ""
    return ", ".join(parts) + stated


def _differs(blog: Portrait) -> bool:
    """Whether the generator's settings name another language than the posts are in."""
    stated = blog.site_language.casefold()
    return bool(stated and blog.main_language) and stated.partition("-")[0] != blog.main_language.partition("-")[0]


# -- the encoders ----------------------------------------------------------------------------------------------------


def _print_offers(out: Console, found: Beginning) -> None:
    head = ("  Encoder", "reads", "size", "here", "time")
    rows = [_row(number, offer) for number, offer in enumerate(found.offers)]
    widths = [max(cell_len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    out.print(Text(_line(head, widths), style="bold"), no_wrap=True, overflow="ellipsis", crop=True)
    for row, offer in zip(rows, found.offers, strict=True):
        out.print(Text(_line(row, widths)), no_wrap=True, overflow="ellipsis", crop=True)
        told = "; ".join(filter(None, (offer.remark, offer.problem or offer.verdict)))
        out.print(_indented(Text(shown(told), style="red" if offer.problem else _WORTH_STYLES[offer.worth]), 4))
    by = (
        f"; ~ by {SAMPLE} of the posts"
        if any(offer.name and offer.seconds is not None for offer in found.offers)
        else ""
    )
    told = f"size: to download, once. time: to read the whole blog once, on this machine{by}"
    out.print(_indented(Text(told, style="dim"), 2))
    if any(offer.worth == "unknown" for offer in found.offers):
        out.print(_indented(Text("What a model is worth on this blog: enishi models compare", style="dim"), 2))


def _indented(text: Text, width: int, label: str = "") -> Padding | Table:
    """A paragraph that is set in, beside a label if there is one."""
    if not label:
        return Padding(text, (0, 0, 0, width), expand=False)
    table = Table.grid(padding=0)
    table.add_column(width=width, style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(label, text)
    return table


def _row(number: int, offer: Offer) -> tuple[str, str, str, str, str]:
    name = f"{number} {shown(offer.name.rpartition('/')[2])}" if offer.name else "  the site encoder"
    size = "–" if offer.megabytes == 0 else f"{offer.megabytes} MB" if offer.megabytes else "?"
    return name, offer.languages, size, offer.place or "no", _duration(offer)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _duration(offer: Offer) -> str:
    seconds = offer.seconds_for_all
    if seconds is None:
        return "–"
    about = "~" if offer.name else ""
    if seconds < 99.5:
        return f"{about}{seconds:.1f} s" if seconds < 9.95 else f"{about}{seconds:.0f} s"
    return f"{about}{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{about}{seconds / 3600:.1f} h"


# -- the proposals ---------------------------------------------------------------------------------------------------


def _print_proposals(out: Console, found: Beginning) -> None:
    active = [proposal for proposal in found.proposals if proposal.is_active]
    others = [proposal for proposal in found.proposals if not proposal.is_active]
    if active:
        out.print(Text("Proposed", style="bold"))
        for proposal in active:
            _print_proposal(out, proposal)
    else:
        out.print(Text("Nothing has to be set: the defaults fit this blog.", style="bold"))
    if others:
        out.print()
        out.print(Text("Worth trying", style="bold"))
        for proposal in others:
            _print_proposal(out, proposal)
    if any(proposal.name == "encoder.model" for proposal in found.proposals) and not is_installed():
        out.print("A pretrained model needs sentence-transformers:")
        out.print(Text('  pip install "enishi[transformers]"', style="cyan"), soft_wrap=True)


def _print_proposal(out: Console, proposal: Proposal) -> None:
    out.print(Text(f"  {proposal.name} = {shown(toml_value(proposal.value))}", style="cyan"), soft_wrap=True)
    out.print(_indented(Text(shown(proposal.reason), style="dim"), 6))


def ask_encoder(found: Beginning) -> str:
    """The encoder that the author wants beside the site's own: a name, ``none``, or empty for what is proposed."""
    model = next((p.value for p in found.proposals if p.name == "encoder.model" and p.is_active), NONE)
    sys.stderr.write(f"\nEncoder beside the site's own: a number, a name, a folder or none [{shown(model)}] ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer.isdecimal() and int(answer) < len(found.offers):
        return found.offers[int(answer)].name or NONE
    return answer


def ask_to_take_over(found: Beginning) -> bool:
    """Whether settings may move from another file."""
    print_shadowing(found)
    return ask(f"Write {FILE_NAME} with the settings of {found.taken_over} taken over?")


def print_shadowing(found: Beginning) -> None:
    """That a new file would count instead of one that is there."""
    out = Console(stderr=True, highlight=False)
    out.print(f"{found.taken_over} has settings; they would no longer count beside an {FILE_NAME}")


def print_remarks(found: Beginning) -> None:
    """What is wrong with settings; of what is wrong with posts, only how much."""
    posts = [told for told in found.diagnostics if told.code not in _OF_SETTINGS]
    print_diagnostics([told for told in found.diagnostics if told.code in _OF_SETTINGS], verbose=True)
    if posts:
        Console(stderr=True, highlight=False).print(
            Text(f"{counted(len(posts), 'remark')} about posts; enishi build shows them", style="dim"), soft_wrap=True
        )


def print_ending(found: Beginning, written: str, *, dry_run: bool) -> None:
    """What was written, or why nothing was, and what comes next."""
    out = Console(highlight=False)
    out.print()
    if dry_run:
        out.print(Text(found.text), end="", soft_wrap=True)
    elif written:
        _print_written(out, found, written)
    elif found.is_there:
        out.print(
            f"{FILE_NAME} is there already, and was left as it is. --dry-run shows the file that would be written."
        )
    elif found.taken_over:
        out.print(
            f"Nothing was written: {found.taken_over} has settings, which do not count beside an {FILE_NAME}. "
            f"Add what is proposed there, or let --yes write {FILE_NAME} with all of them."
        )


def _print_written(out: Console, found: Beginning, written: str) -> None:
    out.print(Text.assemble("Wrote ", (shown(written), "bold"), ": what is proposed, and all else as comments."))
    if found.taken_over:
        out.print(
            f"It takes over {counted(len(found.existing), 'setting')} of {found.taken_over}, where they no longer "
            "count: remove them there."
        )
    model = next((p.value for p in found.proposals if p.name == "encoder.model" and p.is_active), "")
    offer = next((offer for offer in found.offers if model and offer.name == model), None)
    if offer is not None and not offer.place:
        size = f" ({offer.megabytes} MB)" if offer.megabytes else ""
        out.print(f"The model is not on this machine: the next build fetches it{size}.")
    site = "" if found.site == Path() else f" {shlex.quote(found.site.as_posix())}"
    out.print(Text.assemble("Next: ", (shown(f"enishi build{site}"), "cyan")), soft_wrap=True)
