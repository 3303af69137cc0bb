"""The command line: one function a command, thin; everything below it knows nothing of arguments.

Only what every command needs is imported here: `enishi --help` has to answer at once.
"""

from __future__ import annotations

import errno
import functools
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from enishi import __version__
from enishi.errors import EnishiError, OutputError, SettingsError

if TYPE_CHECKING:
    from enishi.commands.tags.edits import Plan
    from enishi.state import Request

P = ParamSpec("P")

BUILT, FAILED, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""

app = typer.Typer(
    name="enishi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Related posts and tag suggestions for a blog, from its own text.",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        app(args=list(sys.argv[1:] if argv is None else argv), prog_name="enishi")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else BUILT if ended.code is None else USAGE
    return BUILT


def run() -> None:
    """The console script."""
    # Posts are made of some million small objects, and hardly any refer to each other in circles: looking for such as
    # often as Python does by default takes a twentieth of a build
    gc.set_threshold(100_000, 20, 20)
    if sys.stdout is None:  # closed by whoever started us (`>&-`)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    sys.exit(main())


tags_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The tags that posts are missing: see, decline, write; those they have: audit, rename.",
)
app.add_typer(tags_app, name="tags")
models_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The encoders that may stand for a blog's posts: compare them on your own.",
)
app.add_typer(models_app, name="models")


def _command(name: str, group: typer.Typer = app) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Registers a command, inside the one error boundary."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
                sys.stdout.flush()
            except typer.Exit:
                raise
            except EnishiError as error:
                _complain(str(error))
                raise typer.Exit(error.exit_code) from None
            except KeyboardInterrupt:
                _complain("interrupted; what was written before is whole")
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:  # the reader (`head`, a pager) has seen enough
                _discard_output()
            except Exception as error:
                if reason := _lack(error):
                    _discard_output()
                    _complain(f"cannot go on: {reason}")
                    raise typer.Exit(USAGE) from None
                traceback.print_exc()
                _complain(f"this is a bug in enishi {__version__}, please report it with the lines above: {error!r}")
                raise typer.Exit(BUG) from None

        return group.command(name)(guarded)

    return register


def _discard_output() -> None:
    """Python would try again at its end, and complain about what it cannot write."""
    with suppress(OSError):  # standard output may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lack(error: Exception) -> str:
    """What the machine lacks, where an error is no bug: standard output on a full disk, say."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    lacks = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    if isinstance(error, OSError) and error.errno in lacks:
        return f"{error.strerror}" + (f" ({error.filename})" if error.filename else "")
    return ""


def _complain(message: str) -> None:
    print(f"enishi: {message}", file=sys.stderr)  # noqa: T201


# -- options that several commands have ------------------------------------------------------------------------------

SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The blog's folder; the current one by default.")]
SiteOption = Annotated[Path, typer.Option("--site", metavar="SITE", help="The blog's folder.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the output; SITE/.enishi by default.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Take the settings from this file instead of the site's own."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, such as related.limit=3; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text for people.")]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now", metavar="DATE", help="Which posts lie in the future: a day or a moment; the present by default."
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many posts to show at most.")]


def _request(
    site: Path, out: Path | None = None, config: Path | None = None, overrides: list[str] | None = None, **more: Any
) -> Request:
    from enishi.state import Request

    return Request(site=site, out=out, config_file=config, overrides=tuple(overrides or ()), **more)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"enishi {__version__}")
        raise typer.Exit


# -- commands --------------------------------------------------------------------------------------------------------


@_command("init")
def init(
    site: SiteArgument = Path(),
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            metavar="MODEL",
            help="The pretrained model to use: a name on the hub, a folder, or none. Asked for at a terminal.",
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take what is proposed, without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the file and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at a blog, propose settings with reasons, and write them to enishi.toml where there is none."""
    from enishi.commands.init.run import choose_encoder, inspect_blog, write_settings
    from enishi.console import init as console_init
    from enishi.console import terminal as console

    with console.progress(as_json) as progress:
        report = inspect_blog(_request(site, processes=_processes()), encoder, progress, remembers=not dry_run)
    may_ask = not (yes or dry_run or as_json) and sys.stdin.isatty()
    if not as_json:
        console_init.print_report(report)
    if may_ask and not encoder and not report.file_exists and (answer := console_init.ask_encoder(report)):
        report = choose_encoder(report, answer)
    may_write = not dry_run and not report.file_exists
    if may_write and report.shadowed and not yes:
        may_write = may_ask and console_init.ask_to_take_over(report)
    written = write_settings(report).as_posix() if may_write else ""
    if as_json:
        console.print_json(console_init.report_values(report, written))
    else:
        console_init.print_end(report, written, dry_run=dry_run)


