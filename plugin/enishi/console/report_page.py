"""The page of `enishi report`: one file that needs nothing else, in the language of the blog.

Its values are those of `enishi report --json`.  Headings, lists and tables are in the HTML, so that they can be read
without JavaScript, searched and printed; only plots need the script.  A section whose values are absent is absent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from enishi.console.page import render_template
from enishi.reading.addresses import absolute_link, safe_link
from enishi.text.labels import language_tag, page_language
from enishi.text.printable import text_line
from enishi.writing.render import templates_folder

TEMPLATE = "report/report.html.j2"
TERMS_IN_NAME = 3
"""How many terms name a topic."""
_FOR_PLOTS = ("trends", "missing")


def render_report_page(values: Mapping[str, Any]) -> bytes:
    """The page, UTF-8; everything of the blog's is escaped, and nothing is loaded from anywhere."""
    from markupsafe import Markup

    view = page_view(values)
    folder = templates_folder()
    library = (folder / "vendor/echarts/echarts.common.min.js").read_bytes().decode()
    script = (folder / "report/report.js").read_text("utf-8")
    styles = (folder / "page.css").read_text("utf-8") + (folder / "report/report.css").read_text("utf-8")
    notices = [(folder / "vendor/echarts" / name).read_bytes().decode() for name in ("NOTICE", "licenses/LICENSE-d3")]
    ours = {  # all of it from our own files, and JSON in which nothing can end the element that it stands in
        "data": Markup(json.dumps(view.pop("data"), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")),  # noqa: S704
        "scripts": [Markup(library), Markup(script)],  # noqa: S704
        "hashes": [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (library, script)],
        "styles": Markup(styles),  # noqa: S704
        "notices": Markup("\n".join(notices)),  # noqa: S704
    }
    return render_template(TEMPLATE, {**view, **ours})


def page_view(values: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template shows, and as `data` what the script draws."""
    language = page_language(values["language"])
    labels, script_labels = _labels(language)
    report = _on_one_line(values)
    posts = [_post(post, report, language) for post in report["posts"]]
    comma = labels["comma"]
    names = {
        topic["id"]: comma.join(topic["label"][:TERMS_IN_NAME]) or f"{labels['topic']} {topic['id']}"
        for topic in report["topics"]
    }
    data = {
        "labels": script_labels,
        "posts": posts,
        "topics": [{"id": topic["id"], "name": names[topic["id"]]} for topic in report["topics"]],
        "regions": report["map"]["regions"],
        **{name: report[name] for name in _FOR_PLOTS if name in report},
    }
    return {
        "language": language,
        "labels": labels,
        "report": report,
        "posts": posts,
        "names": names,
        "data": data,
    }


def _labels(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """What the page and what its script says, in one of our languages."""
    tables = tomllib.loads((templates_folder() / "report/labels.toml").read_text("utf-8"))
    page, script = ({name: said[language] for name, said in tables[table].items()} for table in ("page", "script"))
    return page, script


def _on_one_line(value: Any, name: str = "") -> Any:
    """The values with every text made fit to be shown; commands stay as they are, to be copied."""
    if isinstance(value, Mapping):
        return {key: _on_one_line(inner, key) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_on_one_line(inner, name) for inner in value]
    return text_line(value) if isinstance(value, str) and name not in ("command", "url") else value


def _post(post: Mapping[str, Any], report: Mapping[str, Any], page_language: str) -> dict[str, Any]:
    """A post as both the tables and the script show it."""
    lang = language_tag(post["lang"] or report["language"])
    return {
        "title": post["title"] or post.get("path") or post["date"] or "…",
        "link": _link(post["url"], report["url"]),
        "lang": lang if lang != page_language else "",
        "near": post["neighbors"],
        "hidden": post.get("status", "published") != "published",
        **{name: post[name] for name in ("date", "year", "tags", "topic", "author", "x", "y")},
    }


def _link(url: str, home: str) -> str:
    """The address of a post from anywhere; empty where it is unknown, or none that a page may link to."""
    link = safe_link(url)
    return absolute_link(url, home) or ("" if link.startswith("/") else link)
