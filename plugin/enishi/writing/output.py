"""Files on disk: written only when they differ, each at once or not at all, and nobody else's are touched.

A folder of ours holds `manifest.json`, which names every file that we wrote there with its SHA-256.  A file is *ours*
if it is named there and still has that hash; only such files are replaced or removed.  The order of one run is

1. every new file is written to a temporary name (a full disk shows here, with nothing changed yet),
2. `manifest.next.json` says which hashes are about to appear,
3. the temporary files are renamed into place, those in subfolders first: `related.json` never names a missing fragment,
4. files that are ours and no longer wanted are removed,
5. `manifest.json` is renamed into place, `manifest.next.json` removed.

A run killed at any moment leaves files that either manifest knows, so the next run takes all of them for ours.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import read_if_regular, remove_temporaries, rename, sync_folder, write_temporary
from enishi.writing.lock import locked
from enishi.writing.manifest import journal_bytes, manifest_bytes, read_journal, read_manifest

MANIFEST_NAME = "manifest.json"
JOURNAL_NAME = "manifest.next.json"
SCRATCH_NAME = ".scratch"

_RESERVED = frozenset({MANIFEST_NAME, JOURNAL_NAME, ".gitignore", SCRATCH_NAME})
_FORBIDDEN = frozenset('\\:*?"<>|')  # what Windows forbids, so that a site builds alike everywhere
_SYNCED_AT_MOST = 64  # thousands of fragments would take a minute; _Run._is_ours says why it is safe without
_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of each file, by its name in the output folder, sorted."""

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Files in our way that are not ours or that somebody edited: left as they are, and said so in `diagnostics`."""
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = field(default="", compare=False)
    """Names what is there now; the same as :func:`written_digest` until somebody else writes."""

    def __add__(self, other: WriteReport) -> WriteReport:
        """The report of two writes as one."""
        return WriteReport(
            tuple(sorted((*self.written, *other.written))),
            tuple(sorted((*self.unchanged, *other.unchanged))),
            tuple(sorted((*self.removed, *other.removed))),
            tuple(sorted((*self.kept, *other.kept))),
            (*self.diagnostics, *other.diagnostics),
            self.digest + other.digest,
        )


def write_outputs(
    out: Path,
    files: Mapping[str, bytes],
    *,
    state: Path | None = None,
    ignores_itself: bool = False,
    shown_as: str | None = None,
) -> WriteReport:
    """Make the files of `out` that are ours exactly `files`: write what differs, remove what is no longer there.

    Args:
        out: the only folder that is written to (beside `state`); made if it is missing.
        files: bytes by name; a name is a relative POSIX path, such as ``partials/3f0c.html``.
        state: the folder of the manifest, and of temporary files where a rename can go from there to `out`; `out`
            itself if not given.  For a file among the author's own (`data_file`):
            ``write_outputs(site, {"source/_data/enishi.json": …}, state=site / ".enishi" / "data")``.
        ignores_itself: put a `.gitignore` of ``*`` into `out`, for ``SITE/.enishi``.
        shown_as: how `out` is called in diagnostics; its own name if not given, nothing if empty.

    Raises:
        OutputError: a name or a symbolic link leads out of `out`, or the file system refuses (disk full, read-only).
            Every file is then whole, and unless a rename itself was refused, all of them are what they were before.
    """
    state = state or out
    _refuse_bad_names(files)
    try:
        for folder in (out, state):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(state):
            run = _Run(out.resolve(), state.resolve(), out.name if shown_as is None else shown_as)
            if ignores_itself:
                _ignore_in_git(run.out)
            return run.write(files)
    except OSError as error:
        raise _output_error(error, out) from error


def outputs_intact(out: Path, *, state: Path | None = None) -> bool:
    """Whether every file of the manifest is there as we left it, and no run was broken off.  Never raises."""
    try:
        folder = state or out
        if os.path.lexists(folder / JOURNAL_NAME) or os.path.lexists(folder / SCRATCH_NAME):
            return False
        hashes = read_manifest(folder / MANIFEST_NAME)
        root = os.fspath(out)  # strings, as a Path for each costs 60 ms over 10,000 files
        contents = ((known, read_if_regular(f"{root}/{name}")) for name, known in hashes.items())
        return bool(hashes) and all(current is not None and _sha256(current) == known for known, current in contents)
    except (OSError, OutputError):
        return False


def written_digest(out: Path, *, state: Path | None = None) -> str:
    """Names what was written last, by whomever: the hash of the manifest; empty without one.  Never raises."""
    try:
        manifest = read_if_regular((state or out) / MANIFEST_NAME)
    except OSError:
        return ""
    return _sha256(manifest) if manifest else ""


def written_files(out: Path, *, state: Path | None = None) -> tuple[str, ...]:
    """Names of the files that the manifest calls ours, sorted; empty without a readable manifest."""
    try:
        return tuple(sorted(read_manifest((state or out) / MANIFEST_NAME)))
    except (OSError, OutputError):
        return ()


@dataclass(slots=True)
class _Plan:
    """What one run is going to do; nothing is touched until it is complete."""

    write: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Edited by somebody and no longer wanted: theirs from now on."""
    manifest: dict[str, str] = field(default_factory=dict)
    """Hash by name, as it will stand at the end."""
    transient: dict[str, set[str]] = field(default_factory=dict)
    """Hashes that may be there if the run is broken off and that the old manifest does not know."""


