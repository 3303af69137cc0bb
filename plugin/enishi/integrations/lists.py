"""What the generators share: their own list of posts goes in, finished lists come out."""

from __future__ import annotations

import json
import os
import re
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from enishi.errors import EnishiError
from enishi.files import read_file
from enishi.pipeline import build
from enishi.reading.addresses import encode_link
from enishi.reading.documents import PostFile, read_files
from enishi.reading.find import SourceFile
from enishi.state import SIGN_NAME, STATE_FOLDER, Request
from enishi.writing.reading_back import read_related
from enishi.writing.render import PARTIALS_FOLDER, RELATED_NAME, partial_name, templates_folder

STYLESHEET = "enishi.css"
_SIGN_LASTS = 20
"""Seconds; `enishi watch` renews its sign every five."""
_LINK = re.compile(r'href="(/[^"]*)"')


class SiteLists:
    """The related posts of a site.

    Args:
        site: its folder.
        warn: called with a failure, once for each message, where it does not end the generator's build.
        strict: whether a failure does; None: where `CI` is set.
    """

    def __init__(self, site: Path, warn: Callable[[str], None], *, strict: bool | None = None) -> None:
        self.site = site
        self.warn = warn
        self.strict = os.environ.get("CI", "").lower() not in ("", "0", "false") if strict is None else strict
        self._posts: Mapping[str, Any] = {}
        self._told: set[str] = set()

    def path(self, file: str | os.PathLike[str]) -> str:
        """A post's identity, by its file; of a file outside of the site its name there, which no post has."""
        return unicodedata.normalize("NFC", Path(os.path.relpath(file, self.site)).as_posix())

    def update(
        self,
        posts: Iterable[Mapping[str, Any]],
        *,
        settings: Mapping[str, Any] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Bring the lists up to date, unless `enishi watch` does.

        Args:
            posts: entries of a manifest; their order does not matter.
            settings: what the generator knows better than Enishi's settings, by dotted names.
            texts: by path, what is said by posts that are no Markdown files of the site.

        Raises:
            EnishiError: only where it is strict.
        """
        folder = self.site / STATE_FOLDER
        if not _is_recent(folder / SIGN_NAME):
            entries = sorted(posts, key=lambda post: str(post["source"]))
            manifest = json.dumps(entries, ensure_ascii=False)
            overrides = tuple(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in (settings or {}).items())
            reader = _Reader(self.site, {str(post["source"]) for post in entries}, texts or {})
            try:
                build(Request(self.site, manifest=manifest, overrides=overrides), reader=reader)
            except Exception as error:  # a mistake of ours should not cost its author the site
                if self.strict:
                    raise
                self._tell(str(error) if isinstance(error, EnishiError) else repr(error))
        try:
            self._posts = read_related(lambda name: read_file(folder / name))
        except (OSError, ValueError):
            self._posts = {}

    def _tell(self, message: str) -> None:
        left = "The lists are those of the last time." if (self.site / STATE_FOLDER / RELATED_NAME).exists() else ""
        if message not in self._told:
            self.warn(f"enishi: {message}\n{left or 'There are no lists of related posts.'}")
        self._told.add(message)

    def related(self, path: str) -> Sequence[Mapping[str, Any]]:
        """The entries of a post's list, as related.json has them."""
        entries: Sequence[Mapping[str, Any]] = self._posts.get(path, {}).get("related", ())
        return entries

    def html(self, path: str) -> str:
        """A post's finished list; empty if it has none."""
        if path not in self._posts:
            return ""
        try:
            return read_file(self.site / STATE_FOLDER / PARTIALS_FOLDER / partial_name(path)).decode("utf-8").strip()
        except OSError:
            return ""


def root_of(home: str) -> str:
    """Path of a site on its host, by its address, with a slash at both ends."""
    return encode_link(f"/{urlsplit(home).path.strip('/')}/".replace("//", "/"))


def stylesheet() -> str:
    """The text of the stylesheet."""
    return (templates_folder() / STYLESHEET).read_text("utf-8")


def with_links(html: str, root: str, link: Callable[[str], str]) -> str:
    """The list with addresses below `root` (`/blog/`) as `link` writes them, given what follows it."""
    return _LINK.sub(
        lambda found: f'href="{link(found[1].removeprefix(root))}"' if found[1].startswith(root) else found[0], html
    )


def _is_recent(file: Path) -> bool:
    try:
        return abs(time.time() - file.stat().st_mtime) < _SIGN_LASTS
    except OSError:
        return False


class _Reader:
    """Reads the posts that the generator lists where a build does, and adds those whose text the generator gives."""

    def __init__(self, site: Path, listed: Collection[str], texts: Mapping[str, str]) -> None:
        self.site, self.listed, self.texts = site, listed, texts

    def __call__(self, sources: Sequence[SourceFile], site: object) -> list[PostFile]:
        del site
        wanted = [source for source in sources if source.path in self.listed and source.path not in self.texts]
        given = [PostFile.of(path, self.site / path, text.encode("utf-8")) for path, text in self.texts.items()]
        return sorted([*read_files(wanted), *given], key=lambda file: file.path)
