"""Where a pretrained model is, whether it may be used, and what helps when it cannot.

Models are data here: code that comes with one is never run.  What is on this machine is used as it is; only a model
that is nowhere on it is fetched, and then once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from enishi.encoders.model_files import ONNX_FILES, is_static, onnx_file
from enishi.errors import Diagnostic, EncoderError, Severity
from enishi.files import read_file

LIBRARIES = ("sentence-transformers", "transformers", "torch")
"""Whose versions may change a vector."""
_LIBRARIES = {"torch": (*LIBRARIES, "tokenizers"), "onnx": ("onnxruntime", "tokenizers")}
TRAINING_NAME = "enishi-training.json"
"""In the folder of a model that was trained on a blog: on what."""
_MAX_SETTINGS_BYTES = 1024 * 1024
_SAMPLES = 64
_SAMPLE_BYTES = 65_536
Engine = Literal["auto", "torch", "onnx"]
"""What runs a model; `auto`: torch where sentence-transformers is installed."""
_UNREAD = ["*.h5", "*.ot", "*.msgpack", "*.gguf", "*.tflite", "coreml/*", "*.onnx", "onnx/*", "openvino/*"]
"""Files of a model on the hub that torch does not read."""
_READ_BY_ONNX = ["*.json", *ONNX_FILES, *(f"{file}_data" for file in ONNX_FILES), "*_Dense/*.safetensors"]


class ModelSource:
    """A model's folder on this machine: given as one, or found in (and if need be fetched into) the hub's cache.

    Args:
        name: a folder (absolute, or relative to `site`), or else a name on the hub.
        revision: the commit, tag or branch of a model on the hub.  Without one the revision that is on this machine is
            used, and the newest is fetched where there is none.
        site: what a relative folder is relative to.
        setting: the setting that names the model, for what is said when it cannot be had.
        engine: what runs the model.
    """

    def __init__(
        self, name: str, revision: str, site: Path, setting: str = "encoder.model", engine: Engine = "torch"
    ) -> None:
        self.name, self.setting, self._revision, self._wanted_engine = name, setting, revision, engine
        path = site / Path(name).expanduser()
        self.is_folder = Path(name).is_absolute() or name.startswith((".", "~")) or path.is_dir()
        self._folder = path if self.is_folder else None

    @property
    def engine(self) -> Literal["torch", "onnx"]:
        """What runs the model here, unless it is a static one, which needs neither."""
        if self._wanted_engine != "auto":
            return self._wanted_engine
        if find_spec("onnxruntime") is None:
            return "torch"
        no_weights = self._folder is not None and self.is_folder and not _weights(self._folder)
        return "onnx" if find_spec("sentence_transformers") is None or no_weights else "torch"

    @property
    def is_static(self) -> bool:
        """Whether the model is a table of vectors, which is read without torch, unless torch is asked for."""
        return self._wanted_engine != "torch" and is_static(self.folder())

    def versions(self) -> str:
        """The engine and the versions of the packages that may change a vector."""
        return f"{self.engine} {library_versions(*_LIBRARIES[self.engine])}"

    def identity(self) -> str:
        """Name and commit of a model on the hub; a fingerprint of a folder.

        Raises:
            EncoderError: if there is no such model on this machine and it cannot be fetched.
        """
        if self.is_folder:
            return f"folder/{_fingerprint(self.folder())}"
        if self.is_pinned:
            return f"{self.name}@{self._revision}"  # known without looking
        return f"{self.name}@{self.folder().name}"

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which can mean one state of the model only."""
        return bool(re.fullmatch(r"[0-9a-f]{40}", self._revision))

    def stamps(self) -> Iterator[str]:
        """Its files by size and time, for a model in a folder."""
        if self._folder is None or not self.is_folder:
            return
        for file in sorted(self._folder.rglob("*")):
            with suppress(OSError):  # it vanished, or is a link to nowhere
                status = file.stat()
                yield f"{file.relative_to(self._folder)} {status.st_size} {status.st_mtime_ns}"

    def advice(self) -> Diagnostic | None:
        """To pin the revision, where there is none; once it is known which one is used."""
        if self.is_folder or self.is_pinned or self._folder is None:
            return None
        setting = "encoder.images_revision" if self.setting == "encoder.images" else "encoder.revision"
        text = f'what {self.name} means may change: set {setting} = "{self._folder.name}" to stay with what is used now'
        return Diagnostic(self.setting, 0, "unpinned-model", Severity.NOTE, text)

    def folder(self) -> Path:
        """The folder, checked: there is a model in it, and no code.

        Raises:
            EncoderError: see :meth:`identity`.
        """
        if self._folder is None:
            self._folder = self._find_in_hub()
        elif not self._has_model(self._folder):
            is_other = self.engine == "onnx" and _weights(self._folder)
            reason = _NO_ONNX if is_other else "there is no model in that folder"
            raise EncoderError(ways_out(self.setting, self.name, reason, install=bool(is_other)))
        _refuse_code(self.setting, self.name, self._folder)
        return self._folder

    def saw(self, what: Literal["tags", "links"]) -> bool:
        """Whether the model was trained on the blog's own tags or links, as `enishi train` noted beside it.

        Where the note cannot be read, the worst is assumed.
        """
        file = self.folder() / TRAINING_NAME if self.is_folder else None
        if file is None or not file.is_file():
            return False
        try:
            note = json.loads(read_file(file, _MAX_SETTINGS_BYTES))
        except (OSError, ValueError, RecursionError):
            note = None
        return bool(note.get(f"saw_{what}", True)) if isinstance(note, dict) else True

    def _has_model(self, folder: Path) -> bool:
        """Whether a folder holds settings, and weights that the engine reads."""
        settings = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
        if self.engine == "onnx" and not is_static(folder):
            return settings and onnx_file(folder) is not None
        return settings and _weights(folder) is not None

    def _find_in_hub(self) -> Path:
        """The model's folder in the hub's cache; looked for there first: a model that is here needs no network."""
        require_packages(self, "huggingface_hub", *(["sentence_transformers"] if self.engine == "torch" else []))
        download = import_module("huggingface_hub").snapshot_download
        wanted: dict[str, Any] = {
            "repo_id": repository_of(self.name),
            "revision": self._revision or None,
            "cache_dir": cache_of_hub(),
        }
        with suppress(Exception):  # whatever is wrong with what is here: fetching it comes next
            folder = Path(download(**wanted, local_files_only=True))
            if self._has_model(folder):
                return folder
        if _is_offline():
            reason = "it is not in the hub's cache on this machine, and HF_HUB_OFFLINE forbids fetching it"
            raise EncoderError(ways_out(self.setting, self.name, reason))
        onnx = self.engine == "onnx"
        read = {"allow_patterns": _READ_BY_ONNX} if onnx else {"ignore_patterns": [*_UNREAD, "*.bin"]}
        try:
            folder = Path(download(**wanted, **read))
            if onnx and is_static(folder):
                folder = Path(download(**wanted, allow_patterns=["*.json", "*.safetensors"]))
            elif not onnx and not self._has_model(folder):  # an older model, without safetensors
                folder = Path(download(**wanted, ignore_patterns=_UNREAD))
        except Exception as error:
            reason = f"it is not on this machine, and fetching it failed: {first_line(error)}"
            raise EncoderError(ways_out(self.setting, self.name, reason)) from error
        if onnx and not self._has_model(folder):
            raise EncoderError(ways_out(self.setting, self.name, _NO_ONNX, install=True))
        return folder


