"""Findings as a check makes them, and findings that were written to do harm."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from enishi.errors import Severity
from enishi.findings import CODES, CheckReport, Finding, LineEdit, SuggestedTag

POST = "source/_posts/2024/形態素解析.md"
HELLO = "source/_posts/hello world #1 100%.md"
TITLE = "日本語の形態素解析器を比べる — MeCab、Sudachi"
LINE = "tags: [検索, Python]"
EDIT = LineEdit(4, (LINE,), ("tags: [検索, Python, NLP]",), "")

MISSING = Finding(
    POST,
    4,
    8,
    "missing-tag",
    Severity.WARNING,
    "`NLP` is probably missing (0.93)",
    title=TITLE,
    tag="NLP",
    tags=(SuggestedTag("NLP", 0.93, True),),
    confidence=0.93,
    evidence=("4 of the 5 nearest posts carry it: “検索の話”", "11 of 13 other posts of its topic carry it"),
    advice=(
        f"to accept, add it to the tags, or run: enishi tags apply {POST} --tag NLP",
        f"to decline it for good, run: enishi tags decline {POST} NLP",
    ),
    edit=EDIT,
    line_text=LINE,
)
MAYBE = Finding(
    POST,
    4,
    12,
    "missing-tag",
    Severity.NOTE,
    "`Elasticsearch` is probably missing (0.61)",
    title=TITLE,
    tag="Elasticsearch",
    confidence=0.61,
    evidence=("the text names it 3 times",),
    advice=(f"to decline it for good, run: enishi tags decline {POST} Elasticsearch",),
    line_text=LINE,
)
NO_TAGS = Finding(
    HELLO,
    1,
    1,
    "no-tags",
    Severity.ERROR,
    "the post has no tags",
    title="Hello, world",
    evidence=("830 of the 836 posts of the blog have tags",),
    advice=("add tags; these fit best: `Hexo`",),
    line_text="---",
)
REPORT = CheckReport(
    (MISSING, MAYBE, NO_TAGS),
    (POST, HELLO, "source/_posts/quiet.md"),
    836,
    prefix="blog",
    base="0" * 40,
    suppressed=2,
    failing=("no-tags",),
    notes=("The clone is shallow.",),
)
EMPTY = CheckReport((), (), 0)

HOSTILE = (
    "::error::gotcha",
    "a\n::error file=x::gotcha",
    "a\r\n::stop-commands::x",
    "##[error]gotcha",
    "##vso[task.setvariable variable=x]y",
    "\x1b[31mred\x1b]0;title\x07",
    "</details><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "| x | y |",
    "]]>",
    "<!-- -->",
    "\ud800 lone \udce3",
    "a\u2028b\u2029c\x85d",
    "\u202egnp.exe\u2066x\u2069",
    "\u200b\ufeff\xad\U000e0041",
    "\0\x01\ufffe\uffff\ufdd0",
    "@octocat and @org/team",
    "#1 GH-2 org/repo#3 !4",
    "[text](javascript:alert(1)) ![i](http://x.y/z.png) [a]: http://x",
    "http://evil.example www.evil.example mailto:a@b.example",
    "`` ` @octocat ``` ~~~ \\`@octocat`",
    "```@octocat`",
    "&#64;octocat &lt;b&gt;",
    "{0} {{1}} $x$ $`y`$ :smile:",
    "# heading",
    "- [ ] task",
    "1. list",
    "---",
    "100%25 %0A::error::x, a:b",
    "x: enishi tags apply $(reboot) `reboot`",
    "/close",
    "長" * 20_000,
    " ",
    "",
)
"""What a title, a tag, a path or a term may hold."""

PIECES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.text(st.sampled_from("`@#<>[]()|\\\n\r:!&;%*_~$-=+ a1w.ｗ/{}\x1b\u202e\ud800"), max_size=30),
)
TEXTS = st.lists(PIECES, max_size=3).map("".join)
PATHS = TEXTS.map(lambda text: text.replace("\0", "") or "a.md").filter(lambda text: not text.startswith("/"))
EDITS = st.builds(
    lambda line, before, after: LineEdit(line, tuple(before), tuple(after), ""),
    st.integers(1, 99),
    st.lists(TEXTS, min_size=1, max_size=2),
    st.lists(TEXTS, max_size=2),
)
FINDINGS = st.builds(
    Finding,
    path=PATHS,
    line=st.integers(1, 10_000),
    column=st.integers(1, 500),
    code=st.sampled_from(sorted(CODES)),
    level=st.sampled_from(Severity),
    message=TEXTS,
    title=TEXTS,
    tag=TEXTS,
    confidence=st.none() | st.floats(0, 1),
    evidence=st.lists(TEXTS, max_size=3).map(tuple),
    advice=st.lists(TEXTS, max_size=3).map(tuple),
    edit=st.none() | EDITS,
    line_text=TEXTS,
    subject=TEXTS,
)
REPORTS = st.builds(
    lambda findings, others, prefix, failing, notes, suppressed: CheckReport(
        tuple(sorted(findings, key=lambda found: (found.path, found.line, found.column, found.code, found.tag))),
        tuple(sorted({found.path for found in findings} | set(others))),
        836,
        prefix=prefix,
        suppressed=suppressed,
        failing=tuple(sorted(failing)),
        notes=tuple(notes),
    ),
    st.lists(FINDINGS, max_size=4),
    st.lists(PATHS, max_size=2),
    st.sampled_from(["", "blog", "a b/ブログ"]),
    st.sets(st.sampled_from(sorted(CODES)), max_size=3),
    st.lists(TEXTS, max_size=2),
    st.integers(0, 3),
)


def hostile_reports() -> list[CheckReport]:
    """Each hostile text in every place of a finding."""
    found = []
    for text in HOSTILE:
        edit = LineEdit(3, (text or "x",), (text, text), "")
        finding = Finding(
            text.replace("\0", "").lstrip("/") or "a.md",
            3,
            2,
            "missing-tag",
            Severity.WARNING,
            f"`{text}` is probably missing (0.93)",
            title=text,
            tag=text,
            confidence=0.93,
            evidence=(text, f"carried by “{text}”"),
            advice=(text, f"to decline it for good, run: enishi tags decline x.md {text}"),
            edit=edit,
            line_text=text,
            subject=text,
        )
        bare = Finding("b.md", 1, 1, "no-tags", Severity.NOTE, text, title=text, evidence=(text, text), advice=(text,))
        found.append(CheckReport((bare, finding), tuple(sorted((bare.path, finding.path))), 2, notes=(text,)))
    return found


ALLOWED_FORMAT = {"\u200c", "\u200d"}
"""Persian and emoji are written with them."""


def deceiving(text: str) -> list[str]:
    """Characters that a terminal obeys or does not show."""
    return [
        character
        for character in text
        if (unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in BIDI)
        and character not in ALLOWED_FORMAT
    ]


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