@_command("build")
def build(
    site: SiteArgument = Path(),
    out: OutOption = None,
    manifest: Annotated[
        str | None,
        typer.Option(
            "--manifest",
            metavar="FILE",
            help="The generator's own list of posts, as JSON; `-` reads it from standard input.",
        ),
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    now: NowOption = None,
    show: Annotated[
        int,
        typer.Option(
            "--show", metavar="N", min=0, help="How many of the newest posts to show with their related posts."
        ),
    ] = 6,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every diagnostic, not only the first.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but what went wrong.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a blog and write its related posts."""
    from enishi.console import terminal as console
    from enishi.pipeline import build as build_site

    request = _request(site, out, config, set_, manifest=_text_of(manifest), now=_moment(now), processes=_processes())
    with console.progress(quiet or as_json) as progress:
        report = build_site(request, progress)
    if as_json:
        console.print_json(console.build_values(report))
    elif not quiet:
        console.print_build(report, show, verbose)


@_command("watch")
def watch(
    site: SiteArgument = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    now: NowOption = None,
    debounce: Annotated[
        int, typer.Option("--debounce", metavar="MS", min=0, max=60_000, help="How long a save has to be over.")
    ] = 100,
    poll: Annotated[
        bool, typer.Option("--poll", help="Look every second: for network drives and containers, which tell nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but what went wrong.")] = False,
    as_json_lines: Annotated[
        bool, typer.Option("--json-lines", help="Print one JSON value a line for each event, for editors.")
    ] = False,
) -> None:
    """Build, and from then on whenever a post is saved; show what the saved post is related to."""
    import signal

    from enishi.commands.watch.loop import Listener, Watch, WatchOptions
    from enishi.commands.watch.loop import watch as watch_site
    from enishi.console import terminal as console
    from enishi.console.watch import JsonListener, TerminalListener

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    request = _request(site, out, config, set_, now=_moment(now), processes=_processes())
    listener: Listener = JsonListener() if as_json_lines else TerminalListener(quiet=quiet)
    watched = Watch(request, listener, WatchOptions(debounce / 1000, poll=poll))
    try:
        with console.progress(quiet or as_json_lines) as progress:
            first = watched.read_first(progress)
        watch_site(watched, first, site)
    except KeyboardInterrupt:
        return  # that is how a watch ends


@_command("related")
def related(
    post: Annotated[str, typer.Argument(metavar="POST", help="A post's path, slug, address or title.")],
    site: SiteOption = Path(),
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a post's related posts, with the reasons, from the last build."""
    from enishi.commands.ask import find_post, written_posts
    from enishi.console import terminal as console

    request = _request(site, out)
    posts = written_posts(request.folder)
    path = find_post(posts, post, site)
    if as_json:
        console.print_json({"path": path, **posts[path]})
    else:
        console.print_related(path, posts[path])


@_command("search")
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="Words of your own.")],
    site: SiteOption = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    limit: LimitOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Find the posts nearest to some words, by the vectors of the last build."""
    from dataclasses import asdict

    from enishi.commands.ask import search as search_posts
    from enishi.console import terminal as console

    text = " ".join(words)
    hits = search_posts(_request(site, out, config, set_), text, limit)
    if as_json:
        console.print_json({"query": text, "posts": [asdict(hit) for hit in hits]})
    else:
        console.print_hits(text, hits)


@_command("explain")
def explain(
    post: Annotated[str, typer.Argument(metavar="POST", help="A post's path, slug, address or title.")],
    other: Annotated[str | None, typer.Argument(metavar="OTHER", help="Another post.")] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", help="A tag of the blog, instead of another post.")
    ] = None,
    site: SiteOption = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why two posts are, or are not, related; or why a tag is, or is not, suggested."""
    from dataclasses import asdict

    from enishi.commands.ask import explain as explain_posts
    from enishi.commands.tags.explain import explain_tag
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    if (other is None) == (tag is None):
        raise SettingsError("name another post or a tag: enishi explain POST OTHER, or enishi explain POST --tag TAG")
    request = _request(site, out, config, set_, processes=_processes())
    if tag is not None:
        why, titles = explain_tag(request, post, tag)
        if as_json:
            console.print_json(asdict(why))
        else:
            console_tags.print_tag_explanation(why, titles)
        return
    found = explain_posts(request, post, other or "")
    if as_json:
        console.print_json(asdict(found))
    else:
        console.print_explanation(found)


