"""The check of a pull request: the whole blog is the evidence, and the posts that changed are reported on.

A check is load, read, relate and tag as in a build, and then the findings about some posts.  It runs on untrusted
repositories: :mod:`enishi.commands.check.untrusted` says which of their settings do not count.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from enishi.cache import Cache
from enishi.commands.check.baseline import BASELINE_NAME, read_baseline, write_baseline
from enishi.commands.check.git import GitError, NoRepositoryError, Repository
from enishi.commands.check.line_edits import added_lines
from enishi.commands.check.scope import UNREAD, Scope, choose_posts, post_folders
from enishi.commands.check.untrusted import guarded_request
from enishi.errors import Diagnostic, Severity
from enishi.findings import CODES, CheckReport, Finding
from enishi.pipeline import Blog, Relations, Run
from enishi.reading.source import read_source
from enishi.state import STATE_FOLDER, Request, open_cache
from enishi.tags.vocabulary import fold_tag
from enishi.text.plural import counted
from enishi.types import Document, Progress, TagAnalysis


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is to be checked, and how."""

    request: Request
    files: tuple[str, ...] = ()
    """Posts, or folders of posts; the posts that changed if none is named."""
    base: str = ""
    """What to compare with; see :meth:`enishi.commands.check.git.Repository.base`."""
    everything: bool = False
    """All posts instead of those that changed."""
    min_confidence: float | None = None
    """From this confidence a missing tag is reported; the setting `check.note_from` if not given."""
    strict: bool = False
    """Whether every warning makes the check fail."""
    write_baseline: bool = False
    """Whether all findings are accepted for the future."""


def check(asked: CheckRequest, progress: Progress = lambda *_: None) -> CheckReport:
    """Check the posts that changed, those named, or all.

    Raises:
        EnishiError: settings, the site, git or the encoder do not allow it.
    """
    repository, git_error = _repository(asked.request.site)
    request, notes = guarded_request(asked.request, repository.top if repository else None)
    if asked.min_confidence is not None:
        request = replace(request, overrides=(*request.overrides, f"check.note_from={asked.min_confidence}"))
    blog = Run(request, progress).load()
    scope = choose_posts(blog, repository, git_error, files=asked.files, base=asked.base, everything=asked.everything)
    accepted, unreadable = read_baseline(request.site)
    notes = [*notes, *scope.notes, *_notes_on_the_site([*blog.diagnostics, *unreadable], scope)]
    is_unreadable = git_error is not None and not isinstance(git_error, NoRepositoryError)
    if is_unreadable:
        notes.append(f"{git_error} Paths are relative to the site folder, and its cache is not used.")
    with Cache(None) if is_unreadable and not request.cache else _cache(request, repository) as cache:
        report = _Check(asked, blog, scope, cache, accepted, progress).report()
    return replace(report, notes=(*notes, *report.notes))


def _repository(site: Path) -> tuple[Repository | None, GitError | None]:
    try:
        return Repository(site), None
    except GitError as error:
        return None, error


def _notes_on_the_site(diagnostics: Iterable[Diagnostic], scope: Scope) -> list[str]:
    """Problems of files that are not posts under check, as notes about the run."""
    checked = frozenset(scope.paths)
    return [
        f"{problem.path}: {problem.message}"
        for problem in diagnostics
        if problem.code not in UNREAD and problem.path not in checked and problem.severity is not Severity.NOTE
    ]


def _cache(request: Request, repository: Repository | None) -> Cache:
    """The cache, unless it came with the repository."""
    if repository is not None:
        folder = request.cache or request.site / STATE_FOLDER
        real = Path(os.path.realpath(folder))
        names = [STATE_FOLDER] if request.cache is None else []
        if real != repository.top and real.is_relative_to(repository.top):
            names.append(os.path.relpath(real, repository.site))
        if any(repository.tracks(f"{name}/cache.db") or repository.is_tracked_link(name) for name in names):
            return Cache(None)
    return open_cache(request.site, request.cache)


