"""How a Hugo site comes to show its lists: our module in `themes/`, its import, one line in the template of a post."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from enishi.generators.base import first_file
from enishi.generators.hugo_settings import CONFIG_FOLDER, HugoSettings
from enishi.generators.setup import (
    FileEdit,
    Setup,
    edit,
    edits,
    ignore_in_git,
    read_text,
    with_line_after,
    with_lines_at_end,
)

DATA_FILE = "data/enishi.json"
LINE = '{{ partial "enishi.html" . }}'
_MODULE = "themes/enishi"
_OURS = ("layouts", "assets", "i18n", "hugo.toml")
_TEMPLATES_READ = 300
"""Of a theme."""
_CONTENT = r"\{\{-?\s*\.Content\s*-?\}\}"


def module_folder() -> Path:
    """The Hugo module that comes with Enishi: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    return next(folder for base in (package, package.parent) if (folder := base / "hugo-enishi").is_dir())


def setup(root: Path, settings_file: str, settings: HugoSettings) -> Setup:
    """What is still to be done in a site."""
    by_hand = []
    imported = _imported(settings)
    import_edit = (
        None if imported else edit(root, settings_file, lambda text: _with_import(settings_file, text), "the module")
    )
    if not imported and import_edit is None:
        by_hand.append(f'Import the module "enishi" in {settings_file or "hugo.toml"}: see the page below')
    line, place = _line(root, settings)
    if line is None and place:
        by_hand.append(f"Put {LINE} below {{{{ .Content }}}} in {place}")
    by_hand += _lists_of_the_theme(root, settings)
    module = () if imported and imported != "enishi" else tuple(_module(root))
    return Setup(
        page="plugin/hugo-enishi/README.md",
        settings={"data_file": DATA_FILE},
        edits=edits(*module, import_edit, line, ignore_in_git(root, f"/{DATA_FILE}")),
        by_hand=tuple(by_hand),
        run=("enishi build", "hugo"),
        public=settings.file.folder(settings.file.spelled("publishDir"), "public"),
    )


def _imported(settings: HugoSettings) -> str:
    """Our module's path, as the settings import it; empty where they don't."""
    imports = {key.lower(): value for key, value in settings.table("module").items()}.get("imports")
    paths = [one.get("path") for one in imports if isinstance(one, dict)] if isinstance(imports, list) else []
    names = [name for name in (*paths, *settings.file.texts(settings.file.spelled("theme"))) if isinstance(name, str)]
    return next((name for name in names if posixpath.basename(name) in ("enishi", "hugo-enishi")), "")


def _with_import(name: str, text: str) -> str | None:
    """The settings with an import of the module; None where its author has to find the place."""
    if name.startswith(CONFIG_FOLDER) or re.search(
        r"(?im)^[ \t]*(\[*module\b(?!\.(mounts|hugoversion))|imports\b)", text
    ):
        return None
    if name.endswith(".toml"):
        return with_lines_at_end(text, "", "[[module.imports]]", 'path = "enishi"')
    if name.endswith((".yaml", ".yml")) and "module.mounts" not in text:
        return with_lines_at_end(text, "", "module:", "  imports:", "    - path: enishi")
    return None


def _module(root: Path) -> Iterator[FileEdit | None]:
    folder = module_folder()
    for part in _OURS:
        for file in sorted((folder / part).rglob("*.*")) if (folder / part).is_dir() else [folder / part]:
            name, text = f"{_MODULE}/{file.relative_to(folder).as_posix()}", file.read_text("utf-8")
            if read_text(root, name) not in (None, text):
                yield FileEdit(name, text, "the Hugo module", is_ours=True)


def _theme_layouts(root: Path, settings: HugoSettings) -> Iterator[str]:
    """The folders of templates of the site's themes, those in `_vendor` too; ours is none."""
    base = settings.file.folder(settings.file.spelled("themesDir"), "themes")
    for name in settings.file.texts(settings.file.spelled("theme")):
        if ".." not in name.split("/") and name != "enishi":
            yield f"{base}/{name}/layouts"
    found = [folder.relative_to(root).as_posix() for folder in root.glob("_vendor/*/*/*/layouts")]
    yield from sorted(folder for folder in found if "/hugo-enishi" not in folder)


def _line(root: Path, settings: HugoSettings) -> tuple[FileEdit | None, str]:
    """The template of a post with our line, and the place of that line; nothing where it is there.

    The template is the site's own, or a copy of its theme's, which Hugo takes in place of that.
    """
    places = ("layouts", *_theme_layouts(root, settings))
    sections = [f"{path.name}/" for path in sorted((root / settings.content_folder).glob("post*")) if path.is_dir()]
    for template in (f"{folder}{name}.html" for folder in (*sections, "", "_default/") for name in ("page", "single")):
        path = first_file(root, [f"{place}/{template}" for place in places])
        if path:
            text = read_text(root, path) or ""
            is_in_condition = re.search(rf"{{{{-?\s*(?:else|if|with)[^\n]*{_CONTENT}", text)
            changed = None if is_in_condition else with_line_after(text, _CONTENT, LINE)
            if 'partial "enishi.html"' in text:
                return None, ""
            own = f"layouts/{template}"
            place = own if path == own else f"{own}, a copy of {path}"
            return FileEdit(own, changed, "the list below each post") if changed else None, place
    return None, "the template of a post, a copy of the theme's single.html"


def _lists_of_the_theme(root: Path, settings: HugoSettings) -> Iterator[str]:
    """What its author does about a theme that lists related posts itself."""
    for place in _theme_layouts(root, settings):
        for file in sorted((root / place).rglob("*.html"))[:_TEMPLATES_READ]:
            path = file.relative_to(root).as_posix()
            if re.search(r"(?i)Pages\.Related\b|\|\s*\.?Related\b", read_text(root, path) or ""):
                yield f"{path} lists related posts, too: switch that off in the theme's settings if it shows"
                return
