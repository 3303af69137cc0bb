"""Files -> documents: what each post says, remembered by the bytes of its file.

Reading and parsing markdown is most of a cold build, and a pure function of a file's bytes; so it is a record in the
cache.  What depends on the site (tags, dates, addresses, the generator's own list of posts) is worked out anew.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache, code_digest, digest, pack, unpack
from enishi.errors import Diagnostic
from enishi.files import read_file
from enishi.memo import Memo
from enishi.reading.chinese import with_chinese_words
from enishi.reading.find import SourceFile
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.manifest import ManifestEntry, apply_manifest
from enishi.reading.prose import plain_title, text_fields
from enishi.reading.section import without_section
from enishi.reading.source import Dialect, read_source
from enishi.reading.tokens import count_terms, count_words, merge_terms, normalise
from enishi.reading.told_addresses import ToldAddress, with_told
from enishi.types import Document, Post, Progress, Terms, TextFields

if TYPE_CHECKING:
    from enishi.generators.base import Site

_RECORD_CODE = ("reading", "generators", "text", "types.py")
"""The code that decides what a record holds."""
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


_Job = tuple[bytes, Dialect]
"""The bytes of a file, and whether to read them as Hexo does."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What one file says, whatever the site."""

    front: FrontMatter
    """Without the body."""
    fields: TextFields
    words: dict[str, int]
    terms: dict[str, int]
    surfaces: dict[str, str]
    """As :attr:`enishi.types.Terms.surfaces`."""
    chinese: str
    """As :attr:`enishi.types.Terms.chinese`."""


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
    for post, problems, _ in _posts(files, records, site, now, memo):
        posts.append(post)
        diagnostics += problems
    posts, found = settle_posts(posts, site, manifest, told, memo)
    diagnostics += found
    key_of = {file.path: record_key(file, site.generator.dialect) for file in files}
    known = memo.known("documents", posts)
    documents = [
        _document(post, records[post.path]).made_of(key_of[post.path]) if document is None else document
        for post, document in zip(posts, known, strict=True)
    ]
    memo.keep("documents", posts, documents)
    return with_chinese_words(documents, memo), sorted(diagnostics)


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
    return site.make_post(file.path, record.front, now)[1]


def _posts(
    files: Sequence[PostFile], records: Mapping[str, _Record], site: Site, now: datetime, memo: Memo
) -> list[tuple[Post, Sequence[Diagnostic], datetime]]:
    """What the site makes of every file now, and what is wrong with it."""
    items = [records[file.path] for file in files]
    posts = memo.known("posts", items, site)
    for row, (file, record, known) in enumerate(zip(files, items, posts, strict=True)):
        # made anew, too, if its date has come to pass meanwhile
        if known is None or (known[0].date and (known[0].date > known[2]) != (known[0].date > now)):
            posts[row] = (*site.make_post(file.path, record.front, now), now)
    memo.keep("posts", items, posts, site)
    return posts


def _records(
    files: Sequence[PostFile], dialect: Dialect, cache: Cache, processes: int, progress: Progress, memo: Memo
) -> dict[str, _Record]:
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
) -> dict[str, _Record]:
    keys = {file.path: record_key(file, dialect) for file in files}
    known = cache.records(keys.values())
    records: dict[str, _Record] = {}
    unknown = []
    for file in files:
        record = _remembered(known.get(keys[file.path]))
        if record is None:
            unknown.append(file)
        else:
            records[file.path] = record
    progress("reading posts", len(records), len(files))
    packed: dict[bytes, bytes] = {}
    share = processes if sum(len(file.data) for file in unknown) >= _WORTH_SHARING else 1
    with closing(_map([(file.data, dialect) for file in unknown], share)) as read:
        for file, (record, value) in zip(unknown, read, strict=True):
            records[file.path], packed[keys[file.path]] = record, value
            progress("reading posts", len(records), len(files))
    cache.add_records(packed)
    return records


def _map(jobs: Sequence[_Job], processes: int) -> Generator[tuple[_Record, bytes], None, None]:
    """A record for every job, in order, with its packed form."""
    is_forked = sys.platform == "linux"  # elsewhere, system libraries do not survive it
    if processes < 2 or (sys.flags.ignore_environment and not is_forked):
        yield from ((record, _pack(record)) for record in map(_read, jobs))
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # A child that is no fork is a new Python, which would look for modules in the current folder, often a blog's
    os.environ["PYTHONSAFEPATH"] = "1"
    context = multiprocessing.get_context("fork" if is_forked else "spawn")
    done = 0
    try:
        pool = ProcessPoolExecutor(processes, context, _start_worker)
        try:
            read = pool.map(_read_and_pack, jobs, chunksize=_AT_A_TIME)
            _load_libraries()
            for packed in read:
                done += 1
                yield _codec().validate_python(unpack(packed)), packed
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    # Where memory is short, a worker may be killed; where it is a container, there may be no process or shared memory
    except (BrokenProcessPool, OSError, NotImplementedError):
        yield from _map(jobs[done:], 1)


def _load_libraries() -> None:
    """Import what the rest of a build needs, a quarter of a second of it, while others read."""
    import scipy.linalg
    import scipy.sparse  # noqa: F401


def _start_worker() -> None:
    """A worker of a build that is killed would wait for its next post for ever; a thread ends it.

    Ctrl-C reaches every process of a terminal: a worker leaves the answer to the build.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)


def record_key(file: PostFile, dialect: Dialect) -> bytes:
    """Names what is remembered of a file: its bytes, the way of reading, and the code that reads."""
    return digest(code_digest(*_RECORD_CODE), dialect.name, file.digest)


def _read_and_pack(job: _Job) -> bytes:
    """A record as the cache holds it, which is smaller to hand over than its objects."""
    return _pack(_read(job))


def read_without_links(file: PostFile, post: Post, dialect: Dialect, is_left_out: Callable[[str], bool]) -> Document:
    """The post as if it had no links to the addresses that are left out: neither these nor the words that link."""
    return _document(post, _read((file.data, dialect), is_left_out))


def _read(job: _Job, is_left_out: Callable[[str], bool] = lambda _: False) -> _Record:
    data, dialect = job
    front = read_source(data, dialect)
    fields = text_fields("", without_section(front.body), is_left_out)
    prose = normalise(fields.prose)
    words = count_words([("\n".join(fields.headings), 1), (prose, 1)])
    terms = count_terms([prose])
    return _Record(replace(front, body=""), fields, words, terms.frequency, terms.surfaces, terms.chinese)


def _remembered(value: Any) -> _Record | None:
    """The record of a JSON value; None where it is not what we would have written."""
    try:
        record: _Record = _codec().validate_python(value)
    except ValueError:
        return None
    return record


def _pack(record: _Record) -> bytes:
    return pack(_codec().dump_python(record))


@functools.cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(_Record)


def _document(post: Post, record: _Record) -> Document:
    """Adds what the site decides: the title (which a manifest may give) and the author's own summary."""
    title = plain_title(post.title)
    words = dict(record.words)
    for word, count in count_words([(title, _TITLE_WEIGHT), (post.description, 1)]).items():
        words[word] = words.get(word, 0) + count
    terms = merge_terms(Terms(record.terms, record.surfaces, record.chinese), count_terms([title, post.description]))
    return Document(post, replace(record.fields, title=title), words, terms)


PostRecord = _Record


def read_record(data: bytes, dialect: Dialect) -> PostRecord:
    """What the bytes of a file say."""
    return _read((data, dialect))


def document_of(post: Post, record: PostRecord) -> Document:
    """A post with what its file says."""
    return _document(post, record)
