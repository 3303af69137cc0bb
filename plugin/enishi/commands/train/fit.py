"""Training by sentence-transformers' own trainer, with negatives from the batch; it can be interrupted and resumed.

    loss of a batch = −mean_i log( exp(20 cos(a_i, p_i)) / Σ_j exp(20 cos(a_i, c_j)) ),   c: its positives and negatives

(MultipleNegativesRankingLoss; Henderson et al. 2017).  Every other text of the batch counts as a negative, so no post
may stand in a batch twice: the library's sampler without duplicates compares posts as well as texts.

A checkpoint holds the weights as safetensors.  The optimizer's state and that of the random generators are files of
`torch.save`, which are read with `weights_only=True`, so that nothing in them can run; the trainer's settings, which it
pickles, are removed as soon as they are written.  A checkpoint counts only once a mark says that all of it is there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from enishi.commands.train.pairs import Pair
from enishi.encoders.models import ModelSource, quiet_transformers
from enishi.errors import EncoderError
from enishi.files import replace_file
from enishi.types import Progress

CHECKPOINT_SECONDS = 60.0
"""The most work that is lost when a training is killed."""
_COMPLETE = "enishi-complete.json"
_PICKLED = "training_args.bin"
_STATE = "trainer_state.json"
_SMOOTHED_STEPS = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """Length and learning rate of a training."""

    epochs: int
    """How often each pair is seen."""
    batch: int
    """Number of pairs in a batch."""
    rate: float
    """Highest learning rate: it rises over the first tenth of the steps, then falls linearly to 0."""
    seed: int = 0
    minutes: float = 0.0
    """Time limit, interruptions not counted; 0 for none."""
    device: str = "auto"
    """As torch names it; `auto`: a GPU where there is one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training did."""

    steps: int
    all_steps: int
    """Number of steps without a time limit."""
    losses: tuple[tuple[int, float], ...]
    """(step, mean loss of the steps before it), some twenty of them."""
    resumed_at: int
    """The step of the checkpoint that was continued; 0 where training began anew."""


def fit(
    model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path, progress: Progress = lambda *_: None
) -> Fitted:
    """Train `model`, a SentenceTransformer, in place; continue from the last complete checkpoint in `folder`, if any.

    With the same number of threads on the same machine, the same input gives the same weights; another number of
    threads, another processor or a GPU may add in another order.

    Raises:
        ValueError: there are too few pairs for a batch.
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


def _trainer(model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path) -> Any:
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.base.sampler import NoDuplicatesBatchSampler
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    datasets: Any = import_module("datasets")
    names = ("anchor", "positive", "negative")
    columns = list(zip(*(pair.texts for pair in pairs), strict=True))
    posts = [[f"post {path}" for path in pair.posts] for pair in pairs]
    most = max(map(len, posts))
    # What must differ within a batch: the texts, and the posts they are from (a short row repeats its last)
    apart = {f"post{place}": [row[min(place, len(row) - 1)] for row in posts] for place in range(most)}
    texts = dict(zip(names, columns, strict=False))

    def dataset(columns: Mapping[str, Sequence[str]]) -> Any:
        """Rows under a name of our own: datasets 5 cannot make one up with pyarrow 26 (it pickles the table)."""
        return datasets.Dataset(datasets.table.InMemoryTable.from_pydict(columns), fingerprint="enishi-pairs")

    unique = dataset({**texts, **apart})

    def sampler(_: Any, **options: Any) -> Any:
        return NoDuplicatesBatchSampler(unique, **options)

    steps = schedule.epochs * max(1, -(-len(pairs) // schedule.batch))
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
    trainer = trainer_type(
        model=model, args=arguments, train_dataset=dataset(texts), loss=MultipleNegativesRankingLoss(model)
    )
    trainer.remove_callback(import_module("transformers").PrinterCallback)
    return trainer


def _quiet_trainer(base: Any) -> Any:
    class QuietTrainer(base):  # type: ignore[misc]
        """Writes no model card, which would quote the blog's texts."""

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
            self.model.save_pretrained(output_dir or self.args.output_dir, create_model_card=False)

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            pass

    return QuietTrainer


def _watch_type() -> Any:
    base: Any = import_module("transformers").TrainerCallback

    class Watch(base):  # type: ignore[misc]
        """Reports progress, ends the training in time, asks for checkpoints and marks them complete."""

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
    """The newest complete checkpoint.  Half-written ones are removed, and those that name code of their own.

    (A checkpoint may have come with a repository.)
    """
    complete: dict[int, Path] = {}
    for checkpoint in sorted(folder.glob("checkpoint-*")):
        number = checkpoint.name.rpartition("-")[2]
        try:
            ModelSource(str(checkpoint.absolute()), "", folder).folder()
        except EncoderError:
            number = ""
        if number.isdecimal() and (checkpoint / _COMPLETE).is_file() and (checkpoint / _STATE).is_file():
            complete[int(number)] = checkpoint
        else:
            shutil.rmtree(checkpoint, ignore_errors=True)
    return complete[max(complete)] if complete else None


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the progress bars and advice that the libraries print to a terminal."""
    datasets: Any = import_module("datasets")
    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    with quiet_transformers():
        yield
