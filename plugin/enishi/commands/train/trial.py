"""Held-out posts decide: which encoder finds again what belongs to posts that training has never seen?

    titles   a held-out post's title finds its post, which stands there without it
    halves   the second half of a held-out post finds its first
    links    a held-out post finds the posts that it links to or is linked from; no text holds the links

Each is a search among all posts of the blog, and its figure is the mean over questions of the reciprocal rank of the
first right post (MRR).  Two encoders answer the same questions, so their difference is resampled over questions (paired
bootstrap, Efron 1979): its interval holds 95 %.

What counts is the MRR over all three, each weighing the same however many questions it has, and an encoder is better
only if the interval of the gain lies above zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.commands.train.held_out import halves, without_title
from enishi.encoders.joining import Part, concatenate
from enishi.encoders.parts import PartEncoder
from enishi.tags.figures import Interval, bootstrap_interval
from enishi.types import Document, Progress
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Vectors

RESAMPLES = 2000
MIN_QUESTIONS = 10
"""A kind with fewer questions is left out."""
_SEED = 0

SITE, BEFORE, TRAINED = "site encoder", "before training", "trained"
WITH_BEFORE, WITH_TRAINED = "site + before training", "site + trained"
"""The site encoder and a model, combined as a build combines them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A search with known right answers."""

    text: str
    """What is searched by; empty for the vector of the post itself, which then is no answer."""
    row: int
    """The post that asks."""
    right: tuple[int, ...]
    """Rows of the right answers."""


@dataclass(frozen=True, slots=True)
class Task:
    """Questions of one kind about one state of the blog."""

    kind: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def make_tasks(
    documents: Sequence[Document], held: Sequence[int], links: Mapping[str, tuple[str, ...]]
) -> tuple[Task, ...]:
    """The questions about held-out posts, of each kind that there are enough of.

    Args:
        documents: all posts, without their links to each other.
        held: rows of the held-out ones.
        links: by path, the links that were taken out.
    """
    tasks = [
        _finding("titles", documents, held, without_title),
        _finding("halves", documents, held, halves),
        _links(documents, held, links),
    ]
    return tuple(task for task in tasks if len(task.questions) >= MIN_QUESTIONS)


def _finding(
    kind: str,
    documents: Sequence[Document],
    held: Sequence[int],
    divide: Callable[[Document], tuple[Document, str] | None],
) -> Task:
    """Each held-out post is divided in a document and a text that has to find it."""
    changed = list(documents)
    questions = []
    for row in held:
        if parts := divide(documents[row]):
            changed[row], text = parts
            questions.append(Question(text, row, (row,)))
    return Task(kind, tuple(changed), tuple(questions))


def _links(documents: Sequence[Document], held: Sequence[int], links: Mapping[str, tuple[str, ...]]) -> Task:
    rows = {document.post.path: row for row, document in enumerate(documents)}
    linked: dict[int, set[int]] = {}
    for path, targets in links.items():
        for target in targets:
            if path in rows and target in rows and path != target:
                linked.setdefault(rows[path], set()).add(rows[target])
                linked.setdefault(rows[target], set()).add(rows[path])
    questions = tuple(Question("", row, tuple(sorted(linked[row]))) for row in held if row in linked)
    return Task("links", tuple(documents), questions)


def score(task: Task, vectors: Vectors, queries: Vectors) -> npt.NDArray[np.float64]:
    """1 / the rank of the first right post, for each question of a task.

    A right post comes last among equals, so that zeros are worth nothing.

    Args:
        vectors: the task's documents, shape (n, dim).
        queries: its questions, shape (questions, dim).
    """
    import numpy as np

    with one_thread():
        cosines = np.round(queries.astype(np.float64) @ vectors.astype(np.float64).T, 6)
    reciprocal = np.zeros(len(task.questions))
    for number, (question, of_question) in enumerate(zip(task.questions, cosines, strict=True)):
        if not question.text:
            of_question[question.row] = -np.inf
        right = list(question.right)
        reciprocal[number] = 1 / (1 + int((np.delete(of_question, right) >= of_question[right].max()).sum()))
    return reciprocal


@dataclass(frozen=True, slots=True)
class Trial:
    """How encoders did on held-out posts, and whether the trained one is better than the one it is to replace."""

    questions: Mapping[str, int]
    """Number of questions by kind."""
    figures: Mapping[str, Mapping[str, Interval]]
    """MRR by encoder, then by kind."""
    gains: Mapping[str, Interval]
    """MRR of :data:`WITH_TRAINED` less that of the one to beat, by kind."""
    gain: Interval
    """The mean over kinds."""
    to_beat: str

    @property
    def is_better(self) -> bool:
        """Whether the gain is beyond chance."""
        return self.gain.low > 0


def judge(
    tasks: Sequence[Task],
    encoders: Mapping[str, PartEncoder],
    weight: float,
    to_beat: str,
    progress: Progress = lambda *_: None,
) -> Trial:
    """Let every encoder answer every question, alone and as a build combines it, and compare the trained one.

    Args:
        tasks: one at least.
        encoders: by the names :data:`SITE`, :data:`BEFORE` and :data:`TRAINED`.
        weight: that of a model beside the site encoder.
        to_beat: what the trained model has to be better than, together with the site encoder.
    """
    answers: dict[str, dict[str, npt.NDArray[np.float64]]] = {}
    for place, task in enumerate(tasks):
        read: dict[str, tuple[Vectors, Vectors]] = {}
        for number, (name, encoder) in enumerate(encoders.items()):
            progress("judging by held-out pairs", place * len(encoders) + number, len(tasks) * len(encoders))
            read[name] = _read(task, encoder)
        for name, model in ((WITH_BEFORE, BEFORE), (WITH_TRAINED, TRAINED)):
            pairs = zip(read[SITE], read[model], strict=True)
            joined = (concatenate([Part(SITE, 1 - weight, ours), Part(model, weight, own)]) for ours, own in pairs)
            read[name] = next(joined), next(joined)
        for name, (vectors, queries) in read.items():
            answers.setdefault(name, {})[task.kind] = score(task, vectors, queries)

    gains = {kind: ours - answers[to_beat][kind] for kind, ours in answers[WITH_TRAINED].items()}
    return Trial(
        questions={task.kind: len(task.questions) for task in tasks},
        figures={
            name: {kind: _mean(of_kind) for kind, of_kind in by_kind.items()} for name, by_kind in answers.items()
        },
        gains={kind: _mean(gain) for kind, gain in gains.items()},
        gain=_mean(*gains.values()),
        to_beat=to_beat,
    )


def _read(task: Task, encoder: PartEncoder) -> tuple[Vectors, Vectors]:
    """Vectors of a task's documents and of its questions."""
    import numpy as np

    vectors = encoder.encode(task.documents)
    queries = [encoder.encode_query(one.text) if one.text else vectors[one.row, None] for one in task.questions]
    return vectors, np.concatenate(queries)


def _mean(*parts: npt.NDArray[np.float64]) -> Interval:
    """The mean of the parts' means, each part's values resampled on its own."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(_SEED))
    drawn = np.mean(
        [part[random.integers(len(part), size=(RESAMPLES, len(part)))].mean(axis=1) for part in parts], axis=0
    )
    return bootstrap_interval(float(np.mean([part.mean() for part in parts])), drawn)
