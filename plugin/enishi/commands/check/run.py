"""The check of a pull request: the whole blog is the evidence, and the posts that changed are reported.

A check is load + read + analyze as in a build, then what is to be said about some posts.  It runs on what strangers
send in: see :mod:`enishi.commands.check.untrusted` for what of their settings does not count.  A report is remembered
under everything that it depends on; the same question is answered without reading a post.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.cache import Cache, digest
from enishi.commands.check.baseline import BASELINE_NAME, read_baseline, write_baseline
from enishi.commands.check.git import Changes, GitError, KnownFile, NoRepositoryError, Repository, Suffixes, added_lines
from enishi.commands.check.untrusted import guarded_request
from enishi.errors import Diagnostic, SettingsError, Severity
from enishi.findings import CODES, CheckReport, Finding, LineEdit
from enishi.pipeline import STATE_FOLDER, Blog, Progress, Request, load, open_cache, valid_between
from enishi.reading.posts import make_post, read_source
from enishi.reading.site import HEXO_SUFFIXES, MARKDOWN_SUFFIXES
from enishi.tags.vocabulary import fold_tag
from enishi.text.plural import counted
from enishi.text.printable import shell_word
from enishi.types import Document

if TYPE_CHECKING:
    from enishi.commands.check.remarks import Remark

_REMEMBERED = "check"
_UNREAD = frozenset({"file-too-large", "link-outside-site"})
"""Of files that are no posts, because they were not read."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is to be checked, and how."""

    request: Request
    files: tuple[str, ...] = ()
    """Posts, or folders of posts; what changed if none is named."""
    base: str = ""
    """What to compare with; see :meth:`enishi.commands.check.git.Repository.base`."""
    everything: bool = False
    """All posts instead of those that changed."""
    min_confidence: float | None = None
    """From this confidence a missing tag is reported; the settings' `check.note_from` if not given."""
    strict: bool = False
    """Whether every warning makes the check fail."""
    write_baseline: bool = False
    """Whether all that is found is accepted for the future."""


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
    accepted, unreadable = read_baseline(request.site)
    notes = [*notes, *scope.notes, *_about_the_site([*blog.diagnostics, *unreadable], scope)]
    is_unknown = no_git is not None and not isinstance(no_git, NoRepositoryError)
    if is_unknown and scope.changes is None:
        notes.append(f"{no_git} Paths are relative to the site folder, and its cache is not used.")
    with Cache(None) if is_unknown and not request.cache else _cache(request, repository) as cache:
        report = _Check(asked, blog, scope, cache, accepted, progress).report()
    return replace(report, notes=(*notes, *report.notes))


# -- which posts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which posts are reported, and what they are compared with."""

    paths: tuple[str, ...]
    """Sorted; files that could not be read are among them."""
    changes: Changes | None = None
    """None where nothing is compared."""
    repository: Repository | None = None
    notes: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        return self.repository.prefix if self.repository else ""

    @property
    def key(self) -> bytes:
        """Names what is checked, and against what."""
        changes = self.changes
        compared = "" if changes is None else repr((changes.base, dict(changes.changed), dict(changes.removed)))
        return digest(repr(self.paths), self.prefix, compared)


def _repository(site: Path) -> tuple[Repository | None, GitError | None]:
    try:
        return Repository(site), None
    except GitError as error:
        return None, error


def _scope(asked: CheckRequest, blog: Blog, repository: Repository | None, no_git: GitError | None) -> _Scope:
    unread = {told.path for told in blog.diagnostics if told.code in _UNREAD}
    if asked.everything:
        passed = _without_effect("all posts are checked", FILE=asked.files, base=asked.base)
        return _Scope(tuple(sorted({file.path for file in blog.files} | unread)), None, repository, passed)
    if asked.files:
        paths, notes = _named(asked.files, blog, unread)
        passed = _without_effect("the posts named are checked, whether they changed or not", base=asked.base)
        return _Scope(paths, None, repository, (*passed, *notes))
    if repository is None:
        raise no_git or GitError("there is no repository")
    suffixes = HEXO_SUFFIXES if blog.site.reads_like_hexo else MARKDOWN_SUFFIXES
    is_post = Suffixes(blog.site.post_folders, suffixes)
    known = [KnownFile(file.path, file.file, file.data) for file in blog.files]
    changes = repository.compare(repository.base(asked.base), known, is_post, sorted(unread))
    notes = changes.notes
    left_out = repository.left_out(is_post)
    if left_out:
        is_no_evidence = "is no evidence" if left_out == 1 else "are no evidence"
        told = f"A sparse checkout leaves out {counted(left_out, 'post')}, which {is_no_evidence}"
        notes += (
            f"{told}. To have them, at the top of the repository: git sparse-checkout add {_folders(blog, repository)}",
        )
    return _Scope(tuple(sorted({*changes.changed, *changes.unread})), changes, repository, notes)


