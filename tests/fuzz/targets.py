"""What must hold for any bytes whatever.  Each target takes bytes and raises if something does not."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

from pydantic import TypeAdapter

from blog import files_below, topic_posts, write_blog
from enishi.config_files import load_settings
from enishi.editing.change import Edit, TagChange
from enishi.editing.patch import unified_diff
from enishi.editing.plan import find_tags, plan_edit
from enishi.errors import Diagnostic, EnishiError, OutputError, Severity
from enishi.findings import CODES, CheckReport, Finding, LineEdit
from enishi.generators import detect_site
from enishi.pipeline import build
from enishi.reading.find import find_files
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.frontmatter_formats import normalise
from enishi.reading.prose import LEDE_LENGTH, plain_title, text_fields
from enishi.reading.source import MAX_BODY, read_source
from enishi.reading.template_syntax import MORE_MARK
from enishi.reading.tokens import count_terms, count_words
from enishi.reporters import FORMATS, as_bytes
from enishi.state import Request, refuse_places_outside
from enishi.tags.decisions import read_decisions
from enishi.tags.declined import read_declined
from enishi.tags.vocabulary import read_vocabulary
from enishi.text.printable import shown, shown_message
from enishi.writing.output import write_outputs
from made_up_sites import site_of

NOW = datetime(2024, 1, 1, tzinfo=UTC)
GENERATORS = ("hexo", "generic", "jekyll", "zenn")
CODEC = TypeAdapter(FrontMatter)
"""As in a record of the cache."""
SITES = [site_of(name, post_folders=("posts",)) for name in GENERATORS]


def front_matter(data: bytes) -> None:
    """The reader has an answer, without an exception: JSON-like values, and lines that the file has."""
    lines = len(re.findall(rb"\r\n|\n|\r", data)) + 1
    for site in SITES[:3]:
        source = read_source(data, site.generator.dialect)
        stored = json.loads(json.dumps(CODEC.dump_python(source), allow_nan=False))
        assert CODEC.validate_python(stored) == source
        assert 1 <= source.body_line <= lines + 1
        assert len(source.body) <= MAX_BODY
        text = normalise(data.decode("utf-8", "replace"))
        if len(text) < MAX_BODY and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            assert (text if site.generator.dialect.is_exact else text.replace("\r", "\n")).endswith(source.body)
        post, told = site.make_post("posts/a.md", source, NOW)
        assert all(tag and isinstance(tag, str) for tag in post.tags)
        assert isinstance(post.title, str)
        for diagnostic in told:
            assert 0 <= diagnostic.line <= lines, diagnostic
            assert diagnostic.message
            assert "\n" not in str(diagnostic), diagnostic
        plain_title(post.title)


def editor(data: bytes) -> None:
    """An edit does what it says, touches nothing else, and leaves nothing to do."""
    if not data:
        return
    data, how = data[:-1], data[-1]
    site = SITES[how % 4]
    new, old = ("NLP", "a: b", "日本", "x'y\"", "#1")[how // 4 % 5], ""
    source = read_source(data, site.generator.dialect)
    tags = site.make_post("posts/a.md", source, NOW)[0].tags
    kind = how // 20 % 3
    if kind and tags:
        old = tags[how % len(tags)]
    change = TagChange.adding(new) if not old else TagChange(old, new if kind == 2 else "")
    found = plan_edit(data, change, site)
    assert min(find_tags(data, site)) >= 1
    if not isinstance(found, Edit):
        assert found.code
        assert found.message
        assert 0 <= found.line <= len(re.findall(rb"\r\n|\n|\r", data)) + 1
        return
    assert found.before == data
    after = read_source(found.after, site.generator.dialect)
    assert after.body == source.body
    assert site.make_post("posts/a.md", after, NOW)[0].tags == found.tags_after
    wanted = set(tags) - {old} | ({change.add} if change.add else set())
    assert set(found.tags_after) == wanted, (found.tags_after, wanted)
    rest = [{k: v for k, v in s.meta.items() if k.lower() not in _TAG_KEYS} for s in (source, after)]
    assert repr(rest[0]) == repr(rest[1])
    again = plan_edit(found.after, change, site)
    assert isinstance(again, Edit), again
    assert not again.is_needed
    if found.is_needed:
        assert unified_diff("a.md", found.before, found.after).startswith(b"diff --git")


_TAG_KEYS = {"tags", "tag", "topics", "taxonomies"}


def prose(data: bytes) -> None:
    """Any text gives fields that JSON, UTF-8 and a page can hold."""
    text = data.decode("utf-8", "replace")
    fields = text_fields(text[:200], text)
    for value in (fields.title, fields.lede, fields.prose, fields.code, *fields.headings, *fields.links):
        assert MORE_MARK not in value
        value.encode("utf-8")
    assert len(fields.lede) <= LEDE_LENGTH
    assert "\n" not in fields.title
    assert all("\n" not in heading and heading for heading in fields.headings)
    assert fields == text_fields(text[:200], text)
    words = count_words([("\n".join(fields.headings), 1), (fields.prose, 1)])
    assert all(word and count > 0 for word, count in words.items())
    json.dumps([words, count_terms([fields.prose]).frequency])


def reporters(data: bytes) -> None:
    """Every format of any findings is what its readers read, and holds nothing that a terminal or a CI obeys."""
    report = _report(data.decode("utf-8", "surrogateescape"))
    for name, reporter in FORMATS.items():
        text = reporter(report)
        assert text == reporter(report)
        encoded = as_bytes(text)
        if name != "diff":
            encoded.decode("utf-8")
            assert not _OBEYED.search(text), (name, _OBEYED.search(text))
        _READERS.get(name, lambda text, report: None)(text, report)


_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|##\\w*\\[")


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces for the fields of findings; forever."""
    parts = text.split("\x1f")
    while True:
        yield from parts


