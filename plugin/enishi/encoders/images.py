"""The pictures of a post as a part of its vector, by a CLIP-type sentence-transformers model.

A picture's vector depends on its bytes alone (it is read as a batch of its own), so it is remembered by content.  A
post's raw vector is the mean of those of its pictures; then all are centred over the blog, as the transformer
encoder's are: what the pictures of a blog have in common (a photographer's light, a frame that the theme asks for)
tells no two posts apart.

Pictures may be a stranger's.  Only those inside the site's folder are opened, none is fetched, and pillow is given
the common bitmap formats alone, after their size was looked at.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import digest
from enishi.encoders.models import LIBRARIES, ModelSource, Running, first_line, library_versions, load_model, ways_out
from enishi.encoders.parts import PartEncoder, centre_of, centred, unit_rows
from enishi.errors import Diagnostic, EncoderError, Severity
from enishi.memo import Memo, each
from enishi.reading import images as reading
from enishi.reading.images import Reference, picture_references, post_pictures
from enishi.reading.site import Site
from enishi.text.plural import counted
from enishi.types import Document

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image as Picture

    from enishi.encoders.models import EmbeddingStore
    from enishi.types import Vectors

VERSION = 1
"""Part of the key: raise it when the vectors of some picture change."""

SETTING = "encoder.images"

FORMATS = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "AVIF", "BMP")
"""The formats that pillow may open: some of the others run programs."""
MAX_BYTES = 32 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""Of a picture; decoded they take 4 bytes each.  A compressed file of some kilobytes may hold billions."""
COMMON_SHARE = 0.3
COMMON_POSTS = 3
"""A picture of more posts than both says nothing of any: a default cover, the author's portrait."""

_MAX_POST_BYTES = 16 * 1024 * 1024
_DRAFT_SIDE = 512
"""A JPEG picture is decoded at the least scale that is no smaller: models look at 224 to 384 pixels."""
MIN_SIDE = 32
"""In pixels: what is smaller is an icon, a badge or a line, and says nothing of a post."""
_PLAIN = Running()
_DIGESTS = "picture digests"
_ARRAYS = ("images_key", "images_centre")

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