def load_model(source: ModelSource, device: str = "auto") -> Any:
    """The model, ready to read: a SentenceTransformer, or what answers to the calls of one that are made here.

    `device` is where it runs, as torch names it; `auto`: a GPU where there is one, and where torch is what runs it.

    Raises:
        EncoderError: if it cannot be had or does not load, with the ways out.
    """
    is_torch = source.engine == "torch" and not source.is_static
    needed = ["sentence_transformers"] if is_torch else ["safetensors", "tokenizers"]
    require_packages(source, *needed, *([] if is_torch or source.is_static else ["onnxruntime"]))
    folder = source.folder()
    try:
        if source.is_static:
            from enishi.encoders.static_model import StaticModel

            return StaticModel(folder)
        if source.engine == "onnx":
            from enishi.encoders.onnx_model import OnnxModel

            return OnnxModel(folder, device)
        from sentence_transformers import SentenceTransformer

        with quiet_transformers():
            model = SentenceTransformer(
                str(folder),
                device=None if device == "auto" else device,
                trust_remote_code=False,
                local_files_only=True,
            )
            model.float().eval()  # as stored it may be of half precision
    except Exception as error:
        reason = f"it does not load: {first_line(error)}"
        raise EncoderError(ways_out(source.setting, source.name, reason, install=not is_torch)) from error
    return model


