"""What the site's own generator says: where its posts are, and how it names and dates them.

Only reads the generator's settings; nothing of it is run.  A setting of a wrong type is passed over with a diagnostic
that names its line, because a blog that its generator builds must build here too.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from enishi.errors import Diagnostic, SettingsError, Severity, SiteNotFoundError

Generator = Literal["hexo", "jekyll", "hugo", "eleventy", "pelican", "mkdocs", "zenn", "generic"]
GENERATORS: tuple[str, ...] = ("auto", *get_args(Generator))

MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx"})
HEXO_SUFFIXES = frozenset({".md", ".markdown", ".mkd", ".mkdn", ".mdwn", ".mdtxt", ".mdtext", ".html", ".htm"})
"""What hexo-renderer-marked and Hexo itself render; other renderers (`.org`, `.adoc`) are no Markdown."""

MAX_SETTINGS_BYTES = 1024 * 1024

NEVER_POSTS = frozenset(
    {"node_modules", "vendor", "bower_components", "__pycache__", "themes", "_site", "public", "site-packages", "venv"}
)
"""Folders that no generator takes posts from, passed over where the whole site folder is searched."""


@dataclass(frozen=True)
class Site:
    """One blog, as its generator describes it.  Text settings are as written; paths are relative and POSIX."""

    root: Path
    generator: str
    post_folders: tuple[str, ...]
    """Relative to `root`, POSIX; ``"."`` is the site folder itself."""
    reads_like_hexo: bool
    """Whether front matter, tags and dates are read exactly as Hexo reads them."""
    url: str = ""
    root_path: str = "/"
    """Path of the site on its host; begins and ends with a slash."""
    permalink: str = ""
    """The generator's own pattern, such as ``:year/:title/``; empty for its default."""
    permalink_defaults: Mapping[str, str] = field(default_factory=dict)
    new_post_name: str = ":title.md"
    source_dir: str = "source"
    future: bool = True
    """Whether posts dated after today are published."""
    timezone: tzinfo = UTC
    timezone_name: str = ""
    skip_render: tuple[str, ...] = ()
    """Globs relative to `source_dir`: not posts to Hexo."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Globs relative to `root` that the generator itself leaves out."""
    default_category: str = "uncategorized"
    tag_map: Mapping[str, str] = field(default_factory=dict)
    category_map: Mapping[str, str] = field(default_factory=dict)
    alias: Mapping[str, str] = field(default_factory=dict)
    """Addresses that redirect, as hexo-generator-alias has them: old path -> new path."""
    language: str = ""
    """The blog's main language where its settings name one."""
    languages: tuple[str, ...] = ()
    filename_case: int = 0
    post_asset_folder: bool = False
    use_slug_as_title: bool = False
    pretty_index: bool = True
    """False drops ``index.html`` from addresses (Hexo's `pretty_urls`)."""
    pretty_html: bool = True
    settings_file: str = ""
    """The generator's settings file, relative to `root`; empty if there is none."""


def detect_site(
    root: Path,
    *,
    generator: str = "auto",
    posts: Sequence[str] = (),
    content_suffixes: frozenset[str] = MARKDOWN_SUFFIXES,
) -> tuple[Site, list[Diagnostic]]:
    """Find out what kind of blog `root` is and where its posts are.

    `generator` names it (see GENERATORS) or is ``auto``; `posts` names the folders of posts instead of searching for
    them.  Raises SiteNotFoundError if there are none, naming every place that was looked at, and SettingsError for an
    unknown generator or a folder of posts outside the site.
    """
    if generator not in GENERATORS:
        raise SettingsError(f"generator: {generator!r} is not one of {', '.join(GENERATORS)}")
    if not root.is_dir():
        raise SiteNotFoundError(f"{root} is not a folder. Give the folder of your blog")
    kind = _recognise(root) if generator == "auto" else cast(Generator, generator)
    site, problems = _READERS[kind](root)
    folders, looked_for = _post_folders(site, tuple(posts), content_suffixes)
    if not folders:
        raise SiteNotFoundError(_nothing_found(site, generator, tuple(posts), looked_for))
    return replace(site, post_folders=folders), problems


