"""`enishi train`: a model trained on a blog, and kept where held-out pairs say that it is better."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from enishi.commands.compare.unlinked import Unlinked, without_links
from enishi.commands.train.fit import Fitted, Schedule, fit, quietly
from enishi.commands.train.held_out import hold_out
from enishi.commands.train.negatives import hard_negatives, with_negatives
from enishi.commands.train.pairs import DEFAULT_KINDS, Pair, check_kinds, make_pairs
from enishi.commands.train.verdict import Combined, Once, Reader, Task, Verdict, judge, make_tasks, site_reader
from enishi.encoders.models import LIBRARIES, TRAINING_NAME, ModelSource, Running, first_line, library_versions
from enishi.encoders.transformer import TransformerEncoder, count_tokens
from enishi.errors import EncoderError, OutputError, SettingsError
from enishi.pipeline import Blog, Run
from enishi.state import STATE_FOLDER, Request
from enishi.types import Document, Progress

if TYPE_CHECKING:
    from enishi.cache import Cache

VERSION = 1
PASSAGE_TOKENS = 128
"""Of the passages that are learned from; shorter than those that are read later, since time grows with them."""
MIN_POSTS = 50
"""With fewer posts there is nothing to learn from, and nobody to judge by."""
_CHECKPOINTS = "training"
_PACKAGES = ("sentence_transformers", "datasets", "accelerate")

SITE, BEFORE, TRAINED = "site encoder", "before training", "trained"
WITH_BEFORE, WITH_TRAINED = "site + before training", "site + trained"

Kind = Literal["static", "transformer"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train, and how."""

    kind: Kind = "static"
    base: str = ""
    """A pretrained model: what a transformer begins as, or what a static embedding is distilled from."""
    revision: str = ""
    pairs: tuple[str, ...] = DEFAULT_KINDS
    hard_negatives: bool = False
    epochs: int | None = None
    """How often each pair is seen; 0: not at all, which leaves a distilled model as it is."""
    minutes: float = 0.0
    batch: int | None = None
    rate: float | None = None
    seed: int = 0

    def schedule(self, device: str) -> Schedule:
        """With the defaults of the kind."""
        usual = _USUAL[self.kind]
        return Schedule(
            epochs=usual.epochs if self.epochs is None else self.epochs,
            batch=self.batch or usual.batch,
            rate=self.rate or usual.rate,
            seed=self.seed,
            minutes=self.minutes,
            device=device,
        )


def make_recipe(kind: str, base: str, revision: str, pairs: Sequence[str], **more: Any) -> Recipe:
    """A recipe of what somebody typed.

    Raises:
        SettingsError: for a kind of model or of pairs that there is not.
    """
    kinds: Mapping[str, Kind] = {"static": "static", "transformer": "transformer"}
    if kind not in kinds:
        raise SettingsError(f"--kind {kind}: there are {', '.join(kinds)}")
    return Recipe(kinds[kind], base, revision, check_kinds(pairs), **more)