def _report(text: str) -> CheckReport:
    take = _pieces(text)
    findings = []
    for number in range(1 + len(text) % 3):
        line = next(take)
        edit = None
        if len(line) % 2:
            edit = LineEdit(number + 1, (line.replace("\n", ""),), (next(take).replace("\n", ""),), "")
        findings.append(
            Finding(
                path=next(take).replace("\0", "") or "a.md",
                line=number + 1,
                column=1 + len(line) % 7,
                code=sorted(CODES)[len(line) % len(CODES)],
                level=list(Severity)[len(text) % 3],
                message=next(take) or "x",
                title=next(take),
                tag=next(take),
                confidence=(len(line) % 101) / 100 if len(line) % 2 else None,
                evidence=(next(take), next(take)),
                advice=(next(take),),
                edit=edit,
                line_text=line.replace("\n", ""),
                subject=next(take),
            )
        )
    return CheckReport(tuple(findings), ("a.md",), 3, prefix="blog", notes=(next(take),))


def _read_json(text: str, report: CheckReport) -> None:
    json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def _read_xml(text: str, report: CheckReport) -> None:
    root = ElementTree.fromstring(text)
    tags = {element.tag for element in root.iter()}
    assert tags <= {"checkstyle", "file", "error", "testsuites", "testsuite", "testcase", "failure", "skipped"} | {
        *("properties", "property", "system-out", "system-err")
    }, tags


def _read_github(text: str, report: CheckReport) -> None:
    """One command a finding; the runner takes a command from any line that begins with `::` behind blanks."""
    commands = [line for line in re.split(r"[\r\n]", text) if line.lstrip().startswith("::")]
    assert len(commands) == len(report.findings), commands
    for line in commands:
        assert re.match(r"::(?:error|warning|notice) file=[^,:]*,line=\d+,col=\d+,title=[^,:]*: ?[^:]*::", line) or (
            re.match(r"::(?:error|warning|notice) (?:\w+=[^,:]*,?)+::", line)
        ), line


def _read_markdown(text: str, report: CheckReport) -> None:
    assert not re.search(r"<(?:script|img|iframe|a)\b(?![^`\n]*`)", re.sub(r"`[^`\n]*`", "", text), re.I), text


