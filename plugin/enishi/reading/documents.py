"""Files -> documents: what each post says, remembered by the bytes of its file.

Reading and parsing markdown is most of a cold build, and a pure function of a file's bytes; so it is a record in the
cache.  What depends on the site (tags, dates, addresses, the generator's own list of posts) is worked out anew.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from enishi.cache import Cache, code_digest, digest
from enishi.counts import CountStore, CountsToStore, pack_counts, store_counts, unpack_counts
from enishi.errors import Diagnostic
from enishi.files import read_file
from enishi.kept import Kept, is_enough
from enishi.memo import Memo
from enishi.processes import end_with_parent
from enishi.reading.chinese import chinese_words
from enishi.reading.find import SourceFile
from enishi.reading.made_posts import MadePost, pack_post, unpack_post
from enishi.reading.manifest import ManifestEntry, apply_manifest
from enishi.reading.prose import plain_title
from enishi.reading.records import Job, Record, pack_record, unpack_record
from enishi.reading.source import Dialect
from enishi.reading.tokens import count_terms, count_words, merge_terms
from enishi.reading.told_addresses import ToldAddress, with_told
from enishi.types import Document, Post, Progress, Terms

if TYPE_CHECKING:
    from enishi.generators.base import Site

_RECORD_CODE = ("reading", "generators", "text", "types.py")
"""The code that decides what a record holds."""
_COUNTS_CODE = (*_RECORD_CODE, "counts.py")
_TITLE_WEIGHT = 3
_WORTH_SHARING = 1_000_000
"""Bytes of markdown from which a second process pays: it takes 0.1 s to start, and a megabyte 0.7 s to read."""
_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class PostFile:
    """A post's file and its bytes as they were read, once."""

    path: str
    file: Path
    """Where it was read."""
    data: bytes
    digest: bytes
    """SHA-256 of the bytes."""

    @classmethod
    def of(cls, path: str, file: Path, data: bytes) -> PostFile:
        """A file with these bytes."""
        return cls(path, file, data, digest(data))


def read_files(files: Sequence[SourceFile]) -> list[PostFile]:
    """The bytes of every file; one that vanished or cannot be opened meanwhile is not there."""
    read = []
    for source in files:
        with suppress(OSError):
            read.append(PostFile.of(source.path, source.file, read_file(source.file)))
    return read


def read_documents(
    files: Sequence[PostFile],
    site: Site,
    now: datetime,
    cache: Cache,
    *,
    manifest: Sequence[ManifestEntry] | None = None,
    told: Mapping[str, ToldAddress] | None = None,
    processes: int = 1,
    progress: Progress = lambda *_: None,
    memo: Memo | None = None,
) -> tuple[list[Document], list[Diagnostic]]:
    """Every post with what it says, sorted by path.

    Args:
        files: the site's post files.
        now: decides which posts lie in the future.
        manifest: the generator's own list of posts, which overrides our reading.
        told: addresses of an earlier such list.
        processes: how many may read at once.
        memo: knows the files, posts and documents of the last round by identity.
    """
    memo = memo or Memo()
    records = _records(files, site.generator.dialect, cache, processes, progress, memo)
    diagnostics: list[Diagnostic] = []
    posts: list[Post] = []
    for made in _posts(files, records, site, now, Kept(cache), memo):
        posts.append(made.post)
        diagnostics += made.problems
    posts, found = settle_posts(posts, site, manifest, told, memo)
    diagnostics += found
    return _documents(posts, [records[post.path] for post in posts], cache, memo), sorted(diagnostics)


def settle_posts(
    posts: list[Post],
    site: Site,
    manifest: Sequence[ManifestEntry] | None,
    told: Mapping[str, ToldAddress] | None,
    memo: Memo | None = None,
) -> tuple[list[Post], list[Diagnostic]]:
    """The posts as the generator's list, or an earlier one, has them, sorted by path."""
    found: list[Diagnostic] = []
    if manifest is not None:
        posts, found = apply_manifest(posts, manifest, site)
    elif told:
        posts = with_told(posts, told, memo or Memo())
    return sorted(posts, key=lambda post: post.path), found


def diagnose(file: PostFile, site: Site, now: datetime, cache: Cache) -> Sequence[Diagnostic]:
    """What is wrong with one file.  It is parsed for the cache, where reading all documents then finds it."""
    record = _new_records([file], site.generator.dialect, cache, 1, lambda *_: None)[file.path]
    return site.make_post(file.path, record.front_matter, now)[1]