class _Run:
    """One call of :func:`write_outputs`, once it holds the lock."""

    def __init__(self, out: Path, state: Path, shown: str) -> None:
        self.out = out
        self.state = state
        self.shown = shown
        self.scratch = state / SCRATCH_NAME
        self.manifest, self.journal = state / MANIFEST_NAME, state / JOURNAL_NAME
        self.before = read_manifest(self.manifest)
        self.known: dict[str, set[str]] = {name: {known} for name, known in self.before.items()}
        for name, hashes in read_journal(self.journal).items():
            self.known.setdefault(name, set()).update(hashes)

    def write(self, files: Mapping[str, bytes]) -> WriteReport:
        self._refuse_ways_out(files)
        plan = self._plan(files)
        self._sweep(files)
        manifest = manifest_bytes(plan.manifest)
        is_clean = not (plan.write or plan.remove or os.path.lexists(self.journal))
        if not (is_clean and read_if_regular(self.manifest) == manifest):
            self._carry_out(plan, files, manifest)
        return self._report(plan, manifest)

    # -- what is to be done ------------------------------------------------------------------------------------------

    def _plan(self, files: Mapping[str, bytes]) -> _Plan:
        plan = _Plan()
        for name in sorted(files, key=_subfolders_first):
            self._plan_wanted(plan, name, files[name])
        for name in sorted(self.known.keys() - files.keys()):
            self._plan_unwanted(plan, name)
        return plan

    def _plan_wanted(self, plan: _Plan, name: str, content: bytes) -> None:
        """Equal bytes are taken for ours whoever wrote them: replacing them loses nothing."""
        target = f"{self.out}/{name}"  # text, as a Path for each of thousands costs more than to look
        current = read_if_regular(target)
        if current == content:
            plan.unchanged.append(name)
        elif not os.path.lexists(target) if current is None else self._is_ours(name, current):
            plan.write.append(name)
            if current is not None:
                self._may_be_there(plan, name, _sha256(current))
        else:
            (plan.edited if name in self.known else plan.foreign).append(name)
            if name in self.before:  # should the author undo the edit, it is ours again
                plan.manifest[name] = self.before[name]
            return
        plan.manifest[name] = _sha256(content)
        self._may_be_there(plan, name, plan.manifest[name])

    def _plan_unwanted(self, plan: _Plan, name: str) -> None:
        target = self.out / name
        if not os.path.lexists(target) or not _is_safe_name(name) or not self._leads_inside(name):
            return
        current = read_if_regular(target)
        if current is not None and self._is_ours(name, current):
            plan.remove.append(name)
            self._may_be_there(plan, name, _sha256(current))
        else:
            plan.left.append(name)

    def _is_ours(self, name: str, current: bytes) -> bool:
        """A power cut can leave a file of ours empty or as zero bytes; nothing of an author's is lost with those."""
        hashes = self.known.get(name)
        return hashes is not None and (_sha256(current) in hashes or not current.strip(b"\0"))

    def _may_be_there(self, plan: _Plan, name: str, known: str) -> None:
        if self.before.get(name) != known:
            plan.transient.setdefault(name, set()).add(known)

    # -- doing it ----------------------------------------------------------------------------------------------------

    def _refuse_ways_out(self, names: Mapping[str, bytes]) -> None:
        for parent in sorted({name.rpartition("/")[0] for name in names}):
            self._refuse_file_as_folder(parent)
            if not self._leads_inside(f"{parent}/x" if parent else "x"):
                raise OutputError(
                    f"{self._show(parent)} is a symbolic link that leads out of the folder: nothing was written. "
                    "Remove the link, or choose another folder."
                )

    def _refuse_file_as_folder(self, parent: str) -> None:
        for depth in range(len(parent.split("/"))):
            folder = self.out / "/".join(parent.split("/")[: depth + 1])
            if os.path.lexists(folder) and not folder.is_dir():
                raise OutputError(
                    f"{self._show(parent)} should be a folder, but a file or a broken link is in its place: nothing "
                    "was written. Move it, or choose another folder."
                )

    def _leads_inside(self, name: str) -> bool:
        parent = (self.out / name).parent
        return parent.resolve().is_relative_to(self.out)

    def _sweep(self, files: Mapping[str, bytes]) -> None:
        """Removes what killed runs left beside their targets and in the scratch folder."""
        names = {name.rpartition("/")[0] for name in files.keys() | self.known.keys()}
        inside = {f"{name}/x" if name else "x" for name in names}
        folders = {(self.out / name).parent for name in inside if _is_safe_name(name) and self._leads_inside(name)}
        for folder in sorted(folders | {self.state, self.scratch}):
            remove_temporaries(folder)
        _rmdir_quietly(self.scratch)

    def _carry_out(self, plan: _Plan, files: Mapping[str, bytes], manifest: bytes) -> None:
        """The order is the one that the head of this file gives."""
        waiting: dict[Path, Path] = {}  # temporary files by their targets
        targets = {name: self.out / name for name in plan.write}
        folders = sorted({target.parent for target in targets.values()})
        is_beside = not self._can_use_scratch()

        def stage(target: Path, content: bytes, *, durable: bool = True) -> None:
            folder = target.parent if is_beside else self.scratch
            waiting[target] = write_temporary(folder, content, durable=durable)

        def place(target: Path) -> None:
            rename(waiting[target], target)
            del waiting[target]

        try:
            if is_beside:
                _make(folders)
            for name, target in targets.items():
                stage(target, files[name], durable=len(plan.write) <= _SYNCED_AT_MOST)
            stage(self.manifest, manifest)
            if plan.transient:
                stage(self.journal, journal_bytes(plan.transient))
                place(self.journal)
                sync_folder(self.state)  # known before the first file can be seen
            _make(folders)
            for target in targets.values():
                place(target)
            for folder in folders:
                sync_folder(folder)
            self._remove(plan.remove)
            place(self.manifest)
            sync_folder(self.state)
        finally:
            for temporary in waiting.values():
                with suppress(OSError):
                    temporary.unlink()
            _rmdir_quietly(self.scratch)
        _remove_file(self.journal)

    def _can_use_scratch(self) -> bool:
        """Whether files can be renamed from the scratch folder into place; makes it."""
        self.scratch.mkdir(exist_ok=True)
        return not self.scratch.is_symlink() and self.scratch.stat().st_dev == self.out.stat().st_dev

    def _remove(self, names: Sequence[str]) -> None:
        """Removes files of ours, and the folders below `out` that this leaves empty."""
        for name in names:
            _remove_file(self.out / name)
        for folder in {(self.out / name).parent for name in names}:
            emptied = folder
            while emptied != self.out and _rmdir_quietly(emptied):
                emptied = emptied.parent

    # -- saying so ---------------------------------------------------------------------------------------------------

    def _report(self, plan: _Plan, manifest: bytes) -> WriteReport:
        kept = sorted([*plan.edited, *plan.foreign, *plan.left])
        return WriteReport(
            written=tuple(sorted(plan.write)),
            unchanged=tuple(sorted(plan.unchanged)),
            removed=tuple(sorted(plan.remove)),
            kept=tuple(kept),
            digest=_sha256(manifest),
            diagnostics=(
                *self._diagnostics(
                    plan.edited,
                    "edited-output",
                    "was edited since Enishi wrote it, so it was left as it is and is now out of date. To have it "
                    "written again, delete it; to keep your own version, move it elsewhere",
                ),
                *self._diagnostics(
                    plan.foreign,
                    "foreign-output",
                    "was not written by Enishi, so it was left as it is. Delete or move it if Enishi may have this "
                    "name, else choose another folder (--out) or another data_file",
                ),
                *self._diagnostics(
                    plan.left,
                    "edited-output",
                    "is no longer needed, but was edited since Enishi wrote it, so it was left. Delete it if you do "
                    "not need it: Enishi will not speak of it again",
                ),
            ),
        )

    def _diagnostics(self, names: Sequence[str], code: str, message: str) -> Iterator[Diagnostic]:
        for name in sorted(names)[:_NAMED_AT_MOST]:
            yield Diagnostic(self._show(name), 0, code, Severity.WARNING, f"{message}.")
        more = len(names) - _NAMED_AT_MOST
        if more > 0:
            yield Diagnostic(self._show(""), 0, code, Severity.WARNING, f"{more} more files here: each {message}.")

    def _show(self, name: str) -> str:
        return "/".join(part for part in (self.shown, name) if part) or "."


