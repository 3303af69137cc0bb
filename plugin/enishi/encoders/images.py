"""The pictures of a post as a part of its vector, by a CLIP-type sentence-transformers model.

A picture is read as a batch of its own, so its vector depends on its bytes alone and is remembered by them.  A post's
raw vector is the mean of those of its pictures; what the pictures of a blog have in common (a photographer's light, a
frame that the theme asks for) is taken out by centring.

Pictures are untrusted.  Only those inside the site's folder are opened, none is fetched, and pillow is given
the common bitmap formats alone, after their size was looked at.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from enishi.cache import code_digest, digest
from enishi.encoders.models import ModelSource, first_line, library_versions, ways_out
from enishi.encoders.pretrained import PretrainedPart
from enishi.errors import Diagnostic, EncoderError, Severity
from enishi.files import read_file, read_start
from enishi.memo import Memo, each
from enishi.text.plural import counted
from enishi.types import Document
from enishi.vectors import unit_rows

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from enishi.config import Settings
    from enishi.generators.base import Site
    from enishi.reading.images import Reference
    from enishi.types import Vectors

_CODE = ("encoders/images.py", "encoders/pretrained.py", "encoders/models.py", "reading/images.py")
"""The code that the vectors depend on."""
SETTING = "encoder.images"

FORMATS = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "AVIF", "BMP")
"""The formats that pillow may open: some of the others run programs."""
MAX_BYTES = 32 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""Of a picture; decoded they take 4 bytes each.  A compressed file of some kilobytes may hold billions."""
COMMON_SHARE = 0.3
COMMON_POSTS = 3
"""A picture of more posts than both says nothing about any: a default cover, the author's portrait."""

_MAX_POST_BYTES = 16 * 1024 * 1024
_DRAFT_SIDE = 512
"""A JPEG picture is decoded at the smallest scale that is no smaller: models look at 224 to 384 pixels."""
MIN_SIDE = 32
"""In pixels: what is smaller is an icon, a badge or a line, and says nothing about a post."""


