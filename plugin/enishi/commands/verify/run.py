"""Compare a finished site with the last build: does each post show its list, and do the links lead to posts?

Only what is certain is called a problem: an address that is a guess proves nothing, so such a post is looked for by its
title, and where two pages could be it, neither is judged.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from enishi.commands.ask import written_posts
from enishi.commands.verify.pages import FinishedSite, Page, links_on, title_key, without_tags
from enishi.config_files import load_settings
from enishi.errors import SettingsError
from enishi.generators import detect_site, generator_named
from enishi.state import Request, open_cache, remember_lists_seen, were_lists_seen

NO_LIST, TWO_LISTS, DEAD_LINK, NAMES_DRAFT, NO_LINKS = "no-list", "two-lists", "dead-link", "names-draft", "no-links"
"""Codes of problems."""
_LEAST_IN_A_ROW = 2
_OF_MOST = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong with a page."""

    code: str
    page: str
    """File of the page, relative to the finished site."""
    post: str
    """Path of its post."""
    link: str = ""
    """As it is written, where one link is meant."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a finished site shows."""

    public: Path
    base: str
    """Path of the site on its host."""
    posts: int
    """Posts that are published."""
    pages: int
    """How many of these have a page that was found for certain."""
    lists: int
    """Pages of posts that show a list."""
    links: int
    """In all these lists."""
    problems: tuple[Problem, ...]
    not_found: tuple[str, ...]
    """Posts without a page that is certainly theirs."""
    of_theme: tuple[str, int] = ("", 0)
    """The name of a list of the theme's own, and on how many pages of posts it stands; where these are many."""
    is_own_markup: bool = False
    """Whether the lists are in markup that is not ours."""
    shown_by: str = ""
    """How lists come to be shown, where none is."""

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.problems


def verify(request: Request, public: Path | None = None) -> Verified:
    """Look at a finished site; `public` is the generator's usual folder if not given.

    Raises:
        NoBuildError: nothing was built.
        SettingsError: there is no finished site, or it is of another blog.
    """
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    site, _ = detect_site(request.site, generator=settings.generator, posts=settings.posts)
    posts = written_posts(request.folder)
    folder = public or _usual_folder(request.site, site.generator.setup(site).public, site.generator.output_folders)
    finished = FinishedSite.read(folder, filter(None, [_split(site.url).netloc.casefold()]), site.root_path)
    if not finished.pages:
        raise SettingsError(f"{folder}: there is no page in it. Name the folder of the finished site")
    pages = _Pages(finished, posts)
    if all("status" in post for post in posts.values()):
        raise SettingsError("no post is published: run `enishi build`, and look whether it says why")
    if not pages.of_post:
        raise SettingsError(f"{folder}: none of its {len(finished.pages)} pages is a post of {request.site}")
    found = _Look(finished, posts, pages).result(site.generator.shown_by)
    with open_cache(request.site, request.cache) as cache:
        if found.lists:
            remember_lists_seen(cache)
    return found


def how_to_show(request: Request, generator: str) -> str:
    """How lists come to be shown in a site of that generator, until they were seen in it finished; then nothing."""
    shown_by = generator_named(generator).shown_by
    if not shown_by:
        return ""
    with open_cache(request.site, request.cache) as cache:
        if were_lists_seen(cache):
            return ""
    settings, _ = load_settings(request.site, config_file=request.config_file, overrides=request.overrides)
    site, _ = detect_site(request.site, generator=settings.generator, posts=settings.posts)
    setup = site.generator.setup(site)
    if setup.is_done:
        return f"the site is set up to show the lists: {' && '.join((*setup.run, 'enishi verify'))}"
    return f"to show the lists: {shown_by} (enishi init says more; enishi verify looks whether they are there)"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _usual_folder(site: Path, usual: str, others: Sequence[str]) -> Path:
    named = next((name for name in (usual, *others) if name and (site / name).is_dir()), "")
    if not named:
        raise SettingsError("name the folder of the finished site: enishi verify PUBLIC")
    return site / named


class _Pages:
    """Which page is which post's."""

    def __init__(self, finished: FinishedSite, posts: Mapping[str, Mapping[str, Any]]) -> None:
        self._finished = finished
        self.of_post: dict[str, Page] = {}
        """By path of a published post."""
        by_heading, by_title = _index(finished.pages.values(), "headings"), _index(finished.pages.values(), "titles")
        public = {path: post for path, post in posts.items() if "status" not in post}
        names = Counter(title_key(post["title"]) for post in public.values())
        unsure = []
        for path, post in public.items():
            page = self._at(post["url"])
            if page is not None and post.get("url_is") != "guess":
                self.of_post[path] = page
            else:
                unsure.append(path)
        taken = {page.file for page in self.of_post.values()}
        for path in unsure:
            post = public[path]
            key, guess = title_key(post["title"]), self._at(post["url"])
            keys = dict.fromkeys((key, title_key(without_tags(post["title"]))))
            places = (index[key] for index in (by_heading, by_title) for key in keys if key in index)
            pages = [page for page in next(places, ()) if page.file not in taken]
            page = self._chosen(path, pages, guess, is_unique=names[key] == 1)
            if page is not None:
                self.of_post[path] = page
        self.files = {page.file for page in self.of_post.values()}
        """Of all posts, also those that share a page: nobody knows whose list that shows."""
        owners = Counter(page.file for page in self.of_post.values())
        self.of_post = {path: page for path, page in self.of_post.items() if owners[page.file] == 1}
        others = [post for post in posts.values() if "status" in post]
        # A post of the future that has a page by now is published
        self._drafts = {title_key(post["title"]) for post in others if post["status"] != "future"} - names.keys()
        self._draft_addresses = {unquote(post["url"]) for post in others if post["url"]}

    def is_draft(self, link: str, file: str | None) -> bool:
        """Whether a link leads to a post that is not published, or to where one would be."""
        if file in self.files:
            return False
        page = self._finished.pages.get(file or "")
        if page is not None:
            return bool(page.headings & self._drafts)
        return unquote(_split(link).path) in self._draft_addresses

    def _at(self, url: str) -> Page | None:
        file = self._finished.at(_split(url).path) if url else None
        page = self._finished.pages.get(file or "")
        return None if page is None or page.is_redirect else page

    @staticmethod
    def _chosen(path: str, pages: Sequence[Page], guess: Page | None, *, is_unique: bool) -> Page | None:
        """The page of a post among those of its title; None if that is not certain."""
        if guess in pages or (not pages and guess is not None and guess.lists):
            return guess
        slug = title_key(_slug(path))
        for some in (pages, [page for page in pages if _is_like(slug, title_key(_slug(page.file)))]):
            if len(some) == 1 and (is_unique or some is not pages):
                return some[0]
        with_list = [page for page in pages if page.lists]
        return with_list[0] if len(with_list) == 1 and is_unique else None


