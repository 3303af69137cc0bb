"""`enishi train`: train a model on a blog, and keep it if held-out posts say that it is better."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from enishi.cache import Cache
from enishi.commands.compare.unlinked import without_links
from enishi.commands.train.fit import Fitted, fit
from enishi.commands.train.folders import VERSION, checkpoint_folder, move_model, refuse_output, save_model
from enishi.commands.train.held_out import hold_out
from enishi.commands.train.negatives import hard_negatives, with_negatives
from enishi.commands.train.pairs import Passages, make_pairs
from enishi.commands.train.recipe import Recipe
from enishi.commands.train.trial import BEFORE, SITE, TRAINED, WITH_BEFORE, Task, Trial, judge, make_tasks
from enishi.config import EncoderSettings
from enishi.encoders.models import TRAINING_NAME, ModelSource, Running, first_line, load_model
from enishi.encoders.site import SiteEncoder
from enishi.encoders.transformer import TransformerEncoder, count_tokens
from enishi.errors import EncoderError, SettingsError
from enishi.pipeline import Blog, Posts, Run
from enishi.state import Request
from enishi.types import Document, Progress

PASSAGE_TOKENS = 128
"""Length of the passages that are learned from; shorter than those read later, since time grows with it."""
MIN_POSTS = 50
"""With fewer posts there is nothing to learn from and nothing to judge by."""
_PACKAGES = ("sentence-transformers", "datasets", "accelerate")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a training."""

    recipe: Recipe
    posts: int
    held_out: int
    pairs: Mapping[str, int]
    """Number of pairs by kind."""
    fitted: Fitted | None
    """None where nothing was to be learned (no epochs)."""
    trial: Trial
    kept: bool
    out: Path

    @property
    def saw_tags(self) -> bool:
        """Whether the model has learned from the blog's tags, and so is no evidence about them."""
        return "tags" in self.pairs


def train(request: Request, recipe: Recipe, out: Path, keep: bool, progress: Progress = lambda *_: None) -> Report:
    """Train a model on all of a blog's posts but the held-out ones, judge it by those, and keep it if it is better.

    Args:
        out: where the model goes: a folder that is not there, is empty, or holds a model of an earlier training.
        keep: keep it even if it is not better.

    Raises:
        SettingsError: the blog, or what is asked for, does not allow it.
        EncoderError: a package or the base model cannot be had.
        OutputError: `out` cannot be written.
    """
    refuse_output(out)
    _refuse_missing_packages()
    with Run(request, progress) as run:
        posts = read_posts(run, progress)
        held = hold_out(posts.documents)
        tasks = make_tasks(posts.documents, held, posts.links)
        if len(posts.documents) < MIN_POSTS or not tasks:
            raise SettingsError(
                f"the blog has {len(posts.documents)} published posts with words: from fewer than {MIN_POSTS} there is "
                "nothing to learn, and none to judge by. Use a pretrained model as it is (encoder.model), or none"
            )
        training = learn(posts, held, recipe, progress)
        made = training.folder / "trained"
        shutil.rmtree(made, ignore_errors=True)
        save_model(training.model, made)
        trial = _judge(posts.blog, recipe, training.before, made, tasks, run.cache, progress)
    report = Report(
        recipe=recipe,
        posts=len(posts.documents),
        held_out=len(held),
        pairs=training.pairs,
        fitted=training.fitted,
        trial=trial,
        kept=trial.is_better or keep,
        out=out,
    )
    if report.kept:
        (made / TRAINING_NAME).write_bytes(_training_note(report, request.site))
        move_model(made, out)
    shutil.rmtree(training.folder, ignore_errors=True)
    return report


def _refuse_missing_packages() -> None:
    if missing := [name for name in _PACKAGES if find_spec(name.replace("-", "_")) is None]:
        named = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        are = "is" if len(missing) == 1 else "are"
        raise EncoderError(f'training needs {named}, which {are} not installed: pip install "enishi[train]"')


def read_posts(run: Run, progress: Progress = lambda *_: None) -> Posts:
    """The published posts that have words, without their links to each other.

    Drafts teach nothing: a model holds words of what it learned from, and may be published itself.
    """
    blog = run.load()
    documents = [one for one in run.read(blog).documents if one.words and one.post.is_public]
    progress("taking out links", 0, 0)
    return without_links(Posts.of(blog, documents))


@dataclass(frozen=True, slots=True)
class Training:
    """A trained model, and what it was made from."""

    model: Any
    before: Path | None
    """A static embedding as it was before; None where the base model is that."""
    pairs: Mapping[str, int]
    """Number of pairs by kind."""
    fitted: Fitted | None
    """None where nothing was to be learned (no epochs)."""
    folder: Path
    """Of its checkpoints."""