@_command("topics")
def topics(site: SiteOption = Path(), out: OutOption = None, as_json: JsonOption = False) -> None:
    """Show what the blog is about: topics, their trend, and posts that lack a topic's usual tag."""
    from enishi.commands.tags.last_build import last_tags
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    tags = last_tags(_request(site, out))
    if as_json:
        console.print_json(console_tags.topic_values(tags))
    else:
        console_tags.print_topics(tags)


@_command("eval")
def evaluate(
    site: SiteArgument = Path(),
    config: ConfigOption = None,
    set_: SetOption = None,
    folds: Annotated[
        int, typer.Option("--folds", metavar="N", min=2, max=50, help="In how many parts the tags are hidden.")
    ] = 5,
    precision: Annotated[
        float,
        typer.Option(
            "--precision", metavar="X", min=0.05, max=0.99, help="The share of right suggestions that you want."
        ),
    ] = 0.8,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write it as a page with plots.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how far to trust the suggestions on this blog: hide its tags in turn, and see what is suggested."""
    from enishi.commands.evaluate import evaluate_blog, refuse_page, write_page
    from enishi.console import evaluation as console_eval
    from enishi.console import terminal as console
    from enishi.console.eval_page import render_page

    if html is not None:
        refuse_page(html)
    with console.progress(as_json) as progress:
        found = evaluate_blog(_request(site, None, config, set_, processes=_processes()), folds, precision, progress)
    if html is not None:
        write_page(html, render_page(found))
    if as_json:
        console.print_json(console_eval.evaluation_values(found))
    else:
        console_eval.print_evaluation(found)


@_command("train")
def train(
    site: SiteArgument = Path(),
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where the model goes, if it is kept; needed."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help="`static` (minutes on a CPU) or `transformer` (needs --base)."),
    ] = "static",
    base: Annotated[
        str,
        typer.Option(
            "--base", metavar="MODEL", help="The model to begin with, or for `static` to distil: hub name or folder."
        ),
    ] = "",
    revision: Annotated[
        str, typer.Option("--revision", metavar="REF", help="The revision (commit) of a base model on the hub.")
    ] = "",
    pairs: Annotated[
        str,
        typer.Option("--pairs", metavar="KINDS", help="What belongs together: of titles, passages, links, tags."),
    ] = "titles,passages,links",
    hard_negatives: Annotated[
        bool, typer.Option("--hard-negatives", help="Also push away what only looks near to the site encoder.")
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", min=0, max=1000, help="How often each pair is seen; 3 or 1 by default."),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="M", min=0, help="End training after so long; 0: no limit.")
    ] = 0.0,
    batch: Annotated[
        int | None, typer.Option("--batch", metavar="N", min=2, max=4096, help="Pairs of a batch; 64 or 32 by default.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="X", min=0, help="Learning rate; 0.01 or 0.00002 by default.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Another order of batches.")] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the model even if it is not better.")] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model on the blog's own posts; keep it if held-out pairs say that it is better."""
    from enishi.commands.train.pairs import check_kinds
    from enishi.commands.train.recipe import Recipe
    from enishi.commands.train.run import train as train_on
    from enishi.console import terminal as console
    from enishi.console import train as console_train

    if out is None:
        raise SettingsError("--out: name the folder that the model goes to")
    request = _request(site, None, config, set_, processes=_processes())
    kinds = check_kinds(pairs.split(","))
    recipe = Recipe(kind, base, revision, kinds, hard_negatives, epochs, minutes, batch, rate, seed)
    try:
        with console.progress(as_json) as progress:
            report = train_on(request, recipe, out, keep, progress)
    except KeyboardInterrupt:
        _complain("the same command goes on from the last checkpoint, of a minute ago at most")
        raise
    if as_json:
        console.print_json(console_train.report_values(report, site))
    else:
        console_train.print_report(report, site)


@_command("check")
def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Posts, or folders of posts; what changed against the base by default."),
    ] = None,
    site: SiteOption = Path(),
    base: Annotated[
        str,
        typer.Option(
            "--base",
            metavar="REF",
            help="Compare with the merge base with this; the pull request's base or the default branch by default.",
        ),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Check all posts.")] = False,
    format_: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="What to print; text by default.")
    ] = "text",
    output: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="FORMAT=FILE", help="Write a report to a file as well; repeatable."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail (exit code 1) on any warning or error.")] = False,
    min_confidence: Annotated[
        float | None,
        typer.Option("--min-confidence", metavar="X", min=0, max=1, help="The least confidence of a missing tag."),
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Accept what is found, in .enishi-baseline.json.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="DIR", help="Folder of the cache; SITE/.enishi by default.")
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is missing or wrong in the posts that changed: tags, front matter, near-duplicates."""
    from enishi.commands.check.report_files import check_format, parse_outputs, write_report
    from enishi.commands.check.run import CheckRequest
    from enishi.commands.check.run import check as check_site
    from enishi.console import terminal as console

    form = "json" if as_json else format_
    check_format(form)
    outputs = parse_outputs(output or ())
    request = _request(site, None, config, set_, now=_moment(now), processes=_processes(), cache=cache)
    asked = CheckRequest(
        request, tuple(files or ()), base, everything, min_confidence, strict, write_baseline=write_baseline
    )
    with console.progress(False) as progress:
        report = check_site(asked, progress)
    for name, file in outputs:
        write_report(report, name, file, site)
    if form == "text" and sys.stdout.isatty():
        from rich.console import Console

        from enishi.reporters.text import print_text

        print_text(report, Console())
    else:
        write_report(report, form, "-", site)
    if report.failing:
        raise typer.Exit(FAILED)


# -- commands: tags --------------------------------------------------------------------------------------------------

PostsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="POST", help="Paths, slugs, addresses or titles; all posts by default."),
]
PostArgument = Annotated[str, typer.Argument(metavar="POST", help="A post's path, slug, address or title.")]
TagArgument = Annotated[str, typer.Argument(metavar="TAG", help="A tag of the blog.")]
NewTagArgument = Annotated[str, typer.Argument(metavar="NEW", help="The tag to write instead.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the patch and write nothing.")]
UndoOption = Annotated[
    Path | None,
    typer.Option("--undo", metavar="FILE", help="Where the undo patch goes; .enishi/undo-OLD.patch by default."),
]


@_command("suggest", tags_app)
def suggest(
    posts: PostsArgument = None,
    site: SiteOption = Path(),
    out: OutOption = None,
    grouped_by_tag: Annotated[bool, typer.Option("--by-tag", help="Group by tag instead of by post.")] = False,
    min_confidence: Annotated[
        float,
        typer.Option(
            "--min-confidence", metavar="X", min=0, max=1, help="The least confidence; by default all that was built."
        ),
    ] = 0.0,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", metavar="N", min=1, help="How many posts to show at most; 20 by default."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the tags that posts are missing, with confidence and evidence, from the last build."""
    from enishi.commands.tags.last_build import choose_posts, last_tags
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    request = _request(site, out)
    tags = last_tags(request)
    chosen = choose_posts(tags, request, posts or (), min_confidence)
    if as_json:
        console.print_json(console_tags.suggestion_values(chosen[:limit], grouped_by_tag))
    else:
        shown = chosen[: limit or _SHOWN_POSTS]
        console_tags.print_suggestions(tags, shown, grouped_by_tag, len(chosen) - len(shown))


