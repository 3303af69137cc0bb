"""Pelican's plugin: `article.enishi_partial`, `enishi_related` and `related_posts`, and the list below an article.

Settings in pelicanconf.py: ``ENISHI = {"inject": True}``; see docs/pelican.md.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from enishi.files import replace_file
from enishi.generators.base import MARKDOWN_SUFFIXES, first_file
from enishi.generators.pelican import Pelican
from enishi.integrations.lists import STYLESHEET, SiteLists, root_of, stylesheet, with_links
from enishi.state import STATE_FOLDER
from enishi.text.labels import language_tag, own_name, same_language
from enishi.writing.render import templates_folder

_SETTINGS = ("inject", "stylesheet", "strict")
_PARTIAL = "{{ article.enishi_partial | safe if article is defined else '' }}"
log = logging.getLogger(__name__)


def register() -> None:
    """What Pelican calls; connecting twice is no matter."""
    signals = import_module("pelican.plugins.signals")
    signals.initialized.connect(_pass_over_own_files)
    signals.generator_init.connect(_prepare)
    signals.all_generators_finalized.connect(_add_lists)
    signals.finalized.connect(_write_stylesheet)


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`ENISHI` of pelicanconf.py."""
    given = settings.get("ENISHI") or {}
    if not isinstance(given, dict) or set(given) - set(_SETTINGS):
        log.warning("enishi: ENISHI should be a dict with %s", ", ".join(_SETTINGS))
        given = {}
    inject = bool(given.get("inject", False))
    return {"inject": inject, "stylesheet": bool(given.get("stylesheet", inject)), "strict": given.get("strict")}


def _pass_over_own_files(pelican: Any) -> None:
    """Where articles lie in the site's own folder, our fragments are none."""
    if STATE_FOLDER not in pelican.settings["IGNORE_FILES"]:
        pelican.settings["IGNORE_FILES"] = [*pelican.settings["IGNORE_FILES"], STATE_FOLDER]


def _prepare(generator: Any) -> None:
    """Let any theme include our templates, and articles' own pages show their lists."""
    from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, PrefixLoader

    folder = FileSystemLoader(templates_folder())
    # `related.html` is the finished list; the name with .j2 is what the macros take
    ours = {"enishi": ChoiceLoader([DictLoader({"related.html": _PARTIAL}), folder])}
    generator.env.loader.loaders.append(PrefixLoader(ours))
    generator.env.template_class = _article_template(generator.env.template_class, generator.settings)


def _article_template(base: type[Any], settings: Mapping[str, Any]) -> type[Any]:
    options = _settings(settings)

    class ArticleTemplate(base):  # type: ignore[misc]
        """A template that is told what an article shows on its own page, and there alone."""

        def render(self, *args: Any, **kwargs: Any) -> str:
            values = dict(*args, **kwargs)
            article = values.get("article")
            if getattr(article, "enishi_partial", ""):
                values["article"] = _OwnPage(article, values, **options)
            return str(super().render(values))

    return ArticleTemplate


class _OwnPage:
    """An article as its own page shows it: links are written as the theme writes them, and content ends in the list.

    The article itself is not touched: what is in its content shows in feeds, summaries and on index pages.
    """

    def __init__(self, article: Any, values: Mapping[str, Any], *, inject: bool, stylesheet: bool, strict: Any) -> None:
        del strict
        home = values.get("SITEURL", "")
        root = root_of(article.settings["SITEURL"])
        self._article = article
        self.enishi_partial = article.enishi_partial
        self.enishi_related = article.enishi_related
        if article.settings["RELATIVE_URLS"]:
            self.enishi_partial = with_links(self.enishi_partial, root, lambda rest: f"{home}/{rest}")
            self.enishi_related = [
                {**entry, "url": f"{home}/{entry['url'].removeprefix(root)}"} for entry in self.enishi_related
            ]
        link = f'<link rel="stylesheet" href="{home}/{STYLESHEET}">\n' if stylesheet else ""
        self._list = f"\n{link}{self.enishi_partial}" if inject else ""

    @property
    def content(self) -> str:
        return f"{self._article.content}{self._list}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._article, name)

    def __eq__(self, other: object) -> bool:  # a theme may look for the article's place among others
        return bool(self._article == other)

    def __hash__(self) -> int:
        return hash(self._article)

    def __str__(self) -> str:
        return str(self._article)


