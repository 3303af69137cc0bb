"""The check of a pull request: the whole blog is the evidence, and the posts that changed are reported on.

A check is load, read, relate and tag as in a build, and then the findings about some posts.  It runs on untrusted
repositories: :mod:`enishi.commands.check.untrusted` says which of their settings do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.cache import Cache, digest
from enishi.commands.check.baseline import BASELINE_NAME, read_baseline, write_baseline
from enishi.commands.check.git import GitError, NoRepositoryError, Repository
from enishi.commands.check.line_edits import added_lines
from enishi.commands.check.remembered import cache_folder, recall_report, remember_report
from enishi.commands.check.scope import UNREAD, Scope, choose_posts, post_folders
from enishi.commands.check.untrusted import guarded_request
from enishi.errors import Diagnostic, Severity
from enishi.findings import CheckReport, Finding, fingerprint, ignored_codes
from enishi.pipeline import Blog, Relations, Run
from enishi.reading.source import read_source
from enishi.state import CACHE_NAME, Request, valid_between
from enishi.tags.declined import read_kept
from enishi.tags.vocabulary import fold_tag
from enishi.text.plural import counted
from enishi.types import Document, Progress

if TYPE_CHECKING:
    from enishi.commands.check.tag_findings import Advice, TagFindings
    from enishi.config import CheckSettings


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
    program: str = "enishi"
    """How messages call this program."""


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
    if git_error is not None and not isinstance(git_error, NoRepositoryError):
        notes.append(f"{git_error} Paths are relative to the site folder.")
    folder = cache_folder(request)
    if folder is None and request.cache is not None:
        notes.append("--cache lies in the checkout, which may have come with a cache of its own: it is not used.")
    with Cache(folder / CACHE_NAME if folder else None) as cache:
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
        """The report: that of last time if it would be the same."""
        if not self.scope.paths:
            return self._nothing_to_check()
        before, notes = self._before()
        key = self._key(before)
        report = None if self.asked.write_baseline else recall_report(self.cache, key, self.blog.now)
        if report is None:
            report, valid = self._work_out(before)
            if not self.asked.write_baseline:
                remember_report(self.cache, key, valid, report)
        failing = self._failing(report.findings)
        return replace(report, failing=failing, notes=(*notes, *report.notes))

    def _key(self, before: Mapping[str, bytes]) -> str:
        """Hash of everything that the findings depend on but the time."""
        asked, base = self.asked, self.scope.changes.base if self.scope.changes else ""
        parts = (asked.program, asked.request.site.as_posix(), self.scope.prefix, base)
        return digest(
            self.blog.key, repr((*parts, self.scope.paths, sorted(self.accepted), sorted(self.blog.diagnostics))),
            *(part for path in sorted(before) for part in (path, before[path]))
        ).hex()  # fmt: skip

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

    def _work_out(self, before: Mapping[str, bytes]) -> tuple[CheckReport, tuple[datetime, datetime]]:
        """The report, and the span of time in which it stays the same."""
        from enishi.commands.check.placing import MOST_TAGS, Placing
        from enishi.commands.check.tag_findings import TagFindings, nearest_posts
        from enishi.editing.style import prevailing_style
        from enishi.tags.vocabulary import read_vocabulary

        blog = self.blog.with_tag_settings(min_confidence=self.blog.settings.check.note_from)
        files = {file.path: file for file in blog.files}
        run = self._run()
        posts = run.read(blog)
        documents, settings = posts.documents, blog.settings
        relations = run.relate(posts, lists=blog.previous is not None)
        suggested = run.tag(posts, relations.tag_blocks)
        vocabulary, _ = read_vocabulary([document.post for document in documents], blog.site, settings.tags)
        paths = frozenset(self.scope.paths)
        checked = [row for row, document in enumerate(documents) if document.post.path in paths]
        nearest = nearest_posts(relations.vectors, checked, settings.index.backend)
        kept_tags = read_kept(blog.site.root)
        tags = TagFindings(documents, nearest, suggested, vocabulary, settings, kept_tags, self._advice())
        problems = [*blog.diagnostics, *posts.diagnostics, *relations.diagnostics, *suggested.diagnostics]
        drafts = [
            replace(draft, level=level)
            for draft in self._drafts(tags, [documents[row] for row in checked], documents, nearest, problems, before)
            if (level := _level(draft, settings.check))
        ]
        ignored = {document.post.path: ignored_codes(document) for document in documents}
        kept = [draft for draft in drafts if draft.code not in ignored.get(draft.path, ())]
        if not self.asked.write_baseline:
            kept = [one for one in kept if fingerprint(one.code, one.path, one.tag or one.subject) not in self.accepted]
        placing = Placing(
            blog.site,
            files,
            {document.post.path: document.title for document in documents},
            {path: added_lines(data, files[path].data) for path, data in before.items()},
            prevailing_style(file.data for file in blog.files),
            self.scope.prefix,
            frozenset(document.post.path for document in documents if len(document.post.tags) > MOST_TAGS),
        )
        findings, patches = placing.findings(tags.joined(kept))
        report = CheckReport(
            findings=tuple(findings),
            checked=self.scope.paths,
            posts=len(documents),
            prefix=self.scope.prefix,
            base=self.scope.changes.base if self.scope.changes else "",
            suppressed=len(drafts) - len(kept),
            patches=patches,
            notes=tuple(_notes_on_lists(relations, paths)),
        )
        if self.asked.write_baseline:
            report = self._accept(report, kept)
        return report, valid_between(blog.site, documents, blog.now)

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

    def _drafts(
        self,
        tags: TagFindings,
        checked: Sequence[Document],
        documents: Sequence[Document],
        nearest: Mapping[int, Sequence[int]],
        problems: Iterable[Diagnostic],
        before: Mapping[str, bytes],
    ) -> Iterator[Finding]:
        """All findings about the posts under check, which :class:`Placing` completes."""
        from enishi.commands.check.post_findings import front_matter_findings, near_duplicates

        for document in checked:
            path = document.post.path
            yield from tags.of(path, self._tags_before(path, before.get(path)))
        yield from front_matter_findings(problems, self.scope.paths)
        yield from near_duplicates(documents, nearest, self.scope.paths)

    def _advice(self) -> Advice:
        """How commands are written for whoever reads the report.

        They may have another clone, so the site folder is relative to the top of the repository.  Without a repository
        it is named as it was on the command line.
        """
        from enishi.commands.check.tag_findings import Advice

        site, program = self.asked.request.site, self.asked.program
        if self.scope.prefix:
            return Advice(program, ("--site", self.scope.prefix), " at the top of the repository")
        if self.scope.repository is not None or site == Path() or site.is_absolute():
            return Advice(program)
        return Advice(program, ("--site", site.as_posix()))

    def _tags_before(self, path: str, data: bytes | None) -> frozenset[str]:
        """The tags, folded, that a post had at the base."""
        if data is None:
            return frozenset()
        site = self.blog.site
        post, _ = site.make_post(path, read_source(data, site.generator.dialect), self.blog.now)
        return frozenset(map(fold_tag, post.tags))

    def _failing(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Codes that make the check fail: those that the user chose, where one is more than a note."""
        loud = [finding for finding in findings if finding.level is not Severity.NOTE]
        chosen = set(self.blog.settings.check.fail_on)
        if "missing-tag" in chosen and any(one.code == "no-tags" and one.edit for one in loud):
            chosen.add("no-tags")  # which says what is missing, too
        return tuple(sorted({one.code for one in loud if self.asked.strict or one.code in chosen}))

    def _accept(self, report: CheckReport, drafts: Iterable[Finding]) -> CheckReport:
        """Writes the findings into the baseline, each tag by itself, and leaves none to report."""
        accepted = counted(write_baseline(self.blog.site.root, drafts, report.checked), "finding")
        note = f"{BASELINE_NAME} accepts {accepted} now. Commit it: from then on only others are reported."
        suppressed = report.suppressed + len(report.findings)
        return replace(report, findings=(), suppressed=suppressed, patches={}, notes=(*report.notes, note))


def _notes_on_lists(relations: Relations, checked: Set[str]) -> Iterator[str]:
    """How many pages show other related posts than those that were published last, or why that is not known."""
    from enishi.related.published import changed_lists

    yield from (told.message for told in relations.diagnostics if told.code == "bad-previous")
    if relations.published is None:
        return
    public = {document.post.path for document in relations.posts.documents if document.post.is_public}
    now = {path: [entry.path for entry in entries] for path, entries in relations.related.lists.items()}
    changed = changed_lists(relations.published, {path: now[path] for path in public}, checked)
    near, elsewhere = len(changed.near), len(changed.elsewhere)
    pages = counted(near + elsewhere, "page")
    yield f"Related posts change on {pages}: {near} around the posts under check, {elsewhere} elsewhere."


def _level(draft: Finding, settings: CheckSettings) -> Severity | None:
    """The level that the settings give a finding, else its own; None for `off`."""
    stated = {str(code): level for code, level in settings.levels.items()}.get(draft.code)
    if stated == "off":
        return None
    if stated is None or (draft.code == "missing-tag" and draft.level is Severity.NOTE):
        return draft.level  # an unsure tag is never more than a note
    return Severity(stated)
