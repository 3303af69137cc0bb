"""What the site of the documentation has beside docs/: pages from elsewhere in the repository, and its own style."""

from __future__ import annotations

import posixpath
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = {
    "index.md": "README.md",
    "hexo.md": "plugin/hexo-enishi/README.md",
    "astro.md": "plugin/astro-enishi/README.md",
    "eleventy.md": "plugin/eleventy-plugin-enishi/README.md",
    "hugo.md": "plugin/hugo-enishi/README.md",
    "jekyll.md": "plugin/jekyll-enishi/README.md",
    "vitepress.md": "plugin/vitepress-plugin-enishi/README.md",
    "docusaurus.md": "plugin/docusaurus-plugin-enishi/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "reporting.md": "SECURITY.md",
    "example.md": "example_site/README.md",
    "benchmarks/measuring.md": "benchmarks/README.md",
}
"""Page of the site -> file of the repository."""
REPORT = "example-report.html"
STYLE = ".md-typeset td:first-child code { white-space: nowrap }\n"


def enishi(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-P", "-m", "enishi", *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


def on_files(files: Any, config: Any) -> Any:
    for uri, name in ELSEWHERE.items():
        files.append(File.generated(config, uri, content=(ROOT / name).read_text("utf-8")))
    files.append(File.generated(config, "site.css", content=STYLE))
    report = enishi("check", "--site", str(ROOT / "example_site"), "--all", "--format", "markdown")
    head = "# What a check says of the example blog\n\nThe table that a pull request gets, here for all posts.\n\n"
    files.append(File.generated(config, "example-check.md", content=head + report))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        enishi("report", str(ROOT / "example_site"), "--public", "--output", str(page))
        files.append(File.generated(config, REPORT, content=page.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Links of the repository become links of the site or, to what it does not show, of the repository's page."""
    uri = page.file.src_uri
    if uri == "report.md":
        shown = f"[The report of the example blog]({REPORT}) is one made so.\n\n"
        markdown = markdown.replace("## `--json`", f"{shown}## `--json`")
    here = posixpath.dirname(ELSEWHERE.get(uri, f"docs/{uri}"))
    pages = {name: page for page, name in ELSEWHERE.items()}

    def moved(found: re.Match[str]) -> str:
        path, hash_, anchor = found[1].partition("#")
        target = posixpath.normpath(posixpath.join(here, path))
        if not path or ":" in path or not (ROOT / target).exists():
            return found[0]
        if target in pages or target.startswith("docs/"):
            own = pages.get(target, target.removeprefix("docs/"))
            return f"]({posixpath.relpath(own, posixpath.dirname(uri) or '.')}{hash_}{anchor})"
        return f"]({config.extra['social'][0]['link']}/blob/main/{target}{hash_}{anchor})"

    return re.sub(r"\]\(([^)\s]+)\)", moved, markdown)
