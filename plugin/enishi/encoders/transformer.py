"""Any sentence-transformers model as an encoder, from a folder or from the hub's cache on this machine.

A post is read as passages of bounded length, each with the post's title; its raw vector is their mean.  A raw vector
depends on its own post alone (a post is a batch of its own), so it may be remembered by content and the same posts
still make the same bytes.  Only then are the vectors centred over the blog: what all its posts have in common tells
none of them apart (RESEARCH.md: worth .07 nDCG@5 of tags).

Models are data here: code that comes with one is never run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.errors import EncoderError
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.types import Vectors

VERSION = 1
"""Part of the key: raise it when the vectors of some post change."""

MAX_PASSAGES = 8
"""Of a longer post, this many passages are read, evenly spaced, the first and the last among them."""
PASSAGE_TOKENS = 256
"""A passage is no longer than this, in the model's own tokens, nor than the model can read."""

_TITLE_SHARE = 0.25
_SPECIAL_TOKENS = 8
"""Room for the marks that a model puts round its text, and for what changes where pieces meet."""
_FULLY_CENTRED_POSTS = 50
_SAMPLES = 64
_SAMPLE_BYTES = 65_536
_LIBRARIES = ("sentence-transformers", "transformers", "torch")
_OTHER_FORMATS = ["*.onnx", "*.h5", "*.ot", "*.msgpack", "*.gguf", "*.tflite", "onnx/*", "openvino/*", "coreml/*"]
_ARRAYS = ("model_key", "model_posts", "model_raw", "model_centre")
_SENTENCE = re.compile(r".+?(?:[。．！？]+|[.!?]+(?=\s)|\n{2,}|\Z)", re.S)

Progress = Callable[[int, int], None]
"""Called with (posts done, posts to do)."""