# --- which generator ------------------------------------------------------------------------------------------------


def _recognise(root: Path) -> Generator:
    """The generator whose own files lie in the folder; the most telling ones first."""
    package = _package_json(root)
    if _is_hexo(root, package):
        return "hexo"
    if any((root / name).is_file() for name in ("pelicanconf.py", "publishconf.py")):
        return "pelican"
    if _first_file(root, _MKDOCS_FILES):
        return "mkdocs"
    if _first_file(root, _HUGO_FILES) or (root / "config" / "_default").is_dir():
        return "hugo"
    if _first_file(root, _CONFIG_FILES) and (root / "content").is_dir():
        return "hugo"
    if _first_file(root, _ELEVENTY_FILES) or _depends_on(package, "@11ty/eleventy"):
        return "eleventy"
    if _first_file(root, _JEKYLL_FILES) or "jekyll" in _read_start(root / "Gemfile"):
        return "jekyll"
    if (root / "articles").is_dir() and _depends_on(package, "zenn-cli"):
        return "zenn"
    return "generic"


_HEXO_FILES = ("_config.yml", "_config.yaml", "_config.json")
_JEKYLL_FILES = ("_config.yml", "_config.yaml", "_config.toml")
_MKDOCS_FILES = ("mkdocs.yml", "mkdocs.yaml")
_HUGO_FILES = ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json")
_CONFIG_FILES = ("config.toml", "config.yaml", "config.yml", "config.json")
_ELEVENTY_FILES = (
    ".eleventy.js",
    "eleventy.config.js",
    "eleventy.config.cjs",
    "eleventy.config.mjs",
    "eleventy.config.ts",
)
SETTINGS_NAMES = frozenset(
    {
        *(*_HEXO_FILES, *_JEKYLL_FILES, *_MKDOCS_FILES, *_HUGO_FILES, *_CONFIG_FILES, *_ELEVENTY_FILES),
        *("package.json", "pelicanconf.py", "publishconf.py", "Gemfile"),
    }
)
"""Files in the site folder by which a generator is recognised and read."""


def _is_hexo(root: Path, package: Mapping[str, Any]) -> bool:
    has_settings = _first_file(root, _HEXO_FILES) is not None
    names_hexo = "hexo" in package or _depends_on(package, "hexo")
    if names_hexo and (has_settings or (root / "source").is_dir()):
        return True
    # Jekyll has a _config.yml as well, and may have a folder named source; _posts lies beside it there
    return has_settings and (root / "source" / "_posts").is_dir() and not (root / "_posts").is_dir()


def _first_file(root: Path, names: Sequence[str]) -> str | None:
    return next((name for name in names if (root / name).is_file()), None)