class ImageEncoder(PretrainedPart):
    """The part of a post's vector that its pictures make.

    Args:
        model: the name of a CLIP-type model on the hub, or a folder (absolute, or relative to the site).
        site: where the posts and their pictures are.
        revision: the commit, tag or branch of a model on the hub.
        device: where the model runs.
        weight: its share of the vector.
    """

    name = "images"
    is_often_missing = True

    def __init__(
        self, model: str, *, site: Site, revision: str = "", device: str = "auto", weight: float = 1.0
    ) -> None:
        super().__init__(ModelSource(model, revision, site.root, setting=SETTING), device, weight)
        self._site = site
        self._digests: dict[tuple[Path, int, int], bytes] = {}
        self._problems: tuple[Diagnostic, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings, site: Site) -> Self | None:
        """The model of `encoder.images`."""
        chosen = settings.encoder
        if not chosen.images:
            return None
        revision, weight = chosen.images_revision, chosen.images_weight
        return cls(chosen.images, site=site, revision=revision, device=chosen.device, weight=weight)

    def _recipe(self) -> str:
        return f"images/{code_digest(*_CODE)}/{library_versions('pillow')}"

    def stamps(self) -> Iterator[str]:
        """The model's files and the site's pictures, by size and time."""
        from enishi.reading.images import picture_stamps

        return chain(super().stamps(), picture_stamps(self._site))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the pictures that the last :meth:`encode` read, and advice on the choice of the model."""
        return (*self._problems, *super().diagnostics)

    def encode(self, documents: Sequence[Document], memo: Memo | None = None) -> Vectors:
        """Vectors of shape (n, dim), centred over these documents; zeros for a post without pictures."""
        import numpy as np

        if find_spec("PIL") is None:
            reason = "the package pillow is not installed"
            raise EncoderError(ways_out(SETTING, self.source.name, reason, install=True))
        self._begin_round()
        pictures = find_pictures(documents, self._site, memo)
        shown = Counter(file for files in pictures for file in files)
        vectors, problems = self._embed(sorted(shown))
        self._problems = tuple(sorted(self._describe(problems, shown, has_posts=bool(documents))))
        dim = next((len(vector) for vector in vectors.values()), 1)
        raw = np.zeros((len(pictures), dim), dtype=np.float32)
        for row, files in enumerate(pictures):
            seen = [vectors[file] for file in sorted(files) if file in vectors]
            if seen:
                raw[row] = unit_rows(np.array(seen, dtype=np.float64).mean(axis=0, keepdims=True))[0]
        return self.finish(raw)

    def encode_query(self, text: str) -> Vectors:  # noqa: ARG002 - no words are near pictures
        """Zeros of shape (1, dim): a CLIP model's texts lie apart from its pictures, all of them equally far."""
        import numpy as np

        return np.zeros((1, len(self.centre)), dtype=np.float32)

    def _embed(self, files: Sequence[Path]) -> tuple[dict[Path, Vectors], dict[Path, str]]:
        """The vectors of pictures (none of an icon's), and what is wrong with those that cannot be read."""
        import numpy as np

        digests, problems = self._read_digests(files)
        keys = {file: digest(self.key, content) for file, content in digests.items()} if digests else {}
        known = self._recall(keys.values())
        todo = {key: file for file, key in keys.items() if key not in known}
        made: dict[bytes, bytes] = {}
        try:
            for done, (key, file) in enumerate(sorted(todo.items(), key=lambda item: item[1]), 1):
                try:
                    picture = open_picture(_read(file))
                    made[key] = b"" if picture is None else self._run([picture])[0].tobytes()
                except PictureError as error:
                    problems |= {other: str(error) for other, same in keys.items() if same == key}
                self.progress("looking at pictures", done, len(todo))
        finally:  # where it is interrupted, what was seen is kept
            self._remember(made)
        known |= made
        return {file: np.frombuffer(known[key], np.float32) for file, key in keys.items() if known.get(key)}, problems

    def _read_digests(self, files: Sequence[Path]) -> tuple[dict[Path, bytes], dict[Path, str]]:
        """A hash of what each picture's file holds, and what is wrong with those that cannot be read.

        A file is read again only if its size or time changed since the last round.
        """
        before, self._digests = self._digests, {}
        digests: dict[Path, bytes] = {}
        problems: dict[Path, str] = {}
        for file in files:
            try:
                status = file.stat()
                stamp = (file, status.st_size, status.st_mtime_ns)
                content = before.get(stamp) or hashlib.sha256(read_file(file, MAX_BYTES)).digest()
                digests[file] = self._digests[stamp] = content
            except OSError as error:
                problems[file] = _unreadable(error)
        return digests, problems

    def _model(self) -> Any:
        model = super()._model()
        if "image" not in getattr(model, "modalities", ["image"]):
            raise EncoderError(ways_out(SETTING, self.source.name, "it reads no pictures (CLIP-type models do)"))
        return model

    def _describe(
        self, problems: Mapping[Path, str], shown: Mapping[Path, int], *, has_posts: bool
    ) -> Iterator[Diagnostic]:
        root = Path(self._site.root).resolve()
        for file, problem in problems.items():
            text = f"{problem}. It does not count for {counted(shown[file], 'post')} with this picture"
            yield Diagnostic(file.relative_to(root).as_posix(), 0, "bad-picture", Severity.WARNING, text)
        if has_posts and not shown:
            text = (
                f"{SETTING} is set, but no post names a picture (png, jpg, gif, webp …) that is a file in the site's "
                "folder. None is ever fetched"
            )
            yield Diagnostic(".", 0, "no-pictures", Severity.WARNING, text)


def find_pictures(documents: Sequence[Document], site: Site, memo: Memo | None = None) -> list[tuple[Path, ...]]:
    """The files of each post's pictures, the most important first; those that very many posts show are left out."""
    from enishi.reading.images import post_pictures

    named = each(memo, "picture names", documents, lambda document: _names(document, site), site)
    every = [post_pictures(document.post, names, site) for document, names in zip(documents, named, strict=True)]
    shown = Counter(file for files in every for file in files)
    most = max(COMMON_SHARE * len(documents), COMMON_POSTS)
    return [tuple(file for file in files if shown[file] <= most) for files in every]


def _names(document: Document, site: Site) -> tuple[Reference, ...]:
    """The names of pictures in a post's file, which is read again: a document does not hold them."""
    from enishi.reading.images import picture_references

    try:
        text = read_start(Path(site.root, document.post.path), _MAX_POST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):  # a post that is no file, as in an evaluation
        text = ""
    return picture_references(document.post.front_matter, text)


# --- reading a picture ----------------------------------------------------------------------------------------------


class PictureError(Exception):
    """A picture cannot be read: why, and what its author can do."""


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
        return read_file(file, MAX_BYTES)
    except OSError as error:
        raise PictureError(_unreadable(error)) from None


def _unreadable(error: Exception) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or first_line(error)
    return f"this picture cannot be read ({reason}). Save it again"