_SHOWN_POSTS = 20


@_command("decline", tags_app)
def decline(
    post: PostArgument,
    tag: TagArgument,
    site: SiteOption = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Never again suggest a tag for a post."""
    from enishi.commands.tags.declines import decline as decline_for
    from enishi.console.tags import say
    from enishi.tags.declined import DECLINED_NAME

    path, name, is_new = decline_for(_request(site, out, config, set_, processes=_processes()), post, tag)
    if is_new:
        say(f"{name} is declined for {path}; the next build leaves it out. Commit {DECLINED_NAME}")
    else:
        say(f"{name} was declined for {path} already")


@_command("undecline", tags_app)
def undecline(
    post: PostArgument,
    tag: TagArgument,
    site: SiteOption = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Take a decline back."""
    from enishi.commands.tags.declines import undecline as undecline_for
    from enishi.console.tags import say

    path, was_declined = undecline_for(_request(site, out, config, set_, processes=_processes()), post, tag)
    if was_declined:
        say(f"{tag} is no longer declined for {path}; the next build may suggest it again")
    else:
        say(f"{tag} was not declined for {path} (what the settings decline has to be changed there)")


@_command("declined", tags_app)
def declined(
    site: SiteOption = Path(), config: ConfigOption = None, set_: SetOption = None, as_json: JsonOption = False
) -> None:
    """List what was declined."""
    from enishi.commands.tags.declines import declines_of
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    found, diagnostics = declines_of(_request(site, None, config, set_))
    if as_json:
        console.print_json({"declined": [{"post": known.post, "tag": known.tag} for known in found]})
    else:
        console_tags.print_declines(found)
    console.print_diagnostics(diagnostics, verbose=True)


@_command("audit", tags_app)
def audit(
    site: SiteOption = Path(),
    config: ConfigOption = None,
    set_: SetOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="How many findings of each kind to show at most.")
    ] = 10,
    as_json: JsonOption = False,
) -> None:
    """Find several spellings of one tag, tags used once or on nearly every post, and such; say what would fix them."""
    from enishi.commands.tags.audit import audit as audit_blog
    from enishi.console import audit as console_audit
    from enishi.console import terminal as console

    request = _request(site, None, config, set_, processes=_processes())
    found = audit_blog(request)
    if as_json:
        console.print_json(console_audit.audit_values(found, request))
    else:
        console_audit.print_audit(found, request, limit)
    console.print_diagnostics(found.diagnostics, verbose=False)


