"""Plans the sections of related posts that `enishi related --write` keeps in posts: nothing is written here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from enishi.commands.tags.edits import Plan, PlannedEdit, left_alone
from enishi.commands.tags.posts import by_path, path_meant
from enishi.config import Settings
from enishi.editing.change import Refusal
from enishi.editing.section import plan_section
from enishi.errors import SettingsError
from enishi.generators.base import MARKDOWN_SUFFIXES, Site
from enishi.pipeline import Blog, Run
from enishi.reading.addresses import encode_link, safe_link
from enishi.state import Request
from enishi.text.labels import label_language, labels_for
from enishi.text.plural import counted
from enishi.text.printable import text_line
from enishi.types import Post, Progress, Related


def plan_sections(
    request: Request, name: str = "", *, home: str = "", guesses: bool = False, progress: Progress = lambda *_: None
) -> Plan:
    """Let each post, or the one that is meant by `name`, end in its related posts as they are now.

    Args:
        home: stands before addresses: ``https://zenn.dev/aki``.
        guesses: whether addresses count that no generator has told.

    Raises:
        SettingsError: addresses are guesses, or `home` is needed or none.
        UnknownPostError
    """
    with Run(request, progress) as run:
        blog = run.load()
        posts = run.read(blog)
        lists = run.relate(posts).related.lists
    documents = by_path(posts)
    home = _checked_home(home, blog.site)
    paths = [path_meant(documents, name, request)] if name else list(documents)
    listed = {path: [entry for entry in lists.get(path, ()) if documents[entry.path].post.url] for path in paths}
    unsure = {entry.path for entries in listed.values() for entry in entries if documents[entry.path].post.url_is_guess}
    if unsure and not guesses:
        raise SettingsError(
            f"nothing was written: addresses of {counted(len(unsure), 'post')} would be guesses of ours. Build the "
            "site with its generator's plugin once, or hand over its own list (enishi build --manifest); --guesses "
            "writes them anyway"
        )
    contents = {
        path: _content(documents[path].post, entries, blog.settings, blog.site, home)
        for path, entries in listed.items()
    }
    return _plan(blog, contents)


def plan_removal(request: Request, name: str = "") -> Plan:
    """Take the sections out of all posts, or of one."""
    with Run(request) as run:
        blog = run.load()
        wanted = {path_meant(by_path(run.read(blog)), name, request)} if name else {file.path for file in blog.files}
    return _plan(blog, dict.fromkeys(wanted, ""))


def _plan(blog: Blog, contents: Mapping[str, str]) -> Plan:
    edits, refused = [], []
    for file in blog.files:
        content = contents.get(file.path)
        ending = posixpath.splitext(file.path)[1].lower()
        if content is None or (content and ending not in MARKDOWN_SUFFIXES):
            if content:
                refused.append(left_alone(file.path, "not-markdown", "only Markdown gets a section of related posts"))
            continue
        after = plan_section(file.data, content, blog.site.generator.dialect, is_mdx=ending == ".mdx")
        if isinstance(after, Refusal):
            refused.append(after.diagnostic(file.path))
        elif after != file.data:
            edits.append(PlannedEdit(file.path, file.file, file.data, after))
    return Plan(tuple(edits), tuple(refused))


def _checked_home(home: str, site: Site) -> str:
    if home and not re.match("https?://", safe_link(home)):
        raise SettingsError(f"--home {home}: write a whole address, such as https://blog.example")
    if not home and site.generator.home:
        raise SettingsError(
            f"addresses of {site.generator.label} need what stands before them: --home {site.generator.home}"
        )
    return home.rstrip("/")


def _content(post: Post, entries: Iterable[Related], settings: Settings, site: Site, home: str) -> str:
    """Heading and list in Markdown; empty where there is no related post."""
    mark = "1." if settings.partials.ordered else "-"
    rows = [f"{mark} [{_text(entry.title or entry.path)}]({_link(entry.url, home)})" for entry in entries]
    if not rows:
        return ""
    language = label_language(post.lang, settings.language or site.language)
    heading = labels_for(language, settings.partials.labels)["heading"]
    return "\n".join((f"{'#' * settings.partials.heading_level} {_text(heading)}", "", *rows))


_MARKUP = re.compile(r"[\\`*_\[\]]")
_TEMPLATE = re.compile(r"[&<>{}|$~^]")


def _text(title: str) -> str:
    """A title as Markdown of any generator reads it: as text, whatever stands in it.

    As references, what Liquid, Nunjucks, MDX, kramdown's tables or a formula would take for theirs.
    """
    line = _TEMPLATE.sub(lambda found: f"&#{ord(found[0])};", text_line(title))
    return _MARKUP.sub(r"\\\g<0>", line)


def _link(url: str, home: str) -> str:
    """An address that ends where its bracket does; one with a host needs nothing before it."""
    link = encode_link(safe_link(url if re.match("[a-z]+:", url) else home + url))
    return re.sub("[()*]", lambda found: f"%{ord(found[0]):02X}", link).replace("&", "&amp;")
