"""The trainer: sentence-transformers' own, with a loss of negatives from the batch, that can be broken off and resumed.

    loss of a batch = −mean_i log( exp(20 cos(a_i, p_i)) / Σ_j exp(20 cos(a_i, c_j)) ),   c: its positives and negatives

(MultipleNegativesRankingLoss; Henderson et al. 2017).  Every other text of the batch counts as one that does not
belong, so the library's sampler without duplicates is asked about posts as well as texts: no post stands in a batch
twice.

A checkpoint holds the weights as safetensors.  The optimizer's state and that of the random generators are files of
`torch.save`, which are read with `weights_only=True`, so that nothing in them can run; the trainer's settings, which it
pickles, are removed as soon as they are written.  A checkpoint counts only once a mark says that all of it is there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from enishi.commands.train.pairs import Pair
from enishi.encoders.models import ModelSource
from enishi.errors import EncoderError
from enishi.files import replace_file
from enishi.types import Progress

CHECKPOINT_SECONDS = 60.0
"""So much work is lost at most when a training is killed."""
_COMPLETE = "enishi-complete.json"
_PICKLED = "training_args.bin"
_STATE = "trainer_state.json"
_SMOOTHED_STEPS = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast is learned."""

    epochs: int
    """How often each pair is seen."""
    batch: int
    """Pairs of a batch."""
    rate: float
    """Learning rate at its highest: it rises over the first tenth of the steps, then falls to nothing."""
    seed: int = 0
    minutes: float = 0.0
    """Training ends after so long, wherever it is, interruptions not counted; 0: not before its end."""
    device: str = "auto"
    """As torch names it; `auto`: a GPU where there is one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of a training."""

    steps: int
    all_steps: int
    """So many would have been done without a limit of time."""
    losses: tuple[tuple[int, float], ...]
    """(step, mean loss of the steps before it), some twenty of them."""
    resumed_at: int
    """The step of the checkpoint that was taken up; 0 where it began anew."""


def fit(
    model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path, progress: Progress = lambda *_: None
) -> Fitted:
    """Train `model`, a SentenceTransformer, in place, from the last whole checkpoint in `folder` on, if there is one.

    Interrupted or killed, the same call goes on where the last checkpoint was made.  On one machine with the same
    number of threads the same input gives the same weights; another number of threads, another processor or a GPU may
    add in another order.

    Raises:
        ValueError: if there are too few pairs for a batch.
    """
    if len(pairs) < 2:
        raise ValueError("there are too few pairs to learn from")
    with quietly():
        trainer = _trainer(model, pairs, schedule, folder)
        watch = _watch_type()(schedule.minutes * 60, trainer.args.max_steps, folder, progress)
        trainer.add_callback(watch)
        last = _last_checkpoint(folder)
        if last is not None:
            watch.spent = float(json.loads((last / _COMPLETE).read_bytes())["seconds"])
        trainer.train(resume_from_checkpoint=str(last) if last is not None else None)
    model.eval()
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    return Fitted(
        steps=int(trainer.state.global_step),
        all_steps=int(trainer.state.max_steps),
        losses=tuple((int(entry["step"]), round(float(entry["loss"]), 4)) for entry in history),
        resumed_at=int(last.name.rpartition("-")[2]) if last is not None else 0,
    )