# -- names -----------------------------------------------------------------------------------------------------------


def _refuse_bad_names(files: Mapping[str, bytes]) -> None:
    for name in files:
        if not _is_safe_name(name):
            raise OutputError(f"{name!r} is not a name for a file inside the output folder: nothing was written.")
        if name in _RESERVED:
            raise OutputError(f"{name!r} is a name that Enishi needs for itself: choose another.")


def _is_safe_name(name: str) -> bool:
    """A relative POSIX path of plain parts, on every system: no drive, no stream, no way up, nothing unprintable."""
    return bool(name) and all(
        part not in ("", ".", "..")
        and not part.endswith((" ", "."))
        and part.isprintable()
        and not _FORBIDDEN.intersection(part)
        for part in name.split("/")
    )


def _subfolders_first(name: str) -> tuple[int, str]:
    return -name.count("/"), name


# -- the file system -------------------------------------------------------------------------------------------------


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _remove_file(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def _make(folders: Iterable[Path]) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def _rmdir_quietly(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _ignore_in_git(folder: Path) -> None:
    """An author's own `.gitignore` stays; an empty one is what a killed run left."""
    target = folder / ".gitignore"
    if not os.path.lexists(target) or read_if_regular(target) == b"":
        rename(write_temporary(folder, b"*\n", durable=False), target)


def _output_error(error: OSError, out: Path) -> OutputError:
    place = error.filename2 or error.filename or out
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "the disk is full" if error.errno == errno.ENOSPC else "your disk quota is used up"
        todo = "Make room and build again"
    elif error.errno == errno.EROFS:
        why, todo = "the file system is read-only", "Choose another folder with --out"
    elif error.errno in (errno.EACCES, errno.EPERM):
        why, todo = "permission denied", "Make the folder writable, or choose another with --out"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        why, todo = "a file is where a folder should be", "Move it, or choose another folder with --out"
    else:
        why, todo = error.strerror or str(error), "Choose another folder with --out if this stays"
    return OutputError(f"cannot write to {out}: {why} ({place}). {todo}.")