class ImageEncoder(PartEncoder):
    """One part of a post's vector: what its pictures show.

    Nothing is loaded before a picture needs it.

    Args:
        model: the name of a CLIP-type model on the hub, or a folder (absolute, or relative to the site).
        site: where the posts and their pictures lie.
        revision: the commit, tag or branch of a model on the hub.
        running: how the model is run; the backend is always torch, because the others read texts only.
        store: remembers the vectors of pictures by content.
        progress: told after each picture that the model has looked at.
    """

    def __init__(
        self,
        model: str,
        *,
        site: Site,
        revision: str = "",
        running: Running = _PLAIN,
        store: EmbeddingStore | None = None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._source = ModelSource(model, revision, site.root, setting=SETTING)
        self._running = replace(running, backend="torch")
        self._site = site
        self._store = store
        self._progress = progress
        self._loaded: Any = None
        self._key = ""
        self._known: dict[bytes, Vectors] = {}
        self._centre: Vectors | None = None
        self._files: tuple[Path, ...] = ()
        self._diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        """Of this part."""
        return "images"

    @property
    def key(self) -> str:
        """Names everything the vectors depend on beside the posts and their pictures.

        Raises:
            EncoderError: if there is no such model on this machine and it cannot be fetched.
        """
        if not self._key:
            versions = library_versions(*LIBRARIES, "pillow")
            bounds = f"{reading.VERSION}/{reading.MAX_FRONT}+{reading.MAX_PICTURES}/{MAX_PIXELS}"
            self._key = f"images/{VERSION}/{bounds}/{versions}/{self._running.key}/{self._source.identity()}"
        return self._key

    @property
    def embedding_keys(self) -> tuple[bytes, ...]:
        """Under which keys the store has what the last :meth:`encode` needed."""
        return tuple(self._known)

    def use_store(self, store: EmbeddingStore | None) -> None:
        """From now on, what is seen is kept there, too."""
        self._store = store

    @property
    def files(self) -> Sequence[Path]:
        """The pictures that the last :meth:`encode` opened, sorted: what came of them depends on their bytes.

        That one came where there was none is seen by :func:`enishi.reading.images.picture_stamps`.
        """
        return self._files

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What is wrong with pictures that the last :meth:`encode` came across, and with the choice of the model."""
        advice = self._source.advice()
        return (*self._diagnostics, *([advice] if advice else ()))

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, dim), centred over these documents; zeros for a post without pictures.

        Raises:
            EncoderError: if the model cannot be had, or reads no pictures.
        """
        require_pillow(self._source.name)
        pictures = find_pictures(documents, self._site, memo)
        raw = self._raw(pictures, memo)
        self._centre = centre_of(raw)
        return centred(raw, self._centre)

    def encode_query(self, text: str) -> Vectors:  # noqa: ARG002 - no words are near to pictures
        """Zeros of shape (1, dim): a CLIP model's texts lie apart from its pictures, all of them equally far.

        Raises:
            ValueError: if nothing was encoded or loaded before.
        """
        import numpy as np

        if self._centre is None:
            raise ValueError("the image encoder has encoded nothing yet")
        return np.zeros((1, len(self._centre)), dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`load` needs; empty before encoding."""
        import numpy as np

        if self._centre is None:
            return {}
        return {"images_key": np.frombuffer(self.key.encode(), dtype=np.uint8), "images_centre": self._centre}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Take up the arrays of an earlier run; False where some are missing, or come from another model.

        Raises:
            EncoderError: if the model is not there, so that its key is unknown.
        """
        if not set(_ARRAYS) <= set(arrays) or arrays["images_key"].tobytes() != self.key.encode():
            return False
        self._centre = arrays["images_centre"]
        return True

    def _raw(self, pictures: Sequence[tuple[Path, ...]], memo: Memo | None) -> Vectors:
        """Each post's mean picture, of unit length but not centred; zeros for a post without pictures."""
        import numpy as np

        users = _users(pictures)
        self._files = tuple(sorted(users))
        vectors, problems = self._look(self._files, memo)
        self._diagnostics = self._tell(pictures, problems, users)
        dim = next((len(vector) for vector in vectors.values()), 1)
        raw = np.zeros((len(pictures), dim), dtype=np.float32)
        for row, files in enumerate(pictures):
            seen = [vectors[file] for file in sorted(files) if file in vectors]
            if seen:
                raw[row] = unit_rows(np.array(seen, dtype=np.float64).mean(axis=0, keepdims=True))[0]
        return raw

    def _look(self, files: Sequence[Path], memo: Memo | None) -> tuple[dict[Path, Vectors], dict[Path, str]]:
        """The vectors of pictures, and what is wrong with those that have none."""
        import numpy as np

        digests, problems = _digests(files, memo)
        keys = {file: digest(self.key, content) for file, content in digests.items()} if digests else {}
        unknown = sorted({key for key in keys.values() if key not in self._known})
        if self._store is not None and unknown:
            self._known |= {
                key: np.frombuffer(value, dtype=np.float32) for key, value in self._store.embeddings(unknown).items()
            }
        todo = {key: file for file, key in keys.items() if key not in self._known}
        made: dict[bytes, bytes] = {}
        try:
            for done, (key, file) in enumerate(sorted(todo.items(), key=lambda item: item[1]), 1):
                try:
                    picture = open_picture(_read(file))
                    self._known[key] = np.zeros(0, dtype=np.float32) if picture is None else self._see(picture)
                    made[key] = self._known[key].tobytes()
                except PictureError as error:
                    problems |= {other: str(error) for other, same in keys.items() if same == key}
                self._progress("looking at pictures", done, len(todo))
        finally:  # where it is broken off, what was seen is kept
            if self._store is not None and made:
                self._store.add_embeddings(made)
        self._known = {key: self._known[key] for key in keys.values() if key in self._known}
        return {file: self._known[key] for file, key in keys.items() if len(self._known.get(key, ()))}, problems

    def _see(self, picture: Picture) -> Vectors:
        """The unit vector of one picture, shape (dim,), in a batch of its own: others must not change a bit of it."""
        import numpy as np

        try:
            found = self._model().encode(
                [picture], batch_size=1, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
            )
        except EncoderError:
            raise
        except Exception as error:
            raise EncoderError(f"the model {self._source.name} fails on a picture: {first_line(error)}") from error
        vector: Vectors = np.asarray(found, dtype=np.float32)[0]
        if not np.isfinite(vector).all():
            raise EncoderError(f"the model {self._source.name} gives vectors that are no numbers; is it damaged?")
        return vector

    def _model(self) -> Any:
        if self._loaded is None:
            model = load_model(self._source, self._running)
            if "image" not in getattr(model, "modalities", ["image"]):
                raise EncoderError(ways_out(SETTING, self._source.name, "it reads no pictures (CLIP-type models do)"))
            self._loaded = model
        return self._loaded

    def _tell(
        self, pictures: Sequence[tuple[Path, ...]], problems: Mapping[Path, str], users: Mapping[Path, int]
    ) -> tuple[Diagnostic, ...]:
        root = Path(self._site.root).resolve()
        told = [
            Diagnostic(
                file.relative_to(root).as_posix(),
                0,
                "bad-picture",
                Severity.WARNING,
                f"{problem}. It does not count for {counted(users[file], 'post')} with this picture",
            )
            for file, problem in problems.items()
        ]
        if pictures and not users:
            where = "encoder.images is set, but no post names a picture (png, jpg, gif, webp …) that is a file in the "
            told.append(
                Diagnostic(".", 0, "no-pictures", Severity.WARNING, f"{where}site's folder. None is ever fetched")
            )
        return tuple(sorted(told))


# --- which pictures -------------------------------------------------------------------------------------------------


def find_pictures(documents: Sequence[Document], site: Site, memo: Memo | None = None) -> list[tuple[Path, ...]]:
    """The files of each post's pictures, the telling ones first; those of very many posts are left out."""
    named = each(memo, "picture names", documents, lambda document: _names(document, site), site)
    every = [
        post_pictures(document.post, names, site) if names else ()
        for document, names in zip(documents, named, strict=True)
    ]
    users = _users(every)
    most = max(COMMON_SHARE * len(documents), COMMON_POSTS)
    return [tuple(file for file in files if users[file] <= most) for files in every]


def _names(document: Document, site: Site) -> tuple[Reference, ...]:
    """The names of pictures in a post's file, which is read again: what a document holds has no pictures."""
    try:
        with Path(site.root, document.post.path).open("rb") as file:
            text = file.read(_MAX_POST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):  # a post that is no file, as in an evaluation
        text = ""
    return picture_references(document.post.front_matter, text)


def _users(pictures: Iterable[tuple[Path, ...]]) -> Counter[Path]:
    """How many posts show each picture."""
    return Counter(file for files in pictures for file in files)


def _digests(files: Sequence[Path], memo: Memo | None) -> tuple[dict[Path, bytes], dict[Path, str]]:
    """A hash of what each picture's file holds, and what is wrong with those that cannot be read."""
    before: dict[tuple[Path, int, int], bytes] = (memo.get(_DIGESTS) if memo else None) or {}
    now: dict[tuple[Path, int, int], bytes] = {}
    digests: dict[Path, bytes] = {}
    problems: dict[Path, str] = {}
    for file in files:
        try:
            status = file.stat()
            stamp = (file, status.st_size, status.st_mtime_ns)
            digests[file] = now[stamp] = before.get(stamp) or hashlib.sha256(_read(file)).digest()
        except (OSError, PictureError) as error:
            problems[file] = str(error) if isinstance(error, PictureError) else _unreadable(error)
    if memo:
        memo.put(_DIGESTS, now)
    return digests, problems


# --- reading a picture ----------------------------------------------------------------------------------------------


class PictureError(Exception):
    """A picture cannot be read; says why, and what its author can do."""


_TOO_MANY_PIXELS = (
    f"the picture holds more than {MAX_PIXELS // 1_000_000} million pixels, so it is not read. Save it smaller"
)


def open_picture(data: bytes) -> Picture | None:
    """A picture's first frame, upright, in RGB, on white where it is transparent; None for an icon.

    Raises:
        PictureError
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on what pillow thinks too large: the bounds here are narrower
            image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
            if min(image.size) < MIN_SIDE:
                return None
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(_TOO_MANY_PIXELS)
            image.draft(None, (_DRAFT_SIDE, _DRAFT_SIDE))
            image.load()
            return _on_white(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except Image.DecompressionBombError:  # pillow's own bound, which comes before ours
        raise PictureError(_TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        kinds = ", ".join(name for name in FORMATS if name != "MPO")
        raise PictureError(f"this is no picture that can be read ({kinds}). Save it as one") from None
    except Exception as error:  # whatever a damaged picture makes of a decoder
        raise PictureError(_unreadable(error)) from None


def _on_white(image: Picture) -> Picture:
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits a pixel, which pillow would clip to 8
        import numpy as np

        levels = np.asarray(image.convert("I")).clip(0, 65535) // 257
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PictureError(_unreadable(error)) from None
    if len(data) > MAX_BYTES:
        raise PictureError(f"the picture is larger than {MAX_BYTES // 1024 // 1024} MB, so it is not read")
    return data


def _unreadable(error: Exception) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or first_line(error)
    return f"this picture cannot be read ({reason}). Save it again"


def require_pillow(model: str) -> None:
    """Complain if pillow is not installed.

    Raises:
        EncoderError
    """
    from importlib.util import find_spec

    if find_spec("PIL") is None:
        raise EncoderError(ways_out(SETTING, model, "the package pillow is not installed", install=True))