def _posts(
    files: Sequence[PostFile], records: Mapping[str, Record], site: Site, now: datetime, kept: Kept, memo: Memo
) -> list[MadePost]:
    """What the site makes of every file now, and what is wrong with it."""
    items = [records[file.path] for file in files]
    posts: list[MadePost | None] = memo.known("posts", items, site)
    is_first = not any(posts)
    on = digest(code_digest(*_RECORD_CODE), repr(replace(site, root=Path()))) if is_first else b""
    if is_first:
        keys = [digest(file.digest, file.path) for file in files]
        posts = [unpack_post(packed, site) if packed else None for packed in kept.known("posts", keys, on)]
    made = [
        MadePost.of(file.path, record, site, now) if known is None or not known.holds(now) else known
        for file, record, known in zip(files, items, posts, strict=True)
    ]
    memo.keep("posts", items, made, site)
    if is_first and kept.is_open:
        kept.keep("posts", keys, (pack_post(one, site) for one in made), on)
    return made


def _documents(posts: Sequence[Post], records: Sequence[Record], cache: Cache, memo: Memo) -> list[Document]:
    """What every post says, its title and the author's own summary included, which the site decides."""
    origins = [digest(record.key, post.title, post.description) for post, record in zip(posts, records, strict=True)]
    added = _chinese_words(posts, records, origins, Kept(cache))
    keys = [digest(origin, json.dumps(added[origin])) if origin in added else origin for origin in origins]
    known = memo.known("documents", posts)
    rows = [row for row, one in enumerate(known) if one is None or one[0] != keys[row]]
    wanted = dict.fromkeys(keys[row] for row in rows)
    is_first = len(rows) == len(posts)
    old = _stored_counts(cache) if is_first else None
    rows_of = {keys[row]: row for row in rows if old is None or keys[row] not in old.place}
    new = ((key, count_post(posts[row], records[row], added.get(origins[row], {}))) for key, row in rows_of.items())
    store = store_counts(list(wanted), new, old)
    if is_first and cache.is_open and not (old and is_enough(old.place.keys(), wanted.keys())):
        cache.set_kept("counts", digest(code_digest(*_COUNTS_CODE)) + pack_counts(store))
    documents: list[Document] = [one and one[1] for one in known]
    for row in rows:
        post, record = posts[row], records[row]
        chinese = record.unpack_chinese if record.is_chinese else ""
        words, terms = store.counts_of(keys[row], chinese)
        documents[row] = Document(post, record.fields(plain_title(post.title)), words, terms)
    memo.keep("documents", posts, list(zip(keys, documents, strict=True)))
    return documents


def _stored_counts(cache: Cache) -> CountStore | None:
    row, code = cache.kept("counts") or b"", digest(code_digest(*_COUNTS_CODE))
    if not row.startswith(code):
        return None
    try:
        return unpack_counts(row[len(code) :])
    except ValueError:
        return None


def _chinese_words(
    posts: Sequence[Post], records: Sequence[Record], origins: Sequence[bytes], kept: Kept
) -> dict[bytes, dict[str, int]]:
    """The words of posts in Chinese, which only all of them together tell; by what they were made of."""
    rows = [row for row, record in enumerate(records) if record.is_chinese]
    if not rows:
        return {}
    keys = [origins[row] for row in rows]
    on = digest(*keys)
    known = kept.known("chinese words", keys, on)
    if None in known:
        words = chinese_words([_chinese_text(posts[row], records[row]) for row in rows])
        kept.keep("chinese words", keys, [json.dumps(one).encode() for one in words], on)
    else:
        words = [json.loads(one or b"") for one in known]
    return {key: one for key, one in zip(keys, words, strict=True) if one}


def _records(
    files: Sequence[PostFile], dialect: Dialect, cache: Cache, processes: int, progress: Progress, memo: Memo
) -> dict[str, Record]:
    """What every file says, by path; what was not known before is read and remembered."""
    kept = {
        file.path: record for file, record in zip(files, memo.known("records", files, dialect), strict=True) if record
    }
    records = {**kept, **_new_records([f for f in files if f.path not in kept], dialect, cache, processes, progress)}
    memo.keep("records", files, [records[file.path] for file in files], dialect)
    if not kept:
        cache.keep_only(record_key(file, dialect) for file in files)
    return records


