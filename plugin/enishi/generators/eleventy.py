"""Eleventy: Markdown in a folder that only its settings, a program, could tell; they are not run."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from enishi.generators import setup
from enishi.generators.base import Generator, Site, depends_on, package_json
from enishi.generators.post import Address, own_path
from enishi.generators.setup import Setup

_PLUGIN = "eleventy-plugin-enishi"
_NEW_SETTINGS = f"""import enishi from "{_PLUGIN}";

export default function (eleventyConfig) {{
  eleventyConfig.addPlugin(enishi, {{ inject: true }});
}}
"""
_FUNCTION = re.compile(
    r"^(?:export default|module\.exports\s*=)\s*(?:async\s+)?(?:function\b[^(\n]*)?\(\s*(\w+)\s*\)\s*(?:=>\s*)?\{\s*$",
    re.MULTILINE,
)
"""Where the settings begin, and what they call Eleventy's own."""


class Eleventy(Generator[Site]):
    """https://www.11ty.dev/docs/"""

    name = "eleventy"
    label = "an Eleventy site"
    settings_files = (
        *(".eleventy.js", "eleventy.config.js", "eleventy.config.cjs", "eleventy.config.mjs", "eleventy.config.ts"),
    )
    other_files = ("package.json",)
    post_folders = (
        *("src/posts", "src/blog", "src/content", "content/blog", "content/posts", "content", "posts", "blog", "src"),
    )
    takes_first_folder = True
    mixes_pages = True
    shown_by = f"`npm install {_PLUGIN}`, and two lines in eleventy.config.js"

    def recognises(self, root: Path) -> bool:
        """By its settings, or as a dependency."""
        return super().recognises(root) or depends_on(root, "@11ty/eleventy")

    def address(self, site: Site, address: Address) -> str | None:
        """https://www.11ty.dev/docs/permalinks/"""
        given = own_path(address)
        if given is not None:
            return given.removesuffix("index.html")
        folder, file = posixpath.split(address.relative)
        if file.startswith("index."):
            return folder + "/"
        name = re.sub(r"^\d{4}-\d{2}-\d{2}-", "", posixpath.splitext(file)[0])
        return posixpath.join(folder, name) + "/"

    def setup(self, site: Site) -> Setup:
        """The plugin, and its two lines in the settings."""
        settings = site.settings_file or "eleventy.config.mjs"
        text = setup.read_text(site.root, settings)
        is_done = _PLUGIN in (text or "")
        edit = setup.edit(site.root, settings, _with_plugin, "the list below each post")
        by_hand = f"Write both lines of the page below into {settings}"
        output = re.search(r"""\boutput:\s*["']([^"'\n]+)["']""", text or "")
        scripts = package_json(site.root).get("scripts")
        builds = isinstance(scripts, dict) and "eleventy" in str(scripts.get("build"))
        return Setup(
            page="plugin/eleventy-plugin-enishi/README.md",
            installs=() if depends_on(site.root, _PLUGIN) else (setup.package_command(site.root, _PLUGIN),),
            edits=setup.edits(edit),
            by_hand=() if edit or is_done else (by_hand,),
            run=("npm run build" if builds else "npx @11ty/eleventy",),
            public=posixpath.normpath(output[1]) if output else "_site",
        )


def _with_plugin(text: str) -> str | None:
    """Settings with the plugin; None where they do not begin as Eleventy's documentation has it."""
    if not text.strip():
        return _NEW_SETTINGS
    found = list(_FUNCTION.finditer(text))
    if _PLUGIN in text or len(found) != 1:
        return None
    indent = "\t" if re.match(r"\s*?\n\t", text[found[0].end() :]) else "  "
    is_module = found[0][0].startswith("export")
    ours = "enishi" if is_module else f'require("{_PLUGIN}")'
    line = f"{indent}{found[0][1]}.addPlugin({ours}, {{ inject: true }});"
    with_line = setup.with_line_after(text, re.escape(found[0][0]), line)
    if with_line and is_module:
        return setup.with_javascript_import(with_line, f'import enishi from "{_PLUGIN}";')
    return with_line