_READERS: Mapping[str, Callable[[str, CheckReport], None]] = {
    **dict.fromkeys(("json", "rdjson", "sarif", "gitlab"), _read_json),
    **dict.fromkeys(("checkstyle", "junit"), _read_xml),
    "github": _read_github,
    "markdown": _read_markdown,
}


# --- what comes with a repository beside posts ------------------------------------------------------------------------

SETTINGS = (
    *("enishi.toml", "pyproject.toml", "_config.yml", ".enishi-declined.toml", "hugo.toml", "package.json"),
    *(".enishi-decisions.jsonl", "mkdocs.yml", "pelicanconf.py", "_config.json"),
)
AUTHORS = {
    ".git/HEAD": b"ref: refs/heads/main\n",
    ".nojekyll": b"",
    "package.json": b"{}",
    "source/_data/menu.json": b'{"version": 1}\n',
    ".enishi/undo-tags.patch": b"--- a\n",
}


def settings(data: bytes) -> None:
    """Any file of settings is read, or refused in words that no terminal and no CI service obeys."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        for place in ("posts", "source/_posts", "_posts", "content", "docs"):
            (site / place).mkdir(parents=True)
            (site / place / "2024-01-02-a.md").write_bytes(b"---\ntitle: A\ntags: [a, b1]\n---\na\n")
        name = SETTINGS[(data[-1] if data else 0) % len(SETTINGS)]
        (site / name).write_bytes(data)
        told: list[Diagnostic] = []
        try:
            found, told = load_settings(site)
            detected, problems = detect_site(site, generator=found.generator, posts=found.posts)
            refuse_places_outside(site, found)
            files, passed_over = find_files(detected, found.exclude)
            told += [*problems, *read_declined(site)[1], *read_decisions(site)[1], *passed_over]
            sources = [(file.path, read_source(file.file.read_bytes(), detected.generator.dialect)) for file in files]
            posts = [detected.make_post(path, source, NOW)[0] for path, source in sources]
            told += read_vocabulary(posts, detected, found.tags)[1]
            messages = [shown(one.message) for one in told]
            lines = len(re.findall(rb"\r\n|\n|\r", data)) + 1
            assert all(0 <= one.line <= lines for one in told if one.path == name), told
        except EnishiError as error:
            messages = [shown_message(str(error))]
    for message in messages:
        message.encode("utf-8")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", message)
        assert not [line for line in message.splitlines()[1:] if line.lstrip().startswith("::")]


def state(data: bytes) -> None:
    """Whatever the state of an earlier build says, nothing of the author's is replaced or removed."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        for name, content in AUTHORS.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_bytes(content)
        places = [(site, site / ".enishi/data"), (site / ".enishi", site / ".enishi")]
        for _, place in places:
            place.mkdir(exist_ok=True)
            for name in ("manifest.json", "manifest.next.json"):
                start = b'{"enishi_manifest": 1,\n' if (data[-1:] or b"a") > b"\x20" else b""
                (place / name).write_bytes(start + data)
        for out, place in places:
            for files in ({"package.json" if out == site else "related.json": b"{}\n"}, {}):
                with suppress(OutputError):
                    write_outputs(out, files, state=place)
                assert {name: (site / name).read_bytes() for name in AUTHORS} == AUTHORS


@cache
def _built() -> tuple[tempfile.TemporaryDirectory[str], Path, Mapping[str, bytes]]:
    """A small blog that was built, and all its files."""
    folder = tempfile.TemporaryDirectory()
    site = write_blog(Path(folder.name) / "blog", topic_posts(2))
    build(Request(site, now=NOW))
    return folder, site, files_below(site)


def rebuild(data: bytes) -> None:
    """Whatever one of the files in `.enishi` holds, the next build leaves the others, and every post, as they are."""
    if len(data) < 3:
        return
    _, site, before = _built()
    names = sorted(name for name in before if name.startswith(".enishi/") and "/partials/" not in name)
    name, how, place = names[data[-1] % len(names)], data[-2] % 3, data[-3]
    old, content = before[name], data[:-3]
    place = place * len(old) // 255
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(site, copy := Path(folder) / "blog")
        damaged = old[:place] + content + old[place + (how == 2) * len(content) :]
        (copy / name).write_bytes(damaged if how else content)
        with suppress(EnishiError):
            build(Request(copy, now=NOW))
        after = files_below(copy)
    changed = {path for path, value in before.items() if path != name and after.get(path) != value}
    assert changed <= {".enishi/cache.db", ".enishi/manifest.json"}, (name, changed)