@_command("apply", tags_app)
def apply(
    posts: PostsArgument = None,
    site: SiteOption = Path(),
    out: OutOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", metavar="X", min=0, max=1, help="The least confidence.")
    ] = 0.8,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only this tag; repeatable.")] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write suggested tags into the posts, after showing the patch and asking."""
    from enishi.commands.tags.edits import plan_suggestions

    request = _request(site, out, config, set_, processes=_processes())
    _carry_out(plan_suggestions(request, posts or (), min_confidence, tag or ()), yes, dry_run)


@_command("rename", tags_app)
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A tag, exactly as posts write it.")],
    new: NewTagArgument,
    site: SiteOption = Path(),
    config: ConfigOption = None,
    set_: SetOption = None,
    undo: UndoOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Rename a tag in all posts, after showing the patch and asking; an undo patch is written first."""
    _rename([old], new, _request(site, None, config, set_, processes=_processes()), undo, yes, dry_run)


@_command("merge", tags_app)
def merge(
    old: Annotated[list[str], typer.Argument(metavar="OLD", help="Tags, exactly as posts write them.")],
    new: NewTagArgument,
    site: SiteOption = Path(),
    config: ConfigOption = None,
    set_: SetOption = None,
    undo: UndoOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make several tags one in all posts, after showing the patch and asking; an undo patch is written first."""
    _rename(old, new, _request(site, None, config, set_, processes=_processes()), undo, yes, dry_run)


