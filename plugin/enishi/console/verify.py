"""What a person reads on the terminal of `enishi verify`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.text import Text

from enishi.commands.verify.run import DEAD_LINK, NAMES_DRAFT, NO_LINKS, NO_LIST, TWO_LISTS, Problem, Verified
from enishi.text.plural import counted
from enishi.text.printable import shown

VERSION = 1
_SHOWN_OF_EACH = 8
_SAID = {
    NO_LIST: ("page of a post without a list", "pages of posts without a list"),
    TWO_LISTS: ("page with more than one list", "pages with more than one list"),
    NO_LINKS: ("list without a link", "lists without a link"),
    DEAD_LINK: ("link to a page that is not there", "links to pages that are not there"),
    NAMES_DRAFT: ("link to a post that is not published", "links to posts that are not published"),
}


def verify_values(found: Verified) -> dict[str, Any]:
    """The result for machines."""
    name, pages = found.of_theme
    return {
        "version": VERSION,
        "public": found.public.as_posix(),
        "base": found.base,
        "is_right": found.is_right,
        "posts": found.posts,
        "pages": found.pages,
        "lists": found.lists,
        "links": found.links,
        "is_own_markup": found.is_own_markup,
        "problems": [_problem_values(problem) for problem in found.problems],
        "not_found": list(found.not_found),
        "of_theme": {"name": name, "pages": pages} if name else None,
    }


def _problem_values(problem: Problem) -> dict[str, str]:
    link = {"link": problem.link} if problem.link else {}
    return {"code": problem.code, "page": problem.page, "post": problem.post, **link}


def print_verified(found: Verified) -> None:
    """What the site shows, what is wrong with which page, and what could not be judged."""
    out = Console(highlight=False, soft_wrap=True)
    base = f", at {shown(found.base)} on its host" if found.base != "/" else ""
    pages = f"{counted(found.pages, 'page')} of {counted(found.posts, 'published post')}"
    out.print(Text.assemble((shown(found.public.as_posix()), "bold"), f": {pages}{base}"))
    if not found.lists:
        out.print(Text("no page of a post shows a list", style="bold red"))
        if found.shown_by:
            out.print(f"To show the lists: {found.shown_by}", markup=False)
    else:
        markup = " (in markup of your own)" if found.is_own_markup else ""
        out.print(f"{counted(found.lists, 'page')} with a list{markup}, {counted(found.links, 'link')} in all of them")
        _print_problems(out, found)
    if found.not_found:
        count = counted(len(found.not_found), "post")
        names = ", ".join(map(shown, found.not_found[:3]))
        rest = "…" if len(found.not_found) > 3 else ""
        out.print(Text(f"not judged: {count} without a page that is certainly theirs: {names}{rest}", style="yellow"))
    if found.of_theme[0]:
        name, pages_of_it = found.of_theme
        out.print(
            Text(
                f"the theme seems to show a list of its own ({shown(name)}, on {counted(pages_of_it, 'page')}): "
                "readers see two. Its settings can switch it off",
                style="yellow",
            )
        )
    if found.is_right and found.lists:
        out.print(Text("nothing is wrong", style="green"))


def _print_problems(out: Console, found: Verified) -> None:
    counts = Counter(problem.code for problem in found.problems)
    for code, count in counts.items():
        out.print(Text(f"{count} {_SAID[code][count > 1]}", style="bold red"))
        of_code = [problem for problem in found.problems if problem.code == code]
        for problem in of_code[:_SHOWN_OF_EACH]:
            link = f" → {shown(problem.link)}" if problem.link else ""
            out.print(Text.assemble(f"  {shown(problem.page)}{link}", (f"  ({shown(problem.post)})", "dim")))
        if count > _SHOWN_OF_EACH:
            out.print(f"  … and {count - _SHOWN_OF_EACH} more; --json names all")