Target = Callable[[bytes], None]
TARGETS: Mapping[str, Target] = {
    "front_matter": front_matter,
    "editor": editor,
    "prose": prose,
    "reporters": reporters,
    "settings": settings,
    "state": state,
    "rebuild": rebuild,
}

# --- what inputs are made of ------------------------------------------------------------------------------------------


def joined(parts: list[str]) -> bytes:
    """The input that fragments make."""
    return "".join(parts).encode("utf-8", "surrogatepass")


PARTS: dict[str, list[str]] = json.loads(Path(__file__).with_name("parts.json").read_text("utf-8"))
"""Fragments of the syntax that a target reads."""
PARTS["editor"] = PARTS["front_matter"]
PARTS["rebuild"] = PARTS["state"]
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    name: tuple(
        seed.encode()
        for seed in {
            "front_matter": (
                "---\ntitle: A\ndate: 2024-01-02\ntags: [a, b]\n---\nbody\n",
                "title: A\ntags:\n- a\n- b\n---\nbody\n",
                '+++\ntitle = "A"\ntags = ["a"]\n+++\nbody\n',
                ';;;\n"title": "A", "tags": ["a"]\n;;;\nbody\n',
                '{"title": "A", "tags": ["a"]}\nbody\n',
                "Title: A\nTags: a, b\n\nbody\n",
                "---\na: &x [b]\ntags: *x\n<<: {c: 1}\n---\n",
            ),
            "editor": (
                "---\r\ntitle: A\r\ntags:\r\n  - a # why\r\n  - 'b'\r\n---\r\nbody\r\n0",
                '---\ntags: [a, "b",\n  c]\n---\nbody\n1',
                '+++\ntags = ["a", "b"]\n+++\nbody\n5',
                "---\ntitle: A\n---\nbody\n2",
            ),
            "prose": (
                "# A\n\nSome *text* with `code` and [a link](b).\n\n```js\nx\n```\n\n| a | b |\n|---|---|\n| c | d |\n",
                "{% note %}\n日本語の本文。\n{% endnote %}\n<!-- more -->\n- a\n  - b\n\n[^1]: c\n\n[^1]\n",
            ),
            "settings": (
                'posts = ["posts"]\n[related]\nlimit = 3\n[check.levels]\n"no-tags" = "off"\n',
                "title: a\nenishi:\n  related:\n    limit: 3\n  exclude: [a, b]\n",
                '[tool.enishi]\ntags.aliases = { a = "b" }\n',
                'declined = [\n  { post = "posts/a.md", tag = "b" },\n]\n',
                'baseURL = "https://example.org/x/"\n[permalinks]\nposts = "/:year/:slug/"\n\x04',
                '{"dependencies": {"hexo": "^8"}}\x05',
                "site_url: https://example.org\nplugins: [{blog: {blog_dir: b}}]\n\x06",
                "SITEURL = 'https://example.org'\nARTICLE_URL = '{date:%Y}/{slug}'\n\x07",
                '{"permalink": ":a:b:title", "skip_render": ["*a**/[!b]{c,d}"], "alias": {"/tags/a/": "/tags/b/"}}\x08',
            ),
            "state": (
                '"sha256": {"package.json": "' + sha256(b"{}").hexdigest() + '"}}',
                '"sha256": {".nojekyll": ["' + sha256(b"").hexdigest() + '"]}}',
            ),
            "rebuild": ("{}\0\0\2", "SQLite format 3\0\x10\1\1", "null\x40\2\3", "[]\0\0\4"),
            "reporters": ("tags: [a]\x1fa.md\x1f`NLP` is missing\x1fTitle\x1fNLP\x1f4 of 5\x1fnear\x1faccept",),
        }[name]
    )
    for name in TARGETS
}
