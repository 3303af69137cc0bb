"""Held-out pairs decide: which encoder finds again what belongs to posts that training has never seen?

    titles   a held-out post's title finds its post, which stands there without it
    halves   the second half of a held-out post finds its first
    links    a held-out post finds the posts that it links to or is linked from; no text holds the links

Each is a search among all posts of the blog, and its figures are means over questions: the reciprocal rank of the first
right post (MRR), and the share of right posts among the first five (recall@5).  Two encoders answer the same questions,
so their difference is resampled over questions (paired bootstrap, Efron 1979): its interval holds 95 %.

The verdict is by MRR over all three, each counting the same however many questions it has, and an encoder is better
only if the interval of the gain lies above zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from enishi.commands.train.held_out import halves, without_title
from enishi.encoders.joining import Part, concatenate
from enishi.encoders.site import SiteEncoder
from enishi.tags.figures import Interval
from enishi.types import Document, Progress
from enishi.vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from enishi.types import Vectors

FIRST = 5
RESAMPLES = 2000
MIN_QUESTIONS = 10
"""With fewer held-out pairs of a kind, the kind has no say."""
_SEED = 0
_DIGITS = 4


class Reader(Protocol):
    """What is judged: an encoder of documents and of free text."""

    def encode(self, documents: Sequence[Document]) -> Vectors:
        """Vectors of shape (n, dim), unit rows."""
        ...

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`."""
        ...


class Combined:
    """Two encoders as a build combines them: weighted concatenation."""

    def __init__(self, site: Reader, model: Reader, weight: float) -> None:
        self._site, self._model, self._weight = site, model, weight

    def encode(self, documents: Sequence[Document]) -> Vectors:
        """See :class:`Reader`."""
        return self._join(self._site.encode(documents), self._model.encode(documents))

    def encode_query(self, text: str) -> Vectors:
        """See :class:`Reader`."""
        return self._join(self._site.encode_query(text), self._model.encode_query(text))

    def _join(self, site: Vectors, model: Vectors) -> Vectors:
        return concatenate([Part("site", 1 - self._weight, site), Part("model", self._weight, model)])