@dataclass(frozen=True, slots=True)
class _Check:
    """One check of one blog."""

    asked: CheckRequest
    blog: Blog
    scope: Scope
    cache: Cache
    accepted: frozenset[str]
    """Fingerprints of findings that the baseline accepts."""
    progress: Progress

    def report(self) -> CheckReport:
        """The report; accepted findings go into the baseline first."""
        if not self.scope.paths:
            return self._nothing_to_check()
        report = self._work_out()
        return self._accept(report) if self.asked.write_baseline else report

    def _nothing_to_check(self) -> CheckReport:
        """Reads no post, except to fill a cache of its own for later checks."""
        if self.asked.request.cache is not None:
            self._run().read(self.blog)
        report = CheckReport((), (), len(self.blog.files), self.scope.prefix)
        if self.scope.changes is None:
            return report
        base = self.scope.changes.base
        note = f"No post is new or changed since {base[:12]}: --all checks all posts."
        return replace(report, base=base, notes=(note,))

    def _run(self) -> Run:
        return Run(self.asked.request, self.progress, cache=self.cache)

    def _work_out(self) -> CheckReport:
        from enishi.commands.check.placing import MOST_TAGS, Placing
        from enishi.editing.style import prevailing_style

        blog = self.blog.with_tag_settings(min_confidence=self.blog.settings.check.note_from)
        files = {file.path: file for file in blog.files}
        before, notes = self._before()
        run = self._run()
        posts = run.read(blog)
        documents = posts.documents
        relations = run.relate(posts)
        drafts = self._drafts(relations, run.tag(relations), before)
        placing = Placing(
            blog.site,
            files,
            {document.post.path: document.title for document in documents},
            {path: added_lines(data, files[path].data) for path, data in before.items()},
            blog.settings.check,
            prevailing_style(file.data for file in blog.files),
            self.scope.prefix,
            frozenset(document.post.path for document in documents if len(document.post.tags) > MOST_TAGS),
        )
        ignored = {document.post.path: _ignored_codes(document) for document in documents}
        wanted = [draft for draft in drafts if draft.code not in ignored.get(draft.path, ())]
        findings = placing.findings(wanted)
        suppressed = sum(1 for draft in drafts if draft not in wanted and placing.level(draft))
        if not self.asked.write_baseline:
            kept = [finding for finding in findings if finding.fingerprint not in self.accepted]
            suppressed += len(findings) - len(kept)
            findings = kept
        reported = {(finding.path, finding.code, finding.tag) for finding in findings}
        return CheckReport(
            findings=tuple(findings),
            checked=self.scope.paths,
            posts=len(documents),
            prefix=self.scope.prefix,
            base=self.scope.changes.base if self.scope.changes else "",
            suppressed=suppressed,
            failing=self._failing(findings),
            notes=notes,
            patches=placing.patches([one for one in wanted if (one.path, one.code, one.tag) in reported]),
        )

    def _before(self) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """The bytes that the changed posts had at the base, and a note if the clone lacks some of them."""
        changes, repository = self.scope.changes, self.scope.repository
        if changes is None or repository is None:
            return {}, ()
        contents = repository.read(changes.posts.values())
        before = {path: contents[blob] for path, blob in changes.posts.items() if blob in contents}
        if len(before) == sum(map(bool, changes.posts.values())):
            return before, ()
        note = (
            "The clone leaves out what some posts said before (--filter=blob:none), so it is not known which lines are "
            f"new. To fetch them first, at the top of the repository: git diff --stat {changes.base} -- "
            f"{post_folders(self.blog, repository)}"
        )
        return before, (note,)

    def _drafts(self, relations: Relations, suggested: TagAnalysis, before: Mapping[str, bytes]) -> list[Finding]:
        """All findings about the posts under check, which :class:`Placing` completes."""
        from enishi.commands.check.post_findings import front_matter_findings, near_duplicates
        from enishi.commands.check.tag_findings import TagFindings, nearest_posts
        from enishi.tags.vocabulary import read_vocabulary

        posts, blog, paths = relations.posts, relations.posts.blog, frozenset(self.scope.paths)
        documents, settings = posts.documents, blog.settings
        diagnostics = [*blog.diagnostics, *posts.diagnostics, *relations.diagnostics, *suggested.diagnostics]
        vocabulary, _ = read_vocabulary([document.post for document in documents], blog.site, settings.tags)
        checked = [row for row, document in enumerate(documents) if document.post.path in paths]
        nearest = nearest_posts(relations.vectors, checked, settings.index.backend)
        site, where = self._site_option()
        tags = TagFindings(documents, nearest, suggested, vocabulary, settings, site, where)
        return [
            *(
                finding
                for path in sorted(documents[row].post.path for row in checked)
                for finding in tags.of(path, self._tags_before(path, before.get(path)))
            ),
            *front_matter_findings(diagnostics, paths),
            *near_duplicates(documents, nearest, sorted(paths)),
        ]

    def _site_option(self) -> tuple[list[str], str]:
        """How the commands in the advice name the site folder, and where they are to be run.

        Whoever reads the advice may have another clone, so the folder is relative to the top of the repository.
        Without a repository it is named as it was on the command line.
        """
        site = self.asked.request.site
        if self.scope.prefix:
            return ["--site", self.scope.prefix], " at the top of the repository"
        if self.scope.repository is not None or site == Path() or site.is_absolute():
            return [], ""
        return ["--site", site.as_posix()], ""

    def _tags_before(self, path: str, data: bytes | None) -> frozenset[str]:
        """The tags, folded, that a post had at the base."""
        if data is None:
            return frozenset()
        site = self.blog.site
        post, _ = site.make_post(path, read_source(data, site.generator.dialect), self.blog.now)
        return frozenset(map(fold_tag, post.tags))

    def _failing(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Codes that make the check fail: those that the user chose, where one is more than a note."""
        loud = {finding.code for finding in findings if finding.level is not Severity.NOTE}
        return tuple(sorted(loud if self.asked.strict else loud & set(self.blog.settings.check.fail_on)))

    def _accept(self, report: CheckReport) -> CheckReport:
        """Writes the findings into the baseline, and leaves none to report."""
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


def _ignored_codes(document: Document) -> frozenset[str]:
    """Kinds of findings that a post turns off for itself: ``enishi: {ignore: [missing-tag]}``."""
    block = document.post.front_matter.get("enishi")
    value = block.get("ignore") if isinstance(block, dict) else None
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str) and item in CODES)