def _folders(blog: Blog, repository: Repository | None) -> str:
    """The folders of posts as arguments of a command at the top of the repository."""
    prefix = repository.prefix if repository else ""
    return " ".join(shell_word(posixpath.normpath(posixpath.join(prefix, name))) for name in blog.site.post_folders)


def _without_effect(because: str, **asked: object) -> tuple[str, ...]:
    """A note on arguments that another one leaves without effect."""
    names = [name if name.isupper() else f"--{name}" for name, value in asked.items() if value]
    return (f"{' and '.join(names)} had no effect: {because}.",) if names else ()


def _named(names: Iterable[str], blog: Blog, unread: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The posts that are meant by files or folders, relative to the current folder or to the site."""
    root = blog.site.root
    by_file = {os.path.realpath(file.file): file.path for file in blog.files}
    by_file |= {os.path.abspath(root / path): path for path in unread}  # noqa: PTH100 - a link is not followed
    paths = set(by_file.values())
    found: set[str] = set()
    passed = 0
    for name in names:
        if not name:
            raise SettingsError("one of the files named has an empty name")
        if "\0" in name:
            raise SettingsError("there is no file with a null character in its name")
        places = [os.path.realpath(name), os.path.realpath(root / name), os.path.abspath(name)]  # noqa: PTH100
        exact = next((by_file[place] for place in places if place in by_file), name if name in paths else "")
        folder = next((place for place in places if Path(place).is_dir()), "")
        if exact:
            found.add(exact)
        elif folder:
            found.update(path for file, path in by_file.items() if file.startswith(folder.rstrip(os.sep) + os.sep))
        elif any(os.path.lexists(place) for place in places):
            passed += 1  # a hook may name every file of a commit
        else:
            raise SettingsError(f"there is no file {name}")
    if not passed:
        return tuple(sorted(found)), ()
    told = "is no post of this site and was" if passed == 1 else "are no posts of this site and were"
    return tuple(sorted(found)), (f"{passed} of the files named {told} passed over.",)


def _about_the_site(diagnostics: Iterable[Diagnostic], scope: _Scope) -> list[str]:
    """What is wrong with files that are no posts, as notes about the run."""
    paths = set(scope.paths)
    told = (found for found in diagnostics if found.code not in _UNREAD and found.path not in paths)
    return [f"{found.path}: {found.message}" for found in told if found.severity is not Severity.NOTE]


def _cache(request: Request, repository: Repository | None) -> Cache:
    """The cache, but never one that came with the repository."""
    if repository is not None:
        folder = request.cache or request.site / STATE_FOLDER
        real = Path(os.path.realpath(folder))
        names = [STATE_FOLDER] if request.cache is None else []
        if real != repository.top and real.is_relative_to(repository.top):
            names.append(os.path.relpath(real, repository.site))
        if any(repository.tracks(f"{name}/cache.db") or repository.is_tracked_link(name) for name in names):
            return Cache(None)
    return open_cache(request.site, request.cache)


# -- the check -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Check:
    """One check of one blog."""

    asked: CheckRequest
    blog: Blog
    scope: _Scope
    cache: Cache
    accepted: frozenset[str]
    """Fingerprints of findings that the baseline accepts."""
    progress: Progress
    documents: list[Document] = field(default_factory=list)
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """What changed posts said at the base, by object."""

    def report(self) -> CheckReport:
        option = repr(self._site_option())
        key = digest(self.blog.key, self.scope.key, option, str(self.asked.strict), *sorted(self.accepted)).hex()
        if not self.scope.paths:
            return self._nothing()
        if not self.asked.write_baseline:
            remembered = _remembered(self.cache, key, self.blog.now)
            if remembered is not None:
                return remembered
        report = self._work_out()
        if self.asked.write_baseline:
            return self._accept(report)
        _remember(self.cache, key, valid_between(self.blog, self.documents), report)
        return report

    def _nothing(self) -> CheckReport:
        """No post is to be checked, so none is read; but a cache of its own is filled for the checks to come."""
        from enishi.pipeline import read

        if self.asked.request.cache is not None:
            read(self.blog, self.cache, self.asked.request.processes, self.progress)
        if self.scope.changes is None:
            return CheckReport((), (), len(self.blog.files), self.scope.prefix)
        base = self.scope.changes.base
        note = f"No post is new or changed since {base[:12]}: --all checks all posts."
        return CheckReport((), (), len(self.blog.files), self.scope.prefix, base, notes=(note,))

    def _work_out(self) -> CheckReport:
        from enishi.commands.check.placing import MOST_TAGS, Placing
        from enishi.commands.tags import prevailing_style

        changes = self.scope.changes
        if changes is not None and self.scope.repository is not None:
            blobs = {change.old_blob for change in changes.changed.values()} | set(changes.removed.values())
            self.contents = self.scope.repository.read(blobs - {""})
        remarks, notes = self._remarks()
        placing = Placing(
            self.blog.site,
            {file.path: file for file in self.blog.files},
            {document.post.path: document.title for document in self.documents},
            self._added(),
            self.blog.settings.check,
            prevailing_style(self.blog.files),
            self.scope.prefix,
            frozenset(document.post.path for document in self.documents if len(document.post.tags) > MOST_TAGS),
        )
        ignored = {document.post.path: _ignored(document) for document in self.documents}
        wanted = [remark for remark in remarks if remark.code not in ignored.get(remark.path, ())]
        found = placing.findings(wanted)
        kept = [finding for finding in found if self.asked.write_baseline or not self._is_accepted(finding)]
        told = {(finding.path, finding.code, finding.tag) for finding in kept}
        return CheckReport(
            findings=tuple(kept),
            checked=self.scope.paths,
            posts=len(self.documents),
            prefix=self.scope.prefix,
            base=changes.base if changes else "",
            suppressed=len(found) - len(kept) + sum(1 for one in remarks if one not in wanted and placing.level(one)),
            failing=self._failing(kept),
            notes=notes,
            patches=placing.patches([one for one in wanted if (one.path, one.code, one.tag) in told]),
        )

    def _remarks(self) -> tuple[list[Remark], tuple[str, ...]]:
        """All there is to say, and notes about the run."""
        from enishi.commands.check.related_remarks import near_duplicates
        from enishi.commands.check.remarks import Nearest, TagRemarks, front_matter_remarks
        from enishi.pipeline import analyze, create_encoder, read
        from enishi.tags.vocabulary import read_vocabulary

        blog, paths = self.blog, frozenset(self.scope.paths)
        self.documents, told = read(blog, self.cache, self.asked.request.processes, self.progress)
        settings = blog.settings.model_copy(
            update={"tags": blog.settings.tags.model_copy(update={"min_confidence": blog.settings.check.note_from})}
        )
        encoder = create_encoder(blog, self.cache, self.progress)
        vectors, analysis = analyze(
            self.documents, blog.site, settings, encoder, declines=blog.declines, progress=self.progress
        )
        vocabulary, _ = read_vocabulary([document.post for document in self.documents], blog.site, settings.tags)
        checked = [row for row, document in enumerate(self.documents) if document.post.path in paths]
        nearest = Nearest(vectors, checked, settings.index.backend)
        site, where = self._site_option()
        tags = TagRemarks(self.documents, nearest, analysis.tags, vocabulary, settings, site, where)
        old_tags = self._old_tags()
        known = {document.post.path for document in self.documents}
        remarks = [
            *(one for path in sorted(paths & known) for one in tags.about(path, old_tags.get(path, frozenset()))),
            *front_matter_remarks([*blog.diagnostics, *told, *analysis.diagnostics], paths),
            *near_duplicates(self.documents, nearest, sorted(paths)),
        ]
        notes = self._add_related_changes(remarks, analysis.related)
        return remarks, notes

    def _site_option(self) -> tuple[list[str], str]:
        """How the commands of the advice name the site folder, and from where they do.

        Who reads the advice may stand in another clone.  Without a repository it is whoever asked, and stands there.
        """
        site = self.asked.request.site
        if self.scope.prefix:
            return ["--site", self.scope.prefix], " at the top of the repository"
        if self.scope.repository is not None or site == Path() or site.is_absolute():
            return [], ""
        return ["--site", site.as_posix()], ""

    def _add_related_changes(self, remarks: list[Remark], related: Mapping[str, Any]) -> tuple[str, ...]:
        from enishi.commands.check.related_remarks import RelatedBefore, related_changes, remember_lists

        changes = self.scope.changes
        if self.blog.settings.check.levels.get("related-change") == "off":
            return ()
        remember_lists(self.blog, self.documents, related, self.cache)
        if changes is None:
            return ()
        before = RelatedBefore(self.blog, changes, self.contents, self.cache)
        if not before.is_known:
            told = (
                "The clone leaves out what some posts said before (--filter=blob:none), so it is not known which lines "
                "are new, nor whose related posts change. To fetch them first, "
                f"at the top of the repository: git diff --quiet {changes.base} -- "
                f"{_folders(self.blog, self.scope.repository)}"
            )
            return (told,)
        lists = before.lists(self.documents, self.progress)
        found, altered, pages = related_changes(self.documents, related, lists, changes)
        remarks += found
        gone = changes.removed.keys() - {change.old_path for change in changes.changed.values()}
        if len(changes.changed) + len(gone) < 2 or not altered:
            return ()
        return (f"All changes together alter the related posts of {altered} of the {pages} other pages.",)

    def _added(self) -> dict[str, frozenset[int]]:
        """The lines that are new, of posts whose earlier text is known."""
        if self.scope.changes is None:
            return {}
        files = {file.path: file.data for file in self.blog.files}
        return {
            path: added_lines(self.contents[change.old_blob], files[path])
            for path, change in self.scope.changes.changed.items()
            if change.old_blob in self.contents and path in files
        }

    def _old_tags(self) -> dict[str, frozenset[str]]:
        """The tags that changed posts had at the base, folded."""
        found = {}
        for path, change in self.scope.changes.changed.items() if self.scope.changes else ():
            data = self.contents.get(change.old_blob)
            if data is not None:
                source = read_source(data, hexo=self.blog.site.reads_like_hexo)
                post, _ = make_post(path, source, self.blog.site, self.blog.now)
                found[path] = frozenset(map(fold_tag, post.tags))
        return found

    def _is_accepted(self, finding: Finding) -> bool:
        return finding.fingerprint in self.accepted

    def _failing(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Codes that make the check fail: those chosen, of which there is more than a note."""
        loud = {found.code for found in findings if found.level is not Severity.NOTE}
        return tuple(sorted(loud if self.asked.strict else loud & set(self.blog.settings.check.fail_on)))

    def _accept(self, report: CheckReport) -> CheckReport:
        """Writes the baseline; nothing is left to report then."""
        accepted = counted(write_baseline(self.blog.site.root, report.findings, report.checked), "finding")
        note = f"{BASELINE_NAME} accepts {accepted} now. Commit it: from then on only others are reported."
        return replace(
            report,
            findings=(),
            suppressed=report.suppressed + len(report.findings),
            failing=(),
            patches={},
            notes=(*report.notes, note),
        )


def _ignored(document: Document) -> frozenset[str]:
    """Kinds of findings that a post does not want to hear of: ``enishi: {ignore: [missing-tag]}``."""
    block = document.post.front_matter.get("enishi")
    value = block.get("ignore") if isinstance(block, dict) else None
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str) and item in CODES)