def learn(posts: Posts, held: Sequence[int], recipe: Recipe, progress: Progress = lambda *_: None) -> Training:
    """A model trained on all of these posts but the rows held out; nobody judges it here.

    Raises:
        SettingsError, EncoderError, OutputError: see :func:`train`.
    """
    site, settings = posts.blog.site.root, posts.blog.settings.encoder
    held_out = frozenset(held)
    seen = [document for row, document in enumerate(posts.documents) if row not in held_out]
    source = ModelSource(recipe.base, recipe.revision, site, setting="--base") if recipe.base else None
    progress("making the model", 0, 0)
    model = _new_model(recipe, source, Running(device=settings.device), seen, progress)
    progress("making pairs", 0, 0)
    longest = min(model.max_seq_length or PASSAGE_TOKENS, PASSAGE_TOKENS)
    passages = Passages(seen, longest, partial(count_tokens, model))
    pairs = make_pairs(passages, posts.links, recipe.pairs)
    if recipe.hard_negatives and pairs:
        vectors = _site_encoder(settings).encode(seen)
        pairs = with_negatives(pairs, passages, hard_negatives(seen, vectors, posts.links))
    schedule = recipe.schedule(settings.device)
    if schedule.epochs and len(pairs) < 2:
        raise SettingsError(f"there are too few pairs of the kinds {', '.join(recipe.pairs)} to learn from")
    folder = checkpoint_folder(site, _identity(source, model, recipe), pairs, schedule)
    before = folder / "before" if recipe.is_static else None
    if before is not None and not before.exists():
        save_model(model, before)
    fitted = None
    if schedule.epochs:
        limit = model.max_seq_length
        if not recipe.is_static:
            model.max_seq_length = longest
        fitted = fit(model, pairs, schedule, folder, progress)
        if not recipe.is_static:
            model.max_seq_length = limit
    return Training(model, before, dict(Counter(pair.kind for pair in pairs)), fitted, folder)


def _new_model(
    recipe: Recipe, source: ModelSource | None, running: Running, documents: Sequence[Document], progress: Progress
) -> Any:
    """The model before it is trained."""
    from sentence_transformers import SentenceTransformer

    from enishi.commands.train.static import embedding_from_blog, embedding_from_model

    base = load_model(source, running) if source is not None else None
    if not recipe.is_static:
        return base
    try:
        embedding = (
            embedding_from_blog(documents) if base is None else embedding_from_model(base, documents, progress=progress)
        )
    except Exception as error:
        name = f"the model {recipe.base}" if recipe.base else "the blog"
        raise EncoderError(f"no static embedding can be made from {name}: {first_line(error)}") from error
    return SentenceTransformer(modules=[embedding], device="cpu")


def _identity(source: ModelSource | None, model: Any, recipe: Recipe) -> list[bytes]:
    """What tells the model that a training begins with from others."""
    if source is not None and not recipe.is_static:
        return [source.identity().encode()]
    return [model[0].embedding.weight.detach().numpy().tobytes(), model.tokenizer.to_str().encode()]


def _site_encoder(settings: EncoderSettings) -> SiteEncoder:
    """The site encoder without tags, which would be half an answer."""
    return SiteEncoder(dimensions=settings.dimensions, tag_weight=0.0)


def _judge(
    blog: Blog,
    recipe: Recipe,
    before: Path | None,
    trained: Path,
    tasks: Sequence[Task],
    cache: Cache,
    progress: Progress,
) -> Trial:
    settings = blog.settings.encoder

    def make(name: str, revision: str = "") -> TransformerEncoder:
        running = Running(device=settings.device)
        encoder = TransformerEncoder(name, revision=revision, site=blog.site.root, running=running)
        encoder.store = cache
        return encoder

    encoders = {
        SITE: _site_encoder(settings),
        BEFORE: make(str(before.absolute())) if before else make(recipe.base, recipe.revision),
        TRAINED: make(str(trained.absolute())),
    }
    return judge(tasks, encoders, settings.weight, SITE if recipe.is_static else WITH_BEFORE, progress)


def _training_note(report: Report, site: Path) -> bytes:
    """What lies beside a model as :data:`TRAINING_NAME`: the same bytes for the same training, and no file's place."""
    recipe = report.recipe
    is_folder = bool(recipe.base) and ModelSource(recipe.base, "", site).is_folder
    note = {
        "version": VERSION,
        "kind": recipe.kind,
        "base": Path(recipe.base).name if is_folder else recipe.base,
        "revision": recipe.revision,
        "pairs": dict(report.pairs),
        "saw_tags": report.saw_tags,
        "saw_links": bool(report.pairs.get("links")),
        "hard_negatives": recipe.hard_negatives,
        "posts": report.posts,
        "held_out": report.held_out,
        "steps": report.fitted.steps if report.fitted else 0,
        "seed": recipe.seed,
        "better": report.trial.is_better,
        "gain": asdict(report.trial.gain),
    }
    return (json.dumps(note, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
