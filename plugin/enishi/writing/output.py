"""Files on disk: written only when they differ, each at once or not at all, and nobody else's are touched.

A folder of ours holds `manifest.json`, which names every file that we wrote there with its SHA-256.  A file is *ours*
if it is named there and still has that hash; only such files are replaced or removed.  As a manifest may come with a
stranger's repository, a name has to be one that we give, and a file among the author's own has to begin as ours do.
The order of one run is

1. `manifest.next.json` says which hashes are about to appear,
2. every new file is written to a temporary name (a full disk shows here, with nothing changed yet),
3. the temporary files are renamed into place, those in subfolders first: `related.json` never names a missing fragment,
4. files that are ours and no longer wanted are removed,
5. `manifest.json` is renamed into place, `manifest.next.json` removed.

A run killed at any moment leaves files that either manifest knows, so the next run takes all of them for ours.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import read_if_regular, remove_temporaries, rename, sync_folder, write_temporary
from enishi.writing.lock import locked
from enishi.writing.manifest import JOURNAL_NAME, MANIFEST_NAME, manifest_bytes, read_journal, read_manifest

_OURS = re.compile(r"(?:related|tags)\.json|related/[0-9a-f]{2}\.json|partials/[0-9a-f]+\.html")
"""Names that we give in a folder of our own."""
_DATA_FILE = re.compile(r"(?!(?:.*/)?\.git/)(?:.*/)?[^/]+\.json", re.IGNORECASE)
_DATA_START = re.compile(rb'\{\n  "version": \d+,\n  "posts": \{')
"""Names and first bytes of files that we write among the author's own."""
_RESERVED = frozenset({MANIFEST_NAME, JOURNAL_NAME, ".gitignore"})
_FORBIDDEN = frozenset('\\:*?"<>|')  # what Windows forbids, so that a site builds alike everywhere
_SYNCED_AT_MOST = 64  # thousands of fragments would take a minute; _Run._is_ours says why it is safe without
_NAMED_AT_MOST = 10
_EDITED = (
    "was edited since Enishi wrote it, so it was left as it is and is now out of date. To have it written again, "
    "delete it; to keep your own version, move it elsewhere"
)
_FOREIGN = (
    "was not written by Enishi, so it was left as it is. Delete or move it if Enishi may have this name, else choose "
    "another folder (--out) or another data_file"
)
_LEFT = (
    "is no longer needed, but was edited since Enishi wrote it, so it was left. Delete it if you do not need it: "
    "Enishi will not speak of it again"
)
_KEPT = {_EDITED: "edited-output", _FOREIGN: "foreign-output", _LEFT: "edited-output"}
"""Why a file is left as it is, with the code of the diagnostic."""


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
        state: the folder of the manifest; `out` itself if not given.  For a file among the author's own (`data_file`):
            ``write_outputs(site, {"source/_data/enishi.json": …}, state=site / ".enishi" / "data")``.
        ignores_itself: put a `.gitignore` of ``*`` into `out`, for ``SITE/.enishi``.
        shown_as: how `out` is called in diagnostics; its own name if not given, nothing if empty.

    Raises:
        OutputError: a name or a symbolic link leads out of `out`, or the file system refuses (disk full, read-only).
            Every file is then whole, and unless a rename itself was refused, all of them are what they were before.
    """
    state = state or out
    for name in files:
        if not _is_safe_name(name) or name in _RESERVED:
            raise OutputError(f"{name!r} is not a name for a file inside the output folder: nothing was written.")
    try:
        for folder in (out, state):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(state):
            run = _Run(out.resolve(), state.resolve(), out.name if shown_as is None else shown_as)
            if ignores_itself:
                ignore_in_git(run.out)
            return run.write(files)
    except OSError as error:
        raise _output_error(error, out) from error


def outputs_intact(out: Path, *, state: Path | None = None) -> bool:
    """Whether every file of the manifest is there as we left it, and no run was broken off.  Never raises."""
    try:
        folder = state or out
        hashes = read_manifest(folder / MANIFEST_NAME)
        root = os.fspath(out)  # strings, as a Path for each costs 60 ms over 10,000 files
        contents = ((known, read_if_regular(f"{root}/{name}")) for name, known in hashes.items())
        is_whole = bool(hashes) and not os.path.lexists(folder / JOURNAL_NAME)
        return is_whole and all(current is not None and _sha256(current) == known for known, current in contents)
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
    kept: dict[str, list[str]] = field(default_factory=lambda: {why: [] for why in _KEPT})
    manifest: dict[str, str] = field(default_factory=dict)
    """Hash by name, as it will stand at the end."""


class _Run:
    """One call of :func:`write_outputs`, once it holds the lock."""

    def __init__(self, out: Path, state: Path, shown: str) -> None:
        self.out, self.state, self.shown = out, state, shown
        self.manifest, self.journal = state / MANIFEST_NAME, state / JOURNAL_NAME
        self.is_ours_alone = state == out
        may_be_ours = (_OURS if self.is_ours_alone else _DATA_FILE).fullmatch
        self.before = {name: known for name, known in read_manifest(self.manifest).items() if may_be_ours(name)}
        self.known: dict[str, set[str]] = {name: {known} for name, known in self.before.items()}
        for name, hashes in read_journal(self.journal).items():
            if may_be_ours(name):
                self.known.setdefault(name, set()).update(hashes)

    def write(self, files: Mapping[str, bytes]) -> WriteReport:
        self._refuse_ways_out(files)
        plan = _Plan()
        for name in sorted(files, key=lambda name: (-name.count("/"), name)):
            self._plan_wanted(plan, name, files[name])
        for name in sorted(self.known.keys() - files.keys()):
            self._plan_unwanted(plan, name)
        self._sweep(files)
        manifest = manifest_bytes({name: plan.manifest[name] for name in sorted(plan.manifest)})
        is_clean = not (plan.write or plan.remove or os.path.lexists(self.journal))
        if not (is_clean and read_if_regular(self.manifest) == manifest):
            self._carry_out(plan, files, manifest)
        return WriteReport(
            written=tuple(sorted(plan.write)),
            unchanged=tuple(sorted(plan.unchanged)),
            removed=tuple(sorted(plan.remove)),
            kept=tuple(sorted(name for names in plan.kept.values() for name in names)),
            digest=_sha256(manifest),
            diagnostics=tuple(one for why, names in plan.kept.items() for one in self._diagnostics(names, why)),
        )

    # -- what is to be done ------------------------------------------------------------------------------------------

    def _plan_wanted(self, plan: _Plan, name: str, content: bytes) -> None:
        """Equal bytes are taken for ours whoever wrote them: replacing them loses nothing."""
        target = f"{self.out}/{name}"  # text, as a Path for each of thousands costs more than to look
        current = read_if_regular(target)
        if current == content:
            plan.unchanged.append(name)
        elif not os.path.lexists(target) if current is None else self._is_ours(name, current):
            plan.write.append(name)
        else:
            plan.kept[_EDITED if name in self.known else _FOREIGN].append(name)
            if name in self.before:  # should the author undo the edit, it is ours again
                plan.manifest[name] = self.before[name]
            return
        plan.manifest[name] = _sha256(content)

    def _plan_unwanted(self, plan: _Plan, name: str) -> None:
        target = self.out / name
        if os.path.lexists(target) and _is_safe_name(name) and self._leads_inside(name):
            current = read_if_regular(target)
            is_ours = current is not None and self._is_ours(name, current, self.is_ours_alone)
            (plan.remove if is_ours else plan.kept[_LEFT]).append(name)

    def _is_ours(self, name: str, current: bytes, may_be_empty: bool = True) -> bool:
        """A power cut can leave a file of ours empty or as zero bytes; nothing of an author's is lost with those."""
        if not current.strip(b"\0"):
            return may_be_empty and name in self.known
        is_proven = self.is_ours_alone or _DATA_START.match(current) is not None
        return is_proven and _sha256(current) in self.known.get(name, ())

    def _refuse_ways_out(self, names: Mapping[str, bytes]) -> None:
        for parent in sorted({name.rpartition("/")[0] for name in names}):
            shown = self._show(parent)
            for folder in ((self.out / parent), *(self.out / parent).parents):
                if folder != self.out and os.path.lexists(folder) and not folder.is_dir():
                    raise OutputError(
                        f"{shown} should be a folder, but a file or a broken link is in its place: nothing was "
                        "written. Move it, or choose another folder."
                    )
            if not self._leads_inside(f"{parent}/x" if parent else "x"):
                raise OutputError(
                    f"{shown} is a symbolic link that leads out of the folder: nothing was written. Remove the link, "
                    "or choose another folder."
                )

    def _leads_inside(self, name: str) -> bool:
        return (self.out / name).parent.resolve().is_relative_to(self.out)

    # -- doing it ----------------------------------------------------------------------------------------------------

    def _sweep(self, files: Mapping[str, bytes]) -> None:
        """Removes what killed runs left beside their targets."""
        names = {f"{name.rpartition('/')[0]}/x".lstrip("/") for name in files.keys() | self.known.keys()}
        folders = {(self.out / name).parent for name in names if _is_safe_name(name) and self._leads_inside(name)}
        for folder in sorted({*folders, self.state}):
            remove_temporaries(folder)

    def _carry_out(self, plan: _Plan, files: Mapping[str, bytes], manifest: bytes) -> None:
        """The order is the one that the head of this file gives."""
        targets = {name: self.out / name for name in plan.write}
        folders = sorted({target.parent for target in targets.values()})
        waiting: dict[Path, Path] = {}  # temporary files by their targets

        def place(target: Path) -> None:
            rename(waiting[target], target)
            del waiting[target]

        is_new = not os.path.lexists(self.journal)
        try:
            hashes = self.known | {name: self.known.get(name, set()) | {plan.manifest[name]} for name in targets}
            unknown = {name: sorted(those) for name, those in hashes.items() if those != {self.before.get(name)}}
            waiting[self.journal] = write_temporary(self.state, manifest_bytes(unknown), durable=True)
            place(self.journal)
            sync_folder(self.state)  # known before the first file can be seen
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            for name, target in targets.items():
                durable = len(targets) <= _SYNCED_AT_MOST
                waiting[target] = write_temporary(target.parent, files[name], durable=durable)
            waiting[self.manifest] = write_temporary(self.state, manifest, durable=True)
            is_new = False
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
            if is_new:  # nothing that it speaks of came about
                self.journal.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    def _remove(self, names: Sequence[str]) -> None:
        """Removes files of ours, and the folders below `out` that this leaves empty."""
        for name in names:
            (self.out / name).unlink(missing_ok=True)
        for folder in {(self.out / name).parent for name in names}:
            with suppress(OSError):
                while folder != self.out:
                    folder.rmdir()
                    folder = folder.parent

    def _diagnostics(self, names: Sequence[str], why: str) -> Iterator[Diagnostic]:
        for name in sorted(names)[:_NAMED_AT_MOST]:
            yield Diagnostic(self._show(name), 0, _KEPT[why], Severity.WARNING, f"{why}.")
        more = len(names) - _NAMED_AT_MOST
        if more > 0:
            yield Diagnostic(self._show(""), 0, _KEPT[why], Severity.WARNING, f"{more} more files here: each {why}.")

    def _show(self, name: str) -> str:
        return "/".join(filter(None, (self.shown, name))) or "."