class Once:
    """A reader that reads the same documents, and the same text after them, only once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._documents: Sequence[Document] | None = None
        self._vectors: Vectors | None = None
        self._queries: dict[str, Vectors] = {}

    def encode(self, documents: Sequence[Document]) -> Vectors:
        """See :class:`Reader`."""
        if self._vectors is None or self._documents is not documents:
            self._vectors = self._reader.encode(documents)
            self._documents, self._queries = documents, {}
        return self._vectors

    def encode_query(self, text: str) -> Vectors:
        """See :class:`Reader`."""
        if text not in self._queries:
            self._queries[text] = self._reader.encode_query(text)
        return self._queries[text]


def site_reader(dimensions: int = 512) -> Reader:
    """The site encoder without tags, which would be half an answer."""
    return SiteEncoder(dimensions=dimensions, tag_weight=0.0)


@dataclass(frozen=True, slots=True)
class Task:
    """Questions of one kind about one state of the blog."""

    kind: str
    documents: tuple[Document, ...]
    questions: tuple[tuple[str, int, tuple[int, ...]], ...]
    """(text to search by, or empty for the post's own vector; row of the post that asks, which is no answer to itself
    unless it asks by text; rows of the right answers)"""


def make_tasks(
    documents: Sequence[Document], held: Sequence[int], links: Mapping[str, tuple[str, ...]]
) -> tuple[Task, ...]:
    """The questions about held-out posts, of each kind that there are enough of.

    Args:
        documents: all posts, without their links to each other.
        held: rows of the held-out ones.
        links: by path, what was taken out.
    """
    tasks = [_titles(documents, held), _halves(documents, held), _links(documents, held, links)]
    return tuple(task for task in tasks if len(task.questions) >= MIN_QUESTIONS)


def _titles(documents: Sequence[Document], held: Sequence[int]) -> Task:
    changed = list(documents)
    questions = []
    for row in held:
        title = " ".join(documents[row].fields.title.split())
        if _says_something(title) and _says_something(documents[row].fields.prose):
            changed[row] = without_title(documents[row])
            questions.append((title, row, (row,)))
    return Task("titles", tuple(changed), tuple(questions))


def _halves(documents: Sequence[Document], held: Sequence[int]) -> Task:
    changed = list(documents)
    questions = []
    for row in held:
        if parts := halves(documents[row]):
            changed[row], text = parts
            questions.append((text, row, (row,)))
    return Task("halves", tuple(changed), tuple(questions))


def _links(documents: Sequence[Document], held: Sequence[int], links: Mapping[str, tuple[str, ...]]) -> Task:
    rows = {document.post.path: row for row, document in enumerate(documents)}
    near: dict[int, set[int]] = {}
    for path, targets in links.items():
        for target in targets:
            if path in rows and target in rows and path != target:
                near.setdefault(rows[path], set()).add(rows[target])
                near.setdefault(rows[target], set()).add(rows[path])
    questions = [("", row, tuple(sorted(near[row]))) for row in held if row in near]
    return Task("links", tuple(documents), tuple(questions))


@dataclass(frozen=True, slots=True)
class Answers:
    """How an encoder did, question by question."""

    reciprocal: npt.NDArray[np.float64]
    """Of the rank of the first right post."""
    recall: npt.NDArray[np.float64]
    """Share of the right posts among the first five."""


def answer(task: Task, reader: Reader) -> Answers:
    """Let an encoder answer the questions of a task."""
    import numpy as np

    vectors = reader.encode(task.documents).astype(np.float64)
    reciprocal, recall = np.zeros(len(task.questions)), np.zeros(len(task.questions))
    for number, (text, row, right) in enumerate(task.questions):
        query = reader.encode_query(text)[0].astype(np.float64) if text else vectors[row]
        with one_thread():
            scores = np.round(vectors @ query, 6)
        if not text:
            scores[row] = -np.inf
        ranks = np.sort(_ranks(scores, right))
        reciprocal[number] = 1 / ranks[0]
        recall[number] = np.mean(ranks <= FIRST) * len(right) / min(len(right), FIRST)
    return Answers(reciprocal, recall)


def _ranks(scores: npt.NDArray[np.float64], right: Sequence[int]) -> npt.NDArray[np.int64]:
    """Ranks of the right rows, from 1.  Of equals they come last: who knows nothing gets nothing."""
    import numpy as np

    wrong = np.ones(len(scores), dtype=bool)
    wrong[list(right)] = False
    own = np.sort(scores[list(right)])[::-1]
    return np.array([int((scores[wrong] >= score).sum()) + place + 1 for place, score in enumerate(own)])


@dataclass(frozen=True, slots=True)
class Figures:
    """One encoder on one kind of questions."""

    mrr: Interval
    recall: Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """How encoders did on held-out pairs, and whether the trained one is better than the one it is to replace."""

    questions: Mapping[str, int]
    """By kind."""
    figures: Mapping[str, Mapping[str, Figures]]
    """By encoder, then by kind."""
    gains: Mapping[str, Interval]
    """Of the challenger's MRR over that of the one to beat, by kind."""
    gain: Interval
    """The mean over kinds."""
    by_training: Interval
    """The same over what the challenger was before it was trained: a static embedding may gain without any training."""
    challenger: str
    to_beat: str

    @property
    def is_better(self) -> bool:
        """Whether the gain is beyond chance."""
        return self.gain.low > 0

    @property
    def is_worse(self) -> bool:
        """Whether the loss is beyond chance."""
        return self.gain.high < 0


def judge(
    tasks: Sequence[Task],
    readers: Mapping[str, Reader],
    challenger: str,
    to_beat: str,
    untrained: str,
    progress: Progress = lambda *_: None,
) -> Verdict:
    """Let every encoder answer every question, and compare the challenger with two others.

    Raises:
        ValueError: if there is no task.
    """
    if not tasks:
        raise ValueError("there are no held-out pairs to judge by")
    found: dict[str, dict[str, Answers]] = {name: {} for name in readers}
    done = 0
    for task in tasks:
        for name, reader in readers.items():
            progress("judging by held-out pairs", done, len(tasks) * len(readers))
            found[name][task.kind] = answer(task, reader)
            done += 1
    figures = {
        name: {kind: Figures(_mean(answers.reciprocal), _mean(answers.recall)) for kind, answers in by_kind.items()}
        for name, by_kind in found.items()
    }

    def over(other: str) -> dict[str, npt.NDArray[np.float64]]:
        return {kind: found[challenger][kind].reciprocal - found[other][kind].reciprocal for kind in found[other]}

    differences = over(to_beat)
    return Verdict(
        questions={task.kind: len(task.questions) for task in tasks},
        figures=figures,
        gains={kind: _mean(difference) for kind, difference in differences.items()},
        gain=_mean(*differences.values()),
        by_training=_mean(*over(untrained).values()),
        challenger=challenger,
        to_beat=to_beat,
    )


def _mean(*parts: npt.NDArray[np.float64]) -> Interval:
    """The mean of the parts' means, each part's values resampled on its own."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(_SEED))
    drawn = np.mean(
        [part[random.integers(len(part), size=(RESAMPLES, len(part)))].mean(axis=1) for part in parts], axis=0
    )
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    value = float(np.mean([part.mean() for part in parts]))
    return Interval(round(value, _DIGITS), round(low, _DIGITS), round(high, _DIGITS))


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))
