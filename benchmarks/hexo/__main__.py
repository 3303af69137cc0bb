"""`hexo generate` with and without hexo-enishi, by turns: `python -m benchmarks.hexo BLOG`.

The site is what `hexo init` makes, with the theme landscape and the posts of a blog; nothing of it is kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from benchmarks.building import copy_site, edit_one_post, enishi_command, post_files
from benchmarks.machine import describe_machine, markdown_table, run_measured

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "plugin" / "hexo-enishi"
HEAD = ["hexo generate", "without, s", "with, s", "ratio"]
BUILDS = ("cold", "nothing changed", "one post edited")
PACKAGES = (
    "hexo",
    "hexo-cli",
    "hexo-generator-archive",
    "hexo-generator-category",
    "hexo-generator-index",
    "hexo-generator-tag",
    "hexo-renderer-ejs",
    "hexo-renderer-marked",
    "hexo-renderer-stylus",
    "hexo-theme-landscape",
)
POSTS_OF_ANY_GENERATOR = """
for (const name of ['md', 'markdown']) hexo.extend.renderer.get(name).disableNunjucks = true;
"""

"""Braces of other generators' templates would end the build."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hexo", description=__doc__)
    parser.add_argument("blog", type=Path, metavar="BLOG", help="a folder with source/_posts")
    parser.add_argument("--modules", type=Path, default=ROOT / "tests/hexo/node_modules", metavar="FOLDER")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--enishi", default=enishi_command(), metavar="COMMAND")
    options = parser.parse_args()
    seconds: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as folder:
            sites = {has: make_site(options, Path(folder, str(has)), has) for has in (False, True)}
            for build in BUILDS:
                for has, site in sites.items():
                    if build == "one post edited":
                        edit_one_post(site / "source")
                    seconds[build, has].append(generate(site))
            pages = sum(1 for _ in Path(sites[True], "public").rglob("*.html"))
    rows = []
    for build in BUILDS:
        without, with_it = (median(seconds[build, has]) for has in (False, True))
        rows.append([build, f"{without:.2f}", f"{with_it:.2f}", f"{with_it / without:.2f}"])
    print(f"{len(post_files(options.blog)):,} posts, {pages:,} pages; {describe_machine()}\n")
    print(markdown_table(HEAD, rows))
    return 0


def make_site(options: argparse.Namespace, site: Path, has_plugin: bool) -> Path:
    """A new blog with these posts, and the plugin in it or not."""
    copy_site(options.blog, site)
    modules = site / "node_modules"
    modules.mkdir()
    for name in PACKAGES:
        (modules / name).symlink_to((options.modules / name).resolve(), target_is_directory=True)
    packages = [*PACKAGES]
    if has_plugin:
        subprocess.run(["node", ROOT / "plugin/npm-shared/copy.js"], cwd=PLUGIN, check=True)
        shutil.copytree(PLUGIN, modules / "hexo-enishi")
        packages.append("hexo-enishi")
    version = json.loads((modules / "hexo" / "package.json").read_text("utf-8"))["version"]
    package = {"private": True, "hexo": {"version": version}, "dependencies": dict.fromkeys(packages, "*")}
    settings = {
        "title": "A blog",
        "url": "https://example.com",
        "theme": "landscape",
        "permalink": ":year/:month/:day/:title/",
        "enishi": {"hexo": {"inject": True, "command": [options.enishi], "strict": True}},
    }
    (site / "package.json").write_text(json.dumps(package), "utf-8")
    (site / "_config.yml").write_text(json.dumps(settings), "utf-8")
    (site / "scripts").mkdir()
    (site / "scripts" / "braces.js").write_text(POSTS_OF_ANY_GENERATOR, "utf-8")
    return site


def generate(site: Path) -> float:
    """Seconds of one `hexo generate`."""
    hexo = ["node", site / "node_modules/hexo/bin/hexo", "generate", "--silent", "--cwd", site]
    run = run_measured(hexo, {"TZ": "UTC", "CI": ""})
    if run.status:
        raise SystemExit(f"hexo ended with exit code {run.status}:\n{run.output}")
    return run.seconds


if __name__ == "__main__":
    sys.exit(main())
