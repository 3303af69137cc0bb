"""The real Hexo reads the same sites, and is right: every difference that is left stands here with its reason."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from enishi.errors import Diagnostic
from enishi.generators import detect_site, hexo_dates, hexo_permalinks
from enishi.reading import dates, javascript, yaml12
from enishi.reading.addresses import encode_path
from enishi.reading.find import find_files
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.globs import matches_any
from enishi.reading.hexo_frontmatter import LOST
from enishi.reading.source import HEXO_DIALECT, read_source
from enishi.types import Post
from made_up_sites import site_of
from shared_data import CORPORA, SHARED, TESTS, needs_hexo, needs_shared, run_node

pytestmark = needs_hexo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime.now(UTC)  # Hexo's clock, for posts in the future


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def hexo_reads(sites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = json.loads(run_node(TESTS / "hexo_sites.cjs", stdin=json.dumps(sites).encode()))
    return answers


def is_lost(diagnostics: list[Diagnostic]) -> bool:
    return any(diagnostic.message.startswith(LOST) for diagnostic in diagnostics)


def differences(
    post: Post, source: FrontMatter, diagnostics: list[Diagnostic], hexo: dict[str, Any] | None
) -> dict[str, Any]:
    """What the two make of one post, by field, where they differ."""
    if hexo is None or is_lost(diagnostics):
        return {} if hexo is None and is_lost(diagnostics) else {"lost": (is_lost(diagnostics), hexo is None)}
    ours: dict[str, Any] = {
        "title": post.title,
        "slug": post.slug,
        "published": post.status in ("published", "future"),
        "body": source.body,
    }
    if ours["published"] and post.status != "future":  # Hexo drops the tags of what it does not publish
        ours["tags"] = sorted(post.tags)
        ours["categories"] = sorted({chain[:n] for chain in post.categories for n in range(1, len(chain) + 1)})
    if post.date is not None:
        ours["date"] = milliseconds(post.date)
        ours["shown"] = f"{post.date:%Y-%m-%d %H:%M:%S}"
        if post.date.year < 1000:
            ours["shown"] = ours["shown"].zfill(19)
    elif abs(hexo["date"] - milliseconds(NOW)) > 86_400_000:  # without a date Hexo takes the file's own
        ours["date"] = None
    # to Hexo a list in a list may be a tag without a name; here there is none, as no one could choose it
    tags, chains = sorted(filter(None, hexo["tags"])), sorted(c for c in map(tuple, hexo["categories"]) if all(c))
    theirs = {**hexo, "tags": tags, "categories": chains}
    return {name: (value, theirs[name]) for name, value in ours.items() if value != theirs[name]}


# --- constructed front matter ---------------------------------------------------------------------------------------

CASES: list[dict[str, str]] = [
    json.loads(line) for line in (TESTS / "fixtures" / "hexo_cases.jsonl").read_text("utf-8").split("\n") if line
]
PLAIN_SITE = site_of("hexo", post_folders=("source/_posts",), permalink=":year/:month/:day/:title/")
DATE_OUT_OF_RANGE = "a year that Python's datetime does not have: the post has no date here"
WRONG_TAG = "a value that is not what its tag says is text or its own kind here; Hexo loses the post"
YAML_1_1 = "libyaml, which reads YAML 1.1, refuses it: the post is lost here"
OF_THE_DATABASE = "Hexo's database refuses it; where Hexo builds, its plugin says so"
EXPLAINED = {
    "---\ntitle: t\n_id: x\n---\nbody\n": OF_THE_DATABASE,
    "---\ntitle: t\ntags: [a]\n_id: y\n---\nbody\n": OF_THE_DATABASE,
    "---\ntitle: t\npermalink: 12\n---\nbody\n": OF_THE_DATABASE,
    "---\ntitle: t\npermalink: [a]\n---\nbody\n": OF_THE_DATABASE,
    "---\ntitle: t\ntags: !!null ''\n---\nbody\n": WRONG_TAG,
    "---\ntitle: t\ntags: !!bool yes\n---\nbody\n": WRONG_TAG,
    "---\ntitle: !!int x\n---\nbody\n": WRONG_TAG,
    "---\ntitle: t\ntags:\n  -\ta\n---\nbody\n": YAML_1_1,
    "---\na: &x 1\nb: &x 2\ntitle: *x\n---\nbody\n": YAML_1_1,
    "---\ntitle: a\x85b\n---\n": "a line break of YAML 1.1 is a blank here",
    "---\ntitle: a\u2028b\n---\n": "a line break of YAML 1.1 is a blank here",
    "---\ntitle: t\ntags: .nan\n---\nbody\n": "not a number is false to JavaScript; here it is the text NaN",
    "---\ntitle: t\ntags: !!binary aGVsbG8=\n---\nbody\n": "bytes are left as they are written",
    '---\ntitle: "\\ud83d"\n---\nbody\n': "half of a surrogate pair is no text outside JavaScript",
    "---\ntitle: t\n__proto__: {a: b}\n---\nbody\n": "Hexo loses it to JavaScript's prototypes",
    "---\ntitle: t\ndate: 10000-01-01\n---\nbody\n": DATE_OUT_OF_RANGE,
    "---\ntitle: t\ndate: +012024-01-01\n---\nbody\n": DATE_OUT_OF_RANGE,
    "---\ntitle: t\ndate: -000001-01-01\n---\nbody\n": DATE_OUT_OF_RANGE,
    "---\ntitle: t\ndate: 8640000000000000\n---\nbody\n": DATE_OUT_OF_RANGE,
    "---\ntitle: t\ndate: -62135596800001\n---\nbody\n": DATE_OUT_OF_RANGE,
    "---\ntitle: t\ndate: 253402300800000\n---\nbody\n": DATE_OUT_OF_RANGE,
    '---\ntitle: t\ndate: "99999-01-01"\n---\nbody\n': DATE_OUT_OF_RANGE,
    '---\ntitle: t\ndate: "275760-09-13"\n---\nbody\n': DATE_OUT_OF_RANGE,
    '---\ntitle: t\ndate: "Sep 13 275760 00:00:00 UTC"\n---\nbody\n': DATE_OUT_OF_RANGE,
}


ODD_DATES = frozenset(
    {
        *(
            "2024-05-06 10:00:00 JST",
            "2024年5月6日",
            "2024-05-06（月）",
            "'20240506'",
            "2024-05-06T10",
            "2024-05-06 10",
        ),
        *("2024-05-06 a", "2024-05-06 10am", "2024-05-06 10:00am", "2024-05-06 10:00:00,5", "2024-05-06 - 10:00"),
        *("January 5th 2024", '"2024-05-06 10:00.5"', '"2024-05-06 x"', '"2024-05-06 Z x"', '"2024-05-06 +09:00"'),
        *('"2024-05-06 10:00:00 +"', '"2024-05-06 10:00:00 -123456"', '"2024-05-06-10"'),  # Hexo takes the file's time
        *("2022/02/31", "06/05/2024", "05-06-2024", "[2024-05-06]", "+002024-01-01", "99-01-02", "1/2/99", "1/2/49"),
        *("1/2/50", "Jan 1", "1 Jan", "2024 Jan", "2024-Jan-05", "05-Jan-24", '"(x) 2024-05-06"', '"x 2024-05-06"'),
        *('"Mon 2024-05-06"', '"12"', '"32"', '"0"', '"10:00 2024-05-06"', '"2024-"', '"2024-5-"', '"-5-6-2024"'),
        *('"5.6.2024"', '"2024 05 06"', '"2024, 05, 06"'),  # no dates here
        *('"2024-05-06 (a (b) c) 10:00"', '"2024-05-06 10:00 EST+1"', '"２０２４-05-06"', '"May 2024 10"'),
    }
)
"""Texts that YAML calls no timestamp, which Hexo leaves to V8's own reader: it is not followed in every oddity."""


