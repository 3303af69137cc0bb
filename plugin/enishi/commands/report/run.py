"""The report of a blog as one JSON value, which `enishi report --json` prints and its page shows.

Posts are numbered in the order of their paths; wherever a post is meant, its number stands.  The same blog gives the
same value: nothing in it names a time, a place on this machine or the state of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from enishi.commands.init.profile import blog_language
from enishi.commands.report.analysis import AnalysedBlog, Drawing, analyse
from enishi.commands.report.links import link_values, near_duplicates
from enishi.commands.report.map import regions
from enishi.commands.report.next_steps import next_steps
from enishi.commands.report.tags import missing_values, tidying_values
from enishi.commands.report.trends import trend_values
from enishi.errors import Diagnostic
from enishi.processes import Beside
from enishi.reading.addresses import safe_link
from enishi.reading.links import own_hosts
from enishi.state import Request
from enishi.tags.audit import audit_tags
from enishi.tags.declined import read_kept
from enishi.text.printable import text_line
from enishi.types import Post, Progress, Topic

VERSION = 1
NEIGHBORS = 5
_DIGITS = 4
_MOST_AUTHORS = 5
_MAIL = re.compile(r"<?[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>?")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says, and what is wrong beside it."""

    values: Mapping[str, Any]
    broken: tuple[Diagnostic, ...] = ()
    """Why some posts cannot be read as their author means them."""
    problem: str = ""
    """Why the build could not be written; empty if it could."""


def report(request: Request, *, public: bool = False, progress: Progress = lambda *_: None) -> Report:
    """Bring the build up to date and say what it says of the blog.

    Args:
        public: leave out drafts and whatever is for the author alone.

    Raises:
        EnishiError: settings, the site or the encoder do not allow it.
    """
    blog, drawing = analyse(request, public, progress)
    progress("putting the report together", 0, 0)
    duplicates = Beside(lambda: near_duplicates(blog), processes=1 if public else request.processes)
    site, trends = blog.blog.site, trend_values(blog)
    language = blog_language(blog.blog, blog.documents)
    on_map = _posts_on_map(blog, drawing(), public)
    for_the_author = {} if public else _for_the_author(blog, request, language, duplicates.result)
    values = {
        "version": VERSION,
        "kind": "enishi report",
        "public": public,
        "title": text_line(site.generator.title(site)),
        "url": safe_link(site.url) if own_hosts(site.url) else "",
        "language": language,
        "summary": _summary(blog, trends, public),
        **on_map,
        "topics": [_topic(blog, topic, public) for topic in blog.topics],
        "trends": trends,
        **for_the_author,
    }
    return Report(values, blog.broken, blog.problem)


def _posts_on_map(blog: AnalysedBlog, drawing: Drawing, public: bool) -> dict[str, Any]:
    topic_of = {blog.row[path]: topic.id for topic in blog.topics for path in topic.posts}
    topics = [topic_of.get(row) for row in range(len(blog.documents))]
    return {
        "posts": [
            _post(blog, row, public) | {"topic": topics[row], "x": x, "y": y}
            for row, (x, y) in enumerate(drawing.positions.round(_DIGITS).tolist())
        ],
        "map": {
            "regions": [
                {"topic": region.topic, "x": region.x, "y": region.y, "outline": region.outline}
                for region in regions(drawing.positions, topics)
            ],
            "trustworthiness": round(drawing.trustworthiness, _DIGITS),
            "pca": round(drawing.pca, _DIGITS),
        },
    }


def _for_the_author(
    blog: AnalysedBlog, request: Request, language: str, duplicates: Callable[[], list[dict[str, Any]]]
) -> dict[str, Any]:
    """What to tidy up and what is missing."""
    kept = read_kept(request.site)
    audit = audit_tags(blog.documents, blog.vocabulary, blog.blog.settings.tags, kept.apart)
    tidying = tidying_values(blog, audit, request)
    links = link_values(blog) | {"duplicates": duplicates()}
    return {
        "tags": tidying,
        "links": links,
        "missing": missing_values(blog),
        "next": next_steps(blog, audit, links, language, kept.untagged),
    }


def _summary(blog: AnalysedBlog, trends: Mapping[str, Any], public: bool) -> dict[str, Any]:
    posts = [document.post for document in blog.documents]
    published = [post for post in posts if post.is_public]
    years = trends["years"]
    summary = {
        "posts": len(published),
        "tags": len(blog.vocabulary.names),
        "topics": len(blog.topics),
        "first_year": years[0] if years else None,
        "last_year": years[-1] if years else None,
        "undated": trends["undated"],
        "links": sum(map(len, blog.links)),
    }
    private = {
        "drafts": len(posts) - len(published),
        "suggestions": sum(map(len, blog.suggestions)),
        "untagged": sum(1 for post in published if not post.tags),
    }
    return summary if public else summary | private


def _post(blog: AnalysedBlog, row: int, public: bool) -> dict[str, Any]:
    document = blog.documents[row]
    post, date = document.post, document.post.date
    values = {
        "title": "" if public and document.title == post.path else text_line(document.title),
        "url": safe_link(post.url),
        "date": date.date().isoformat() if date else "",
        "year": date.year if date else None,
        "tags": blog.tags_of(row),
        "author": _author(post),
        "lang": post.lang,
        "neighbors": list(blog.lists[row][:NEIGHBORS]),
    }
    return values if public else {"path": post.path, "status": post.status} | values


def _author(post: Post) -> str:
    """Who wrote a post, by its front matter, without addresses of mail; empty where it says nothing."""
    stated = post.front_matter.get("author") or post.front_matter.get("authors")
    people = stated if isinstance(stated, list) else [stated]
    names = [person.get("name") if isinstance(person, dict) else person for person in people[:_MOST_AUTHORS]]
    shown = (text_line(_MAIL.sub("", name)) for name in names if isinstance(name, str))
    return ", ".join(filter(None, shown))


def _topic(blog: AnalysedBlog, topic: Topic, public: bool) -> dict[str, Any]:
    values = {
        "id": topic.id,
        "label": list(topic.label),
        "posts": [blog.row[path] for path in topic.posts],
        "tags": [{"tag": share.tag, "with_tag": share.with_tag, "posts": share.posts} for share in topic.tags],
    }
    missing = [
        {"tag": one.tag, "posts": [blog.row[path] for path in one.posts], "new": one.new} for one in topic.missing
    ]
    return values if public else values | {"missing": missing}
