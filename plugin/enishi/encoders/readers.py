"""Posts that the same people read lie near each other: item2vec over the visits of access logs.

Visits are sentences, posts are words: skip-gram with negative sampling (Barkan & Koenigstein 2016, "Item2Vec"), each
post of a visit with each other one.  The exponent of the noise, the subsampling and the number of epochs are not those
of text, because they matter more here than all else (Caselles-Dupré, Lesaint & Royo-Letelier 2018, "Word2vec applied to
recommendation: hyperparameters matter"); they were chosen on visits drawn from hidden groups.

Posts with too few readers have rows of zeros, which :mod:`enishi.encoders.missing` fills in from the posts that are
near them otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from enishi.cache import code_digest
from enishi.encoders.gensim_library import library_version, stable_hash
from enishi.encoders.parts import PartEncoder, own_arrays
from enishi.errors import Diagnostic, Severity
from enishi.reading.links import own_hosts
from enishi.vectors import one_thread, unit_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.config import ReadersSettings, Settings
    from enishi.generators.base import Site
    from enishi.memo import Memo
    from enishi.reading.access_logs import LogFile, Stamp
    from enishi.reading.visits import Visits
    from enishi.types import Document, Vectors

_CODE = ("encoders/readers.py", "reading/access_logs.py", "reading/visits.py", "reading/links.py", "vectors.py")
"""The code that the vectors depend on."""
DIMENSIONS = 64
MIN_POSTS = 10
"""With fewer posts that have enough readers, what they have in common cannot be told from chance."""
_EPOCHS = 20
"""Of 50 posts and 600 visits, 400 and 4,000, 400 and 12,000, the hidden group's share of the five nearest posts is .92,
.64, .93; with 5 epochs .63, .28, .78, with 60 .84, .48, .79."""
_NEGATIVE = 10
"""With 5: .90, .60, .93."""
_NOISE_EXPONENT = 0.5
"""As good as the .75 of text, better than 0 (.89, .63, .91) and −.5 (.88, .59, .90)."""


class ReadersEncoder(PartEncoder):
    """The part of a post's vector that is learned from what people read together.

    Args:
        settings: which logs, and how many readers a post needs.
        site: the site's folder, which the logs may be relative to.
        hosts: the site's own host names, where the logs may be of several.
    """

    name = "readers"
    is_often_missing = True
    knows_tags = knows_links = "has learned from readers, who follow links and browse by tag"

    def __init__(self, settings: ReadersSettings, site: Path, hosts: Iterable[str] = ()) -> None:
        super().__init__(settings.weight)
        self._patterns = settings.patterns
        self._min_readers = settings.min_readers
        self._site = site
        self._hosts = tuple(sorted(hosts))
        self._digests: dict[Stamp, bytes] = {}
        self._logs: Sequence[LogFile] = ()
        self._not_found: Sequence[Diagnostic] = ()
        self._problems: Sequence[Diagnostic] = ()
        self._known: tuple[str, Vectors] | None = None

    @classmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:
        return cls(settings.readers, site.root, own_hosts(site.url)) if settings.readers.patterns else None

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts' addresses: the logs by their bytes."""
        from enishi.reading import access_logs

        self._logs, self._not_found = access_logs.find_logs(self._patterns, self._site, self._digests)
        total = hashlib.sha256(repr(self._hosts).encode("utf-8", "surrogatepass"))
        for log in self._logs:
            total.update(log.digest)
        libraries = " ".join(library_version(name, "readers.logs") for name in ("gensim", "crawlerdetect"))
        return f"readers/{code_digest(*_CODE)}/{libraries}/{self._min_readers}/{total.hexdigest()}"

    def stamps(self) -> Iterable[str]:
        from enishi.reading.access_logs import log_stamps

        return log_stamps(self._patterns, self._site)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What could not be read, and why posts have no vector; after :meth:`encode`."""
        return tuple(sorted({*self._not_found, *self._problems}))

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, DIMENSIONS), zeros for a post with too few readers.

        The logs are read again only where their bytes or the posts' addresses changed since the last build.
        """
        from enishi.reading.visits import read_visits

        del memo
        if self._known is None and self.store is not None:
            self.load(own_arrays(self.name, self.store.arrays()))
        key = f"{self.key} {_addresses(documents)}"
        if self._known is None or self._known[0] != key:
            visits = read_visits(self._logs, documents, self._hosts, self.progress)
            vectors, problems = vectors_of_visits(visits, self._min_readers)
            self._problems = (*visits.diagnostics, *problems)
            self._known = (key, vectors)
        return self._known[1]

    def encode_query(self, text: str) -> Vectors:  # noqa: ARG002
        """Zeros of shape (1, DIMENSIONS): nobody has read it."""
        import numpy as np

        return np.zeros((1, DIMENSIONS), dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The posts' vectors, their diagnostics, and the key of what they were made from."""
        import numpy as np

        if self._known is None:
            return {}
        key, vectors = self._known
        problems = [[d.path, d.line, d.code, d.severity.value, d.message] for d in self._problems]
        state = json.dumps({"key": key, "problems": problems}).encode()
        return {"state": np.frombuffer(state, dtype=np.uint8), "vectors": vectors}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the vectors of an earlier run, which count while logs and posts are the same.  Queries need none."""
        try:
            state = json.loads(arrays["state"].tobytes())
            self._problems = [
                Diagnostic(path, line, code, Severity(level), message)
                for path, line, code, level, message in state["problems"]
            ]
            self._known = (str(state["key"]), arrays["vectors"])
        except (KeyError, TypeError, ValueError):
            self._known = None
        return True


def _addresses(documents: Sequence[Document]) -> str:
    """SHA-256 of the fields by which a log names a post."""
    total = hashlib.sha256()
    for document in documents:
        post = document.post
        total.update(f"{post.path}\0{post.url}\0{post.slug}\0".encode("utf-8", "surrogatepass"))
    return total.hexdigest()


# -- item2vec ----------------------------------------------------------------------------------------------------------


def vectors_of_visits(visits: Visits, min_readers: int) -> tuple[Vectors, list[Diagnostic]]:
    """Vectors of shape (n, DIMENSIONS), zeros for posts with too few readers, and why all are zeros if they are."""
    import numpy as np

    enough = np.flatnonzero(visits.readers >= min_readers)
    vectors = np.zeros((len(visits.readers), DIMENSIONS), dtype=np.float32)
    if len(enough) < MIN_POSTS:
        text = (
            f"the logs hold {len(visits):,} visits to two posts or more, and {len(enough)} posts have {min_readers} "
            f"readers in them; with fewer than {MIN_POSTS} such posts, readers do not count: name more logs, or lower "
            "readers.min_readers"
        )
        return vectors, [Diagnostic("readers.logs", 0, "few-readers", Severity.WARNING, text)]
    number = np.full(len(visits.readers), -1)
    number[enough] = np.arange(len(enough))
    kept = [part[part >= 0] for part in np.split(number[visits.posts], visits.starts[1:-1])]
    kept = [part for part in kept if len(part) >= 2]
    # In the order of the logs, the posts would be learned one after the other
    order = np.random.default_rng(0).permutation(len(kept)).tolist()
    names = list(map(str, range(len(enough))))
    vectors[enough] = item2vec([[names[post] for post in kept[visit].tolist()] for visit in order], names)
    return vectors, []


def item2vec(visits: Sequence[Sequence[str]], names: Sequence[str]) -> Vectors:
    """Vectors of the posts of these names, (posts, DIMENSIONS), centred and of unit length.

    A post's vector is the sum of its input and output weights (Levy, Goldberg & Dagan 2015, "Improving distributional
    similarity with lessons learned from word embeddings"): two posts are near if they are read with each other, not
    only if they are read with the same others, which on a blog of few posts is something else.  What all posts have in
    common (mostly how often they are read) is taken out, as for the other encoders.
    """
    import numpy as np
    from gensim.models import Word2Vec

    count = Counter(name for visit in visits for name in visit)
    with one_thread():
        model = Word2Vec(
            vector_size=DIMENSIONS,
            sg=1,
            hs=0,
            negative=_NEGATIVE,
            ns_exponent=_NOISE_EXPONENT,
            sample=1 / max(1, len(names)),  # posts that are read less than the mean are never passed over
            window=max(map(len, visits), default=2),  # a visit is a set: order does not matter
            shrink_windows=False,
            min_count=1,
            seed=1,
            workers=1,
            hashfxn=stable_hash,
        )
        model.build_vocab_from_freq({name: count[name] for name in names if name in count}, len(visits))
        if visits:
            model.train(visits, total_examples=len(visits), total_words=count.total(), epochs=_EPOCHS)
    trained = np.zeros((len(names), DIMENSIONS), dtype=np.float64)
    known = [position for position, name in enumerate(names) if name in model.wv]
    rows = [model.wv.key_to_index[names[position]] for position in known]
    trained[known] = model.wv.vectors[rows].astype(np.float64) + model.syn1neg[rows]
    trained[known] -= trained[known].mean(axis=0)
    return unit_rows(trained)