def compare_texts(texts: list[str]) -> dict[str, dict[str, Any]]:
    """Differences by text, each the front matter of a post in one site."""
    files = {f"source/_posts/{number}.md": text for number, text in enumerate(texts)}
    (hexo,) = hexo_reads([{"config": "", "files": files}])
    found = {}
    for name, text in files.items():
        source = read_source(text.encode("utf-8", "surrogatepass"), HEXO_DIALECT)
        post, diagnostics = PLAIN_SITE.make_post(name, source, NOW)
        if different := differences(post, source, diagnostics, hexo.get(name)):
            found[text] = different
    return found


def test_constructed_front_matter() -> None:
    assert len(CASES) > 700
    found = compare_texts([case["text"] for case in CASES])
    odd = {f"---\ntitle: t\ndate: {date}\n---\nbody\n" for date in ODD_DATES}
    assert odd <= set(found), "an odd date is none any more"
    found = {
        text: {name: pair for name, pair in different.items() if text not in odd or name not in ("date", "shown")}
        for text, different in found.items()
    }
    found = {text: different for text, different in found.items() if different}
    assert {text: different for text, different in found.items() if text not in EXPLAINED} == {}
    assert set(found) == set(EXPLAINED), "an explained difference is none any more"


LINES = [
    *("title: a", "title: 'a'", "title: a: b", 'title: "a', "title:", "title: [a]", "title: 2024-01-02", "title: # c"),
    *(
        "tags: a",
        "tags: [a, b]",
        "tags:",
        "- a",
        "  - b",
        "- ",
        "tags: []",
        "tag: c",
        "tags: a, b",
        "tags: [a",
        "\t- a",
    ),
    *("date: 2024-05-06", "date: 2024/5/6 7:08", "date: '2024-05-06T07:08:09Z'", "date: 2024-02-31", "date: never"),
    *("categories: a", "categories: [a, [b, c]]", "category: d", "published: false", "published:", "draft: true"),
    *(
        "",
        " ",
        "\t",
        "# comment",
        "text",
        "text: text",
        "> quote",
        "* item",
        "`code`",
        "{{ x }}",
        "é: 日本",
        "a:b",
        "? a",
    ),
    *("---", "---", "---", "----", "--- ", " ---", "---a", ";;;", "...", "+++", "<<: *a", "a: &a {title: x}", "%a"),
    *("title: |", "  indented", "    more", "title: >-", '"tags": ["a"]', '"title": "a",', "{", "}", "a: !!str 1"),
]