_USUAL: Mapping[Kind, Schedule] = {
    "static": Schedule(epochs=3, batch=64, rate=0.01),
    "transformer": Schedule(epochs=1, batch=32, rate=2e-5),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a training."""

    recipe: Recipe
    posts: int
    held_out: int
    pairs: Mapping[str, int]
    """How many of each kind."""
    fitted: Fitted | None
    """None where nothing was to be learned (no epochs)."""
    verdict: Verdict
    kept: bool
    out: Path
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def saw_tags(self) -> bool:
        """Whether the model knows the blog's tags, and so is no witness about them."""
        return "tags" in self.pairs


def train(request: Request, recipe: Recipe, out: Path, keep: bool, progress: Progress = lambda *_: None) -> Report:
    """Train a model on a blog's posts, all but the held-out ones; judge it by those; write it to `out` if it is better.

    Args:
        out: where the model goes: a folder that is not there, is empty, or holds a model of an earlier training.
        keep: write it even if it is not better.

    Raises:
        SettingsError: the recipe or the blog does not allow it.
        EncoderError: a package or the base model cannot be had.
        OutputError: `out` cannot be written.
    """
    _refuse(recipe, out)
    with Run(request, progress) as run:
        blog = run.load()
        documents = run.read(blog).documents
        progress("taking out links", 0, 0)
        posts = without_links(blog, _teaching(documents))
        held = hold_out(posts.documents)
        tasks = make_tasks(posts.documents, held, posts.links)
        _refuse_small(posts.documents, tasks)
        return _Training(request, recipe, out, keep, blog, posts, held, run.cache, progress).run(tasks)


def learn(
    request: Request,
    recipe: Recipe,
    folder: Path,
    progress: Progress = lambda *_: None,
    *,
    without: Container[str] = (),
) -> Fitted | None:
    """Train a model on all posts of a blog, and judge nothing: for comparisons by referees of their own.

    Links between posts are taken out of the texts here as well.

    Args:
        folder: where the model goes; must not be there.
        without: paths of posts that are not to be learned from.

    Raises:
        SettingsError, EncoderError, OutputError: see :func:`train`.
    """
    _refuse(recipe, folder)
    with Run(request, progress) as run:
        blog = run.load()
        documents = run.read(blog).documents
        posts = without_links(blog, _teaching(documents))
        held = [row for row, document in enumerate(posts.documents) if document.post.path in without]
        return _Training(request, recipe, folder, True, blog, posts, held, run.cache, progress).only_learn()


def _teaching(documents: Sequence[Document]) -> list[Document]:
    """Published posts with words: a model holds words of what it learned from, and may be published itself."""
    return [document for document in documents if document.words and document.post.is_public]


def _refuse(recipe: Recipe, out: Path) -> None:
    """Complain of what cannot be before any work is done."""
    if recipe.kind == "transformer" and not recipe.base:
        raise SettingsError(
            "--kind transformer: name the model to begin with, as --base MODEL (a folder or a hub name)"
        )
    if recipe.kind == "transformer" and recipe.epochs == 0:
        raise SettingsError("--epochs 0 leaves a transformer as it is; it is for --kind static with --base")
    if recipe.kind == "static" and not recipe.base and recipe.epochs == 0:
        raise SettingsError("--epochs 0 learns nothing; with --base MODEL, it distils the model and no more")
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise EncoderError(
            f'training needs {" and ".join(missing)}, which is not installed: pip install "enishi[train]"'
        )
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is no folder")
    if out.is_dir() and any(out.iterdir()) and not (out / TRAINING_NAME).is_file():
        raise SettingsError(f"--out {out} holds something else than a model of an earlier training; name a new folder")
    if not out.absolute().parent.is_dir():
        raise SettingsError(f"--out {out}: there is no folder {out.absolute().parent}")


def _refuse_small(documents: Sequence[Document], tasks: Sequence[Task]) -> None:
    if len(documents) < MIN_POSTS or not tasks:
        raise SettingsError(
            f"the blog has {len(documents)} published posts with words: from fewer than {MIN_POSTS} there is "
            "nothing to learn, and none to judge by. Use a pretrained model as it is (encoder.model), or none"
        )


class _Training:
    """One training, step by step."""

    def __init__(
        self,
        request: Request,
        recipe: Recipe,
        out: Path,
        keep: bool,
        blog: Blog,
        posts: Unlinked,
        held: Sequence[int],
        store: Cache,
        progress: Progress,
    ) -> None:
        self._request, self._recipe, self._out, self._keep = request, recipe, out, keep
        self._blog, self._posts, self._held, self._store, self._progress = blog, posts, held, store, progress
        hidden = frozenset(held)
        self._seen = [document for row, document in enumerate(posts.documents) if row not in hidden]
        self._running = Running(device=blog.settings.encoder.device)
        self._source = (
            ModelSource(recipe.base, recipe.revision, request.site, setting="--base") if recipe.base else None
        )

    def only_learn(self) -> Fitted | None:
        """The model, written without a verdict."""
        model = self._model()
        pairs = self._pairs(model)
        schedule = self._schedule()
        folder = self._folder(model, pairs, schedule)
        fitted = self._fit(model, pairs, schedule, folder)
        save_model(model, self._out)
        shutil.rmtree(folder, ignore_errors=True)
        return fitted

    def run(self, tasks: Sequence[Task]) -> Report:
        """All of it."""
        self._progress("making the model", 0, 0)
        model = self._model()
        pairs = self._pairs(model)
        schedule = self._schedule()
        folder = self._folder(model, pairs, schedule)
        before = folder / "before"
        if self._recipe.kind == "static" and not before.exists():
            save_model(model, before)
        fitted = self._fit(model, pairs, schedule, folder)
        after = folder / "trained"
        shutil.rmtree(after, ignore_errors=True)
        save_model(model, after)
        del model
        verdict = self._judge(tasks, before if self._recipe.kind == "static" else None, after)
        kept = verdict.is_better or self._keep
        report = Report(
            recipe=self._recipe,
            posts=len(self._posts.documents),
            held_out=len(self._held),
            pairs=dict(Counter(pair.kind for pair in pairs)),
            fitted=fitted,
            verdict=verdict,
            kept=kept,
            out=self._out,
        )
        if kept:
            base = Path(self._recipe.base).name if self._source and self._source.is_folder else self._recipe.base
            (after / TRAINING_NAME).write_bytes(_story(report, base))
            _move(after, self._out)
        shutil.rmtree(folder, ignore_errors=True)
        return report

    # -- the model

    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        from enishi.commands.train.static import embedding_from_blog, embedding_from_model
        from enishi.encoders.models import load_model

        if self._recipe.kind == "transformer":
            assert self._source is not None
            return load_model(self._source, self._running)
        try:
            if self._source is None:
                embedding = embedding_from_blog(self._seen)
            else:
                teacher = load_model(self._source, self._running)
                embedding = embedding_from_model(teacher, self._seen, progress=self._progress)
        except EncoderError:
            raise
        except Exception as error:
            name = f"the model {self._source.name}" if self._source else "the blog"
            raise EncoderError(f"no static embedding can be made from {name}: {first_line(error)}") from error
        return SentenceTransformer(modules=[embedding], device="cpu")

    def _schedule(self) -> Schedule:
        return self._recipe.schedule("cpu" if self._recipe.kind == "static" else self._running.device)

    def _fit(self, model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path) -> Fitted | None:
        if not schedule.epochs:
            return None
        if len(pairs) < 2:
            raise SettingsError(f"there are too few pairs of the kinds {', '.join(self._recipe.pairs)} to learn from")
        longest = model.max_seq_length
        is_long = self._recipe.kind == "transformer" and (longest is None or longest > PASSAGE_TOKENS)
        if is_long:
            model.max_seq_length = PASSAGE_TOKENS
        fitted = fit(model, pairs, schedule, folder, self._progress)
        if is_long:
            model.max_seq_length = longest
        return fitted

    # -- what it learns from

    def _pairs(self, model: Any) -> list[Pair]:
        self._progress("making pairs", 0, 0)
        count = partial(count_tokens, model)
        links = self._posts.links
        longest = min(model.max_seq_length or PASSAGE_TOKENS, PASSAGE_TOKENS)
        pairs = make_pairs(self._seen, links, self._recipe.pairs, longest, count)
        if self._recipe.hard_negatives and pairs:
            near = site_reader(self._blog.settings.encoder.dimensions).encode(self._seen)
            pairs = with_negatives(pairs, self._seen, hard_negatives(self._seen, near, links), longest, count)
        return pairs

    # -- held-out pairs decide

    def _judge(self, tasks: Sequence[Task], before: Path | None, after: Path) -> Verdict:
        weight = self._blog.settings.encoder.weight
        site = Once(site_reader(self._blog.settings.encoder.dimensions))
        base = (str(before.absolute()), "") if before else (self._recipe.base, self._recipe.revision)
        first = Once(self._reader(*base))
        trained = Once(self._reader(str(after.absolute())))
        readers: dict[str, Reader] = {
            SITE: site,
            BEFORE: first,
            TRAINED: trained,
            WITH_BEFORE: Combined(site, first, weight),
            WITH_TRAINED: Combined(site, trained, weight),
        }
        to_beat = SITE if self._recipe.kind == "static" else WITH_BEFORE
        return judge(tasks, readers, WITH_TRAINED, to_beat, WITH_BEFORE, self._progress)

    def _reader(self, name: str, revision: str = "") -> Reader:
        reader = TransformerEncoder(name, revision=revision, site=self._request.site, running=self._running)
        reader.store = self._store
        return reader

    # -- where it lies meanwhile

    def _folder(self, model: Any, pairs: Sequence[Pair], schedule: Schedule) -> Path:
        """Where checkpoints lie: under a name that stands for all that the result depends on but the limit of time."""
        total = hashlib.sha256()
        limitless = {**asdict(schedule), "minutes": 0}
        total.update(json.dumps([VERSION, library_versions(*LIBRARIES, "datasets"), limitless]).encode())
        if self._recipe.kind == "static":
            total.update(model[0].embedding.weight.detach().numpy().tobytes())
            total.update(model.tokenizer.to_str().encode())
        elif self._source is not None:
            total.update(self._source.identity().encode())
        for pair in pairs:
            total.update(json.dumps([*pair.texts, *pair.posts]).encode())
        state = self._request.site / STATE_FOLDER
        folder = state / _CHECKPOINTS / total.hexdigest()[:16]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if Path(os.path.realpath(folder)) != Path(os.path.realpath(state), _CHECKPOINTS, folder.name):
                raise SettingsError(f"{folder} is, or lies behind, a link: nothing was written; remove it")
        except OSError as error:
            raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
        return folder


# --- writing ---------------------------------------------------------------------------------------------------------


def save_model(model: Any, folder: Path) -> None:
    """A folder for `encoder.model`: weights as safetensors, and no card, which would quote the blog's texts."""
    try:
        with quietly():
            model.save(str(folder), create_model_card=False, safe_serialization=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def _story(report: Report, base: str) -> bytes:
    """What a model was trained on, to lie beside it: the same bytes for the same training, and no place of a file."""
    recipe, verdict = report.recipe, report.verdict
    story = {
        "version": VERSION,
        "kind": recipe.kind,
        "base": base,
        "revision": recipe.revision,
        "pairs": dict(report.pairs),
        "saw_tags": report.saw_tags,
        "saw_links": bool(report.pairs.get("links")),
        "hard_negatives": recipe.hard_negatives,
        "posts": report.posts,
        "held_out": report.held_out,
        "steps": report.fitted.steps if report.fitted else 0,
        "seed": recipe.seed,
        "better": verdict.is_better,
        "gain": asdict(verdict.gain),
    }
    return (json.dumps(story, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _move(made: Path, out: Path) -> None:
    """Put a finished model where it was asked for, in place of an earlier one; a copy where it is another disk."""
    target = Path(os.path.realpath(out))
    fresh = target.with_name(f".{target.name}.new~")
    old = target.with_name(f".{target.name}.old~")
    try:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(made, fresh)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"--out {out} cannot be written: {error.strerror or error}") from error