def _rename(old: list[str], new: str, request: Request, undo: Path | None, yes: bool, dry_run: bool) -> None:
    from enishi.commands.tags.audit import alias_lines
    from enishi.commands.tags.edits import plan_renaming
    from enishi.commands.tags.write import undo_file
    from enishi.console import tags as console_tags

    plan = plan_renaming(request, old, new)
    patch = undo or undo_file(request.site, old)
    if _carry_out(plan, yes, dry_run, patch):
        console_tags.print_undo(request.site, patch)
    console_tags.print_aliases(alias_lines(old, new))


def _carry_out(plan: Plan, yes: bool, dry_run: bool, undo: Path | None = None) -> bool:
    """Shows a plan, asks, and writes; whether anything was written."""
    from enishi.commands.tags.write import write_plan
    from enishi.console import tags as console_tags

    console_tags.print_plan(plan)
    if not plan.edits:
        console_tags.say("nothing to write")
        return False
    if dry_run:
        console_tags.say(f"would change {console_tags.size_of(plan)}; nothing was written")
        return False
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError(
                "nothing was written: there is no terminal to ask at. --yes writes, --dry-run only shows"
            )
        if not console_tags.ask(f"Change {console_tags.size_of(plan)}?"):
            console_tags.say("nothing was written")
            return False
    outcome = write_plan(plan, undo)
    console_tags.print_outcome(outcome)
    if outcome.stopped:
        raise OutputError(outcome.stopped)
    return bool(outcome.done)


# -- commands: models ------------------------------------------------------------------------------------------------


@_command("compare", models_app)
def compare(
    site: SiteArgument = Path(),
    encoders: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENCODER",
            help="site, doc2vec, a model (name, name@revision or folder), site+MODEL, site+MODEL:0.4, or settings.",
        ),
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    folds: Annotated[
        int, typer.Option("--folds", metavar="N", min=2, max=50, help="In how many parts the tags are hidden.")
    ] = 5,
    full: Annotated[
        bool, typer.Option("--full", help="Also try the whole tag suggester with each encoder; takes longer.")
    ] = False,
    judge: Annotated[
        Path | None,
        typer.Option("--judge", metavar="FILE", help="Write a page on which people judge pairs of posts blind."),
    ] = None,
    pairs: Annotated[
        int, typer.Option("--pairs", metavar="N", min=1, max=1000, help="How many pairs that page asks about at most.")
    ] = 40,
    verdicts: Annotated[
        list[Path] | None,
        typer.Option("--verdicts", metavar="FILE", help="Verdicts that the page has saved; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which encoder serves this blog best: by its own tags and links, in time, and by people who judge blind."""
    from enishi.commands.compare.run import CompareOptions, compare_encoders
    from enishi.commands.evaluate import refuse_page, write_page
    from enishi.console import models as console_models
    from enishi.console import terminal as console
    from enishi.console.judging_page import render_judging_page

    if judge is not None:
        refuse_page(judge, "--judge")
    options = CompareOptions(tuple(encoders or ()), folds, full, tuple(verdicts or ()))
    with console.progress(as_json) as progress:
        compared = compare_encoders(_request(site, None, config, set_, processes=_processes()), options, progress)
    if judge is not None:
        write_page(judge, render_judging_page(compared, pairs), "--judge")
    if as_json:
        console.print_json(console_models.comparison_values(compared.figures))
        return
    console_models.print_comparison(compared.figures)
    if judge is not None:
        left = len(compared.open_questions)
        console_models.print_page_written(str(judge), min(pairs, left), left)


# -- what arguments mean ---------------------------------------------------------------------------------------------


def _processes() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _text_of(manifest: str | None) -> str | None:
    if manifest is None:
        return None
    try:
        data = sys.stdin.buffer.read() if manifest == "-" else Path(manifest).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"--manifest {manifest} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"--manifest {manifest} is not UTF-8: {error}") from None


def _moment(text: str | None) -> datetime | None:
    """A day means its end: what is dated that day is published."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--now {text}: write it as 2024-05-06 or 2024-05-06T12:30:00+09:00") from None
    if len(text) <= len("2024-05-06"):
        moment = datetime.combine(moment.date(), time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
