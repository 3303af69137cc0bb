"""Training by sentence-transformers' own trainer, with negatives from the batch; it can be interrupted and resumed.

    loss of a batch = −mean_i log( exp(20 cos(a_i, p_i)) / Σ_j exp(20 cos(a_i, p_j)) )

(MultipleNegativesRankingLoss; Henderson et al. 2017.)  Every other text of the batch counts as a negative, so no post
may stand in a batch twice: the library's sampler without duplicates compares posts as well as texts.

A checkpoint holds the weights as safetensors.  The optimizer's state and that of the random generators are files of
`torch.save`, which are read with `weights_only=True`, so that nothing in them can run; the trainer's settings, which it
pickles, are removed as soon as they are written.  A checkpoint counts only once a mark says that all of it is there.
"""

from __future__ import annotations

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
from enishi.types import Progress

CHECKPOINT_SECONDS = 60.0
"""The most work that is lost when a training is killed."""
_COMPLETE, _STATE, _PICKLED = "enishi-complete", "trainer_state.json", "training_args.bin"
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
    minutes: float = 0.0
    """Time limit of one run; 0 for none."""
    device: str = "auto"
    """As torch names it; `auto`: a GPU where there is one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training did."""

    steps: int = 0
    all_steps: int = 0
    """Number of steps without a time limit."""
    losses: tuple[tuple[int, float], ...] = ()
    """(step, mean loss of the steps before it), some twenty of them."""
    resumed_at: int = 0
    """The step of the checkpoint that was continued; 0 where training began anew."""


def fit(
    model: Any, pairs: Sequence[Pair], schedule: Schedule, folder: Path, progress: Progress = lambda *_: None
) -> Fitted:
    """Train `model`, a SentenceTransformer, in place; continue from the last complete checkpoint in `folder`, if any.

    With the same number of threads on the same machine, the same input gives the same weights; another number of
    threads, another processor or a GPU may add in another order.
    """
    if not schedule.epochs:
        return Fitted()
    with quietly():
        trainer = _trainer(model, pairs, schedule, folder)
        trainer.add_callback(_watch(schedule.minutes * 60, folder, progress))
        last = _last_checkpoint(folder)
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

    class Trainer(SentenceTransformerTrainer):  # type: ignore[misc]
        """Writes no model card, which would quote the blog's texts."""

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
            self.model.save_pretrained(output_dir or self.args.output_dir, create_model_card=False)

        def add_model_card_callback(self, *_: Any, **__: Any) -> None:
            pass

    def dataset(columns: Mapping[str, Sequence[str]]) -> Any:
        """Rows under a name of our own: datasets 5 cannot make one up with pyarrow 26 (it pickles the table)."""
        return datasets.Dataset(datasets.table.InMemoryTable.from_pydict(columns), fingerprint="enishi-pairs")

    texts = {"anchor": [pair.anchor for pair in pairs], "positive": [pair.positive for pair in pairs]}
    posts = {f"post{end}": [f"post {pair.posts[end]}" for pair in pairs] for end in (0, -1)}
    apart = dataset({**texts, **posts})  # what must differ within a batch
    steps = schedule.epochs * -(-len(pairs) // schedule.batch)
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=schedule.batch,
        learning_rate=schedule.rate,
        warmup_steps=-(-steps // 10),
        lr_scheduler_type="linear",
        weight_decay=0.0,
        seed=0,
        data_seed=0,
        batch_sampler=lambda _, **options: NoDuplicatesBatchSampler(apart, **options),
        use_cpu=schedule.device == "cpu",
        dataloader_pin_memory=False,
        save_strategy="no",  # a checkpoint is made when the watch says so
        save_total_limit=2,
        logging_strategy="steps",
        logging_steps=max(1, steps // _SMOOTHED_STEPS),
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=model, args=arguments, train_dataset=dataset(texts), loss=MultipleNegativesRankingLoss(model)
    )
    trainer.remove_callback(import_module("transformers").PrinterCallback)
    return trainer


def _watch(limit: float, folder: Path, progress: Progress) -> Any:
    """Reports progress, ends the training after so many seconds (0: never), and has checkpoints made and marked."""
    base: Any = import_module("transformers").TrainerCallback
    began = saved = time.perf_counter()

    class Watch(base):  # type: ignore[misc]
        def on_train_begin(self, _arguments: Any, state: Any, _control: Any, **_: Any) -> None:
            progress("training", state.global_step, state.max_steps)

        def on_step_end(self, _arguments: Any, state: Any, control: Any, **_: Any) -> None:
            now = time.perf_counter()
            progress("training", state.global_step, state.max_steps)
            control.should_training_stop |= bool(limit) and now - began >= limit
            control.should_save |= now - saved >= CHECKPOINT_SECONDS or control.should_training_stop

        def on_save(self, _arguments: Any, state: Any, _control: Any, **_: Any) -> None:
            nonlocal saved
            checkpoint = folder / f"checkpoint-{state.global_step}"
            (checkpoint / _PICKLED).unlink(missing_ok=True)
            (checkpoint / _COMPLETE).touch()
            saved = time.perf_counter()

    return Watch()


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
