"""What of a repository's own settings does not count where a stranger's changes are checked.

In a pull request the settings are the stranger's, too.  They may say which tags are retired; they may not make the
check read a template, fetch or load a model, or read a file outside of the site.  What only the user's own command
line says (``--set``, or ``--config`` with a file outside of the repository) counts as it stands.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from enishi.config import load_settings
from enishi.errors import SettingsError
from enishi.pipeline import Request
from enishi.text.printable import shell_word

_MAX_CONSTANTS_BYTES = 1024 * 1024
_DEFAULTS = {"site": "words", "backend": "torch", "precision": "float32", "device": "auto"}
"""How encoders run, below `encoder`: nothing for a stranger to say."""
_SETTINGS_SUFFIXES = (".toml", ".yml", ".yaml", ".json", ".py", ".js", ".cjs", ".mjs", ".ts")


def guarded_request(request: Request, top: Path | None) -> tuple[Request, list[str]]:
    """The request with everything overridden that strangers must not decide, and a note for what that changes.

    `top` is the repository's folder; without one the site's own is all that is a stranger's.

    Raises:
        SettingsError: a file of settings is a link that leads out of the site.
    """
    site = Path(os.path.realpath(request.site))
    inside = top or site
    _refuse_linked_settings(site)
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    is_own_file = request.config_file is not None and not _is_inside(request.config_file, inside)
    stated = {override.partition("=")[0].strip() for override in request.overrides}

    def is_trusted(name: str) -> bool:
        return is_own_file or name in stated or name.partition(".")[0] in stated

    overrides = [*request.overrides, "templates=", "data_file="]
    notes: list[str] = []
    model = settings.encoder.model
    if model and not is_trusted("encoder.model"):
        overrides.append("encoder.model=")
        notes.append(
            f"The model {model!r} is not used, because the settings that name it are part of what is checked: name it "
            f"with --set {shell_word(f'encoder.model={model}')} if it may be."
        )
    elif model and _lies_inside(model, site, inside):
        overrides.append("encoder.model=")
        notes.append(
            f"The model {model!r} is not used, because a folder of that name lies in the repository under check: name "
            "a folder elsewhere."
        )
    if settings.encoder.revision and not is_trusted("encoder.revision"):
        overrides.append("encoder.revision=")
    for name, value in (("encoder.images", settings.encoder.images), ("readers.logs", settings.readers.patterns)):
        if value and not is_trusted(name):
            overrides.append(f"{name}=")
            notes.append(f"{name} is not used, because the settings that name it are part of what is checked.")
        elif name == "encoder.images" and value and _lies_inside(str(value), site, inside):
            overrides.append(f"{name}=")
            notes.append(f"{name} is not used, because a folder of that name lies in the repository under check.")
    for name, default in _DEFAULTS.items():
        if getattr(settings.encoder, name) != default and not is_trusted(f"encoder.{name}"):
            overrides.append(f"encoder.{name}={default}")
    constants = settings.tags.constants
    if constants and not is_trusted("tags.constants") and not _is_small_file_inside(site / constants, site):
        overrides.append("tags.constants=")
        notes.append(f"tags.constants = {constants!r} is not used: it has to be a small file in the site folder.")
    guarded = replace(
        request,
        overrides=tuple(overrides),
        max_file_bytes=min(request.max_file_bytes, settings.check.max_file_bytes),
    )
    return guarded, notes


def _refuse_linked_settings(site: Path) -> None:
    """Generators' settings lie in the site folder, Hugo's in `config/_default`, too."""
    for folder in (site, site / "config" / "_default"):
        for entry in sorted(folder.iterdir()) if folder.is_dir() and _is_inside(folder, site) else ():
            is_settings = entry.suffix in _SETTINGS_SUFFIXES or entry.name in ("config", "Gemfile")
            if is_settings and entry.is_symlink() and not _is_inside(entry, site):
                name = entry.relative_to(site).as_posix()
                raise SettingsError(f"{name} is a link that leads out of the site, which a check does not follow")
    if not _is_inside(site / "config" / "_default", site):
        raise SettingsError("config/_default is a link that leads out of the site, which a check does not follow")


def _is_inside(file: Path, folder: Path) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(folder)


def _lies_inside(model: str, site: Path, inside: Path) -> bool:
    """Whether a model's name means a folder of the repository; such a folder may bear the name of one on the hub."""
    place = site / Path(model).expanduser()
    as_written = Path(os.path.abspath(place))  # noqa: PTH100 - no link resolved
    return os.path.lexists(place) and (_is_inside(place, inside) or as_written.is_relative_to(inside))


def _is_small_file_inside(file: Path, site: Path) -> bool:
    try:
        return _is_inside(file, site) and file.is_file() and file.stat().st_size <= _MAX_CONSTANTS_BYTES
    except (OSError, ValueError):
        return False