def _site_folder(settings: Mapping[str, Any]) -> Path:
    """The folder round the content that holds pelicanconf.py; Pelican does not tell where its settings lie."""
    content = Path(settings["PATH"]).resolve()
    for folder in (content, *content.parents):
        if first_file(folder, Pelican.settings_files):
            return folder
    return content.parent


@cache
def _lists_of(site: Path, strict: bool | None) -> SiteLists:
    """The same for as long as Pelican runs, so that a failure is told once."""
    return SiteLists(site, log.warning, strict=strict)


def _add_lists(generators: Sequence[Any]) -> None:
    """Hand Pelican's own list over, and give each article what came back."""
    generator = next((one for one in generators if hasattr(one, "hidden_articles")), None)
    articles = [] if generator is None else list(_articles(generator))
    if generator is None or not articles:
        return
    settings = generator.settings
    options = _settings(settings)
    if options["inject"] and (template := _own_list(generator)):
        log.warning("enishi: the theme shows article.related_posts in %s; leave `inject` out of ENISHI", template)
    lists = _lists_of(_site_folder(settings), options["strict"])
    by_path = {lists.path(article.source_path): article for article, _ in articles}
    content, folders = lists.path(settings["PATH"]), settings["ARTICLE_PATHS"]
    lists.update(
        [_entry(lists.path(article.source_path), article, published) for article, published in articles],
        settings={
            "generator": Pelican.name,
            "posts": [
                posixpath.normpath(f"{content}/{folder}")
                for folder in ([folders] if isinstance(folders, str) else folders)
            ],
        },
        texts={
            path: article._content
            for path, article in by_path.items()
            if PurePosixPath(path).suffix.lower() not in MARKDOWN_SUFFIXES
        },
    )
    for path, article in by_path.items():
        article.enishi_partial = lists.html(path)
        listed = [(entry, by_path[entry["path"]]) for entry in lists.related(path) if entry["path"] in by_path]
        article.enishi_related = [_entry_view(entry, other, article.lang) for entry, other in listed]
        if not hasattr(article, "related_posts"):  # nor is another plugin's work undone, or a line of the author's
            article.related_posts = [other for _, other in listed]


def _own_list(generator: Any) -> str:
    """A template of the theme that shows related posts, by the name that several plugins give them; empty if none."""
    endings = tuple(generator.settings["TEMPLATE_EXTENSIONS"])
    for name in generator.env.list_templates(filter_func=lambda name: name.endswith(endings)):
        if not name.startswith(("!", "enishi/")):
            with suppress(UnicodeDecodeError):
                if "related_posts" in generator.env.loader.get_source(generator.env, name)[0]:
                    return str(name)
    return ""


def _entry_view(entry: Mapping[str, Any], other: Any, page: str) -> dict[str, Any]:
    """An entry of related.json as our macros and others' markup take it."""
    lang = language_tag(other.lang)
    words = {} if same_language(lang, language_tag(page)) else {"other_lang": lang, "lang_name": own_name(lang)}
    return {**entry, **words, "date_text": other.locale_date, "article": other}


def _articles(generator: Any) -> Iterator[tuple[Any, bool]]:
    """Each article, its translations too, and whether others may list it."""
    yield from ((article, True) for article in (*generator.articles, *generator.translations))
    unlisted = (generator.hidden_articles, generator.hidden_translations)
    drafts = (generator.drafts, generator.drafts_translations)
    yield from ((article, False) for articles in (*unlisted, *drafts) for article in articles)


def _entry(path: str, article: Any, published: bool) -> dict[str, Any]:
    """What a manifest says of the article."""
    entry = {
        "source": path,
        "url": root_of(article.settings["SITEURL"]) + article.url.lstrip("/"),
        "tags": [tag.name for tag in getattr(article, "tags", ())],
        "categories": [article.category.name],
        "lang": article.lang,
        "published": published,
    }
    if not article.settings["TYPOGRIFY"]:  # which makes HTML of titles
        entry["title"] = article.title
    if article.date.year < 9999:  # what a draft without a date gets
        entry["date"] = article.date.isoformat()
    return entry


def _write_stylesheet(pelican: Any) -> None:
    if _settings(pelican.settings)["stylesheet"]:
        replace_file(Path(pelican.settings["OUTPUT_PATH"], STYLESHEET), stylesheet().encode("utf-8"))
