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
from enishi.commands.train.pairs import Passages, make_pairs
from enishi.commands.train.recipe import Recipe
from enishi.commands.train.trial import BEFORE, SITE, TRAINED, WITH_BEFORE, Task, Trial, judge, make_tasks
from enishi.encoders.models import TRAINING_NAME, ModelSource, first_line, load_model
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
    fitted: Fitted
    trial: Trial
    kept: bool
    out: Path


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
    if missing := [name for name in _PACKAGES if find_spec(name.replace("-", "_")) is None]:
        raise EncoderError(f'training needs {", ".join(missing)}: pip install "enishi[train]"')
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
    kept = trial.is_better or keep
    report = Report(recipe, len(posts.documents), len(held), training.pairs, training.fitted, trial, kept, out)
    if kept:
        (made / TRAINING_NAME).write_bytes(_training_note(report, request.site))
        move_model(made, out)
    shutil.rmtree(training.folder, ignore_errors=True)
    return report


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
    fitted: Fitted
    folder: Path
    """Of its checkpoints."""


def learn(posts: Posts, held: Sequence[int], recipe: Recipe, progress: Progress = lambda *_: None) -> Training:
    """A model trained on all of these posts but the rows held out; nobody judges it here.

    Raises:
        SettingsError, EncoderError, OutputError: see :func:`train`.
    """
    site, device = posts.blog.site.root, posts.blog.settings.encoder.device
    held_out = frozenset(held)
    seen = [document for row, document in enumerate(posts.documents) if row not in held_out]
    source = ModelSource(recipe.base, recipe.revision, site, setting="--base") if recipe.base else None
    progress("making the model", 0, 0)
    model: Any = load_model(source, device) if source is not None else None
    if recipe.is_static:
        model = _static_model(model, recipe.base or "the blog", seen, progress)
    progress("making pairs", 0, 0)
    longest = min(model.max_seq_length or PASSAGE_TOKENS, PASSAGE_TOKENS)
    pairs = make_pairs(Passages(seen, longest, partial(count_tokens, model)), posts.links, recipe.pairs)
    if len(pairs) < 2:
        raise SettingsError(f"there are too few pairs of the kinds {', '.join(recipe.pairs)} to learn from")
    schedule = recipe.schedule(device)
    if source is not None and not recipe.is_static:
        folder = checkpoint_folder(site, [source.identity().encode()], pairs, schedule)
        before, limit = None, model.max_seq_length
        model.max_seq_length = longest
        fitted = fit(model, pairs, schedule, folder, progress)
        model.max_seq_length = limit
    else:
        weights, words = model[0].embedding.weight.detach().numpy().tobytes(), model.tokenizer.to_str().encode()
        folder = checkpoint_folder(site, [weights, words], pairs, schedule)
        if not (before := folder / "before").exists():
            save_model(model, before)
        fitted = fit(model, pairs, schedule, folder, progress)
    return Training(model, before, dict(Counter(pair.kind for pair in pairs)), fitted, folder)


def _static_model(base: Any, name: str, documents: Sequence[Document], progress: Progress) -> Any:
    """A static embedding before it is trained, distilled from a base model if there is one."""
    from sentence_transformers import SentenceTransformer

    from enishi.commands.train.static import embedding_from_blog, embedding_from_model

    try:
        made = (
            embedding_from_blog(documents) if base is None else embedding_from_model(base, documents, progress=progress)
        )
    except Exception as error:
        raise EncoderError(f"no static embedding can be made from {name}: {first_line(error)}") from error
    return SentenceTransformer(modules=[made], device="cpu")


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
        encoder = TransformerEncoder(name, revision=revision, site=blog.site.root, device=settings.device)
        encoder.store = cache
        return encoder

    encoders = {
        SITE: SiteEncoder(dimensions=settings.dimensions, tag_weight=0.0),  # tags would be half an answer
        BEFORE: make(str(before.absolute())) if before else make(recipe.base, recipe.revision),
        TRAINED: make(str(trained.absolute())),
    }
    return judge(tasks, encoders, settings.fixed_weight, SITE if recipe.is_static else WITH_BEFORE, progress)


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
        "saw_tags": False,
        "saw_links": bool(report.pairs.get("links")),
        "posts": report.posts,
        "held_out": report.held_out,
        "steps": report.fitted.steps,
        "better": report.trial.is_better,
        "gain": asdict(report.trial.gain),
    }
    return (json.dumps(note, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
