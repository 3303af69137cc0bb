"""`enishi doctor`: which index, encoder, extras and libraries run on this machine."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from enishi import __version__
from enishi.config import Settings
from enishi.config_files import load_settings
from enishi.errors import IndexUnavailableError
from enishi.state import Request

_REQUIREMENT = re.compile(r"""(?P<name>[\w.-]+)[^;]*(?:;(?P<marker>.*))?""")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")


def diagnose(request: Request) -> Iterator[tuple[str, str]]:
    """What there is, as pairs of a label and a text.

    Raises:
        SettingsError: the settings are wrong.
    """
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    system = f"{platform.system()} {platform.machine()}"
    yield "enishi", f"{__version__}, Python {platform.python_version()}, {system}"
    yield "index", _index(settings)
    yield "encoder", "; ".join(_encoder(settings))
    packages = _packages()
    for extra, names in packages.items():
        if extra:
            missing = [name for name in names if not _version(name)]
            install = f'; pip install "enishi[{extra}]"' if missing else ""
            yield f"extra {extra}", _with_versions(names) + install
    yield "libraries", _with_versions(packages.get("", []))


def _index(settings: Settings) -> str:
    from enishi.related.scann_index import import_scann

    if settings.index.backend == "exact":
        return "exact (NumPy), as set by index.backend"
    try:
        import_scann()
    except IndexUnavailableError as error:
        return f"exact (NumPy): {error}"
    return f"ScaNN {_version('scann')}"


def _encoder(settings: Settings) -> Iterator[str]:
    chosen = settings.encoder
    yield "the blog's own words" + (", by gensim's doc2vec" if chosen.site == "doc2vec" else "")
    if chosen.model:
        yield f"the model {chosen.model}"
    if settings.readers.patterns:
        yield "what readers read together"
    if chosen.images:
        yield f"pictures, by the model {chosen.images}"


def _packages() -> dict[str, list[str]]:
    """What Enishi requires, by extra; the empty extra is the base.  Empty where Enishi itself is not installed."""
    try:
        packages: dict[str, list[str]] = {"": []} | {
            name: [] for name in metadata("enishi").get_all("Provides-Extra", [])
        }
        requirements = requires("enishi") or []
    except PackageNotFoundError:
        return {}
    for requirement in requirements:
        if match := _REQUIREMENT.match(requirement):
            extra = _EXTRA.search(match["marker"] or "")
            packages.setdefault(extra[1] if extra else "", []).append(match["name"])
    return packages


def _with_versions(names: list[str]) -> str:
    return ", ".join(f"{name} {_version(name) or '(not installed)'}" for name in sorted(names))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
