"""Commands about a blog as a whole and its posts."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from enishi.cli.base import FAILED, command, complain
from enishi.cli.options import (
    Base,
    CacheFolder,
    Config,
    Debounce,
    DryRunOption,
    Folds,
    Json,
    Limit,
    Manifest,
    Now,
    Out,
    PostArgument,
    Previous,
    Quiet,
    Set,
    Site,
    SiteArgument,
    YesOption,
    argument,
    is_input_there,
    option,
    program,
    request,
    text_of,
)
from enishi.errors import SettingsError


@command("init")
def init(
    site: SiteArgument = Path(),
    encoder: Annotated[
        str,
        option(
            "--encoder MODEL",
            "The pretrained model to use: a name on the hub, a folder, or none.",
        ),
    ] = "",
    dry_run: Annotated[bool, option("--dry-run", "Show everything and write nothing.")] = False,
    yes: Annotated[bool, option("--yes -y", "Write the changes of the site's own files without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Look at a blog, propose settings with reasons, and set up its generator to show the lists."""
    from enishi.commands.init.run import inspect_blog
    from enishi.console import init as console_init
    from enishi.console import terminal as console

    with console.progress(as_json) as progress:
        report = inspect_blog(request(site), encoder, progress, remembers=not dry_run)
    console_init.print_and_write(report, dry_run=dry_run, as_json=as_json, yes=yes)


@command("doctor")
def doctor(site: SiteArgument = Path(), config: Config = None, set_: Set = None) -> None:
    """Say which index, encoder, extras and libraries run here."""
    from enishi.commands.doctor import diagnose
    from enishi.text.printable import shown

    for label, text in diagnose(request(site, None, config, set_)):
        typer.echo(f"{label:<18} {shown(text)}")


