"""The check of a pull request: the whole blog is the evidence, and the posts that changed are reported.

A check is load + read + analyze as in a build, then what is to be said about some posts.  It runs on what strangers
send in: see :mod:`enishi.strangers` for what of their settings does not count.  A report is remembered under
everything that it depends on; the same question is answered without reading a post.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from enishi.baseline import read_baseline
from enishi.cache import Cache
from enishi.changes import Changes, GitError, KnownFile, Repository, Suffixes
from enishi.edit import Edit, find_tags, plan_edit
from enishi.errors import SettingsError, Severity
from enishi.findings import CODES, CheckReport, Finding
from enishi.line_edits import line_edit, line_of
from enishi.pipeline import Blog, Progress, Request, analyze, create_encoder, load, open_cache, read
from enishi.remarks import Remark, TagRemarks
from enishi.site import HEXO_SUFFIXES, MARKDOWN_SUFFIXES
from enishi.strangers import guarded_request
from enishi.tagging import prevailing_style
from enishi.types import Document
from enishi.vocabulary import read_vocabulary

_LEVELS = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is to be checked, and how."""

    request: Request
    files: tuple[str, ...] = ()
    """Posts, or folders of posts; what changed if none is named."""
    base: str = ""
    """What to compare with; see :meth:`enishi.changes.Repository.base`."""
    everything: bool = False
    """All posts instead of those that changed."""
    min_confidence: float | None = None
    """From this confidence a missing tag is a note; the settings' `check.note_from` if not given."""
    strict: bool = False
    """Whether every warning makes the check fail."""
    write_baseline: bool = False
    """Whether all that is found is accepted for the future."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which posts are reported, and what they are compared with."""

    paths: tuple[str, ...]
    changes: Changes | None = None
    """None where nothing is compared."""
    repository: Repository | None = None
    notes: tuple[str, ...] = ()


def check(asked: CheckRequest, progress: Progress = lambda *_: None) -> CheckReport:
    """Check the posts that changed, those named, or all.

    Raises:
        EnishiError: settings, the site, git or the encoder do not allow it.
    """
    progress("looking for posts", 0, 0)
    repository, no_git = _repository(asked.request.site)
    request, notes = guarded_request(asked.request, repository.top if repository else None)
    if asked.min_confidence is not None:
        request = replace(request, overrides=(*request.overrides, f"check.note_from={asked.min_confidence}"))
    blog = load(request)
    scope = _scope(asked, blog, repository, no_git)
    with _cache(request, repository) as cache:
        work = _Check(asked, blog, scope, cache, progress)
        report = work.report()
    return replace(report, notes=(*notes, *scope.notes, *report.notes))


# -- which posts -----------------------------------------------------------------------------------------------------


def _repository(site: Path) -> tuple[Repository | None, GitError | None]:
    try:
        return Repository(site), None
    except GitError as error:
        return None, error


def _scope(asked: CheckRequest, blog: Blog, repository: Repository | None, no_git: GitError | None) -> _Scope:
    if asked.everything:
        return _Scope(tuple(sorted(file.path for file in blog.files)), None, repository)
    if asked.files:
        paths, notes = _named(asked.files, blog)
        return _Scope(paths, None, repository, notes)
    if repository is None:
        assert no_git is not None
        raise no_git
    suffixes = HEXO_SUFFIXES if blog.site.reads_like_hexo else MARKDOWN_SUFFIXES
    is_post = Suffixes(blog.site.post_folders, suffixes)
    known = [KnownFile(file.path, file.file, file.data) for file in blog.files]
    changes = repository.compare(repository.base(asked.base), known, is_post)
    notes = changes.notes
    left_out = repository.left_out(is_post)
    if left_out:
        folders = " ".join(blog.site.post_folders)
        told = f"{left_out} posts are no evidence, because a sparse checkout leaves them out"
        notes += (f"{told}: git sparse-checkout add {folders}",)
    return _Scope(tuple(changes.changed), changes, repository, notes)