def test_heaps_of_lines() -> None:
    """Front matter as no one would write it, the same for every run."""
    chance = random.Random(20220613)
    ends = ("\n", "\n", "\n", "\n", "\r\n")
    texts = []
    for _ in range(1_200):
        end = chance.choice(ends)
        lines = [chance.choice(LINES) for _ in range(chance.randint(1, 7))]
        fence = chance.choice(["---", "---", "---", ";;;"])
        head = [fence, *lines, fence] if chance.random() < 0.7 else lines
        texts.append(chance.choice(["", "", "", "\ufeff"]) + end.join([*head, "body", ""]))
    found = compare_texts(list(dict.fromkeys(texts)))
    left = {text: different for text, different in found.items() if not any(p.search(text) for p in EXPLAINED_HEAPS)}
    assert left == {}
    assert len(found) < 20


EXPLAINED_HEAPS = {
    re.compile(r"\A\ufeff?---\r?\n\t\r?\n"): "a tab alone, which libyaml refuses: the post is lost here",
    re.compile(r"\A---\r?\n  +"): "a text that goes on further left than it began: to js-yaml that is an error",
    re.compile(r"\n----\r?\n"): "to js-yaml a document begins at `---` whatever follows",
    re.compile(
        r'"a\r?\n(?:.*\n)*"tags"'
    ): "js-yaml takes what touches a closing quote for the next key; here the post is lost",
    re.compile(r"(?m)^%a\r?$"): "a directive, which libyaml wants to know",
    re.compile(r"(?m)^\.\.\.\r?$"): "the end of a document that nothing follows but another end",
}


# --- whole sites ----------------------------------------------------------------------------------------------------


def text(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "body", ""])


POST = text("title: 'Ünï Cøde & 日本: a'", "date: 2024-05-06 07:08:09", "categories: [Web Dev, CSS & Co]", "tags: [a]")
DATES = [
    *("2024-05-06", "2024-05-06 23:59:59", "'2024-05-06 23:59'", "2024/05/06 00:00:00", "2024-05-06T10:00:00+09:00"),
    *(
        "'2024-05-06T10:00:00Z'",
        "2024-03-10 02:30:00",
        "2024-11-03 01:30:00",
        "1999-12-31",
        "1715000000000",
        "1918-01-01",
    ),
]