# -- what is remembered ----------------------------------------------------------------------------------------------


def _remember(cache: Cache, key: str, valid: tuple[str, str], report: CheckReport) -> None:
    """As ASCII: a path or a patch may hold what is no UTF-8."""
    cache.set_state(_REMEMBERED, json.dumps({"key": key, "valid": valid, "report": asdict(report)}))


def _remembered(cache: Cache, key: str, now: datetime) -> CheckReport | None:
    """The last report, if this one would be the same."""
    try:
        value = json.loads(cache.state(_REMEMBERED) or "{}")
        if value.get("key") != key:
            return None
        since, until = (datetime.fromisoformat(moment) for moment in value["valid"])
        return _report_from(value["report"]) if since <= now < until else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _report_from(value: dict[str, Any]) -> CheckReport:
    findings = tuple(_finding_from(found) for found in value["findings"])
    lists = {name: tuple(value[name]) for name in ("checked", "failing", "notes")}
    return CheckReport(**{**value, **lists, "findings": findings})


def _finding_from(value: dict[str, Any]) -> Finding:
    edit = value["edit"]
    if edit is not None:
        edit = LineEdit(**{**edit, **{name: tuple(edit[name]) for name in ("before", "after")}})
    lists = {name: tuple(value[name]) for name in ("evidence", "advice")}
    return Finding(**{**value, **lists, "level": Severity(value["level"]), "edit": edit})
