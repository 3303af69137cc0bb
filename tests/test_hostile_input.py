"""Input meant to hang or to end the process: each is read in a process of its own, in time linear in its size.

No time is asserted; the sizes are such that reading any of it in quadratic time would run into the timeout.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

READ = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pydantic import TypeAdapter
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.source import read_source
from enishi.reading.prose import text_fields
from enishi.generators import generator_named
from enishi.generators.base import Site
from enishi.generators.hexo import HexoSite

codec = TypeAdapter(FrontMatter)
texts = sys.stdin.read().split("\\0\\0")
for generator in ("hexo",) if "body" in sys.argv else ("hexo", "generic"):
    make = HexoSite if generator == "hexo" else Site
    site = make(Path(), generator_named(generator), ("posts",))
    for text in texts:
        source = read_source(text.encode(), site.generator.dialect)
        post, _ = site.make_post("posts/a.md", source, datetime(2024, 1, 1, tzinfo=UTC))
        if "body" in sys.argv or generator == "hexo" and len(text) < 500_000:
            text_fields(post.title, source.body)
        assert codec.validate_python(codec.dump_python(source)) == source
print(len(texts))
"""
TIMEOUT = 300  # seconds; far more than any of it needs on a slow machine


def front_matter(text: str) -> str:
    return f"---\n{text}\n---\nbody\n"


def bomb(entry: str) -> str:
    """Each name nine times the one before it."""
    names = "abcdefghijklmnopqrst"
    lines = [entry.format(new=new, old=",".join([f"*{old}"] * 9)) for old, new in pairwise(names)]
    return "\n".join(lines)


