"""Which encoders are compared, and the models among them that have to be made from the blog first."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from enishi.commands.compare.encoder_names import DOC2VEC, SITE, NamedEncoder, name_encoders
from enishi.commands.train.folders import save_model
from enishi.commands.train.recipe import Recipe
from enishi.commands.train.run import learn, read_posts
from enishi.config import Settings
from enishi.pipeline import Run
from enishi.state import Request

TEXTS_ONLY = ("titles", "passages")
"""What models learn from here.  Neither tags nor links, since both judge; links are out of the texts, too."""


@dataclass(frozen=True)
class Contender:
    """An encoder of the comparison."""

    fitted: str = ""
    """The part that is fitted on the blog: `site`, `doc2vec` or none."""
    model: str = ""
    """The model beside it, by its name in :data:`MADE`; `pretrained`; or none."""


PRETRAINED, FINE_TUNED = "pretrained", "fine-tuned"
MADE: Mapping[str, Recipe] = {
    "static": Recipe(kind="static", pairs=TEXTS_ONLY),
    "distilled": Recipe(kind="static", base=PRETRAINED, pairs=TEXTS_ONLY, epochs=0),
    "distilled-trained": Recipe(kind="static", base=PRETRAINED, pairs=TEXTS_ONLY),
    FINE_TUNED: Recipe(kind="transformer", base=PRETRAINED, pairs=TEXTS_ONLY),
}
CONTENDERS: Mapping[str, Contender] = {
    "site": Contender(SITE),
    "doc2vec": Contender(DOC2VEC),
    "pretrained": Contender(model=PRETRAINED),
    "trained static": Contender(model="static"),
    "distilled static": Contender(model="distilled"),
    "distilled and trained static": Contender(model="distilled-trained"),
    "fine-tuned": Contender(model=FINE_TUNED),
    "doc2vec + pretrained": Contender(DOC2VEC, PRETRAINED),
    "site + pretrained": Contender(SITE, PRETRAINED),
    "site + trained static": Contender(SITE, "static"),
    "site + distilled static": Contender(SITE, "distilled"),
    "site + distilled and trained static": Contender(SITE, "distilled-trained"),
    "site + fine-tuned": Contender(SITE, FINE_TUNED),
}


def make_models(
    site: Path, folder: Path, pretrained: str, wanted: Sequence[str], fine_tuned: Path | None, minutes: float
) -> dict[str, Path]:
    """The models that the wanted encoders need, each trained on all of the blog's texts."""
    made: dict[str, Path] = {}
    for name in dict.fromkeys(CONTENDERS[encoder].model for encoder in wanted):
        target = folder / name
        if name == PRETRAINED:
            made[name] = Path(pretrained)
        elif name == FINE_TUNED and fine_tuned is not None:
            shutil.copytree(fine_tuned, target, ignore=shutil.ignore_patterns("enishi-training.json"))
            made[name] = target
        elif name:
            recipe = MADE[name]
            base = pretrained if recipe.base else ""
            limit = minutes if name == FINE_TUNED else 0.0
            started = time.perf_counter()
            recipe = Recipe(recipe.kind, base, "", recipe.pairs, recipe.epochs, limit)
            make_model(site, recipe, target)
            print(f"{site.name}  {name}: trained in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            made[name] = target
    return made


def make_model(site: Path, recipe: Recipe, target: Path, without: Container[str] = ()) -> None:
    """Train a model on all posts of a blog, but for those of these paths, and judge nothing."""
    with Run(Request(site)) as run:
        posts = read_posts(run)
    held = [row for row, document in enumerate(posts.documents) if document.post.path in without]
    training = learn(posts, held, recipe)
    save_model(training.model, target)
    shutil.rmtree(training.folder, ignore_errors=True)


def named(wanted: Sequence[str], models: Mapping[str, Path], settings: Settings) -> list[NamedEncoder]:
    """The wanted encoders, the site encoder first, as the package's own comparison has them."""
    found = []
    for name in wanted:
        contender = CONTENDERS[name]
        model = str(models[contender.model]) if contender.model else ""
        called = "+".join(part for part in (contender.fitted, model) if part)
        other = DOC2VEC if called == SITE else SITE  # two at least have to be named
        encoder = next(one for one in name_encoders((called, other), settings) if one.name == called)
        found.append(NamedEncoder(name, encoder.settings))
    return found
