"""What a build depends on, and what the last one left: requests, cache keys, summaries.

The key of a build is a hash of everything that its output depends on but the time.  A build whose key is that of the
last one, in the same span of time and over the same output files, has nothing to do.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from enishi.cache import Cache, digest
from enishi.config import Settings
from enishi.errors import Diagnostic, OutputError, SettingsError, Severity
from enishi.files import read_file, read_if_regular, replace_file
from enishi.reading.documents import PostFile
from enishi.reading.find import MAX_FILE_BYTES
from enishi.reading.git_index import tracked_names
from enishi.tags.decisions import DECISIONS_NAME
from enishi.tags.declined import DECLINED_NAME
from enishi.types import Document
from enishi.writing.manifest import JOURNAL_NAME
from enishi.writing.output import ignore_in_git, outputs_intact, written_digest, written_files
from enishi.writing.reading_back import join_shards
from enishi.writing.render import templates_folder

if TYPE_CHECKING:
    import numpy.typing as npt

    from enishi.generators.base import Site
    from enishi.related.policy import RelatedPosts
    from enishi.types import Matrix

STATE_FOLDER = ".enishi"
"""The site's folder of the cache, and by default of the output."""
CACHE_NAME = "cache.db"
ADDRESSES_NAME = "addresses.json"
"""In the site's own folder: what the generator's last list said of addresses."""
SIGN_NAME = "watch.json"
"""In the site's own folder, while it is watched."""
_VECTORS_OF = "last build"
"""Names the state that holds the key of the build whose vectors are in the cache."""
_LISTS_SEEN = "lists seen"
_LARGEST_PREVIOUS = 256 * 1024 * 1024
"""Bytes, shards and all; 100,000 posts make 150 MB."""
_LIBRARIES = ("numpy", "scipy", "scann", "jinja2")
"""Libraries whose versions may change what is written."""
_ALWAYS = ("0001-01-01T00:00:00+00:00", "9999-12-31T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Request:
    """What a command asks for."""

    site: Path
    out: Path | None = None
    """Where the output goes; ``SITE/.enishi`` if not given."""
    config_file: Path | None = None
    overrides: tuple[str, ...] = ()
    """``KEY=VALUE`` strings, as `--set` takes them."""
    manifest: str | None = None
    """The generator's own list of posts, as JSON."""
    now: datetime | None = None
    """The moment that decides which posts lie in the future; the present if not given."""
    processes: int = 1
    cache: Path | None = None
    """The folder of the cache; ``SITE/.enishi`` if not given."""
    max_file_bytes: int = MAX_FILE_BYTES
    """Larger posts are not read."""
    previous: Path | None = None
    """The related.json that was published last; near-ties go to what it shows."""
    trusts_addresses: bool = True
    """Whether the addresses of an earlier manifest count, which lie in the site's folder."""

    @property
    def folder(self) -> Path:
        """The output folder."""
        return self.out or self.site / STATE_FOLDER


@dataclass(frozen=True, slots=True)
class Summary:
    """A build in numbers, remembered so that a build with nothing to do can repeat them."""

    generator: str
    posts: Mapping[str, int]
    """Number of posts by status."""
    listed: int = 0
    """Number of posts that have related posts."""
    entries: int = 0
    """Number of related posts in all lists together."""
    tags: int = 0
    """Number of different tags."""
    suggestions: int = 0
    topics: int = 0
    links: int = 0
    min_score: float = 0.0
    guessed_addresses: int = 0
    """Number of published posts whose address no generator told."""
    data_file: str = ""
    data_file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What is remembered of the last build of an output folder."""

    key: str
    written: str
    """Digest of the output files, see :func:`outputs_digest`."""
    valid: tuple[datetime, datetime]
    """The span of time in which the same posts lie in the future."""
    summary: Summary
    diagnostics: tuple[Diagnostic, ...]
    addresses: str = ""
    """Hash of the addresses that this build's manifest left; empty without a manifest."""


def summarise(
    site: Site,
    documents: Sequence[Document],
    links: Mapping[str, Sequence[str]],
    related: RelatedPosts,
    data: Mapping[str, bytes],
    *,
    suggestions: int,
    topics: int,
) -> Summary:
    """An analysis in numbers; `data` holds the data file by its name, if there is one."""
    return Summary(
        generator=site.generator.name,
        posts=dict(sorted(Counter(document.post.status for document in documents).items())),
        listed=sum(1 for entries in related.lists.values() if entries),
        entries=sum(map(len, related.lists.values())),
        tags=len({tag for document in documents for tag in document.post.tags}),
        suggestions=suggestions,
        topics=topics,
        links=sum(map(len, links.values())),
        min_score=related.min_score,
        guessed_addresses=sum(1 for one in documents if one.post.is_public and one.post.url_is_guess),
        data_file=next(iter(data), ""),
        data_file_bytes=sum(map(len, data.values())),
    )


# -- remembering -----------------------------------------------------------------------------------------------------


def remember(cache: Cache, folder: Path, last: LastBuild, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Store a build of an output folder, with the arrays that questions to it need, for the next run."""
    import numpy as np

    cache.put_arrays({**arrays, "key": np.frombuffer(last.key.encode(), dtype=np.uint8)})
    cache.set_state(_VECTORS_OF, last.key)
    cache.set_state(_state_name(folder), _codec().dump_python(last, mode="json"))


def calibration_in(arrays: Mapping[str, npt.NDArray[Any]]) -> Matrix | None:
    """How often confidences were right at the last build, as `TagAnalysis.calibration`; None if that is not known."""
    found = arrays.get("calibration")
    return found if found is not None and found.shape == (10, 3) and found.dtype.kind == "f" else None


def recall(cache: Cache, request: Request, key: str, now: datetime, data_file: str) -> LastBuild | None:
    """The last build, if one with this key and at this time would write the same; None if anything differs."""
    state = cache.state(_state_name(request.folder))
    if not isinstance(state, dict) or state.get("key") != key:
        return None
    if cache.state(_VECTORS_OF) != key:  # another folder was built since, and search here needs this build's vectors
        return None
    try:
        last: LastBuild = _codec().validate_python(state)
    except ValueError:
        return None
    is_valid = last.valid[0] <= now < last.valid[1]
    # Two builds at once may write in one order and end in another, so what lies there must be what this one wrote
    if not is_valid or not outputs_intact(request.folder) or outputs_digest(request) != last.written:
        return None
    if not _is_data_file_intact(request.site, data_file):
        return None
    return last if request.manifest is None or _renew_addresses(request, last.addresses) else None


def remember_lists_seen(cache: Cache) -> None:
    """Remember that the finished site shows lists: from now on a build needs not say how."""
    if not were_lists_seen(cache):
        cache.set_state(_LISTS_SEEN, True)


def were_lists_seen(cache: Cache) -> bool:
    """Whether `enishi verify` has seen lists in the finished site."""
    return cache.state(_LISTS_SEEN) is True


def built_key(cache: Cache, folder: Path) -> str:
    """The key of the last build of an output folder; empty if none is remembered."""
    state = cache.state(_state_name(folder))
    return str(state.get("key", "")) if isinstance(state, dict) else ""


def valid_between(site: Site, documents: Sequence[Document], now: datetime) -> tuple[datetime, datetime]:
    """The span of time round `now` in which the same posts are published."""
    since, until = map(datetime.fromisoformat, _ALWAYS)
    moments = (moment for document in documents for moment in site.generator.turning_points(site, document.post))
    dates = [moment.astimezone(UTC) for moment in moments if moment]
    return max((d for d in dates if d <= now), default=since), min((d for d in dates if d > now), default=until)


def outputs_digest(request: Request) -> str:
    """Digest of what was written last, by whatever process, into the output folder and as the data file."""
    return written_digest(request.folder) + written_digest(request.site, state=data_state(request.site))


def data_state(site: Path) -> Path:
    """The folder of the data file's manifest, by which the file is removed once its setting is."""
    return site / STATE_FOLDER / "data"


def _is_data_file_intact(site: Path, data_file: str) -> bool:
    """Whether the data file is there as we left it, or gone with its setting."""
    state = data_state(site)
    if data_file:
        return outputs_intact(site, state=state)
    return not os.path.lexists(state / JOURNAL_NAME) and not written_files(site, state=state)


def _state_name(folder: Path) -> str:
    return f"build {os.path.realpath(folder)}"


@functools.cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(LastBuild)


# -- keys ------------------------------------------------------------------------------------------------------------


def input_key(
    request: Request,
    site: Site,
    settings: Settings,
    files: Sequence[PostFile],
    told: bytes = b"",
    previous: bytes | None = None,
) -> str:
    """Hash of everything that a build's output depends on but the time.

    `told` is what an earlier manifest left, `previous` the related.json that was published last.
    """
    from enishi.encoders.blog import make_parts

    parts: list[bytes | str] = [
        code_fingerprint(),
        settings.model_dump_json(),
        repr(replace(site, root=Path())),  # a cache may move with its checkout
        request.manifest or "",
        told,
        *(("previous", previous) if previous is not None else ()),
        *_tree(site.root / settings.templates if settings.templates else None),
        *_bytes_of(site.root / DECLINED_NAME, site.root / DECISIONS_NAME, site.root / settings.tags.constants),
        *_bytes_of(site.root / settings.tags.broader if isinstance(settings.tags.broader, str) else None),
        *(f"{part.name} {stamp}" for part in make_parts(settings, site) for stamp in part.stamps()),
    ]
    for file in files:
        parts += [file.path, file.digest]
    return digest(*parts).hex()


@functools.cache
def code_fingerprint() -> str:
    """Hash of our own code and templates, and of the versions of the libraries that compute."""
    total = hashlib.sha256()
    here = Path(__file__).parent
    for file in sorted((*here.rglob("*.py"), *here.rglob("*.json"), *templates_folder().rglob("*.*"))):
        total.update(file.read_bytes())
    for library in _LIBRARIES:
        try:
            total.update(importlib.metadata.version(library).encode())
        except importlib.metadata.PackageNotFoundError:
            total.update(b"-")
    return total.hexdigest()


def _tree(folder: Path | None) -> Iterator[bytes | str]:
    """Names and contents of the files of the site's own templates folder."""
    if folder is not None and folder.is_dir():
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield os.fspath(file.relative_to(folder))
                yield from _bytes_of(file)


def _bytes_of(*files: Path | None) -> Iterator[bytes]:
    """Contents of the files; nothing for one that is missing, vanishes or cannot be read."""
    for file in files:
        content = b""
        if file is not None and file.is_file():
            with suppress(OSError):  # whoever needs it says what is wrong with it
                content = file.read_bytes()
        yield content


# -- the lists that were published last ------------------------------------------------------------------------------


def read_previous(request: Request) -> tuple[bytes | None, tuple[Diagnostic, ...]]:
    """The bytes of what was published last, and why there are none although a file is named."""
    if request.previous is None:
        return None, ()
    folder, left = request.previous.parent, _LARGEST_PREVIOUS

    def read(name: str) -> bytes:
        nonlocal left
        content = read_file(folder / name, left)
        left -= len(content)
        return content

    try:
        return join_shards(read(request.previous.name), read), ()
    except OSError as error:
        return None, (unusable_previous(request, error.strerror or type(error).__name__),)
    except (ValueError, RecursionError) as error:
        return None, (unusable_previous(request, str(error)),)


def unusable_previous(request: Request, why: str) -> Diagnostic:
    """Says that lists are made without those that were published last."""
    name = request.previous.name if request.previous else ""
    return Diagnostic(name, 0, "bad-previous", Severity.WARNING, f"--previous: {why}. Lists are made afresh")


# -- addresses of an earlier manifest ---------------------------------------------------------------------------------


def told_addresses(request: Request) -> tuple[bytes, datetime | None]:
    """What the last manifest said of addresses, and when; nothing where somebody else may have put it there."""
    file = request.site / STATE_FOLDER / ADDRESSES_NAME
    try:
        data = read_if_regular(file) if request.trusts_addresses else None
        if not data or is_committed(request.site, ADDRESSES_NAME):
            return b"", None
        return data, datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return b"", None


def keep_addresses(request: Request, data: bytes) -> str:
    """Remember what a manifest said of addresses; the hash of what is there now, empty where nothing can be."""
    folder = request.site / STATE_FOLDER
    if not _is_link(request.site, STATE_FOLDER) and not is_committed(request.site, ADDRESSES_NAME):
        with suppress(OSError, OutputError):
            folder.mkdir(exist_ok=True)
            ignore_in_git(folder)
            replace_file(folder / ADDRESSES_NAME, data, durable=False)
    return _digest_of(told_addresses(request)[0])


def _renew_addresses(request: Request, digest_then: str) -> bool:
    """Whether the addresses are there as a build with this manifest left them; then they are as new as it is."""
    if _digest_of(told_addresses(request)[0]) != digest_then:
        return False
    if digest_then:
        with suppress(OSError):
            os.utime(request.site / STATE_FOLDER / ADDRESSES_NAME)
    return True


def _digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data else ""


# -- places ----------------------------------------------------------------------------------------------------------


def open_cache(site: Path, folder: Path | None = None) -> Cache:
    """The cache in `folder`, by default in the site's state folder.

    There is none where that cannot be written, is a link, or came with the repository.
    """
    if folder is not None:
        return Cache(folder / CACHE_NAME)
    folder = site / STATE_FOLDER
    files = (f"{CACHE_NAME}{suffix}" for suffix in ("", "-wal", "-shm", "-journal"))
    if _is_link(site, STATE_FOLDER) or any(_is_link(folder, name) for name in files) or is_committed(site):
        return Cache(None)
    try:
        folder.mkdir(exist_ok=True)
        ignore_in_git(folder)
    except OSError:
        return Cache(None)
    return Cache(folder / CACHE_NAME)


def is_committed(site: Path, name: str = CACHE_NAME) -> bool:
    """Whether git tracks a file of the site's state: then somebody else may have made it, and it does not count."""
    site = Path(os.path.realpath(site))
    for top in (site, *site.parents):
        folder = top / ".git"
        with suppress(OSError, ValueError):
            if folder.is_file():  # of a worktree or a submodule
                folder = top / folder.read_text("utf-8").removeprefix("gitdir:").strip()
        if (folder / "index").is_file():
            ours = _folded((site.relative_to(top) / STATE_FOLDER / name).as_posix())
            try:
                return any(_folded(os.fsdecode(name)).startswith(ours) for name in tracked_names(folder))
            except (OSError, ValueError, IndexError):  # not known, so not trusted
                return True
        if folder.is_dir():
            return False
    return False


def _folded(name: str) -> str:
    """As file systems compare names that know no case, and as macOS writes them."""
    return normalize("NFC", name).casefold()


def refuse_places_outside(site: Path, settings: Settings) -> None:
    """The places that settings name have to lie inside the site, as settings may come with an untrusted repository.

    Raises:
        SettingsError: one does not.
    """
    if _is_link(site, STATE_FOLDER):  # to a folder of the author's, whose files a manifest there would call ours
        raise SettingsError(f"{STATE_FOLDER} is a link: nothing was written; remove it")
    if _is_link(site / STATE_FOLDER, data_state(site).name):
        raise SettingsError(f"{STATE_FOLDER}/{data_state(site).name} is a link: nothing was written; remove it")
    places = {"templates": settings.templates, "data_file": settings.data_file}
    if isinstance(settings.tags.broader, str):
        places["tags.broader"] = settings.tags.broader
    for name, value in places.items():
        if value and _leads_out(site, value):
            raise SettingsError(f"{name} = {value!r} leads out of the site; name a place inside it, relative to it")
    if settings.data_file and not settings.data_file.endswith(".json"):
        raise SettingsError(f"data_file = {settings.data_file!r} has to end in .json")


def _is_link(folder: Path, name: str) -> bool:
    """Whether a name in a folder is a link, or a junction of Windows."""
    real = os.path.realpath(folder / name)
    return os.path.normcase(real) != os.path.normcase(Path(os.path.realpath(folder), name))


def _leads_out(root: Path, name: str) -> bool:
    """Whether a name, or a link at it, means a place outside of the folder (or none that can exist)."""
    inside = os.path.realpath(root)
    try:
        return not os.path.realpath(Path(inside, name)).startswith(inside.rstrip(os.sep) + os.sep)
    except ValueError:  # a null character
        return True