def _new_records(
    files: Sequence[PostFile], dialect: Dialect, cache: Cache, processes: int, progress: Progress
) -> dict[str, Record]:
    keys = {file.path: record_key(file, dialect) for file in files}
    known = cache.records(keys.values())
    records: dict[str, Record] = {}
    unknown = []
    for file in files:
        key = keys[file.path]
        record = unpack_record(key, known[key]) if key in known else None
        if record is None:
            unknown.append(file)
        else:
            records[file.path] = record
    progress("reading posts", len(records), len(files))
    packed: dict[bytes, bytes] = {}
    share = processes if sum(len(file.data) for file in unknown) >= _WORTH_SHARING else 1
    with closing(_map([(file.data, dialect) for file in unknown], share)) as read:
        for file, value in zip(unknown, read, strict=True):
            key = keys[file.path]
            records[file.path], packed[key] = _record(key, value), value
            progress("reading posts", len(records), len(files))
    cache.add_records(packed)
    return records


def _record(key: bytes, packed: bytes) -> Record:
    """One that was read just now."""
    record = unpack_record(key, packed)
    assert record is not None
    return record


def _map(jobs: Sequence[Job], processes: int) -> Generator[bytes, None, None]:
    """A packed record for every job, in order."""
    is_forked = sys.platform == "linux"  # elsewhere, system libraries do not survive it
    if processes < 2 or (sys.flags.ignore_environment and not is_forked):
        yield from map(_read_and_pack, jobs)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # A child that is no fork is a new Python, which would look for modules in the current folder, often a blog's
    os.environ["PYTHONSAFEPATH"] = "1"
    context = multiprocessing.get_context("fork" if is_forked else "spawn")
    done = 0
    try:
        pool = ProcessPoolExecutor(processes, context, end_with_parent)
        try:
            read = pool.map(_read_and_pack, jobs, chunksize=_AT_A_TIME)
            _load_libraries()
            for packed in read:
                done += 1
                yield packed
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    # Where memory is short, a worker may be killed; where it is a container, there may be no process or shared memory
    except (BrokenProcessPool, OSError, NotImplementedError):
        yield from _map(jobs[done:], 1)


def _load_libraries() -> None:
    """Import what the rest of a build needs, a quarter of a second of it, while others read."""
    import scipy.linalg
    import scipy.sparse  # noqa: F401


def record_key(file: PostFile, dialect: Dialect) -> bytes:
    """Names what is remembered of a file: its bytes, the way of reading, and the code that reads."""
    return digest(code_digest(*_RECORD_CODE), dialect.name, file.digest)


def _read_and_pack(job: Job) -> bytes:
    """A record as the cache holds it, which is smaller to hand over than its objects."""
    return pack_record(*job)


def read_without_links(file: PostFile, post: Post, dialect: Dialect, is_left_out: Callable[[str], bool]) -> Document:
    """The post as if it had no links to the addresses that are left out: neither these nor the words that link."""
    return document_of(post, _record(b"", pack_record(file.data, dialect, is_left_out)))


def read_record(data: bytes, dialect: Dialect) -> Record:
    """What the bytes of a file say."""
    return _record(b"", pack_record(data, dialect))


def document_of(post: Post, record: Record) -> Document:
    """A post with what its file says; the words of Chinese are not among its terms, since only a blog tells them."""
    words, terms, surfaces = count_post(post, record)
    return Document(
        post, record.fields(plain_title(post.title)), words, Terms(terms, surfaces, _chinese_text(post, record))
    )


def count_post(post: Post, record: Record, chinese: Mapping[str, int] = MappingProxyType({})) -> CountsToStore:
    """What a post counts: its file, the title that the site gives it, its summary, and words in Chinese."""
    words, terms = record.words_and_terms()
    title = plain_title(post.title)
    for word, count in count_words([(title, _TITLE_WEIGHT), (post.description, 1)]).items():
        words[word] = words.get(word, 0) + count
    merged = merge_terms(terms, _terms_of(post))
    return CountsToStore(words, {**merged.frequency, **chinese}, merged.surfaces)


def _chinese_text(post: Post, record: Record) -> str:
    """The runs of Han characters of a post in Chinese, title and summary included."""
    return "\n".join(filter(None, (record.unpack_chinese(), _terms_of(post).chinese))) if record.is_chinese else ""


def _terms_of(post: Post) -> Terms:
    return count_terms([plain_title(post.title), post.description])
