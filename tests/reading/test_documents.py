"""Files to documents: what is remembered of a file, what is not believed, and one process or several."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from blog import post_text, topic_posts, topic_text, write_blog
from enishi.cache import Cache
from enishi.counts import pack_counts
from enishi.errors import Diagnostic
from enishi.generators import detect_site
from enishi.generators.base import Site
from enishi.reading import documents
from enishi.reading.documents import PostFile, read_documents, read_files, record_key
from enishi.reading.find import find_files
from enishi.reading.source import HEXO_DIALECT, TOLERANT_DIALECT, Dialect
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
    reading = documents._read_and_pack

    def counted(job: tuple[bytes, Dialect]) -> bytes:
        seen.append(job[0])
        return reading(job)

    monkeypatch.setattr(documents, "_read_and_pack", counted)
    changed = [PostFile.of(files[0].path, files[0].file, files[0].data + b"more words\n"), *files[1:]]
    read(site, changed, cache)
    assert seen == [changed[0].data]


def test_a_renamed_file_is_remembered_under_its_new_name(tmp_path: Path, cache: Cache) -> None:
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    read(site, files, cache)
    moved = [replace(files[0], path="content/other.md"), *files[1:]]
    found, _ = read(site, moved, cache)
    assert "content/other.md" in {document.post.path for document in found}


@pytest.mark.parametrize("foreign", [b"", b"text", b"\xff" * 16, b"\0" * 16 + b"more", None])
def test_a_foreign_record_is_no_record(tmp_path: Path, cache: Cache, foreign: bytes | None) -> None:
    """One that ends early, too."""
    site, files = site_of(tmp_path / "blog", topic_posts(1))
    first = read(site, files, cache)
    key = record_key(files[0], TOLERANT_DIALECT)
    ours = cache.records([key])[key]
    cache.add_records({key: ours[:-1] if foreign is None else foreign})
    assert read(site, files, cache) == first
    assert cache.records([key])[key] == ours


@pytest.mark.parametrize("name", ["posts", "counts", "chinese words"])
@pytest.mark.parametrize("at", [32, 40, 48, 56, 64, 100, 300, -9, -1])
def test_what_is_kept_of_the_blog_is_read_or_made_anew(tmp_path: Path, cache: Cache, name: str, at: int) -> None:
    """Even where the checksum fits: it is cut off, or is what another version left."""
    chinese = {f"zh{n}.md": post_text("使用搜索引擎", f"我们使用搜索引擎，他们使用搜索引擎{n}") for n in range(4)}
    site, files = site_of(tmp_path / "blog", {**ODD, **topic_posts(1), **chinese})
    first = read(site, files, cache)
    ours = cache.kept(name)
    assert ours is not None
    for foreign in (ours[:at], b"\0" * 32 + ours[32:], ours + b"more", b""):
        cache.set_kept(name, foreign)
        assert read(site, files, cache) == first


def test_an_edit_makes_what_reading_all_anew_makes(tmp_path: Path, cache: Cache) -> None:
    """Documents of two stores, digests, and numbers that do not depend on what was there before."""
    posts = {**ODD, **topic_posts(2), "zh.md": post_text("使用搜索引擎", "我们使用搜索引擎。他们使用搜索引擎")}
    site, files = site_of(tmp_path / "blog", posts)
    read(site, files, cache)
    for changed in (
        files[1:],
        [
            PostFile.of(one.path, one.file, one.data + b"\n\naardvark zygote") if row == 3 else one
            for row, one in enumerate(files)
        ],
        [*files, PostFile.of("content/copy.md", files[2].file, files[2].data)],
    ):
        (warm, _), (cold, _) = read(site, changed, cache), read(site, changed, Cache(None))
        assert warm == cold
        assert [one.digest for one in warm] == [one.digest for one in cold]
        stores = [documents[0].words.store for documents in (warm, cold)]  # type: ignore[attr-defined]
        assert pack_counts(stores[0]) == pack_counts(stores[1])


def test_a_document_is_the_same_when_it_comes_back_from_another_process(tmp_path: Path) -> None:
    site, files = site_of(tmp_path / "blog", {**ODD, "zh.md": post_text("引擎", "我们使用搜索引擎。他们使用搜索引擎")})
    for document in read(site, files, Cache(None))[0]:
        again = pickle.loads(pickle.dumps(document))
        assert again == document
        assert again.digest == document.digest
        titled = replace(document, fields=replace(document.fields, title="Other"))
        assert titled.fields.prose == document.fields.prose
        assert titled.digest != document.digest
        assert pickle.loads(pickle.dumps(titled)).title == "Other"


def test_a_post_that_is_known_comes_out_when_its_day_has_come(tmp_path: Path, cache: Cache) -> None:
    site, files = site_of(tmp_path / "blog", {"a.md": post_text("A", "words", day=2000)}, hexo=True)
    site = replace(site, future=False, timezone=ZoneInfo("Asia/Tokyo"))
    for year, status in ((2024, "future"), (2030, "published"), (2024, "future")):
        ((document,), _) = read_documents(files, site, datetime(year, 1, 1, tzinfo=UTC), cache)
        assert document.post.status == status
        assert document.post.date is not None
        assert document.post.date.tzinfo is site.timezone


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