def steps_of(pairs: int, schedule: Schedule) -> int:
    """How many steps a training has."""
    return schedule.epochs * max(1, -(-pairs // schedule.batch))


def _trainer(model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.base.sampler import NoDuplicatesBatchSampler
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    make_dataset = import_module("datasets").Dataset.from_dict
    names = ("anchor", "positive", "negative")
    columns = list(zip(*(pair.texts for pair in pairs), strict=True))
    posts = [[f"post {path}" for path in pair.posts] for pair in pairs]
    most = max(map(len, posts))
    # What must differ within a batch: the texts, and the posts they are of (a short row repeats its last)
    apart = {f"post{place}": [row[min(place, len(row) - 1)] for row in posts] for place in range(most)}
    texts = dict(zip(names, columns, strict=False))
    unique = make_dataset({**texts, **apart})

    def sampler(_: Any, **options: Any) -> Any:
        return NoDuplicatesBatchSampler(unique, **options)

    steps = steps_of(len(pairs), schedule)
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=schedule.batch,
        learning_rate=schedule.rate,
        warmup_steps=-(-steps // 10),
        lr_scheduler_type="linear",
        weight_decay=0.0,
        seed=schedule.seed,
        data_seed=schedule.seed,
        batch_sampler=sampler,
        use_cpu=schedule.device == "cpu",
        dataloader_pin_memory=False,
        save_strategy="no",  # a checkpoint is made when the watch says so
        save_total_limit=2,
        logging_strategy="steps",
        logging_steps=max(1, steps // _SMOOTHED_STEPS),
        report_to="none",
        disable_tqdm=True,
    )
    trainer_type = _quiet_trainer(SentenceTransformerTrainer)
    return trainer_type(
        model=model, args=arguments, train_dataset=make_dataset(texts), loss=MultipleNegativesRankingLoss(model)
    )


def _quiet_trainer(base: Any) -> Any:
    class QuietTrainer(base):  # type: ignore[misc]
        """Writes no card with the blog's texts, and prints nothing."""

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
            target = output_dir or self.args.output_dir
            self.model.save_pretrained(target, create_model_card=False)

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            pass

    def make(**options: Any) -> Any:
        trainer = QuietTrainer(**options)
        trainer.remove_callback(import_module("transformers").PrinterCallback)
        return trainer

    return make


def _watch_type() -> Any:
    base: Any = import_module("transformers").TrainerCallback

    class Watch(base):  # type: ignore[misc]
        """Tells how far it is, ends it when its time is over, makes a checkpoint now and then, and marks it whole."""

        def __init__(self, seconds: float, steps: int, folder: Path, progress: Progress) -> None:
            self.spent = 0.0
            self._limit, self._steps, self._folder, self._progress = seconds, steps, folder, progress
            self._since = self._saved = time.perf_counter()

        def on_train_begin(self, _arguments: Any, state: Any, _control: Any, **_: Any) -> None:
            self._since = self._saved = time.perf_counter()
            self._progress("training", state.global_step, self._steps)

        def on_step_end(self, _arguments: Any, state: Any, control: Any, **_: Any) -> None:
            now = time.perf_counter()
            self._progress("training", state.global_step, self._steps)
            if self._limit and self.spent + now - self._since >= self._limit:
                control.should_training_stop = True
            if now - self._saved >= CHECKPOINT_SECONDS or control.should_training_stop:
                control.should_save = True

        def on_save(self, _arguments: Any, state: Any, _control: Any, **_: Any) -> None:
            now = time.perf_counter()
            checkpoint = self._folder / f"checkpoint-{state.global_step}"
            (checkpoint / _PICKLED).unlink(missing_ok=True)
            mark = {"seconds": round(self.spent + now - self._since, 3)}
            replace_file(checkpoint / _COMPLETE, json.dumps(mark).encode())
            self._saved = now

    return Watch


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; what was broken off while it was written is removed, and what is not ours."""
    whole: list[tuple[int, Path]] = []
    for found in sorted(folder.glob("checkpoint-*")):
        number = found.name.rpartition("-")[2]
        marked = (found / _COMPLETE).is_file() and (found / _STATE).is_file() and number.isdecimal()
        if marked and _is_model(found):
            whole.append((int(number), found))
        else:
            shutil.rmtree(found, ignore_errors=True)
    return max(whole)[1] if whole else None


def _is_model(folder: Path) -> bool:
    """Whether a folder holds a model that needs no code of its own: a checkpoint may have come with a repository."""
    try:
        ModelSource(str(folder.absolute()), "", folder).folder()
    except EncoderError:
        return False
    return True


@contextmanager
def quietly() -> Iterator[None]:
    """Without the bars and the advice that the libraries print to a terminal."""
    datasets: Any = import_module("datasets")
    logging: Any = import_module("transformers.utils.logging")
    verbosity, told = logging.get_verbosity(), datasets.utils.logging.get_verbosity()
    bars, other_bars = logging.is_progress_bar_enabled(), not datasets.are_progress_bars_disabled()
    logging.set_verbosity_error()
    datasets.utils.logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        datasets.utils.logging.set_verbosity(told)
        if bars:
            logging.enable_progress_bar()
        if other_bars:
            datasets.enable_progress_bars()