FRONT_MATTER = {
    "a line of 10 MB": ["a" * 10_000_000, front_matter("title: " + "a" * 10_000_000)],
    "an open quote": [front_matter('title: "' + "a" * 5_000_000), front_matter("title: '" + "a\n" * 1_000_000)],
    "rules": ["-" * 5_000_000, "---\n" * 200_000, "a: b\n" * 200_000 + "---\n", "+++\n" * 200_000],
    "blanks": [
        "\n" * 2_000_000 + "---\ntitle: a\n---\n",
        " " * 2_000_000 + "---\n",
        "\n \n" * 300_000,
        "\r" * 1_000_000,
    ],
    "tags": [
        front_matter("tags: [" + ",".join(f"t{n}" for n in range(100_000)) + "]"),
        front_matter("tags:\n" + "\n".join(f"- t{n}" for n in range(100_000))),
        front_matter("tags: " + ", ".join(f"t{n}" for n in range(100_000))),
        front_matter("categories: [" + "[a, b]," * 50_000 + "]"),
    ],
    "keys": [front_matter("\n".join(f"k{n}: v" for n in range(40_000))), front_matter("k: 2024-01-02\n" * 20_000)],
    "nesting": [
        *(front_matter("a: " + "[" * 200_000), front_matter("a: " + "{" * 200_000), front_matter("- " * 100_000 + "a")),
        *(front_matter("? " * 100_000), front_matter("a: " + "[" * 5_000 + "]" * 5_000), '{"a":' + "[" * 200_000),
        *(
            front_matter("\n".join(" " * n + "a:" for n in range(1_500))),
            ';;;\n"a":' + "[" * 900 + "]" * 900 + "\n;;;\n",
        ),
        *(
            "+++\na = " + "[" * 200_000 + "\n+++\n",
            "+++\n" + "a." * 50_000 + "a = 1\n+++\n",
            "+++\n[" + '"a".' * 50_000 + "a]\n+++\n",
        ),
    ],
    "aliases": [
        front_matter("a: &a [x,x,x,x,x,x,x,x,x]\n" + bomb("{new}: &{new} [{old}]")),
        front_matter("a: &a {x: 1}\n" + bomb("{new}: &{new} {{<<: [{old}]}}")),
        front_matter("a: &a " + "x" * 10_000 + "\nb: [" + "*a," * 10_000 + "]"),
        front_matter("a: &a {" + ", ".join(f"k{n}: 1" for n in range(2_000)) + "}\n" + "b: {<<: *a}\n" * 2_000),
        front_matter("a: &a 1\n" * 20_000),
    ],
    "mistakes": [
        *(front_matter('title: "a"b"\n' * 20_000), front_matter("title: a: b\n" * 40_000), ":" * 2_000_000),
        *(front_matter("<<<<<<< a\ntitle: x\n=======\n>>>>>>> b\n" * 20_000), "title: a\n" * 300_000, '{"' * 500_000),
        *(front_matter("\t" * 2_000_000), front_matter("title：a\n" * 100_000), "a:\n" * 200_000 + "---\n"),
    ],
}
MARKDOWN = {
    "quotes": [">" * 50_000 + " a", "> a\n" * 50_000, "".join(">" * (n % 60) + " a\n" for n in range(10_000))],
    "emphasis": ["*" * 300_000, "*a " * 50_000, "**a* " * 40_000, "_a" * 50_000, "~~a " * 50_000, "==a " * 50_000],
    "ticks": ["`" * 300_000, " ".join("`" * (n % 300 + 1) for n in range(5_000)), "```\n" * 50_000, "~~~" * 50_000],
    "brackets": ["[" * 300_000, "[a](" * 50_000, "![" * 50_000, "[a](b) " * 50_000, "[^" * 50_000, "[[" * 50_000],
    "definitions": [
        "".join(f"[a{n}]: /b\n" for n in range(30_000)),
        "".join(f"[^{n}]: x[^{n + 1}]\n\n" for n in range(5_000)),
    ],
    "lists": [
        "".join("  " * (n % 50) + "- a\n" for n in range(10_000)),
        "".join("  " * n + "- a\n" for n in range(2_000)),
    ],
    "HTML": [
        *(
            "<div>" * 50_000,
            "<" * 300_000,
            "<!--" * 50_000,
            "<!-- a -->" * 50_000,
            "<pre>" * 50_000,
            "<script>" * 50_000,
        ),
        *("<svg></svg>" * 50_000, "<Aa b={" * 50_000, "<Aa b={c}/>" * 50_000, "&amp;" * 50_000),
    ],
    "templates": [
        *("{%" * 300_000, "{% a " * 50_000, "{% a %}" * 50_000, "{{" * 300_000, "{{<" * 50_000, "{% raw %}" * 50_000),
        *("{% codeblock %}" * 30_000, "".join(f"{{% codeblock{n} %}}" for n in range(30_000)), "{:.a}" * 50_000),
        *("{#" * 300_000, '{{< a b="c" >}}' * 50_000, "@[a](" * 50_000, "\\begin{align}" * 50_000, "* a\n{:" * 50_000),
    ],
    "containers": [
        ":::\n" * 50_000,
        ":" * 300_000,
        "!!! note\n" * 50_000,
        '!!! note "a"\n    b\n' * 20_000,
        ":a" * 300_000,
    ],
    "math": ["$" * 300_000, "$a " * 50_000, "$$\na\n" * 50_000],
    "tables": ["|a" * 50_000, "|a|b|\n|-|-|\n" + "|a|b|\n" * 50_000, ("a|" * 200 + "\n") * 1_000, "|-" * 50_000],
    "headings": ["# a\n" * 50_000, "a\n=\n" * 50_000, "x\n-\n" * 50_000],
    "addresses": ["http://a" * 50_000, "![a](data:image/png;base64," + "A" * 4_000_000 + ")", "\\" * 300_000],
    "lines": [
        "    a\n" * 50_000,
        "a: b\n" * 50_000,
        "import a\n" * 50_000,
        "".join(" " * (n % 200) + "a\n" for n in range(10_000)),
    ],
    "words": ["word " * 400_000, "日本語" * 400_000],
}


CASES = [("front", name, texts) for name, texts in FRONT_MATTER.items()]
CASES += [("body", name, texts) for name, texts in MARKDOWN.items()]


@pytest.mark.parametrize(("kind", "name", "texts"), CASES, ids=[name for _, name, _ in CASES])
def test_hostile_input(kind: str, name: str, texts: list[str]) -> None:
    command = [sys.executable, "-c", READ, kind]
    done = subprocess.run(command, input="\0\0".join(texts).encode(), capture_output=True, timeout=TIMEOUT)
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(len(texts))), done.stderr.decode()[-2_000:]