def _named(names: Iterable[str], blog: Blog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The posts that are meant by files or folders, relative to the current folder or to the site."""
    paths = [file.path for file in blog.files]
    known = set(paths)
    by_file = {os.path.realpath(file.file): file.path for file in blog.files}
    found: set[str] = set()
    passed = 0
    for name in names:
        places = [os.path.realpath(name), os.path.realpath(blog.site.root / name)]
        exact = next((by_file[place] for place in places if place in by_file), name if name in known else "")
        folder = next((place for place in places if Path(place).is_dir()), "")
        if exact:
            found.add(exact)
        elif folder:
            found.update(path for file, path in by_file.items() if file.startswith(folder.rstrip(os.sep) + os.sep))
        elif any(Path(place).exists() for place in places):
            passed += 1  # a hook may name every file of a commit
        else:
            raise SettingsError(f"there is no file {name}")
    notes = (f"{passed} of the files named are no posts of this site, so they were passed over.",) if passed else ()
    return tuple(sorted(found)), notes


def _cache(request: Request, repository: Repository | None) -> Cache:
    """The cache, but never one that came with the repository."""
    folder = request.cache or request.site / ".enishi"
    if repository is not None:
        real = Path(os.path.realpath(folder))
        if request.cache is None and repository.tracks(".enishi"):
            return Cache(None)
        if real.is_relative_to(repository.top) and repository.tracks(os.path.relpath(real, repository.site)):
            return Cache(None)
    return open_cache(request.site, request.cache)


# -- the check -------------------------------------------------------------------------------------------------------


class _Check:
    """One check of one blog."""

    def __init__(self, asked: CheckRequest, blog: Blog, scope: _Scope, cache: Cache, progress: Progress) -> None:
        self._asked, self._blog, self._scope, self._cache, self._progress = asked, blog, scope, cache, progress
        self._settings = blog.settings
        self._files = {file.path: file for file in blog.files}
        self._style = prevailing_style(blog.files)
        self._prefix = scope.repository.prefix if scope.repository else ""
        self._old: Mapping[str, bytes] = {}

    def report(self) -> CheckReport:
        documents, _ = read(self._blog, self._cache, self._asked.request.processes, self._progress)
        if self._scope.changes is not None and self._scope.repository is not None:
            blobs = {change.old_blob for change in self._scope.changes.changed.values() if change.old_blob}
            self._old = self._scope.repository.read(blobs)
        remarks = self._remarks(documents)
        findings = [finding for remark in remarks if (finding := self._finding(remark)) is not None]
        ignored = {document.post.path: _ignores(document) for document in documents}
        accepted, _ = read_baseline(self._blog.site.root)
        kept = [
            found
            for found in findings
            if found.code not in ignored.get(found.path, ()) and found.fingerprint not in accepted
        ]
        kept.sort(key=lambda found: (found.path, found.line, found.column, found.code, found.tag, found.subject))
        return CheckReport(
            findings=tuple(kept),
            checked=self._scope.paths,
            posts=len(documents),
            prefix=self._prefix,
            base=self._scope.changes.base if self._scope.changes else "",
            suppressed=len(findings) - len(kept),
            failing=self._failing(kept),
        )

    def _remarks(self, documents: Sequence[Document]) -> list[Remark]:
        encoder = create_encoder(self._blog, self._cache, self._progress)
        vectors, analysis = analyze(
            documents,
            self._blog.site,
            self._settings,
            encoder,
            declines=self._blog.declines,
            progress=self._progress,
        )
        posts = [document.post for document in documents]
        vocabulary, _ = read_vocabulary(posts, self._blog.site, self._settings.tags)
        site = ["--site", self._prefix] if self._prefix else []
        tags = TagRemarks(documents, vectors, analysis.tags, vocabulary, self._settings, site)
        return [remark for path in self._scope.paths for remark in tags.remarks(path, frozenset())]

    def _failing(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Codes that make the check fail: those chosen, of which there is more than a note."""
        loud = {found.code for found in findings if found.level is not Severity.NOTE}
        return tuple(sorted(loud if self._asked.strict else loud & set(self._settings.check.fail_on)))

    # -- from a remark to a finding

    def _finding(self, remark: Remark) -> Finding | None:
        level = self._level(remark)
        file = self._files.get(remark.path)
        if level is None or file is None:
            return None
        site = self._blog.site
        place = find_tags(file.data, hexo=site.reads_like_hexo, generator=site.generator)
        edit = None
        if remark.change is not None:
            planned = plan_edit(
                file.data, remark.change, hexo=site.reads_like_hexo, generator=site.generator, style=self._style
            )
            if isinstance(planned, Edit):
                edit = line_edit(posixpath.join(self._prefix, remark.path), planned.before, planned.after)
        line, column = place.line, place.column
        return Finding(
            path=remark.path,
            line=line,
            column=column,
            code=remark.code,
            level=level,
            message=remark.message,
            tag=remark.tag,
            confidence=remark.confidence,
            evidence=remark.evidence,
            advice=remark.advice,
            edit=edit,
            line_text=line_of(file.data, line),
            subject=remark.subject,
        )

    def _level(self, remark: Remark) -> Severity | None:
        """How loudly to say it; None: not at all."""
        stated = self._settings.check.levels.get(remark.code)  # type: ignore[call-overload]
        if stated is None:
            return remark.level
        if stated == "off":
            return None
        wanted = Severity(stated)
        if remark.code == "missing-tag" and _LEVELS[remark.level] < _LEVELS[wanted]:
            return remark.level  # a tag that is not sure stays a note
        return wanted


def _ignores(document: Document) -> frozenset[str]:
    """Kinds of findings that a post does not want to hear of: ``enishi: {ignore: [missing-tag]}``."""
    block = document.post.front_matter.get("enishi")
    value = block.get("ignore") if isinstance(block, dict) else None
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str) and item in CODES)