@dataclass(frozen=True)
class Case:
    """A site that both read."""

    config: str
    files: dict[str, Any] = field(default_factory=lambda: {"source/_posts/folder/A Post.md": POST})
    compares_urls: bool = True


def dated(dates: list[str]) -> dict[str, Any]:
    return {f"source/_posts/{n}.md": f"---\ntitle: x\ndate: {date}\n---\n" for n, date in enumerate(dates)}


def permalink(pattern: str, more: str = "") -> Case:
    texts = {
        "source/_posts/folder/A Post.md": POST,
        "source/_posts/plain.md": text(
            "title: Plain", "date: 2024-01-02", "lang: en", "layout: note", "abbrlink: 0a1b", "id: 7"
        ),
        "source/_posts/日本.md": text(
            "title: 「括弧」と、句読点。", "date: 2024-12-31 23:00:00", "categories:", "- [上, 下]", "- C#"
        ),
        "source/_posts/own.md": "---\ntitle: own\ndate: 2024-12-31\npermalink: my/own page\n---\n",
        "source/_posts/odd.md": "---\ntitle: ' -- '\ndate: 2024-12-31\nlang: ~\nabbrlink: false\n---\n",
    }
    return Case(f"permalink: {pattern}\n{more}", texts)


def named(pattern: str) -> Case:
    names = [
        *(
            "2024-05-06-a.md",
            "2024-5-6-a.md",
            "a.md",
            "a/index.md",
            "en/2024/a.md",
            "2024/05/2024-05-06-x y.md",
            "5-6-2024-a.md",
        ),
        *(
            "20240506a.md",
            "2024-02-31-a.md",
            "a-0123456789ab.md",
            "2024/a.b.md",
            "日本/2024-05-06-語.md",
            "2024-05-06-.md",
        ),
    ]
    files = {f"source/_posts/{name}": "---\ntitle: x\n---\n" for name in names}
    files["source/_posts/2023-01-02-own.md"] = POST
    return Case(f"new_post_name: {pattern}\n", files)


