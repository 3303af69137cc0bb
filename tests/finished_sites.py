"""A finished site as a visitor finds it, read without any of our own code: each post has its list, no link is dead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit


@dataclass
class Shown:
    """One list of related posts on a page."""

    lang: str = ""
    links: list[str] = field(default_factory=list)
    text: str = ""
    tags: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lists: list[Shown] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "enishi-related" in given.get("class", "").split() and not self._depth:
            self.lists.append(Shown(given.get("lang", "")))
            self._depth = 1
            return
        if self._depth:
            self.lists[-1].tags.append(tag)
            if tag not in ("br", "hr", "img", "link", "meta"):
                self._depth += 1
            if tag == "a":
                self.lists[-1].links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.lists[-1].text += data


def lists_on(page: Path) -> list[Shown]:
    """The lists of a page, in their order."""
    reader = _Reader()
    reader.feed(page.read_text("utf-8"))
    return reader.lists


def target(public: Path, page: str, link: str, base: str = "/") -> Path | None:
    """The file that a link on the page (its address) shows; None if there is none."""
    path = unquote(urlsplit(urljoin(f"http://site.test{page}", link)).path)
    if not path.startswith(base):
        return None
    file = public / path.removeprefix(base).lstrip("/")
    candidates = (file, file / "index.html", file.with_name(f"{file.name}.html"))
    return next((found for found in candidates if found.is_file()), None)


def check_lists(public: Path, pages: Iterable[str], *, base: str = "/", least: int = 1) -> int:
    """Each of the pages (addresses) shows one list of at least `least` posts, all of them there; how many in all."""
    seen = 0
    for page in pages:
        file = target(public, page, page, base)
        assert file is not None, f"there is no page {page}"
        (shown,) = lists_on(file)
        assert len(shown.links) >= least, f"{page} lists {shown.links}"
        assert len(set(shown.links)) == len(shown.links), f"{page} lists a post twice"
        assert not {"script", "img", "iframe", "style"} & set(shown.tags), f"a title became HTML on {page}"
        for link in shown.links:
            found = target(public, page, link, base)
            assert found is not None, f"{page} links to {link}, which is not there"
            assert found != file, f"{page} lists itself"
        seen += len(shown.links)
    return seen
