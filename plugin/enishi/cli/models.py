"""Commands about encoders: `enishi models …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from enishi.cli.base import command, models_app
from enishi.cli.options import Config, Folds, Json, Set, SiteArgument, argument, option, request


@command("compare", models_app)
def compare(
    site: SiteArgument = Path(),
    encoders: Annotated[
        list[str] | None,
        argument(
            "ENCODER",
            "site, doc2vec, a model (name, name@revision or folder), site+MODEL, site+MODEL:0.4, or settings.",
        ),
    ] = None,
    config: Config = None,
    set_: Set = None,
    folds: Folds = 5,
    judge: Annotated[
        Path | None, option("--judge FILE", "Write a page on which people judge pairs of posts blind.")
    ] = None,
    pairs: Annotated[int, option("--pairs N", "How many pairs that page asks about at most.", min=1, max=1000)] = 40,
    verdicts: Annotated[
        list[Path] | None, option("--verdicts FILE", "Verdicts that the page has saved; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which encoder serves this blog best: by its own tags and links, in time, and by people who judge blind."""
    from enishi.commands.compare.run import CompareOptions, compare_encoders
    from enishi.console import models as console_models
    from enishi.console import terminal as console
    from enishi.console.judging_page import render_judging_page
    from enishi.console.page import refuse_page, write_page

    if judge is not None:
        refuse_page(judge, "--judge")
    options = CompareOptions(tuple(encoders or ()), folds, tuple(verdicts or ()))
    with console.progress(as_json) as progress:
        compared = compare_encoders(request(site, None, config, set_), options, progress)
    if judge is not None:
        write_page(judge, render_judging_page(compared, pairs), "--judge")
    if as_json:
        console.print_json(console_models.comparison_values(compared.figures))
        return
    console_models.print_comparison(compared.figures)
    if judge is not None:
        left = len(compared.open_questions)
        console_models.print_page_written(str(judge), min(pairs, left), left)
