"""The fragments in a real browser: nothing sticks out on a small screen, links can be hit, quiet text can be read."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from enishi.types import Post, Related
from enishi.writing.render import partial_view, render_partials, templates_folder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

THEME = """
body { font: 16px/1.6 sans-serif; margin: 1rem; color: #222; background: #fff } a { color: #0b5cad }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #16181c } a { color: #8ab8ff } }
"""

POST = Post("a.md", "A post", lang="en")
RELATED = [
    Related(
        "b.md", "A title of many words that has to be broken into lines on any telephone", "/b/", 0.8, date="2024-05-06"
    ),
    Related("c.md", "関連記事を探す：埋め込みと近傍探索の入門", "/c/", 0.7, "translation", "2024-05-07", "ja"),
    Related("d.md", "Short", "/d/", 0.6, shared_tags=("NLP", "search"), shared_terms=("cosine similarity",)),
    Related("e.md", "<script>console.error('ran')</script>", "javascript:console.error(1)", 0.5, lang="en"),
]
UNBROKEN = Related("f.md", "an_identifier_without_any_place_to_break_it_" * 4, "/f/", 0.4, shared_terms=("x" * 90,))

MEASURE = """
const problems = []; window.onerror = (message) => problems.push(String(message));
const light = (color) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  canvas.fillStyle = ground; canvas.fillRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
let ground = "#fff";
onload = () => {
  const frames = [...document.querySelectorAll("iframe")].map((frame) => {
    const inside = frame.contentDocument, style = (e) => frame.contentWindow.getComputedStyle(e);
    ground = style(inside.body).backgroundColor;
    const contrast = [...inside.querySelectorAll("time, small, span, a, h2")].map((e) => {
      const [a, b] = [light(style(e).color), light(ground)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
    const heights = [...inside.querySelectorAll(".enishi-related a")].map((e) => e.getClientRects()[0].height);
    return { width: frame.clientWidth, scroll: inside.documentElement.scrollWidth, ground, links: heights.length,
             contrast: Math.min(...contrast), target: Math.min(...heights) };
  });
  document.getElementById("found").textContent = JSON.stringify({ problems, frames });
};
"""


def pages(related: list[Related], css: str) -> list[str]:
    posts = [POST, *(Post(one.path, one.title) for one in related)]
    fragments = b"".join(render_partials(posts, {POST.path: related})[0].values()).decode("utf-8")
    environment = Environment(loader=FileSystemLoader(templates_folder()), autoescape=True)
    macros = environment.from_string(
        "{% from 'macros.html.j2' import related, related_cards, related_inline %}"
        "{{ related(posts, list='ol') }}{{ related_cards(posts, id='cards') }}{{ related_inline(posts) }}"
    ).render(posts=partial_view(POST, related)["related"])
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>t</title><style>{THEME}{css}</style>"
    return [f"{head}<body><main>{content}</main>" for content in (fragments, macros)]


def look(folder: Path, documents: list[str], *, dark: bool) -> Any:
    """What the browser measures in each page at 320 and 1,000 pixels, and everything that it complains of."""
    frames = "".join(
        f'<iframe width={width} height=900 style="border:0" srcdoc="{html.escape(document)}"></iframe>'
        for document in documents
        for width in (320, 1000)
    )
    page = folder / "page.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><script>{MEASURE}</script><pre id=found></pre>{frames}", "utf-8"
    )
    quiet = ["quic", "background-networking", "component-update", "sync", "gpu", "dev-shm-usage", "extensions"]
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--no-first-run", "--enable-logging=stderr"]
    command += [f"--disable-{name}" for name in quiet]
    command += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--user-data-dir={folder / 'profile'}"]
    command += ["--window-size=1200,900", "--virtual-time-budget=5000", "--dump-dom", page.as_uri()]
    environment = {**os.environ, "HOME": os.fspath(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert "CONSOLE" not in done.stderr, done.stderr
    match = re.search(r"<pre id=\"found\">(.+?)</pre>", done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    found = json.loads(html.unescape(match[1]))
    assert found["problems"] == []
    return found["frames"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_with_our_stylesheet(tmp_path: Path, dark: bool) -> None:
    for frame in look(
        tmp_path, pages([*RELATED, UNBROKEN], (templates_folder() / "enishi.css").read_text("utf-8")), dark=dark
    ):
        assert frame["scroll"] <= frame["width"], "something sticks out"
        assert frame["links"] >= 4
        assert frame["contrast"] >= 4.5
        assert frame["target"] >= 24
        assert frame["ground"] == ("rgb(22, 24, 28)" if dark else "rgb(255, 255, 255)")


def test_without_any_stylesheet_of_ours(tmp_path: Path) -> None:
    for frame in look(tmp_path, pages(RELATED, ""), dark=False):
        assert frame["scroll"] <= frame["width"], "something sticks out"
        assert frame["contrast"] >= 4.5