class TransformerEncoder:
    """Vectors by a pretrained model.

    Nothing is loaded before a post needs it: a blog whose posts are all remembered needs no model in memory.

    Args:
        model: a folder (absolute, or relative to `site`), or else a name on the hub.
        revision: the commit, tag or branch of a model on the hub.  Without one the revision that is on this machine is
            used, and the newest is fetched where there is none.
        site: what a relative folder is relative to; the current folder by default.
        progress: told after each post that the model has read.
    """

    def __init__(
        self, model: str, *, revision: str = "", site: Path | None = None, progress: Progress | None = None
    ) -> None:
        self._source = _Source(model, revision, site or Path())
        self._progress = progress
        self._loaded: Any = None
        self._key = ""
        self._known: dict[bytes, Vectors] = {}
        self._posts: list[bytes] = []
        self._centre: Vectors | None = None

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts: for a folder its content, never its place.

        Raises:
            EncoderError: if there is no such model on this machine and it cannot be fetched.
        """
        if not self._key:
            libraries = "+".join(_version(library) for library in _LIBRARIES)
            self._key = f"transformer/{VERSION}/{MAX_PASSAGES}x{PASSAGE_TOKENS}/{libraries}/{self._source.identity()}"
        return self._key

    def encode(self, documents: Sequence[Document]) -> Vectors:
        """Vectors of shape (n, dim), centred over these documents; zeros for a post without words.

        Raises:
            EncoderError: if the model cannot be had or does not work.
        """
        return self.finish(self.raw(documents))

    def raw(self, documents: Sequence[Document]) -> Vectors:
        """Each post's mean passage vector, of unit length but not centred; zeros for a post without words.

        Raises:
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        texts = [_text(document) for document in documents]
        keys = [_content_key(self.key, text) if text else b"" for text in texts]
        todo = {key: text for key, text in zip(keys, texts, strict=True) if text and key not in self._known}
        for done, (key, text) in enumerate(todo.items(), 1):
            self._known[key] = self._read(*text)
            if self._progress:
                self._progress(done, len(todo))
        self._posts = sorted({key for key in keys if key})
        dim = len(self._known[self._posts[0]]) if self._posts else 1
        nothing: Vectors = np.zeros(dim, dtype=np.float32)
        rows = [self._known[key] if key else nothing for key in keys]
        return np.array(rows, dtype=np.float32).reshape(len(rows), dim)

    def finish(self, raw: Vectors) -> Vectors:
        """Raw vectors, centred over the posts with words, as unit rows; queries are centred alike from then on."""
        import numpy as np

        present = raw.any(axis=1)
        mean = raw[present].mean(axis=0, dtype=np.float64) if present.any() else np.zeros(raw.shape[1])
        # Two posts that are centred always oppose each other, whatever they say: a small blog is centred in part.
        self._centre = (min(1.0, present.sum() / _FULLY_CENTRED_POSTS) * mean).astype(np.float32)
        return _centred(raw, self._centre)

    def encode_query(self, text: str) -> Vectors:
        """The vector of free text, shape (1, dim), in the space of the last :meth:`encode`; zeros for no words.

        Raises:
            ValueError: if nothing was encoded or loaded before.
            EncoderError: if the model cannot be had or does not work.
        """
        import numpy as np

        if self._centre is None:
            raise ValueError("the transformer encoder has encoded nothing yet")
        if not _says_something(text) or not self._centre.any():
            return np.zeros((1, len(self._centre)), dtype=np.float32)
        return _centred(self._run("encode_query", [text]), self._centre)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs: the raw vectors by content, and the centre.  Empty before encoding."""
        import numpy as np

        if self._centre is None:
            return {}
        return {
            "model_key": np.frombuffer(self.key.encode(), dtype=np.uint8),
            "model_posts": np.frombuffer(b"".join(self._posts), dtype=np.uint8).reshape(-1, 32),
            "model_raw": np.array([self._known[post] for post in self._posts], dtype=np.float32).reshape(
                len(self._posts), len(self._centre)
            ),
            "model_centre": self._centre,
        }

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where some are missing, or come from another model.

        Raises:
            EncoderError: if the model is not there, so that its key is unknown.
        """
        if not set(_ARRAYS) <= set(arrays) or arrays["model_key"].tobytes() != self.key.encode():
            return False
        posts, raw, centre = (arrays[name] for name in _ARRAYS[1:])
        if raw.shape != (len(posts), len(centre)) or posts.shape != (len(posts), 32):
            return False
        self._known = {post.tobytes(): row for post, row in zip(posts, raw, strict=True)}
        self._posts = sorted(self._known)
        self._centre = centre
        return True

    def _read(self, title: str, body: str) -> Vectors:
        """The mean of a post's passages, shape (dim,), of unit length."""
        model = self._model()
        prompt = (model.prompts or {}).get("document") or ""
        passages = split_passages(title, body, prompt, model.max_seq_length, lambda texts: _lengths(model, texts))
        mean: Vectors = self._run("encode_document", passages).mean(axis=0, keepdims=True)
        vector: Vectors = _unit(mean)[0]
        return vector

    def _run(self, method: str, texts: list[str]) -> Vectors:
        """Unit vectors of some texts, in one batch: what else is to be read must not change a bit of them."""
        import numpy as np

        try:
            found = getattr(self._model(), method)(
                texts,
                batch_size=len(texts),
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        except EncoderError:
            raise
        except Exception as error:
            raise EncoderError(f"the model {self._source.name} fails on a text: {_first_line(error)}") from error
        vectors: Vectors = np.asarray(found, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise EncoderError(f"the model {self._source.name} gives vectors that are no numbers; is it damaged?")
        return vectors

    def _model(self) -> Any:
        if self._loaded is None:
            self._loaded = _load_model(self._source)
        return self._loaded


# --- posts as passages -------------------------------------------------------------------------------------------


def split_passages(
    title: str,
    body: str,
    prompt: str,
    longest: int | None,
    count_tokens: Callable[[list[str]], list[int]],
) -> list[str]:
    """Passages of a post, each with its title: whole sentences where they fit.

    Args:
        title: may be empty, as may `body`, but not both.
        body: the text.
        prompt: what the model puts before each passage.
        longest: tokens that the model can read; None where it can read any number.
        count_tokens: the lengths of texts in tokens.
    """
    prompt_tokens, title_tokens = count_tokens([prompt, title])
    limit = max(16, min(longest or PASSAGE_TOKENS, PASSAGE_TOKENS) - _SPECIAL_TOKENS - prompt_tokens)
    most_title = int(_TITLE_SHARE * limit)
    if body and title_tokens > most_title:
        title = title[: max(1, len(title) * most_title // title_tokens)]
        title_tokens = most_title
    room = limit - title_tokens
    chunks = _spread(_pack(_pieces(body, room, count_tokens), room), MAX_PASSAGES)
    return [f"{title}\n{chunk}".strip() for chunk in chunks] or [title]


def _pieces(body: str, room: int, count_tokens: Callable[[list[str]], list[int]]) -> list[tuple[str, int]]:
    """Sentences with their lengths; one that is longer than `room` in parts."""
    sentences = _SENTENCE.findall(body)
    if not sentences:
        return []
    pieces: list[tuple[str, int]] = []
    for sentence, tokens in zip(sentences, count_tokens(sentences), strict=True):
        parts = -(-tokens // room) or 1
        width = -(-len(sentence) // parts)
        pieces += [(sentence[start : start + width], -(-tokens // parts)) for start in range(0, len(sentence), width)]
    return pieces


def _pack(pieces: Sequence[tuple[str, int]], room: int) -> list[str]:
    """Consecutive pieces together, as many as there is room for."""
    groups: list[list[str]] = []
    left = 0
    for piece, tokens in pieces:
        if not groups or tokens > left:
            groups.append([])
            left = room
        groups[-1].append(piece)
        left -= tokens
    return [chunk for chunk in ("".join(group).strip() for group in groups) if chunk]


def _spread(chunks: Sequence[str], most: int) -> list[str]:
    """At most so many of them, evenly spaced, the first and the last among them."""
    if len(chunks) <= most:
        return list(chunks)
    return [chunks[round(number * (len(chunks) - 1) / (most - 1))] for number in range(most)]


def _lengths(model: Any, texts: list[str]) -> list[int]:
    tokenizer = model.tokenizer
    if callable(tokenizer):
        found = tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        return [len(tokens) for tokens in found]
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def _text(document: Document) -> tuple[str, str] | None:
    """(title, body) of a post, or None where it has no words at all."""
    title = " ".join(document.fields.title.split())
    body = "\n\n".join(part for part in (document.post.description.strip(), document.fields.prose.strip()) if part)
    return (title, body) if _says_something(title) or _says_something(body) else None


def _says_something(text: str) -> bool:
    return any(map(str.isalnum, text))


def _content_key(key: str, text: tuple[str, str]) -> bytes:
    return hashlib.sha256(json.dumps([key, *text]).encode()).digest()


def _centred(raw: Vectors, centre: Vectors) -> Vectors:
    centred = _unit(raw - centre)
    centred[~raw.any(axis=1)] = 0
    return centred


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    exact = vectors.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit: Vectors = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 1e-6).astype(np.float32)
    return unit


# --- where the model is ------------------------------------------------------------------------------------------


class _Source:
    """A model's folder on this machine: given as one, or found in (and if need be fetched into) the hub's cache."""

    def __init__(self, name: str, revision: str, site: Path) -> None:
        self.name = name
        self._revision = revision
        path = site / Path(name).expanduser()
        self._is_folder = Path(name).is_absolute() or name.startswith((".", "~")) or path.is_dir()
        self._folder = path if self._is_folder else None

    def identity(self) -> str:
        """Name and commit of a model on the hub; a fingerprint of a folder."""
        if self._is_folder:
            return f"folder/{_fingerprint(self.folder())}"
        if re.fullmatch(r"[0-9a-f]{40}", self._revision):
            return f"{self.name}@{self._revision}"  # known without looking
        return f"{self.name}@{self.folder().name}"

    def folder(self) -> Path:
        """The folder, checked: there is a model in it, and no code."""
        if self._folder is None:
            self._folder = _hub_folder(self.name, self._revision)
        elif not _has_model(self._folder):
            raise EncoderError(_way_out(self.name, "there is no model in that folder"))
        _refuse_code(self.name, self._folder)
        return self._folder


def _load_model(source: _Source) -> Any:
    _require_package(source.name)
    folder = source.folder()
    from sentence_transformers import SentenceTransformer

    try:
        with _quiet():
            model = SentenceTransformer(str(folder), device="cpu", trust_remote_code=False, local_files_only=True)
            model.float().eval()  # half precision is for GPUs
    except Exception as error:
        raise EncoderError(_way_out(source.name, f"it does not load: {_first_line(error)}")) from error
    return model


def _require_package(name: str) -> None:
    from importlib.util import find_spec

    if find_spec("sentence_transformers") is None:
        raise EncoderError(_way_out(name, "the package sentence-transformers is not installed", install=True))


def _hub_folder(name: str, revision: str) -> Path:
    """The model's folder in the hub's cache; looked for there first, since a model that is here needs no network."""
    _require_package(name)
    download = import_module("huggingface_hub").snapshot_download
    wanted: dict[str, Any] = {
        "repo_id": name if "/" in name else f"sentence-transformers/{name}",
        "revision": revision or None,
        "cache_dir": os.environ.get("SENTENCE_TRANSFORMERS_HOME") or None,
    }
    with suppress(Exception):  # whatever is wrong with what is here: fetching it comes next
        folder = Path(download(**wanted, local_files_only=True))
        if _has_model(folder):
            return folder
    if _is_offline():
        reason = "it is not in the hub's cache on this machine, and HF_HUB_OFFLINE forbids to fetch it"
        raise EncoderError(_way_out(name, reason))
    try:
        folder = Path(download(**wanted, ignore_patterns=[*_OTHER_FORMATS, "*.bin"]))
        if not _has_model(folder):  # an older model, without safetensors
            folder = Path(download(**wanted, ignore_patterns=_OTHER_FORMATS))
    except Exception as error:
        reason = f"it is not on this machine, and fetching it failed: {_first_line(error)}"
        raise EncoderError(_way_out(name, reason)) from error
    return folder


def _is_offline() -> bool:
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"} for name in names)


def _has_model(folder: Path) -> bool:
    """Whether a folder holds settings and weights."""
    settings = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
    return settings and any(next(folder.rglob(f"*.{kind}"), None) for kind in ("safetensors", "bin"))


def _refuse_code(name: str, folder: Path) -> None:
    """Some releases of sentence-transformers import whatever a local model's settings name: look at them first."""
    for file in ("modules.json", "router_config.json"):
        for settings in sorted(folder.rglob(file)):
            try:
                classes = list(_named_classes(json.loads(settings.read_bytes())))
            except (OSError, ValueError, RecursionError) as error:
                raise EncoderError(_way_out(name, f"its {file} cannot be read: {_first_line(error)}")) from error
            for named in classes:
                if not named.startswith("sentence_transformers."):
                    raise EncoderError(_way_out(name, f"it needs code of its own ({named}), which is never run"))


def _named_classes(settings: Any) -> Iterator[str]:
    """The classes that a model's settings name: ``[{"type": …}]`` in one file, ``{"types": {…: …}}`` in the other."""
    modules = settings if isinstance(settings, list) else []
    yield from (str(module.get("type")) for module in modules if isinstance(module, dict))
    types = settings.get("types") if isinstance(settings, dict) else None
    yield from (str(named) for named in (types.values() if isinstance(types, dict) else ()))


def _fingerprint(folder: Path) -> str:
    """What is in a folder, cheaply: small files whole, large ones by their size and evenly spaced samples.

    Training moves every weight, so samples tell one state of a model from another.
    """
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if name.startswith(".") or "/." in name or file.suffix == ".md":
            continue
        try:
            size = file.stat().st_size
            total.update(f"{len(name)} {name} {size} ".encode("utf-8", "surrogateescape"))
            step = max(_SAMPLE_BYTES, size // _SAMPLES)
            with file.open("rb") as stream:
                for start in accumulate([0] + [step] * (size // step)):
                    stream.seek(start)
                    total.update(stream.read(_SAMPLE_BYTES))
        except OSError as error:
            raise EncoderError(f"the model's file {name} cannot be read: {error.strerror or error}") from error
    return total.hexdigest()


# --- saying what is wrong ----------------------------------------------------------------------------------------


def _way_out(name: str, reason: str, *, install: bool = False) -> str:
    remedies = [
        'install it: pip install "enishi[transformers]"'
        if install
        else "download the model once where there is a network (it is found in the hub's cache from then on)",
        "set encoder.model to a folder with a sentence-transformers model",
        'set encoder.model = "" to use the site encoder, which needs no model',
    ]
    lines = "\n".join(f"  - {remedy}" for remedy in remedies)
    return f"The model {name} (encoder.model) cannot be used: {reason}. One of these helps:\n{lines}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0].strip().rstrip(".") if lines else "") or type(error).__name__


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the loading bars and the advice that transformers prints to a terminal."""
    logging: Any = import_module("transformers.utils.logging")
    verbosity = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