def require_packages(source: ModelSource, *packages: str) -> None:
    """Raises EncoderError if a package is not installed."""
    for package in packages:
        if find_spec(package) is None:
            reason = f"the package {package.replace('_', '-')} is not installed"
            raise EncoderError(ways_out(source.setting, source.name, reason, install=True))


def _is_offline() -> bool:
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"} for name in names)


def repository_of(name: str) -> str:
    """A model's full name on the hub."""
    return name if "/" in name else f"sentence-transformers/{name}"


def cache_of_hub() -> str | None:
    """Where the hub's cache lies, if not where huggingface_hub itself has it."""
    return os.environ.get("SENTENCE_TRANSFORMERS_HOME") or None


def _weights(folder: Path) -> Path | None:
    """A file of weights that torch reads."""
    return next((file for kind in ("safetensors", "bin") for file in folder.rglob(f"*.{kind}")), None)


def _refuse_code(setting: str, name: str, folder: Path) -> None:
    """Some releases of sentence-transformers import whatever a local model's settings name: look at them first."""
    for settings in sorted([*folder.rglob("modules.json"), *folder.rglob("router_config.json")]):
        try:
            classes = _named_classes(json.loads(settings.read_bytes()))
        except (OSError, ValueError, RecursionError) as error:
            reason = f"its {settings.name} cannot be read: {first_line(error)}"
            raise EncoderError(ways_out(setting, name, reason)) from error
        for named in classes:
            if not named.startswith("sentence_transformers."):
                raise EncoderError(ways_out(setting, name, f"it needs code of its own ({named}), which is never run"))


def _named_classes(settings: Any) -> list[str]:
    """The classes that a model's settings name: ``[{"type": …}]`` in one file, ``{"types": {…: …}}`` in the other."""
    if isinstance(settings, list):
        return [str(module.get("type")) for module in settings if isinstance(module, dict)]
    types = settings.get("types") if isinstance(settings, dict) else None
    return [str(named) for named in types.values()] if isinstance(types, dict) else []


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


_NO_ONNX = f"it has no {ONNX_FILES[0]}, which is what onnxruntime reads"


def ways_out(setting: str, name: str, reason: str, *, install: bool = False) -> str:
    """Why a model cannot be used, and what helps."""
    extra = "images" if setting == "encoder.images" else "transformers"
    download = "download the model once where there is a network (it is found in the hub's cache from then on)"
    first = f'install it: pip install "enishi[{extra}]"' if install else download
    if install and extra == "transformers":
        first += ', or, smaller, for static models and those with an ONNX file: pip install "enishi[onnx]"'
    without = "use the site encoder, which needs no model" if setting == "encoder.model" else "do without"
    return (
        f"The model {name} ({setting}) cannot be used: {reason}. One of these helps:\n"
        f"  - {first}\n"
        f"  - set {setting} to a folder with a sentence-transformers model\n"
        f'  - set {setting} = "" to {without}'
    )


def first_line(error: BaseException) -> str:
    """What an error says, in one line without a full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0].strip().rstrip(".") if lines else "") or type(error).__name__


def library_versions(*libraries: str) -> str:
    """Versions of the installed packages that enter a key."""

    def of(library: str) -> str:
        try:
            return version(library)
        except PackageNotFoundError:
            return "none"

    return "+".join(map(of, libraries))


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the progress bars and advice that transformers prints to a terminal."""
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