SITES: dict[str, Case] = {
    "files": Case(
        "",
        {
            **{
                f"source/_posts/{name}": POST
                for name in [
                    *(
                        "a.md",
                        "b.markdown",
                        "c.mkd",
                        "d.html",
                        "e.htm",
                        "f.txt",
                        "G.MD",
                        "H.Html",
                        "_i.md",
                        ".j.md",
                        "k~.md",
                    ),
                    *("l.md~", "m.md%", "_n/o.md", "p/_q.md", "p/.r/s.md", "t u/v w.md", "x/index.md", "50% off.md"),
                    *("a%20b.md", "日本.md", "sub/_posts/y.md", "#z.md", "q?.md", "mkdn.mkdn", "é.md", "no-suffix"),
                ]
            },
            "source/_drafts/draft.md": POST,
            "source/_drafts/sub/_hidden.md": POST,
            "source/_drafts/published.md": "---\ntitle: x\npublished: true\ntags: a\n---\n",
            "source/about.md": POST,
            "source/other/_posts/z.md": POST,
            "source/_posts/bytes.md": {"base64": "LS0tCnRpdGxlOiBhg2IKdGFnczogW/9dCi0tLQqA"},
            "source/_posts/utf16.md": {"base64": "//4tAC0ALQAKAHQAOgAgAGEACgA="},
            "source/_posts/empty.md": "",
        },
    ),
    "tokyo": Case("timezone: Asia/Tokyo\n", dated(DATES), compares_urls=False),
    "new york": Case("timezone: America/New_York\n", dated(DATES), compares_urls=False),
    "utc": Case("timezone: UTC\n", dated(DATES)),
    "no zone": Case("timezone: ''\n", dated(DATES)),
    "zone and name": Case(
        "timezone: Asia/Tokyo\nnew_post_name: :year-:month-:day-:title.md\n",
        {"source/_posts/2024-05-06-a.md": "---\ntitle: x\n---\n"},
        compares_urls=False,
    ),
    "default": permalink("':year/:month/:day/:title/'"),
    "categories": permalink("':category/:title/'", "default_category: none\ncategory_map:\n  Web Dev: web\n  上: ue\n"),
    "lower case": permalink("':category/:title/'", "filename_case: 1\n"),
    "upper case": permalink("':category/:title.html'", "filename_case: 2\n"),
    "numbers": permalink("':year-:i_month-:i_day-:hour:minute:second/:name.html'"),
    "hash": permalink("'p/:hash/'"),
    "timestamp": permalink("'p/:timestamp/:post_title'"),
    "own keys": permalink("':lang/:layout/:abbrlink/'", "permalink_defaults:\n  lang: ja\n  abbrlink: none\n"),
    "own keys without defaults": permalink("':lang/:abbrlink/:nothing'"),
    "asset folder": permalink("':title'", "post_asset_folder: true\n"),
    "root": permalink("':title/'", "url: https://example.org/blog\nroot: /blog/\n"),
    "day, title": named("':year-:month-:day-:title.md'"),
    "short": named("':i_month-:i_day-:year-:title.md'"),
    "folders": named("':year/:month/:year-:month-:day-:title.md'"),
    "lang": named("':lang/:year/:title.md'"),
    "index": named("':title/index.md'"),
    "title": named("':title.md'"),
    "hash in name": named("':title-:hash.md'"),
    "no title": named("':year-:month-:day.md'"),
    "future": Case(
        "future: false\n",
        dated(["2999-01-01", "2001-01-01", "'2999-01-01'", "32503680000000"]) | {"source/_posts/n.md": POST},
    ),
    "skip_render": Case(
        "skip_render:\n- _posts/skip/**\n- '_posts/*.html'\n- a.md\n",
        {f"source/_posts/{n}": POST for n in ("skip/a.md", "skip/b/c.md", "d.html", "e/d.html", "a.md", "skip.md")},
    ),
    "skip all but": Case(
        "skip_render: ['!_posts/a.md']\n", {f"source/_posts/{n}": POST for n in ("a.md", "b.md", "c/a.md")}
    ),
    "ignore": Case(
        "ignore:\n- '**/private'\n- '**/b.md'\n- c.md\n- '*.md'\n",
        {f"source/_posts/{n}": POST for n in ("a.md", "b.md", "c.md", "private/d.md", "e/b.md", "privately.md")},
    ),
    "source_dir": Case(
        "source_dir: src\n", {"src/_posts/a.md": POST, "source/_posts/b.md": POST, "src/_drafts/c.md": POST}
    ),
    "assets": Case(
        "post_asset_folder: true\n",
        {
            "source/_posts/a.md": POST,
            "source/_posts/a/b.html": POST,
            "source/_posts/a/c.md": POST,
            "source/_posts/d.markdown": POST,
        },
    ),
    "slug as title": Case(
        "use_slug_as_post_title: true\n",
        {
            "source/_posts/a b.md": "x",
            "source/_posts/c.md": "---\ntitle:\n---\n",
            "source/_posts/d.md": "---\ntags: x\n---\n",
        },
    ),
}


@cache
def sites_by_hexo() -> dict[str, dict[str, Any]]:
    asked = [{"config": case.config, "files": case.files} for case in SITES.values()]
    return dict(zip(SITES, hexo_reads(asked), strict=True))


def write_site(root: Path, case: Case) -> None:
    import base64

    (root / "package.json").write_text('{"hexo": {"version": ""}}')
    (root / "_config.yml").write_text(case.config, "utf-8")
    for name, text in case.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else base64.b64decode(text["base64"]))


@pytest.mark.parametrize("name", SITES)
def test_site(name: str, tmp_path: Path) -> None:
    case, hexo = SITES[name], sites_by_hexo()[name]
    write_site(tmp_path, case)
    site, problems = detect_site(tmp_path)
    assert problems == []
    files, _ = find_files(site)
    found: dict[str, Any] = {}
    for file in files:
        source = read_source(file.file.read_bytes(), HEXO_DIALECT)
        post, diagnostics = site.make_post(file.path, source, NOW)
        theirs = hexo.get(file.path)
        different = differences(post, source, diagnostics, theirs)
        if case.compares_urls and theirs is not None and post.date is not None:
            url = encode_path("/".join(["", *filter(None, site.root_path.split("/")), theirs["path"].lstrip("/")]))
            if post.url != url:
                different["url"] = (post.url, url)
        if different:
            found[file.path] = different
    assert found == {}
    assert set(hexo) <= {file.path for file in files}