@command("build")
def build(
    site: Annotated[
        str, argument("SITE", "The blog's folder; the current one by default. With --engine ray, an address, too.")
    ] = ".",
    out: Annotated[
        str | None,
        option("--out DIR", "Folder of the output; SITE/.enishi by default. With --engine ray, an address, too."),
    ] = None,
    manifest: Manifest = None,
    previous: Previous = None,
    config: Config = None,
    set_: Set = None,
    now: Now = None,
    show: Annotated[
        int, option("--show N", "How many of the newest posts to show with their related posts.", min=0)
    ] = 6,
    verbose: Annotated[bool, option("--verbose -v", "Print every diagnostic, not only the first.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
    engine: Annotated[
        str, option("--engine ENGINE", "local: this machine; or ray: a Ray cluster, for very large sites.")
    ] = "local",
    address: Annotated[
        str, option("--address ADDRESS", "With --engine ray: of the cluster; `local` starts one of this machine alone.")
    ] = "auto",
) -> None:
    """Read a blog and write its related posts."""
    from enishi.console import terminal as console
    from enishi.pipeline import build as build_site

    if engine not in ("local", "ray"):
        raise SettingsError(f"--engine {engine}: local or ray")
    is_awaited = engine == "local" and manifest == "-" and not is_input_there()
    given = None if is_awaited else manifest
    folder = Path(out) if out else None
    asked = request(Path(site), folder, config, set_, manifest=given, now=now, previous=previous)
    with console.progress(quiet or as_json) as progress:
        if engine == "ray":
            from enishi.distributed.build import build_on_cluster

            if out is None:
                raise SettingsError("--engine ray writes into a new folder, which all machines reach: name it by --out")
            report, show = build_on_cluster(asked, site, out, address, progress), 0
        else:
            report = build_site(asked, progress, manifest=partial(text_of, "-") if is_awaited else None)
    if as_json:
        console.print_json(console.build_values(report))
    elif not quiet:
        console.print_build(report, show, verbose)
        if report.summary.entries and engine == "local":
            from enishi.commands.verify.run import how_to_show

            console.print_how_to_show(how_to_show(asked, report.summary.generator))


def end_with_a_signal() -> None:
    """From now on, a polite signal ends the command as Ctrl-C does."""
    import signal

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in {"SIGTERM", "SIGBREAK"} & set(dir(signal)):  # the latter is Ctrl-Break of Windows
        signal.signal(getattr(signal, name), interrupt)


@command("watch")
def watch(
    site: SiteArgument = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    now: Now = None,
    debounce: Debounce = 100,
    poll: Annotated[
        bool, option("--poll", "Look every second: for network drives and containers, which tell nothing.")
    ] = False,
    quiet: Quiet = False,
    as_json_lines: Annotated[
        bool, option("--json-lines", "Print one JSON value a line for each event, for editors.")
    ] = False,
) -> None:
    """Build, and from then on whenever a post is saved; show what the saved post is related to."""
    from enishi.commands.watch.loop import Listener, Watch
    from enishi.commands.watch.loop import watch as watch_site
    from enishi.console import terminal as console
    from enishi.console.watch import JsonListener, TerminalListener

    end_with_a_signal()
    asked = request(site, out, config, set_, now=now)
    listener: Listener = JsonListener() if as_json_lines else TerminalListener(quiet=quiet)
    watched = Watch(asked, listener, debounce=debounce / 1000, poll=poll)
    try:
        with console.progress(quiet or as_json_lines) as progress:
            first = watched.read_first(progress)
        watch_site(watched, first, site)
    except KeyboardInterrupt:
        return  # that is how a watch ends


@command("review")
def review(
    site: SiteArgument = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    min_confidence: Annotated[
        float, option("--min-confidence X", "The least confidence of a suggestion.", min=0, max=1)
    ] = 0.5,
    port: Annotated[int, option("--port N", "The port of the page; a free one by default.", min=0, max=65_535)] = 0,
    no_open: Annotated[bool, option("--no-open", "Print the page's address, and open no browser.")] = False,
) -> None:
    """Work off suggestions on a page of this machine: each is written, or declined, at once, and can be undone."""
    from enishi.commands.review.server import Review, check_installed
    from enishi.commands.review.session import open_session
    from enishi.console import review as console_review
    from enishi.console import terminal as console
    from enishi.console.review_page import render_review_page

    check_installed()
    end_with_a_signal()
    asked = request(site, out, config, set_)
    with console.progress(False) as progress:
        session = open_session(asked, min_confidence, progress)
    console.print_diagnostics(session.broken, verbose=False)
    if session.is_empty:
        console_review.print_nothing()
        return
    page = Review(session, render_review_page, port)
    console_review.print_start(page.address, session, opens=not no_open)
    try:
        page.run()
    finally:
        console_review.print_end(session.summary(), site)
    if page.bugs:
        raise RuntimeError(page.bugs[0])


@command("related")
def related(
    post: Annotated[str | None, argument("POST", "A post's path, slug, address or title.")] = None,
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    write: Annotated[
        bool, option("--write", "Write the lists into the posts' sources, between two comments, after asking.")
    ] = False,
    remove: Annotated[bool, option("--remove", "Take what --write wrote out of the sources again.")] = False,
    home: Annotated[
        str, option("--home URL", "With --write: what stands before each address, such as https://zenn.dev/aki.")
    ] = "",
    previous: Previous = None,
    guesses: Annotated[
        bool, option("--guesses", "With --write: take addresses, too, that the generator has not told.")
    ] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    as_json: Json = False,
) -> None:
    """Show a post's related posts, with the reasons, from the last build; or write them into the posts' sources."""
    from enishi.commands.ask import find_post, written_posts
    from enishi.console import terminal as console

    if write and remove:
        raise SettingsError("--write puts the lists in and --remove takes them out: name one of the two")
    asked = request(site, out, config, set_, previous=previous)
    if write or remove:
        from enishi.commands.sections import plan_removal, plan_sections
        from enishi.console.tags import carry_out

        if write:
            with console.progress(False) as progress:
                plan = plan_sections(asked, post or "", home=home, guesses=guesses, progress=progress)
        else:
            plan = plan_removal(asked, post or "")
        carry_out(plan, asked.site, yes, dry_run)
        return
    if post is None:
        raise SettingsError("name a post, or say --write to write all lists into the posts' sources")
    posts = written_posts(asked.folder)
    path = find_post(posts, post, site)
    if as_json:
        console.print_json({"path": path, **posts[path]})
    else:
        console.print_related(path, posts[path])


@command("search")
def search(
    words: Annotated[list[str], argument("WORDS", "Words of your own.")],
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    limit: Limit = 10,
    as_json: Json = False,
) -> None:
    """Find the posts nearest to some words, by the vectors of the last build."""
    from dataclasses import asdict

    from enishi.commands.ask import search as search_posts
    from enishi.console import terminal as console

    text = " ".join(words)
    hits = search_posts(request(site, out, config, set_), text, limit)
    if as_json:
        console.print_json({"query": text, "posts": [asdict(hit) for hit in hits]})
    else:
        console.print_hits(text, hits)


@command("export")
def export(
    folder: Annotated[Path, argument("FOLDER", "An empty folder, or that of an earlier export.")],
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    form: Annotated[
        str, option("--format FORMAT", "vertex: JSON Lines as Vertex AI Vector Search imports them; or parquet.")
    ] = "vertex",
) -> None:
    """Write the vectors of the last build, one for each published post, for a vector database."""
    from enishi.commands.export import export_vectors
    from enishi.text.plural import counted

    if form not in ("vertex", "parquet"):
        raise SettingsError(f"--format {form}: vertex or parquet")
    made = export_vectors(request(site, out, config, set_), folder, form)
    files = counted(len(made.files), "file")
    typer.echo(f"{counted(made.posts, 'vector')} of {made.dimensions} dimensions in {files}: {made.folder}")


@command("explain")
def explain(
    post: PostArgument,
    other: Annotated[str | None, argument("OTHER", "Another post.")] = None,
    tag: Annotated[str | None, option("--tag TAG", "A tag of the blog, instead of another post.")] = None,
    site: Site = Path(),
    out: Out = None,
    previous: Previous = None,
    config: Config = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Say why two posts are, or are not, related; or why a tag is, or is not, suggested."""
    from dataclasses import asdict

    from enishi.commands.ask import explain as explain_posts
    from enishi.commands.tags.explain import explain_tag
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    if (other is None) == (tag is None):
        raise SettingsError("name another post or a tag: enishi explain POST OTHER, or enishi explain POST --tag TAG")
    asked = request(site, out, config, set_, previous=previous)
    if tag is not None:
        why, titles = explain_tag(asked, post, tag)
        if as_json:
            console.print_json(asdict(why))
        else:
            console_tags.print_tag_explanation(why, titles)
        return
    explanation = explain_posts(asked, post, other or "")
    if as_json:
        console.print_json(asdict(explanation))
    else:
        console.print_explanation(explanation)


@command("verify")
def verify(
    public: Annotated[
        Path | None, argument("PUBLIC", "The folder of the finished site; the generator's usual one by default.")
    ] = None,
    site: Site = Path(),
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Look at the finished site: does each post show its list, and do its links lead to posts?"""
    from enishi.commands.verify.run import verify as verify_site
    from enishi.console import terminal as console
    from enishi.console import verify as console_verify

    found = verify_site(request(site, out, config, set_), public)
    if as_json:
        console.print_json(console_verify.verify_values(found))
    else:
        console_verify.print_verified(found)
    if not found.is_right:
        raise typer.Exit(FAILED)


@command("topics")
def topics(site: Site = Path(), out: Out = None, as_json: Json = False) -> None:
    """Show what the blog is about: topics, and posts that lack a topic's usual tag."""
    from enishi.commands.tags.last_build import last_tags
    from enishi.console import tags as console_tags
    from enishi.console import terminal as console

    tags = last_tags(request(site, out))
    if as_json:
        console.print_json(console_tags.topic_values(tags))
    else:
        console_tags.print_topics(tags)


@command("report")
def report(
    site: SiteArgument = Path(),
    output: Annotated[Path | None, option("--output FILE", "The page; SITE/.enishi/report.html by default.")] = None,
    public: Annotated[
        bool, option("--public", "Leave out drafts and whatever is for the author alone, to publish the page.")
    ] = False,
    out: Out = None,
    config: Config = None,
    set_: Set = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Make a page about the blog: a map of its posts, topics, trends, and what to do next."""
    from enishi.commands.report.run import report as report_on
    from enishi.console import terminal as console
    from enishi.console.page import refuse_page
    from enishi.console.report import print_report, write_report

    if output is not None:
        refuse_page(output, "--output")
    with console.progress(as_json) as progress:
        made = report_on(request(site, out, config, set_, now=now), public=public, progress=progress)
    if output is not None or not as_json:
        page = write_report(made, site, output)
    if as_json:
        console.print_json(made.values)
    else:
        print_report(made, site, page)
    console.print_diagnostics(made.broken, verbose=False)


@command("eval")
def evaluate(
    site: SiteArgument = Path(),
    config: Config = None,
    set_: Set = None,
    folds: Folds = 5,
    precision: Annotated[
        float, option("--precision X", "The share of right suggestions that you want.", min=0.05, max=0.99)
    ] = 0.8,
    judgements: Annotated[
        Path | None, option("--judgements FILE", "What readers said of suggestions, as lines of JSON.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how far to trust the suggestions on this blog: hide its tags in turn, and see what is suggested."""
    from enishi.commands.evaluate import evaluate_blog
    from enishi.console import evaluation as console_eval
    from enishi.console import terminal as console

    with console.progress(as_json) as progress:
        evaluation = evaluate_blog(request(site, None, config, set_), folds, precision, progress, judgements)
    if as_json:
        console.print_json(console_eval.evaluation_values(evaluation))
    else:
        console_eval.print_evaluation(evaluation)


@command("train")
def train(
    site: SiteArgument = Path(),
    out: Annotated[Path | None, option("--out FOLDER", "Where the model goes, if it is kept; needed.")] = None,
    kind: Annotated[
        str, option("--kind KIND", "`static` (minutes on a CPU) or `transformer` (needs --base).")
    ] = "static",
    base: Annotated[
        str, option("--base MODEL", "The model to begin with, or for `static` to distil: hub name or folder.")
    ] = "",
    revision: Annotated[str, option("--revision REF", "The revision (commit) of a base model on the hub.")] = "",
    pairs: Annotated[
        str, option("--pairs KINDS", "What belongs together: of titles, passages, links.")
    ] = "titles,passages,links",
    epochs: Annotated[
        int | None, option("--epochs N", "How often each pair is seen; 3 or 1 by default.", min=0, max=1000)
    ] = None,
    minutes: Annotated[float, option("--minutes M", "End training after so long; 0: no limit.", min=0)] = 0.0,
    batch: Annotated[int | None, option("--batch N", "Pairs of a batch; 64 or 32 by default.", min=2, max=4096)] = None,
    rate: Annotated[float | None, option("--rate X", "Learning rate; 0.01 or 0.00002 by default.", min=0)] = None,
    keep: Annotated[bool, option("--keep", "Keep the model even if it is not better.")] = False,
    config: Config = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Train a model on the blog's own posts; keep it if held-out pairs say that it is better."""
    from enishi.commands.train.pairs import check_kinds
    from enishi.commands.train.recipe import Recipe
    from enishi.commands.train.run import train as train_on
    from enishi.console import terminal as console
    from enishi.console import train as console_train

    if out is None:
        raise SettingsError("--out: name the folder that the model goes to")
    asked = request(site, None, config, set_)
    kinds = check_kinds(pairs.split(","))
    recipe = Recipe(kind, base, revision, kinds, epochs, minutes, batch, rate)
    try:
        with console.progress(as_json) as progress:
            report = train_on(asked, recipe, out, keep, progress)
    except KeyboardInterrupt:
        complain("the same command goes on from the last checkpoint, of a minute ago at most")
        raise
    if as_json:
        console.print_json(console_train.report_values(report, site))
    else:
        console_train.print_report(report, site)


@command("check")
def check(
    files: Annotated[
        list[str] | None, argument("FILE", "Posts, or folders of posts; what changed against the base by default.")
    ] = None,
    site: Site = Path(),
    base: Base = "",
    everything: Annotated[bool, option("--all", "Check all posts.")] = False,
    format_: Annotated[str, option("--format -f FORMAT", "What to print; text by default.")] = "text",
    output: Annotated[
        list[str] | None, option("--output FORMAT=FILE", "Write a report to a file as well; repeatable.")
    ] = None,
    strict: Annotated[bool, option("--strict", "Fail (exit code 1) on any warning or error.")] = False,
    min_confidence: Annotated[
        float | None, option("--min-confidence X", "The least confidence of a missing tag.", min=0, max=1)
    ] = None,
    write_baseline: Annotated[
        bool, option("--write-baseline", "Accept what is found, in .enishi-baseline.json.")
    ] = False,
    explain_code: Annotated[str, option("--explain CODE", "Say what a code of findings means, and do no more.")] = "",
    previous: Previous = None,
    cache: CacheFolder = None,
    config: Config = None,
    set_: Set = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Say what is missing or wrong in the posts that changed: tags, front matter, near-duplicates."""
    from enishi.commands.check.report_files import check_format, parse_outputs, write_report
    from enishi.commands.check.run import CheckRequest
    from enishi.commands.check.run import check as check_site
    from enishi.console import terminal as console
    from enishi.findings import CODES
    from enishi.findings import explain as explain_of

    if explain_code:
        if explain_code not in CODES:
            raise SettingsError(f"there is no code {explain_code!r}; there are {', '.join(CODES)}")
        typer.echo(explain_of(explain_code))
        return
    form = "json" if as_json else format_
    check_format(form)
    outputs = parse_outputs(output or ())
    asked = request(site, None, config, set_, now=now, cache=cache, previous=previous)
    checked = CheckRequest(
        asked,
        tuple(files or ()),
        base,
        everything,
        min_confidence,
        strict,
        write_baseline=write_baseline,
        program=program(),
    )
    with console.progress(False) as progress:
        report = check_site(checked, progress)
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
