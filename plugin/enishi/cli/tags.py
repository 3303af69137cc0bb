"""Commands about tags: `enishi tags …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from enishi.cli.base import command, tags_app
from enishi.cli.options import (
    Config,
    DryRunOption,
    Json,
    Out,
    PostArgument,
    Set,
    Site,
    YesOption,
    argument,
    option,
    request,
)

if TYPE_CHECKING:
    from enishi.state import Request

PostsArgument = Annotated[
    list[str] | None, argument("POST", "Paths, slugs, addresses or titles; all posts by default.")
]
TagArgument = Annotated[str, argument("TAG", "A tag of the blog.")]
NewTagArgument = Annotated[str, argument("NEW", "The tag to write instead.")]
UndoOption = Annotated[
    Path | None, option("--undo FILE", "Where the undo patch goes; .enishi/undo-OLD.patch by default.")
]


@command("suggest", tags_app)
def suggest(
    posts: PostsArgument = None,
    site: Site = Path(),
    out: Out = None,
    grouped_by_tag: Annotated[bool, option("--by-tag", "Group by tag instead of by post.")] = False,
    min_confidence: Annotated[
        float, option("--min-confidence X", "The least confidence; by default all that was built.", min=0, max=1)
    ] = 0.0,
    limit: Annotated[
        int | None, option("--limit -n N", "How many posts to show at most; 20 by default.", min=1)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the tags that posts are missing, with confidence and evidence, from the last build."""
    from enishi.commands.tags.last_build import choose_posts, last_tags
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    asked = request(site, out)
    tags = last_tags(asked)
    chosen = choose_posts(tags, asked, posts or (), min_confidence)
    if as_json:
        console.print_json(console_tags.suggestion_values(chosen[:limit], grouped_by_tag))
    else:
        shown = chosen[: limit or console_tags.SHOWN_POSTS]
        console_tags.print_suggestions(tags, shown, grouped_by_tag, len(chosen) - len(shown))


@command("decline", tags_app)
def decline(
    post: PostArgument,
    tag: TagArgument,
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
) -> None:
    """Never again suggest a tag for a post."""
    from enishi.commands.tags.declines import decline as decline_for
    from enishi.console.tags import print_declined

    path, name, is_new = decline_for(request(site, out, config, set_), post, tag)
    print_declined(path, name, is_new)


@command("undecline", tags_app)
def undecline(
    post: PostArgument,
    tag: TagArgument,
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
) -> None:
    """Take a decline back."""
    from enishi.commands.tags.declines import undecline as undecline_for
    from enishi.console.tags import print_undeclined

    path, was_declined = undecline_for(request(site, out, config, set_), post, tag)
    print_undeclined(path, tag, was_declined)


@command("declined", tags_app)
def declined(site: Site = Path(), config: Config = None, set_: Set = None, as_json: Json = False) -> None:
    """List what was declined."""
    from enishi.commands.tags.declines import declines_of
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    declines, diagnostics = declines_of(request(site, None, config, set_))
    if as_json:
        console.print_json({"declined": [{"post": known.post, "tag": known.tag} for known in declines]})
    else:
        console_tags.print_declines(declines)
    console.print_diagnostics(diagnostics, verbose=True)


@command("audit", tags_app)
def audit(
    site: Site = Path(),
    config: Config = None,
    set_: Set = None,
    limit: Annotated[int, option("--limit -n N", "How many findings of each kind to show at most.", min=1)] = 10,
    as_json: Json = False,
) -> None:
    """Find several spellings of one tag, tags used once or on nearly every post, and such; say what would fix them."""
    from enishi.commands.tags.audit import audit as audit_blog
    from enishi.console import audit as console_audit
    from enishi.console import terminal as console

    asked = request(site, None, config, set_)
    audited = audit_blog(asked)
    if as_json:
        console.print_json(console_audit.audit_values(audited, asked))
    else:
        console_audit.print_audit(audited, asked, limit)
    console.print_diagnostics(audited.diagnostics, verbose=False)


@command("apply", tags_app)
def apply(
    posts: PostsArgument = None,
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    min_confidence: Annotated[float, option("--min-confidence X", "The least confidence.", min=0, max=1)] = 0.8,
    tag: Annotated[list[str] | None, option("--tag TAG", "Only this tag; repeatable.")] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write suggested tags into the posts, after showing the patch and asking."""
    from enishi.commands.tags.edits import plan_suggestions
    from enishi.console.tags import carry_out

    asked = request(site, out, config, set_)
    plan = plan_suggestions(asked, posts or (), min_confidence, tag or (), is_seen=not yes)
    carry_out(plan, asked.site, yes, dry_run)


@command("rename", tags_app)
def rename(
    old: Annotated[str, argument("OLD", "A tag, exactly as posts write it.")],
    new: NewTagArgument,
    site: Site = Path(),
    config: Config = None,
    set_: Set = None,
    undo: UndoOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Rename a tag in all posts, after showing the patch and asking; an undo patch is written first."""
    _rename([old], new, request(site, None, config, set_), undo, yes, dry_run)


@command("merge", tags_app)
def merge(
    old: Annotated[list[str], argument("OLD", "Tags, exactly as posts write them.")],
    new: NewTagArgument,
    site: Site = Path(),
    config: Config = None,
    set_: Set = None,
    undo: UndoOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make several tags one in all posts, after showing the patch and asking; an undo patch is written first."""
    _rename(old, new, request(site, None, config, set_), undo, yes, dry_run)


@command("undo", tags_app)
def undo(
    patch: Annotated[Path, argument("PATCH", "The undo patch that a renaming, a merge or a review wrote.")],
    site: Site = Path(),
    config: Config = None,
    set_: Set = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take a renaming, a merge or a review back, also one that was broken off, after showing the patch and asking."""
    from enishi.commands.tags.edits import plan_undo
    from enishi.console.tags import carry_out

    asked = request(site, None, config, set_)
    carry_out(plan_undo(asked, patch), asked.site, yes, dry_run)


def _rename(old: list[str], new: str, asked: Request, undo: Path | None, yes: bool, dry_run: bool) -> None:
    from enishi.commands.tags.audit import alias_lines
    from enishi.commands.tags.edits import plan_renaming
    from enishi.commands.tags.write import undo_file
    from enishi.console import tags as console_tags

    plan = plan_renaming(asked, old, new)
    patch = undo or undo_file(asked.site, old)
    if console_tags.carry_out(plan, asked.site, yes, dry_run, patch):
        console_tags.print_undo(asked.site, patch)
    console_tags.print_aliases(alias_lines(old, new))