def test_a_lost_post_is_named_and_its_page_not_linked(tmp_path: Path) -> None:
    write_site(tmp_path, SITES["files"])
    site, _ = detect_site(tmp_path)
    files = {file.path: file for file in find_files(site)[0]}
    file = files["source/_posts/50% off.md"]
    post, diagnostics = site.make_post(file.path, read_source(file.file.read_bytes(), HEXO_DIALECT), NOW)
    assert (post.status, [d.code for d in diagnostics]) == ("unpublished", ["percent-in-path"])
    assert post.tags == ("a",)


# --- what Hexo's reading rests on -----------------------------------------------------------------------------------


def ask(**questions: list[Any]) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = json.loads(
        run_node(TESTS / "hexo_functions.cjs", stdin=json.dumps(questions).encode())
    )
    return answers


DAYS = [
    "2024-05-06",
    "2024/5/6",
    "2024/05/06",
    "May 6, 2024",
    "6 May 2024",
    "Mon May 06 2024",
    "6 Sept 2023",
    "May 2024",
]
TIMES = ["", " 10:00", " 1:02", " 23:59:59", " 10:00:00.25", " 3:04 PM", " 12:04 am"]
ZONES = ["", " +0900", " +09:00", " -0330", " +900", " GMT", " UTC", " Z", " EST", " PDT", " GMT+0900 (JST)"]


def test_javascript_dates() -> None:
    """Texts that V8's own reader takes for a date mean the same day and time here, in the forms that authors write."""
    texts = [day + time + (zone if time else "") for day in DAYS for time in TIMES for zone in ZONES]
    answers = ask(dates=texts)["dates"]
    assert sum(answer is not None for answer in answers) > 300
    ours = [dates.parse(text, UTC) for text in texts]
    assert [
        (text, answer, found)
        for text, answer, found in zip(texts, answers, ours, strict=True)
        if answer is not None and (found is None or milliseconds(found) != answer)
    ] == []


def test_javascript_numbers() -> None:
    chance = random.Random(2)
    numbers: list[int | float] = [chance.uniform(-1, 1) * 10 ** chance.randint(-330, 308) for _ in range(4_000)]
    numbers += [chance.randint(-(10 ** chance.randint(1, 25)), 10 ** chance.randint(1, 25)) for _ in range(2_000)]
    numbers += [
        0,
        -0.0,
        1e21,
        1e20,
        123456789012345680000,
        1e-6,
        1e-7,
        5e-324,
        1.7976931348623157e308,
        2**53,
        2**53 + 1,
    ]
    answers = ask(numbers=numbers)["numbers"]
    ours = map(javascript.number_to_string, numbers)
    assert [(n, a, o) for n, a, o in zip(numbers, answers, ours, strict=True) if a != o] == []


