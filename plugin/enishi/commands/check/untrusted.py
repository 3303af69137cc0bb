"""What an untrusted repository may not decide about the check of its own changes.

The settings of a pull request come from whoever sent it.  They may say which tags are retired; they may not make the
check read a template, load or fetch a model, or read a file outside of the site.  :mod:`enishi.config` says of every
setting whether it is safe.  The others count only where the user's own command line gives them: by ``--set``, or by a
``--config`` file outside of the repository.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from enishi.config import describe_settings, setting_value
from enishi.config_files import load_settings
from enishi.errors import SettingsError
from enishi.state import Request
from enishi.text.printable import shell_word

_MAX_CONSTANTS_BYTES = 1024 * 1024
_WITHOUT_OUTPUT = ("templates=", "data_file=")
"""A check writes no pages, so it needs neither."""
_MODELS = ("encoder.model", "encoder.images")
"""Settings that may name a folder."""
_SETTINGS_SUFFIXES = (".toml", ".yml", ".yaml", ".json", ".py", ".js", ".cjs", ".mjs", ".ts")


def guarded_request(request: Request, top: Path | None) -> tuple[Request, list[str]]:
    """The request with every unsafe setting of the repository reset, and a note on each.

    `top` is the top folder of the repository; without one, only the site's own folder is untrusted.

    Raises:
        SettingsError: a file of settings is a link that leads out of the site.
    """
    site = Path(os.path.realpath(request.site))
    inside = top or site
    _refuse_linked_settings(site)
    overrides = [*request.overrides, *_WITHOUT_OUTPUT]
    stated = {override.partition("=")[0].strip() for override in overrides}
    is_own_file = request.config_file is not None and not _is_inside(request.config_file, inside)
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=overrides)
    notes: list[str] = []
    for name, default, _, is_safe in describe_settings():
        value = setting_value(settings, name)
        if is_safe or value == default or f"{name}=" in _WITHOUT_OUTPUT:
            continue
        reason = ""
        if name in _MODELS and _lies_inside(value, site, inside):
            reason = "a folder of that name lies in the repository under check: name a folder elsewhere"
        elif is_own_file or name in stated or name.partition(".")[0] in stated:
            continue
        elif name == "tags.constants":
            if _is_small_file_inside(site / value, site):
                continue
            reason = "it has to be a small file in the site folder"
        else:
            option = f"{name}={value if isinstance(value, str) else json.dumps(value)}"
            reason = (
                "the settings that name it are part of what is checked: "
                f"name it with --set {shell_word(option)} if it may be"
            )
        overrides.append(f"{name}={json.dumps(default)}")
        notes.append(f"{name} = {value!r} is not used, because {reason}.")
    max_file_bytes = min(request.max_file_bytes, settings.check.max_file_bytes)
    guarded = replace(request, overrides=tuple(overrides), max_file_bytes=max_file_bytes, trusts_addresses=False)
    return guarded, notes


def _refuse_linked_settings(site: Path) -> None:
    """Checks the folders in which generators keep their settings: the site's own, and Hugo's `config/_default`."""
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
    """Whether a model's name means a folder of the repository; a model on the hub may have the same name."""
    place = site / Path(model).expanduser()
    as_written = Path(os.path.abspath(place))  # noqa: PTH100 - no link resolved
    return os.path.lexists(place) and (_is_inside(place, inside) or as_written.is_relative_to(inside))


def _is_small_file_inside(file: Path, site: Path) -> bool:
    try:
        return _is_inside(file, site) and file.is_file() and file.stat().st_size <= _MAX_CONSTANTS_BYTES
    except (OSError, ValueError):
        return False