def _package_json(root: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(_read_start(root / "package.json"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _depends_on(package: Mapping[str, Any], name: str) -> bool:
    return any(
        name in group for key in ("dependencies", "devDependencies") if isinstance(group := package.get(key), dict)
    )


def _read_start(path: Path) -> str:
    """The text of a settings file; empty if it is not there or cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_SETTINGS_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


# --- settings with their places -------------------------------------------------------------------------------------


class _Settings:
    """A settings file, asked for values of the right type; collects what is wrong."""

    def __init__(self, file: str, values: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self._values = values
        self._lines = lines

    def warn(self, key: str, message: str) -> None:
        line = self._lines.get(key, -1) + 1
        self.problems.append(Diagnostic(self.file, line, "bad-site-setting", Severity.WARNING, message))

    def raw(self, key: str) -> Any:
        return self._values.get(key)

    def text(self, key: str, default: str = "") -> str:
        value = self._values.get(key)
        if value is None or value == "":
            return default
        if isinstance(value, str):
            return value
        self.warn(key, f"`{key}` should be text, not {_type_name(value)}; it is not used")
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("yes", "no", "on", "off", "true", "false"):
            return value.lower() in ("yes", "on", "true")
        self.warn(key, f"`{key}` should be true or false, not {_type_name(value)}; it is not used")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key)
        if value is None or value == "":
            return ()
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            self.warn(key, f"`{key}` should be text or a list of texts; what is not text is not used")
        return tuple(item for item in items if isinstance(item, str) and item)

    def mapping(self, key: str) -> dict[str, str]:
        value = self._values.get(key)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            self.warn(key, f"`{key}` should be a mapping (`old: new`), not {_type_name(value)}; it is not used")
            return {}
        wrong = [name for name, item in value.items() if isinstance(item, list | dict)]
        if wrong:
            self.warn(key, f"`{key}`: {wrong[0]!r} should have a text as its value; it is not used")
        return {name: _plain_text(item) for name, item in value.items() if item is not None and name not in wrong}


def _plain_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _type_name(value: Any) -> str:
    names = {bool: "true/false", int: "a number", float: "a number", list: "a list", dict: "a mapping", str: "text"}
    return names.get(type(value), "nothing")


def _load_settings(root: Path, names: Sequence[str]) -> _Settings:
    name = _first_file(root, names)
    if name is None:
        return _Settings("", {}, {})
    text = _read_start(root / name)
    parse = {".toml": _parse_toml, ".json": _parse_json}.get(Path(name).suffix, _parse_yaml)
    values, lines, problem = parse(text)
    settings = _Settings(name, values, lines)
    if problem is not None:
        line, message = problem
        told = f"{message}; the generator's settings are not used"
        settings.problems.append(Diagnostic(name, line, "bad-site-settings", Severity.WARNING, told))
    return settings


Parsed = tuple[Mapping[str, Any], Mapping[str, int], tuple[int, str] | None]


def _parse_yaml(text: str) -> Parsed:
    from enishi.reading.yaml12 import YamlError, load

    try:
        document = load(text, strict=False)
    except YamlError as error:
        return {}, {}, (error.line + 1, f"cannot be read as YAML: {error.message}")
    if document.value is None:
        return {}, {}, None
    if not isinstance(document.value, dict):
        return {}, {}, (1, "should be a mapping (`key: value`)")
    return document.value, document.key_lines, None


def _parse_toml(text: str) -> Parsed:
    import tomllib

    try:
        return tomllib.loads(text), {}, None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        return {}, {}, (int(found.group(1)) if found else 0, f"cannot be read as TOML: {error}")


def _parse_json(text: str) -> Parsed:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return {}, {}, (error.lineno, f"cannot be read as JSON: {error.msg}")
    except RecursionError:
        return {}, {}, (0, "cannot be read as JSON: nested too deeply")
    return (value, {}, None) if isinstance(value, dict) else ({}, {}, (1, "should be an object"))


def _timezone(settings: _Settings, key: str) -> tuple[tzinfo, str]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = settings.text(key)
    if not name or name.upper() == "UTC":
        return UTC, name
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        settings.warn(key, f"`{key}`: there is no time zone {name!r} (write it as in `Asia/Tokyo`); UTC is used")
        return UTC, ""


def _root_path(settings: _Settings, url: str, given: str, key: str) -> str:
    """The path part of the address, with a slash at both ends."""
    try:
        path = given or urlsplit(url).path
    except ValueError:
        settings.warn(key, f"`{key}`: {url!r} is not an address; `/` is used as the site's root")
        path = ""
    return "/" + (path.strip("/") + "/" if path.strip("/") else "")


def _folder(settings: _Settings, key: str, default: str) -> str:
    """A folder setting as a relative POSIX path; one that leads out of the site is not used."""
    value = settings.text(key, default).replace("\\", "/")
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or ":" in value:
        settings.warn(key, f"`{key}`: {value!r} lies outside the site folder; {default!r} is used")
        return default
    return str(path)


# --- one reader a generator -----------------------------------------------------------------------------------------


def _read_hexo(root: Path) -> tuple[Site, list[Diagnostic]]:
    settings = _load_settings(root, _HEXO_FILES)
    url = settings.text("url", "http://example.com").rstrip("/")
    zone, zone_name = _timezone(settings, "timezone")
    languages = settings.texts("language")
    pretty = settings.raw("pretty_urls")
    pretty = pretty if isinstance(pretty, dict) else {}
    case = settings.raw("filename_case")
    source_dir = _folder(settings, "source_dir", "source")
    site = Site(
        root=root,
        generator="hexo",
        post_folders=(f"{source_dir}/_posts", f"{source_dir}/_drafts"),
        reads_like_hexo=True,
        url=url,
        root_path=_root_path(settings, url, settings.text("root"), "url"),
        permalink=settings.text("permalink", ":year/:month/:day/:title/"),
        permalink_defaults=settings.mapping("permalink_defaults"),
        new_post_name=settings.text("new_post_name", ":title.md"),
        source_dir=source_dir,
        future=settings.flag("future", True),
        timezone=zone,
        timezone_name=zone_name,
        skip_render=settings.texts("skip_render"),
        include=settings.texts("include"),
        exclude=settings.texts("ignore"),
        default_category=settings.text("default_category", "uncategorized"),
        tag_map=settings.mapping("tag_map"),
        category_map=settings.mapping("category_map"),
        alias=settings.mapping("alias"),
        language=languages[0] if languages and languages[0] != "default" else "",
        languages=languages,
        filename_case=case if case in (0, 1, 2) and not isinstance(case, bool) else 0,
        post_asset_folder=settings.flag("post_asset_folder", False),
        use_slug_as_title=settings.flag("use_slug_as_post_title", False),
        pretty_index=pretty.get("trailing_index") is not False,
        pretty_html=pretty.get("trailing_html") is not False,
        settings_file=settings.file,
    )
    return site, settings.problems


def _read_jekyll(root: Path) -> tuple[Site, list[Diagnostic]]:
    settings = _load_settings(root, _JEKYLL_FILES)
    zone, zone_name = _timezone(settings, "timezone")
    source = _folder(settings, "source", ".")
    collections = _folder(settings, "collections_dir", ".")
    base = "" if source == "." else f"{source}/"
    base += "" if collections == "." else f"{collections}/"
    language = settings.text("lang") or settings.text("locale")
    site = Site(
        root=root,
        generator="jekyll",
        post_folders=(f"{base}_posts", f"{base}_drafts"),
        reads_like_hexo=False,
        url=settings.text("url").rstrip("/"),
        root_path=_root_path(settings, "", settings.text("baseurl"), "baseurl"),
        permalink=settings.text("permalink"),
        source_dir=source,
        future=settings.flag("future", False),
        timezone=zone,
        timezone_name=zone_name,
        exclude=settings.texts("exclude"),
        language=language,
        settings_file=settings.file,
    )
    return site, settings.problems


def _read_hugo(root: Path) -> tuple[Site, list[Diagnostic]]:
    settings = _load_settings(
        root, (*_HUGO_FILES, *_CONFIG_FILES, *(f"config/_default/{n}" for n in (*_HUGO_FILES, *_CONFIG_FILES)))
    )
    url = settings.text("baseURL") or settings.text("baseurl")
    zone, zone_name = _timezone(settings, "timeZone")
    permalinks = settings.raw("permalinks")
    if isinstance(permalinks, dict) and isinstance(permalinks.get("page"), dict):
        permalinks = permalinks["page"]
    languages = settings.raw("languages")
    content = _folder(settings, "contentDir", "content")
    site = Site(
        root=root,
        generator="hugo",
        post_folders=(content,),
        reads_like_hexo=False,
        url=url.rstrip("/"),
        root_path=_root_path(settings, url, "", "baseURL"),
        permalink_defaults={k: v for k, v in permalinks.items() if isinstance(v, str)}
        if isinstance(permalinks, dict)
        else {},
        source_dir=content,
        future=settings.flag("buildFuture", False),
        timezone=zone,
        timezone_name=zone_name,
        language=settings.text("languageCode") or settings.text("defaultContentLanguage"),
        languages=tuple(sorted(languages)) if isinstance(languages, dict) else (),
        settings_file=settings.file,
    )
    return site, settings.problems


def _read_eleventy(root: Path) -> tuple[Site, list[Diagnostic]]:
    """Eleventy's settings are a program, which is not run."""
    file = _first_file(root, _ELEVENTY_FILES) or ""
    folders = (
        "src/posts",
        "src/blog",
        "src/content",
        "content/blog",
        "content/posts",
        "content",
        "posts",
        "blog",
        "src",
    )
    return Site(
        root=root, generator="eleventy", post_folders=folders, reads_like_hexo=False, source_dir=".", settings_file=file
    ), []


def _read_pelican(root: Path) -> tuple[Site, list[Diagnostic]]:
    """Takes plain `NAME = literal` lines out of pelicanconf.py; nothing of it is run."""
    file = _first_file(root, ("pelicanconf.py", "publishconf.py")) or ""
    settings = _Settings(file, *_python_literals(_read_start(root / file) if file else ""))
    url = settings.text("SITEURL")
    zone, zone_name = _timezone(settings, "TIMEZONE")
    content = _folder(settings, "PATH", "content")
    articles = settings.texts("ARTICLE_PATHS")
    base = "" if content == "." else f"{content}/"
    site = Site(
        root=root,
        generator="pelican",
        post_folders=tuple(f"{base}{a}".rstrip("/") for a in articles if a and ".." not in a) or (content,),
        reads_like_hexo=False,
        url=url.rstrip("/"),
        root_path=_root_path(settings, url, "", "SITEURL"),
        permalink=settings.text("ARTICLE_URL"),
        source_dir=content,
        future=settings.flag("WITH_FUTURE_DATES", True),
        timezone=zone,
        timezone_name=zone_name,
        language=settings.text("DEFAULT_LANG"),
        settings_file=file,
    )
    return site, settings.problems


def _python_literals(text: str) -> tuple[dict[str, Any], dict[str, int]]:
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return values, lines
    for statement in module.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name):
                try:
                    values[target.id] = ast.literal_eval(statement.value)
                except (ValueError, TypeError, RecursionError, MemoryError):
                    continue
                lines[target.id] = statement.lineno - 1
    return values, lines


def _read_mkdocs(root: Path) -> tuple[Site, list[Diagnostic]]:
    settings = _load_settings(root, _MKDOCS_FILES)
    url = settings.text("site_url")
    docs = _folder(settings, "docs_dir", "docs")
    theme = settings.raw("theme")
    language = theme.get("language") if isinstance(theme, dict) else ""
    blog = _material_blog(settings.raw("plugins"))
    base = "" if docs == "." else f"{docs}/"
    folders = (f"{base}{blog}/posts" if blog != "." else f"{base}posts",) if blog else (docs,)
    site = Site(
        root=root,
        generator="mkdocs",
        post_folders=folders,
        reads_like_hexo=False,
        url=url.rstrip("/"),
        root_path=_root_path(settings, url, "", "site_url"),
        source_dir=docs,
        language=language if isinstance(language, str) else "",
        pretty_html=not settings.flag("use_directory_urls", True),
        settings_file=settings.file,
    )
    return site, settings.problems


def _material_blog(plugins: Any) -> str:
    """Folder of Material's blog plugin below `docs_dir`; empty if it is not used."""
    for plugin in plugins if isinstance(plugins, list) else [plugins]:
        if plugin in ("blog", "material/blog"):
            return "blog"
        if isinstance(plugin, dict):
            for name in ("blog", "material/blog"):
                if name in plugin:
                    options = plugin[name]
                    folder = options.get("blog_dir", "blog") if isinstance(options, dict) else "blog"
                    return folder if isinstance(folder, str) and ".." not in folder else "blog"
    return ""


def _read_zenn(root: Path) -> tuple[Site, list[Diagnostic]]:
    return Site(root=root, generator="zenn", post_folders=("articles",), reads_like_hexo=False, source_dir="."), []


_GENERIC_FOLDERS = (
    *(
        "source/_posts",
        "_posts",
        "content/posts",
        "content/post",
        "content/blog",
        "src/content/blog",
        "src/content/posts",
    ),
    *(
        "src/posts",
        "src/pages/blog",
        "src/blog",
        "posts",
        "blog",
        "articles",
        "content",
        "docs",
        "src/content",
        "source",
        "src",
    ),
    ".",
)


def _read_generic(root: Path) -> tuple[Site, list[Diagnostic]]:
    return Site(
        root=root, generator="generic", post_folders=_GENERIC_FOLDERS, reads_like_hexo=False, source_dir="."
    ), []


_READERS: dict[Generator, Callable[[Path], tuple[Site, list[Diagnostic]]]] = {
    "hexo": _read_hexo,
    "jekyll": _read_jekyll,
    "hugo": _read_hugo,
    "eleventy": _read_eleventy,
    "pelican": _read_pelican,
    "mkdocs": _read_mkdocs,
    "zenn": _read_zenn,
    "generic": _read_generic,
}


# --- where the posts are --------------------------------------------------------------------------------------------

_SEARCHED = frozenset({"generic", "eleventy"})
"""Generators without one place for posts: the first folder that holds any is taken."""


def _post_folders(
    site: Site, given: tuple[str, ...], suffixes: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folders that hold posts, and all that were looked at."""
    candidates = tuple(_checked_folder(folder) for folder in given) or site.post_folders
    suffixes = HEXO_SUFFIXES if site.reads_like_hexo else suffixes
    first_only = not given and site.generator in _SEARCHED
    found: list[str] = []
    for folder in candidates:
        if folder not in found and _holds_posts(site.root / folder, suffixes, is_root=folder == "."):
            found.append(folder)
            if first_only:
                break
    if first_only and found and found[0].endswith("_posts"):
        drafts = found[0].removesuffix("_posts") + "_drafts"
        if (site.root / drafts).is_dir():
            found.append(drafts)
    return tuple(found), candidates


def _checked_folder(folder: str) -> str:
    path = PurePosixPath(folder.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", folder):
        raise SettingsError(
            f"posts: {folder!r} must be a folder inside the site, relative to it (such as `source/_posts`)"
        )
    return str(path)


def _holds_posts(folder: Path, suffixes: frozenset[str], *, is_root: bool) -> bool:
    if "\0" in str(folder):  # a name that no system has, which Python does not even ask for
        return False
    for current, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in NEVER_POSTS)
        names = [name for name in files if os.path.splitext(name)[1].lower() in suffixes]  # noqa: PTH122 - of a name
        if is_root and Path(current) == folder:
            names = [name for name in names if not is_project_file(name)]
        if names:
            return True
    return False


_PROJECT_FILE = re.compile(
    r"(?i)(readme|license|licence|changelog|contributing|code_of_conduct|security|agents|claude)\b.*\.\w+\Z"
)


def is_project_file(name: str) -> bool:
    """README and its like: about the repository, not a post of the blog, where they lie in the site folder itself."""
    return _PROJECT_FILE.match(name) is not None


def _nothing_found(site: Site, asked: str, given: tuple[str, ...], looked_for: tuple[str, ...]) -> str:
    places = "\n".join(f"  {folder + '/' if folder != '.' else '. (the folder itself)'}" for folder in looked_for)
    kinds = ", ".join(sorted(HEXO_SUFFIXES if site.reads_like_hexo else MARKDOWN_SUFFIXES))
    if given:
        why = "The folders named by the setting `posts` hold none."
    elif asked != "auto":
        why = f"It was read as a {asked} site, because the setting `generator` says so."
    elif site.settings_file:
        why = f"It was read as a {site.generator} site, because of {site.settings_file}."
    else:
        known = (*_HEXO_FILES, "hugo.toml", "mkdocs.yml", "pelicanconf.py", "eleventy.config.js", "package.json")
        why = "No generator was recognised either: there is no " + ", ".join(known) + "."
    return (
        f"no posts found in {site.root}\n{why}\n"
        f"Looked in these folders, and below them, for {kinds}:\n{places}\n"
        "Run enishi in the folder of your blog (enishi build FOLDER), or name the folder of the posts: "
        '--set posts=FOLDER, or `posts = ["FOLDER"]` in enishi.toml.'
    )