def _is_safe_name(name: str) -> bool:
    """A relative POSIX path of plain parts, on every system: no drive, no stream, no way up, nothing unprintable."""
    return bool(name) and all(
        part not in ("", ".", "..")
        and not part.endswith((" ", "."))
        and part.isprintable()
        and not _FORBIDDEN.intersection(part)
        for part in name.split("/")
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def ignore_in_git(folder: Path) -> None:
    """Put a `.gitignore` of ``*`` into a folder; an author's own stays, an empty one is what a killed run left."""
    target = folder / ".gitignore"
    if not os.path.lexists(target) or read_if_regular(target) == b"":
        rename(write_temporary(folder, b"*\n", durable=False), target)


_REFUSALS = {
    errno.ENOSPC: ("the disk is full", "Make room and build again"),
    errno.EDQUOT: ("your disk quota is used up", "Make room and build again"),
    errno.EROFS: ("the file system is read-only", "Choose another folder with --out"),
    errno.EACCES: ("permission denied", "Make the folder writable, or choose another with --out"),
    errno.EPERM: ("permission denied", "Make the folder writable, or choose another with --out"),
    errno.ENOTDIR: ("a file is where a folder should be", "Move it, or choose another folder with --out"),
    errno.EEXIST: ("a file is where a folder should be", "Move it, or choose another folder with --out"),
}


def _output_error(error: OSError, out: Path) -> OutputError:
    place = error.filename2 or error.filename or out
    other = (error.strerror or str(error), "Choose another folder with --out if this stays")
    why, todo = _REFUSALS.get(error.errno or 0, other)
    return OutputError(f"cannot write to {out}: {why} ({place}). {todo}.")
