"""Prints what is untidy about the tags, and gives it as JSON.

Each finding comes with the posts it concerns and, where there is one, the command that fixes it: to be copied, so it is
never wrapped, and quoted for a shell whatever a tag holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

from enishi.commands.tags.audit import BlogAudit, alias_lines, fixing_command
from enishi.state import Request
from enishi.tags.audit import CategoryTag, LoneTag, TagsTogether, TagUse, TagVariants, can_be_written
from enishi.text.plural import counted
from enishi.text.printable import shown

F = TypeVar("F")

SHOWN_FINDINGS = 10
_SHOWN_POSTS = 3


def audit_values(audit: BlogAudit, request: Request) -> dict[str, Any]:
    """All findings, for machines."""
    found = audit.found

    def posts(paths: Iterable[str]) -> list[dict[str, str]]:
        return [{"path": path, "title": audit.posts[path].title} for path in paths]

    def fix(old: Sequence[str], new: str) -> dict[str, Any]:
        return {"command": fixing_command(request, old, new), "aliases": alias_lines(old, new)}

    return {
        "posts": found.posts,
        "tagged_posts": found.tagged,
        "tags": found.tags,
        "twins": [
            {
                "keep": {"tag": variants.kept.tag, "posts": posts(variants.kept.posts)},
                "others": [
                    {"tag": other.tag, "reasons": list(other.reasons), "posts": posts(other.posts)}
                    for other in variants.others
                ],
                "shown_by": posts(variants.shown_by),
                **fix([other.tag for other in variants.others], variants.kept.tag),
            }
            for variants in found.variants
        ],
        "together": [
            {"tags": list(one.tags), "posts": posts(one.posts), **fix(one.others, one.tags[0])}
            for one in found.together
        ],
        "categories_meant": found.categories_meant,
        "categories": [
            {
                "tag": use.tag,
                "category": use.category,
                "posts": posts(use.posts),
                "inside": list(use.inside),
                "meant": use.is_meant,
            }
            for use in found.categories
        ],
        "everywhere": [{"tag": use.tag, "posts": posts(use.posts)} for use in found.everywhere],
        "once": [{"tag": use.tag, "post": posts(use.posts)[0], "named_by": posts(use.named_by)} for use in found.once],
    }


def print_audit(audit: BlogAudit, request: Request, limit: int = SHOWN_FINDINGS) -> None:
    """Section by section, at most `limit` findings in each, what concerns most posts first."""
    found = audit.found
    page = _Page(audit, request, limit)
    page.line(
        (counted(found.posts, "post"), "bold"), f", {found.tagged} with tags, {counted(found.tags, 'different tag')}"
    )
    example = fixing_command(request, ["TAG"], "NEW")
    merge = "merge what means the same; where one implies the other, add a line to [tags.broader] instead"
    page.section("Several names for what may be one tag", found.variants, page.variants)
    page.section("Tags that always go together", found.together, page.together, merge)
    advice = f"the category says it already: drop the tag, or narrow it: {example}"
    needless = [use for use in found.categories if not use.is_meant]
    page.section("Tags equal to a category", needless, page.category, advice)
    advice = "used on nearly every post, so they don't help readers"
    page.section("Tags on nearly everything", found.everywhere, page.everywhere, advice)
    page.section("Tags used once", found.once, page.once, f"give them to more posts, or another name: {example}")
    if page.is_empty:
        page.line("nothing to fix")


class _Page:
    """One audit on standard output."""

    def __init__(self, audit: BlogAudit, request: Request, limit: int) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._audit, self._request, self._limit = audit, request, limit
        self.is_empty = True

    def line(self, *parts: str | tuple[str, str]) -> None:
        self._out.print(Text.assemble(*parts))

    def section(self, title: str, findings: Sequence[F], show: Callable[[F], None], advice: str = "") -> None:
        if not findings:
            return
        self.is_empty = False
        self.line("\n", (f"{title}: {len(findings)}", "bold underline"))
        for finding in findings[: self._limit]:
            show(finding)
        if len(findings) > self._limit:
            left = len(findings) - self._limit
            self.line((f"  … and {left} more (--limit {len(findings)} or --json for all)", "dim"))
        if advice:
            self.line((f"  {advice}", "dim"))

    def variants(self, variants: TagVariants) -> None:
        kept = variants.kept
        self.line("  ", (_tag(kept.tag), "bold green"), f"  {counted(len(kept.posts), 'post')}  keep")
        for other in variants.others:
            why = f"  {counted(len(other.posts), 'post')}  {', '.join(other.reasons)}"
            self.line("    ", (_tag(other.tag), "yellow"), why)
        self._posts(sorted({path for other in variants.others for path in other.posts}))
        if variants.shown_by:
            self.line("      ", ("shown by ", "dim"), *self._post(variants.shown_by[0]))
        self._fix([other.tag for other in variants.others], variants.kept.tag)

    def together(self, together: TagsTogether) -> None:
        names = "  ".join(map(_tag, together.tags))
        self.line("  ", (names, "bold"), f"  on the same {counted(len(together.posts), 'post')}")
        self._posts(together.posts)
        self._fix(together.others, together.tags[0])

    def category(self, use: CategoryTag) -> None:
        inside = f"{len(use.inside)} of its {counted(len(use.posts), 'post')} in the category {shown(use.category)}"
        self.line("  ", (_tag(use.tag), "bold"), f"  {inside}")
        self._posts(use.inside or use.posts)

    def everywhere(self, use: TagUse) -> None:
        self.line("  ", (_tag(use.tag), "bold"), f"  {len(use.posts)} of {self._audit.found.tagged} posts with tags")
        self._posts(use.posts)

    def once(self, use: LoneTag) -> None:
        self.line("  ", (_tag(use.tag), "bold"), "  ", *self._post(use.posts[0]))
        if use.named_by:
            self.line((f"      in the title of {counted(len(use.named_by), 'other post')}:", "dim"))
            self._posts(use.named_by)

    def _posts(self, paths: Sequence[str]) -> None:
        for path in paths[:_SHOWN_POSTS]:
            self.line("      ", *self._post(path))
        if len(paths) > _SHOWN_POSTS:
            self.line((f"      … and {len(paths) - _SHOWN_POSTS} more", "dim"))

    def _post(self, path: str) -> list[str | tuple[str, str]]:
        document = self._audit.posts[path]
        status = "" if document.post.is_public else f" ({document.post.status})"
        return [shown(document.title) + status, (f"  {shown(path)}", "dim")]

    def _fix(self, old: Sequence[str], new: str) -> None:
        command = fixing_command(self._request, old, new)
        if command:
            self.line("    ", (command, "cyan"))
        if not command or not all(map(can_be_written, old)):
            self.line("    ", ("a name with control characters or odd blanks has to be fixed by hand", "dim"))
        for alias in alias_lines(filter(can_be_written, old), new) if command else ():
            self.line("    ", ("in enishi.toml, [tags.aliases]: ", "dim"), shown(alias))


def _tag(tag: str) -> str:
    return f"#{shown(tag)}"
