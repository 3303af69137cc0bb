"""docs/formats.md shows every format; `python tests/reporters/test_formats_page.py` writes the examples anew."""

from __future__ import annotations

import json
import re

from enishi.commands.check.line_edits import line_edit, patch_of
from enishi.errors import Severity
from enishi.findings import CheckReport, Finding, SuggestedTag
from enishi.reporters import FORMATS
from places import DOCS

PAGE = DOCS / "formats.md"

POST = "source/_posts/tokenizers.md"
BEFORE = b"---\ntitle: Tokenizers compared\ntags: [search]\n---\nMeCab, Sudachi and Kuromoji.\n"
AFTER = BEFORE.replace(b"[search]", b"[search, NLP]")
REPORT = CheckReport(
    (
        Finding(
            POST,
            3,
            7,
            "missing-tag",
            Severity.WARNING,
            "`NLP` is probably missing (0.93)",
            title="Tokenizers compared",
            tag="NLP",
            tags=(SuggestedTag("NLP", 0.93, True),),
            confidence=0.93,
            evidence=(
                "4 of the 5 nearest posts carry it: “Search in Japanese”, “Sorting mail with BERT” and 2 more",
                "11 of 13 other posts of its topic (tokenizer, corpus) carry it",
            ),
            advice=(
                f"to accept, add it to the tags, or run: enishi tags apply {POST} --tag NLP",
                f"to decline it for good, run: enishi tags decline {POST} NLP",
            ),
            edit=line_edit(POST, BEFORE, AFTER),
            line_text="tags: [search]",
        ),
    ),
    (POST,),
    836,
    base="f3b1c0ffee" * 4,
    patches={POST: patch_of(POST, BEFORE, AFTER)},
)

BLOCK = re.compile(r"(?ms)^## (\w+)\n\n(.+?)\n\n(````\w+)\n.*?^````$")
"""A format's section: its name, what is said of it, and its example."""


def with_examples(page: str) -> str:
    return BLOCK.sub(lambda found: f"## {found[1]}\n\n{found[2]}\n\n{found[3]}\n{example_of(found[1])}````", page)


def example_of(name: str) -> str:
    text = FORMATS[name](REPORT)
    if name == "sarif":  # all its rules would be too long
        return json.dumps(json.loads(text)["runs"][0]["results"][0], ensure_ascii=False, indent=2) + "\n"
    return text


def test_the_page_shows_the_formats_as_they_are() -> None:
    page = PAGE.read_text("utf-8")
    assert [found[1] for found in BLOCK.finditer(page)] == re.findall(r"(?m)^## (\w+)$", page) == list(FORMATS)
    assert page == with_examples(page)


if __name__ == "__main__":
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
