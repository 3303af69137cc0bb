"""Files to documents: what is remembered of a file, what is not believed, and one process or several."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi.cache import Cache
from enishi.errors import Diagnostic
from enishi.generators import detect_site
from enishi.generators.base import Site
from enishi.reading import documents
from enishi.reading.documents import PostFile, read_documents, read_files, record_key
from enishi.reading.find import find_files
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT
from enishi.types import Document

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ODD = {
    "plain.md": "no front matter at all",
    "empty.md": "",
    "nothing.md": "\n\n",
    "broken.md": "---\ntitle: [never closed\n---\nwords after it",
    "json.md": '{"title": "Braces", "tags": ["a", 2, null]}\n\nwords',
    "numbers.md": "---\ntitle: 12\nx: 0x" + "f" * 90 + "\ny: .nan\nz: 1.0\ntags: [2024, 1e3]\n---\nwords",
    "toml.md": '+++\ntitle = "Toml"\nbig = 0x' + "f" * 6000 + "\ndate = 2020-02-03T04:05:06Z\n+++\nwords",
    "emoji.md": post_text('"🍵 \\ud83c 茶"', "お茶を淹れる。 水とやかん。 \u2028 مرحبا"),
    "linked.md": post_text("Linked", "see [tea](tea-0.md) and [radio](/radio-0/)\n\n```py\nprint(1)\n```\n\n## Kettle"),
    "dates.md": "---\ntitle: Dates\ndate: 0001-01-01 00:00:00\nupdated: 9999-12-31 23:59:59 -0900\n---\nwords",
}


def site_of(root: Path, posts: dict[str, str], *, hexo: bool = False) -> tuple[Site, list[PostFile]]:
    site, _ = detect_site(write_blog(root, posts, hexo=hexo), generator="auto", posts=())
    return site, read_files(find_files(site)[0])


def read(
    site: Site, files: list[PostFile], cache: Cache, processes: int = 1
) -> tuple[list[Document], list[Diagnostic]]:
    return read_documents(files, site, NOW, cache, processes=processes)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "cache.db") as opened:
        yield opened


@pytest.mark.parametrize("hexo", [True, False])
def test_what_is_remembered_is_what_was_read(tmp_path: Path, cache: Cache, hexo: bool) -> None:
    site, files = site_of(tmp_path / "blog", {**ODD, **topic_posts(1)}, hexo=hexo)
    first = read(site, files, cache)
    assert len(first[0]) == len(files) == 16
    assert len(cache.records(record_key(file, HEXO_DIALECT if hexo else TOLERANT_DIALECT) for file in files)) == 16
    assert read(site, files, cache) == first
    assert [document.post.path for document in first[0]] == sorted(document.post.path for document in first[0])
    for document in first[0]:
        json.dumps(document.post.front_matter)


def test_a_file_that_is_remembered_is_not_read_again(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    read(site, files, cache)
    seen: list[bytes] = []
    reading = documents._read

    def counted(job: tuple[bytes, bool]) -> Any:
        seen.append(job[0])
        return reading(job)

    monkeypatch.setattr(documents, "_read", counted)
    changed = [PostFile.of(files[0].path, files[0].file, files[0].data + b"more words\n"), *files[1:]]
    read(site, changed, cache)
    assert seen == [changed[0].data]


def test_a_renamed_file_is_remembered_under_its_new_name(tmp_path: Path, cache: Cache) -> None:
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    read(site, files, cache)
    moved = [replace(files[0], path="content/other.md"), *files[1:]]
    found, _ = read(site, moved, cache)
    assert "content/other.md" in {document.post.path for document in found}


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        [],
        {},
        "text",
        {"source": {}, "fields": {}, "words": {}, "terms": {}},
        {"words": []},
        {"terms": {"tea": 3}},
        {"terms": {"tea": [1, "tea", 2]}},
        {"source": {"meta": []}},
        {"fields": {"lede": 1, "headings": [], "prose": "", "code": "", "languages": [], "links": []}},
        {"fields": {"lede": "", "headings": 3, "prose": "", "code": "", "languages": [], "links": []}},
    ],
)
def test_a_foreign_record_is_no_record(tmp_path: Path, cache: Cache, foreign: Any) -> None:
    """Of a record that is nearly ours, too: then the part given is wrong."""
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    first = read(site, files, cache)
    key = record_key(files[0], TOLERANT_DIALECT)
    ours = cache.records([key])[key]
    if isinstance(foreign, dict) and len(foreign) == 1:
        foreign = {**ours, **foreign}
    cache.add_records({key: json.dumps(foreign).encode()})
    assert read(site, files, cache) == first
    assert cache.records([key])[key] == ours


def test_hexo_and_others_are_remembered_apart(tmp_path: Path, cache: Cache) -> None:
    posts = {"a.md": "+++\ntitle = 'Toml'\ntags = ['tea']\n+++\nwords"}
    found = [site_of(tmp_path / name, posts, hexo=name == "hexo") for name in ("other", "hexo")]
    tags = [read(site, files, cache)[0][0].post.tags for site, files in found]
    assert tags == [("tea",), ()]  # Hexo does not read TOML


def test_what_the_site_decides_is_not_remembered(tmp_path: Path, cache: Cache) -> None:
    site, files = site_of(tmp_path / "blog", {"a.md": post_text("A", "words", day=2000)}, hexo=True)
    assert read(site, files, cache)[0][0].post.status == "published"
    other = replace(site, future=False)
    assert read(other, files, cache)[0][0].post.status == "future"


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    monkeypatch.setattr(documents, "_WORTH_SHARING", 1)
    site, files = site_of(tmp_path / "blog", {**ODD, **topic_posts(4)})
    with Cache(tmp_path / "one.db") as one, Cache(tmp_path / "many.db") as many:
        assert read(site, files, many, processes) == read(site, files, one)
        keys = [record_key(file, TOLERANT_DIALECT) for file in files]
        assert many.records(keys) == one.records(keys)
        assert len(one.records(keys)) == len(files)


def test_a_little_blog_is_read_by_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    monkeypatch.setattr("multiprocessing.get_context", None)
    assert len(read(site, files, Cache(None), processes=8)[0]) == 6


def test_progress_counts_every_file(tmp_path: Path, cache: Cache) -> None:
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    told: list[tuple[int, int]] = []
    read_documents(files, site, NOW, cache, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(7)]
    told.clear()
    read_documents(files, site, NOW, cache, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(6, 6)]


def test_a_file_that_vanishes_meanwhile_is_not_there(tmp_path: Path) -> None:
    site, _ = site_of(tmp_path / "blog", topic_posts(1))
    found = find_files(site)[0]
    found[0].file.unlink()
    assert len(read_files(found)) == 5


def test_title_and_summary_count_as_words(tmp_path: Path) -> None:
    text = post_text("Kettle", topic_text("radio", 1), "description: whistling kettle\n")
    site, files = site_of(tmp_path / "blog", {"a.md": text})
    (document,), _ = read(site, files, Cache(None))
    assert document.words["kettle"] == 4  # three for the title
    assert document.words["whistling"] == 1
    assert "whistling" in " ".join(document.terms)
    assert document.fields.title == document.title == "Kettle"