def _index(pages: Iterator[Page] | Any, field_name: str) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        if not page.is_redirect:
            for key in getattr(page, field_name):
                found[key].append(page)
    return found


def _is_like(slug: str, name: str) -> bool:
    """Whether a page's name is a post's, but for a date or a language in one of the two."""
    return bool(slug and name) and (slug in name or name in slug)


def _slug(path: str) -> str:
    """The name of a post's or a page's file, or of its folder."""
    name = posixpath.splitext(posixpath.basename(path))[0]
    return posixpath.basename(posixpath.dirname(path)) if name in ("index", "README", "_index") else name


@dataclass(slots=True)
class _Look:
    """Goes from page to page."""

    finished: FinishedSite
    posts: Mapping[str, Mapping[str, Any]]
    pages: _Pages
    problems: list[Problem] = field(default_factory=list)
    lists: int = 0
    links: int = 0

    def result(self, shown_by: str) -> Verified:
        """What was found."""
        of_post = self.pages.of_post
        shown = {path: page.lists for path, page in of_post.items() if page.lists}
        is_own_markup = not shown and self._find_own_markup(shown)
        for path, page in sorted(of_post.items()):
            lists = shown.get(path, ())
            if not lists:
                if self._expects_list(path):
                    self.problems.append(Problem(NO_LIST, page.file, path))
                continue
            self.lists += 1
            if len(lists) > 1:
                self.problems.append(Problem(TWO_LISTS, page.file, path))
            for links in lists:
                self._check_links(path, page, links)
        theme = Counter(page.other_list for page in of_post.values() if page.other_list and page.lists)
        name, count = next(iter(theme.most_common(1)), ("", 0))
        return Verified(
            public=self.finished.folder,
            base=self.finished.base,
            posts=sum("status" not in post for post in self.posts.values()),
            pages=len(of_post),
            lists=self.lists,
            links=self.links,
            problems=tuple(sorted(self.problems)),
            not_found=tuple(p for p, post in self.posts.items() if "status" not in post and p not in of_post),
            of_theme=(name, count) if count > max(1, _OF_MOST * len(of_post)) else ("", 0),
            is_own_markup=is_own_markup,
            shown_by="" if self.lists else shown_by,
        )

    def _expects_list(self, path: str) -> bool:
        """A generator may leave out what it has no page for."""
        return any(entry["path"] in self.pages.of_post for entry in self.posts[path]["related"])

    def _find_own_markup(self, shown: dict[str, tuple[tuple[str, ...], ...]]) -> bool:
        """Add lists in markup that is not ours, if most pages have one: links to older and newer posts may look so."""
        found = {path: self._own_markup(path, page) for path, page in self.pages.of_post.items()}
        lists = {path: (links,) for path, links in found.items() if links}
        if len(lists) < _OF_MOST * sum(map(self._expects_list, self.pages.of_post)):
            return False
        shown.update(lists)
        return bool(lists)

    def _own_markup(self, path: str, page: Page) -> tuple[str, ...]:
        """Links to the first related posts of a page's post, in their order; none if it has no such row."""
        listed = [self.pages.of_post.get(entry["path"]) for entry in self.posts[path]["related"]]
        wanted = [other.file for other in listed if other is not None]
        if len(wanted) < len(listed):
            return ()
        found: list[tuple[str, str]] = []
        for link in links_on(self.finished.text(page)):
            file = self.finished.target(page, link)
            if file in self.pages.files and (not found or found[-1][0] != file):
                found.append((file, link))
        needed = min(len(wanted), _LEAST_IN_A_ROW)
        for start in range(len(found)):
            row = [file for file, _ in found[start : start + len(wanted)]]
            if needed and row[:needed] == wanted[:needed]:
                same = next((n for n, (a, b) in enumerate(zip(row, wanted, strict=False)) if a != b), len(row))
                return tuple(link for _, link in found[start : start + same])
        return ()

    def _check_links(self, path: str, page: Page, links: Sequence[str]) -> None:
        if not links:
            self.problems.append(Problem(NO_LINKS, page.file, path))
        self.links += len(links)
        for link in links:
            file = self.finished.target(page, link)
            if self.pages.is_draft(link, file):
                self.problems.append(Problem(NAMES_DRAFT, page.file, path, link))
            elif file is None or file == page.file:
                self.problems.append(Problem(DEAD_LINK, page.file, path, link))