def test_slugs_of_every_character() -> None:
    """hexo-util folds thousands of letters; ours are the same ones, but for letters of no European language of today
    that Unicode does not decompose (and newer letters than Python's)."""
    known = [chr(c) for c in range(0x10000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
    texts = [f"{character}x" for character in known] + [
        "- a b -",
        "a--b",
        "～ａ～",
        "C++ & C#",
        "「括弧」と、句読点。",
        "😀 a",
        "",
    ]
    answers = ask(slugs=texts)["slugs"]
    ours = [[hexo_permalinks.slugize(text), hexo_permalinks.slugize(text, case=1)] for text in texts]
    rare = "\x8c\x9cĿŀŉſ"
    assert [
        (t, a, o)
        for t, a, o in zip(texts, answers, ours, strict=True)
        if a != o and t[0] not in rare and not "\u0180" <= t[0] < "\ua800"
    ] == []


GLOBS = [
    *(
        "*.md",
        "**/*.md",
        "_posts/*.md",
        "_posts/**",
        "_posts/**/*",
        "_posts/skip/*",
        "_posts/skip/**",
        "a",
        "a/*",
        "**",
        "*",
    ),
    *(
        "_posts/*",
        "_posts/?.md",
        "_posts/[ab].md",
        "_posts/[^a].md",
        "_posts/[!a].md",
        "_posts/[a-c].md",
        "_posts/{a,b}.md",
    ),
    *(
        "_posts/{a,skip/*}.md",
        "**/a.md",
        "**/skip/**",
        "_posts/**/a.md",
        "**/**/a.md",
        "_posts/",
        "!_posts/a.md",
        "*/*",
    ),
    *("_posts/a*", "_posts/**.md", "a.{md,html}", "_posts/a b.md", "_posts/日*.md", "./_posts/a.md", "/_posts/a.md"),
    *(
        "{_posts,a}/*",
        "_posts/[",
        "_posts/{a",
        "_posts/a**b/*.md",
        "!**/*.md",
        "_posts/*b.md",
        "README.md",
        "(a|b)",
        "a.md$",
    ),
]
GLOB_PATHS = [
    *(
        "_posts/a.md",
        "_posts/b.md",
        "_posts/d.md",
        "_posts/skip/a.md",
        "_posts/skip/x/a.md",
        "_posts/ab.md",
        "a.md",
        "a/b.md",
    ),
    *("_posts/a.html", "README.md", "_posts/a b.md", "_posts/日本.md", "_posts/1.md", "_posts/axb/c.md", "_posts/[.md"),
]


def test_globs() -> None:
    lists = [[pattern] for pattern in GLOBS] + [["*.md", "!a.md"], ["_posts/*.md", "!_posts/a.md"], []]
    asked = [(path, patterns) for path in GLOB_PATHS for patterns in lists]
    answers = ask(globs=asked)["globs"]
    assert {True, False} == set(answers)
    assert [(p, g, a) for (p, g), a in zip(asked, answers, strict=True) if matches_any(tuple(g), p) != a] == []


YAML_KEYS = ["title", "tags", "tag", "date", "categories", "a", "b", "'q'", '"r"', "? k", "1", "~", "[x]", "x y"]
YAML_VALUES = [
    *(
        " a",
        " a b",
        " [a, b]",
        " {a: b}",
        "\n- a\n- b",
        "\n  - a\n  - b",
        "\n  a: b\n  c: d",
        " |\n  x\n  y",
        " >-\n  x\n\n  y",
    ),
    *(
        " 'it''s'",
        ' "a\\tb"',
        ' "a\\\n  b"',
        " &a v",
        " *a",
        " &a [1]",
        " 2024-01-02",
        " 2024-1-2 1:02:03",
        " # c",
        " a # c",
    ),
    *(
        " a#c",
        " !!str 1",
        " !x y",
        " a: b",
        " 'a",
        ' "a',
        " [a",
        " a]",
        " -",
        " - a",
        " @a",
        " ~",
        "",
        ":a",
        "a",
        " \ta",
        "\t- a",
    ),
    *(
        "\n\t- a",
        " é：日本",
        " 1_0",
        " {a, b}",
        " [a: b, c]",
        " [a,\nb]",
        " a\nb",
        " a\n  b",
        " a\n\n  b",
        " {{x}}",
        " [[a, b], [c]]",
    ),
    *(
        " ['a', \"b\", c d]",
        "\n-\ta",
        "\n- a: b\n  c: d",
        "\n  ? a\n  ? b",
        " *",
        " &",
        " !",
        " %a",
        " |2\n   x",
        " |\nx",
    ),
    *(" >\n x\n  y\n x", " .5", " 0x1F", " 012", " 0o17", " 1e3", " .inf", " 1.0", " yes", " True", " <<"),
]


def test_yaml() -> None:
    """js-yaml takes a few things that libyaml refuses; nothing is read differently, nothing taken that it refuses."""
    chance = random.Random(3)
    between = [*["\n"] * 12, "\n\n", "\n# c\n", "\n  ", " "]
    texts = []
    for _ in range(15_000):
        entries = [f"{chance.choice(YAML_KEYS)}:{chance.choice(YAML_VALUES)}" for _ in range(chance.randint(1, 5))]
        texts.append("".join(part for entry in entries for part in (chance.choice(between), entry))[1:])
    refused = 0
    for text, theirs in zip(texts, ask(yaml=texts)["yaml"], strict=True):
        try:
            ours = with_dates(yaml12.load(text))
        except yaml12.YamlError:
            refused += "value" in theirs
            continue
        assert "value" in theirs, (text, theirs)
        assert ours == theirs["value"], text
    assert refused < 300


def timestamp(text: str) -> int | None:
    moment = hexo_dates.yaml_timestamp(text)
    return milliseconds(moment) if moment is not None else None


def with_dates(document: yaml12.Document) -> Any:
    """A document as hexo_functions.cjs prints it."""
    timestamps = set(document.timestamps)

    def convert(value: Any, pointer: str) -> Any:
        if pointer in timestamps:
            return {"!date": timestamp(value)}
        if isinstance(value, dict):
            steps = {key: key.replace("~", "~0").replace("/", "~1") for key in value}
            return {key: convert(item, f"{pointer}/{steps[key]}") for key, item in value.items()}
        if isinstance(value, list):
            return [convert(item, f"{pointer}/{index}") for index, item in enumerate(value)]
        return value

    return convert(document.value, "")


# --- real blogs -----------------------------------------------------------------------------------------------------


def referee(*arguments: str) -> list[dict[str, Any]]:
    """The shared referee's lines, by the script that also measures elsewhere."""
    lines = run_node(SHARED / "measure" / "hexo_reads.cjs", *arguments).decode().split("\n")
    return [json.loads(line) for line in lines if line]


def as_renamed(path: str) -> str:
    """The referee renames what Hexo would pass over."""
    return "/".join(re.sub(r"^[_.]", "u-", part).replace("%", "-pc-") for part in path.split("/"))


def iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


EXPLAINED_IN_CORPORA = {
    "efcl/_posts/2015/2015-12-31-oss-in-2015.md": "`2015-12-31T1:44` is no date to V8, and the file's own time to Hexo"
}
"""Path of a post -> why ours differs from Hexo's."""


@needs_shared
def test_real_blogs() -> None:
    read = 0
    found = {}
    for blog in sorted(path.name for path in CORPORA.iterdir() if path.is_dir()):
        folder = CORPORA / blog / "source" / "_posts"
        for hexo in referee(str(folder)):
            path = hexo["path"]
            source = read_source((folder / path).read_bytes(), HEXO_DIALECT)
            post, diagnostics = PLAIN_SITE.make_post(f"source/_posts/{as_renamed(path)}", source, NOW)
            if not hexo["read"] or is_lost(diagnostics):
                assert hexo["read"] != is_lost(diagnostics), path
                continue
            read += 1
            ours = {
                "title": post.title,
                "tags": sorted(post.tags),
                "categories": sorted({name for chain in post.categories for name in chain}),
                "published": post.status != "unpublished",
                "slug": post.slug,
                "body_length": len(source.body.encode("utf-16-le", "surrogatepass")) // 2,
                "date": iso(post.date) if post.date is not None else hexo["date"],
            }
            theirs = {**hexo, "tags": sorted(hexo["tags"]), "categories": sorted(set(hexo["categories"]))}
            different = {name: (value, theirs[name]) for name, value in ours.items() if value != theirs[name]}
            if different:
                found[f"{blog}/{path}"] = different
    assert read > 3_000
    assert set(found) == set(EXPLAINED_IN_CORPORA), found
    assert len(found) <= read / 1000


@needs_shared
def test_broken_front_matter_as_hexo_reads_it() -> None:
    lines = (CORPORA / "broken_front_matter.jsonl").read_text("utf-8").split("\n")
    heads = [json.loads(line)["head"] for line in lines if line]
    answers = referee("--jsonl", str(CORPORA / "broken_front_matter.jsonl"))
    for number, (head, hexo) in enumerate(zip(heads, answers, strict=True)):
        source = read_source(head.encode(), HEXO_DIALECT)
        post, diagnostics = PLAIN_SITE.make_post(f"source/_posts/{number}.md", source, NOW)
        assert is_lost(diagnostics) != hexo["read"], number
        if hexo["read"]:
            assert (post.title, sorted(post.tags)) == (hexo["title"], sorted(hexo["tags"])), number
            assert post.date is None or iso(post.date) == hexo["date"], number
    assert sum(hexo["read"] for hexo in answers) == 42
