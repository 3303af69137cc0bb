"""Files on disk: written only when they differ, each at once or not at all, and nobody else's are touched.

A folder of ours holds `manifest.json`, which names every file that we wrote there with its SHA-256.  A file is *ours*
if it is named there and still has that hash; only such files are replaced or removed.  The order of one run is

1. every new file is written to a temporary name (a full disk shows here, with nothing changed yet),
2. `manifest.next.json` says which hashes are about to appear,
3. the temporary files are renamed into place, those in subfolders first: `related.json` never names a missing fragment,
4. files that are ours and no longer wanted are removed,
5. `manifest.json` is renamed into place, `manifest.next.json` removed.

A run killed at any moment leaves files that either manifest knows, so the next run takes all of them for ours.  The
kernel's lock on the folder keeps two runs apart and cannot outlive its process.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from enishi.errors import Diagnostic, OutputError, Severity

MANIFEST_NAME = "manifest.json"
JOURNAL_NAME = "manifest.next.json"
SCRATCH_NAME = ".scratch"

_RESERVED = frozenset({MANIFEST_NAME, JOURNAL_NAME, ".gitignore", SCRATCH_NAME})
_MANIFEST_START = b'{"enishi_manifest": 1,'
_TEMPORARY = re.compile(r"\.enishi-[0-9a-f]+\.tmp~")  # Hexo, Jekyll, Pelican and editors ignore a dot or a final ~
_FORBIDDEN = frozenset('\\:*?"<>|')  # what Windows forbids, so that a site builds alike everywhere
_SYNCED_AT_MOST = 64  # thousands of fragments would take a minute; _Run._is_ours says why it is safe without
_NAMED_AT_MOST = 10
_WINDOWS = os.name == "nt"
_LOCK_PATIENCE = 60.0  # seconds; a write takes two


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


def write_outputs(
    out: Path,
    files: Mapping[str, bytes],
    *,
    state: Path | None = None,
    scratch: Path | None = None,
    ignores_itself: bool = False,
    shown_as: str | None = None,
) -> WriteReport:
    """Make the files of `out` that are ours exactly `files`: write what differs, remove what is no longer there.

    Args:
        out: the only folder that is written to (beside `state` and `scratch`); made if it is missing.
        files: bytes by name; a name is a relative POSIX path, such as ``partials/3f0c.html``.
        state: the folder of the manifest; `out` itself if not given.  For a file among the author's own
            (`data_file`): ``write_outputs(site, {"source/_data/enishi.json": …}, state=site / ".enishi" / "data")``.
        scratch: where temporary files lie until they are renamed, outside of what the generator watches; a folder in
            `state` if not given.  If it is on another file system, they lie beside their targets, as hidden files.
        ignores_itself: put a `.gitignore` of ``*`` into `out`, for ``SITE/.enishi``.
        shown_as: how `out` is called in diagnostics; its own name if not given, nothing if empty.

    Raises:
        OutputError: a name or a symbolic link leads out of `out`, or the file system refuses (disk full, read-only).
            Every file is then whole, and unless a rename itself was refused, all of them are what they were before.
    """
    state = state or out
    shown = out.name if shown_as is None else shown_as
    _refuse_bad_names(files)
    try:
        for folder in (out, state):
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            run = _Run(out.resolve(), state.resolve(), scratch or state / SCRATCH_NAME, shown)
            stack.enter_context(_locked(run.state))
            if ignores_itself:
                _ignore_in_git(run.out)
            return run.write(files, stack)
    except OSError as error:
        raise _output_error(error, out) from error


def outputs_intact(out: Path, *, state: Path | None = None) -> bool:
    """Whether every file of the manifest is there as we left it, and no run was broken off.  Never raises."""
    try:
        folder = state or out
        if os.path.lexists(folder / JOURNAL_NAME) or os.path.lexists(folder / SCRATCH_NAME):
            return False
        hashes = _read_manifest(folder / MANIFEST_NAME)
        root = os.fspath(out)  # strings, as a Path for each costs 60 ms over 10,000 files
        return bool(hashes) and all(_hash_of(f"{root}/{name}") == known for name, known in hashes.items())
    except (OSError, OutputError):
        return False


def written_digest(out: Path, *, state: Path | None = None) -> str:
    """Names what was written last, by whomever: the hash of the manifest; empty without one.  Never raises."""
    try:
        manifest = _bytes_of((state or out) / MANIFEST_NAME)
    except OSError:
        return ""
    return _sha256(manifest) if manifest else ""


def written_files(out: Path, *, state: Path | None = None) -> tuple[str, ...]:
    """Names of the files that the manifest calls ours, sorted; empty without a readable manifest."""
    try:
        return tuple(sorted(_read_manifest((state or out) / MANIFEST_NAME)))
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
    """Hashes that may be found if the run is broken off and that the old manifest does not know."""


class _Run:
    """One call of :func:`write_outputs`, once it holds the lock."""

    def __init__(self, out: Path, state: Path, scratch: Path, shown: str) -> None:
        self.out = out
        self.state = state
        self.scratch = scratch
        self.shown = shown
        self.known: dict[str, set[str]] = {}

    def write(self, files: Mapping[str, bytes], stack: ExitStack) -> WriteReport:
        manifest_path, journal_path = self.state / MANIFEST_NAME, self.state / JOURNAL_NAME
        before = _read_manifest(manifest_path)
        self.known = {name: {known} for name, known in before.items()}
        for name, hashes in _read_journal(journal_path).items():
            self.known.setdefault(name, set()).update(hashes)
        self._refuse_ways_out(files)
        plan = self._plan(files, before)
        self._sweep(files)
        manifest = _manifest_bytes(plan.manifest)
        clean = not (plan.write or plan.remove or os.path.lexists(journal_path))
        if clean and _bytes_of(manifest_path) == manifest:
            return self._report(plan, manifest)
        with _Staging(self._scratch_for_use(stack)) as staging:
            durable = len(plan.write) <= _SYNCED_AT_MOST
            for name in plan.write:
                staging.add(self.out / name, files[name], durable=durable)
            staged_manifest = staging.add(manifest_path, manifest, durable=True, apart=True)
            if plan.transient:
                staging.place(staging.add(journal_path, _journal_bytes(plan.transient), durable=True, apart=True))
                _sync_folder(self.state)  # known before the first file can be seen
            staging.place_all()
            self._remove(plan.remove)
            staging.place(staged_manifest)
            _sync_folder(self.state)
        _remove_file(journal_path)
        return self._report(plan, manifest)

    # -- what is to be done ------------------------------------------------------------------------------------------

    def _plan(self, files: Mapping[str, bytes], before: Mapping[str, str]) -> _Plan:
        plan = _Plan()
        for name in sorted(files, key=_subfolders_first):
            self._plan_wanted(plan, name, files[name], before)
        for name in sorted(self.known.keys() - files.keys()):
            self._plan_unwanted(plan, name, before)
        return plan

    def _plan_wanted(self, plan: _Plan, name: str, content: bytes, before: Mapping[str, str]) -> None:
        """Equal bytes are taken for ours whoever wrote them: replacing them loses nothing."""
        wanted = _sha256(content)
        target = f"{self.out}/{name}"  # text, as a Path for each of thousands costs more than to look
        mode = _mode_of(target)
        found = _bytes_of(target) if stat.S_ISREG(mode) else None
        if found == content:
            plan.unchanged.append(name)
        elif mode == 0 or (found is not None and self._is_ours(name, found)):
            plan.write.append(name)
            if found is not None:
                self._may_be_found(plan, name, _sha256(found), before)
        else:
            (plan.edited if name in self.known else plan.foreign).append(name)
            if name in before:  # should the author undo the edit, it is ours again
                plan.manifest[name] = before[name]
            return
        plan.manifest[name] = wanted
        self._may_be_found(plan, name, wanted, before)

    def _plan_unwanted(self, plan: _Plan, name: str, before: Mapping[str, str]) -> None:
        target = self.out / name
        mode = _mode_of(target)
        if mode == 0 or not _is_safe_name(name) or not self._leads_inside(name):
            return
        found = _bytes_of(target) if stat.S_ISREG(mode) else None
        if found is not None and self._is_ours(name, found):
            plan.remove.append(name)
            self._may_be_found(plan, name, _sha256(found), before)
        else:
            plan.left.append(name)

    def _is_ours(self, name: str, found: bytes) -> bool:
        """A power cut can leave a file of ours empty or as zero bytes; nothing of an author's is lost with those."""
        hashes = self.known.get(name)
        return hashes is not None and (_sha256(found) in hashes or not found.strip(b"\0"))

    @staticmethod
    def _may_be_found(plan: _Plan, name: str, found: str, before: Mapping[str, str]) -> None:
        if before.get(name) != found:
            plan.transient.setdefault(name, set()).add(found)

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

    def _scratch_for_use(self, stack: ExitStack) -> Path | None:
        """The scratch folder, emptied of what killed runs left; None where it is on another file system."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        if self.scratch.resolve() != self.state:
            stack.enter_context(_locked(self.scratch))
        if self._has_own_scratch():
            stack.callback(_rmdir_quietly, self.scratch)
        _remove_leftovers(self.scratch)
        same = self.scratch.stat().st_dev == self.out.stat().st_dev == self.state.stat().st_dev
        return self.scratch if same else None

    def _sweep(self, files: Mapping[str, bytes]) -> None:
        """Removes what killed runs left beside their targets and in the scratch folder."""
        names = {name.rpartition("/")[0] for name in files.keys() | self.known.keys()}
        inside = {f"{name}/x" if name else "x" for name in names}
        folders = {(self.out / name).parent for name in inside if _is_safe_name(name) and self._leads_inside(name)}
        for folder in sorted(folders | {self.state}):
            _remove_leftovers(folder)
        if self._has_own_scratch():
            _remove_leftovers(self.scratch)
            _rmdir_quietly(self.scratch)

    def _has_own_scratch(self) -> bool:
        """Whether the lock on `state` covers the scratch folder, so that it may come and go."""
        return self.scratch.parent.resolve() == self.state

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


class _Staging:
    """Temporary files waiting to be renamed into place.  Whatever was not placed is removed at the end."""

    def __init__(self, scratch: Path | None) -> None:
        self._scratch = scratch
        self._waiting: dict[Path, Path] = {}
        self._apart: set[Path] = set()
        self._made: set[Path] = set()
        self._touched: set[Path] = set()
        self._serial = 0
        self._durable = True

    def __enter__(self) -> _Staging:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self._waiting.values():
            with suppress(OSError):
                temporary.unlink()

    def add(self, target: Path, content: bytes, *, durable: bool, apart: bool = False) -> Path:
        """Writes the bytes to a temporary file for `target`; `apart` keeps it out of :meth:`place_all`."""
        folder = self._scratch or target.parent
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        self._serial += 1
        temporary = folder / f".enishi-{os.getpid():x}{time.time_ns():x}{self._serial:x}.tmp~"
        self._waiting[target] = temporary
        if apart:
            self._apart.add(target)
        _write_new(temporary, content, durable=durable)
        return target

    def place_all(self) -> None:
        """Renames everything that was not added apart, in the order of adding."""
        for target in [waiting for waiting in self._waiting if waiting not in self._apart]:
            self.place(target)
        for folder in sorted(self._touched):
            _sync_folder(folder)

    def place(self, target: Path) -> None:
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        _replace(self._waiting[target], target)
        del self._waiting[target]
        self._touched.add(target.parent)


# -- manifests -------------------------------------------------------------------------------------------------------


def _manifest_bytes(hashes: Mapping[str, str]) -> bytes:
    return _framed({name: hashes[name] for name in sorted(hashes)})


def _journal_bytes(hashes: Mapping[str, set[str]]) -> bytes:
    return _framed({name: sorted(hashes[name]) for name in sorted(hashes)})


def _framed(entries: Mapping[str, object]) -> bytes:
    """One file a line: people look at it in a diff when they wonder what changed."""
    pairs = ((json.dumps(name, ensure_ascii=False), json.dumps(value)) for name, value in entries.items())
    lines = ",\n".join(f"  {name}: {value}" for name, value in pairs)
    return _MANIFEST_START + b'\n"sha256": {\n' + lines.encode("utf-8") + b"\n}}\n"


def _read_manifest(path: Path) -> dict[str, str]:
    entries = _read_framed(path)
    return {name: value for name, value in entries.items() if isinstance(value, str)}


def _read_journal(path: Path) -> dict[str, list[str]]:
    entries = _read_framed(path)
    return {
        name: [one for one in value if isinstance(one, str)]
        for name, value in entries.items()
        if isinstance(value, list)
    }


def _read_framed(path: Path) -> dict[str, object]:
    """Entries of a manifest of ours; none if it is missing or damaged.

    Raises:
        OutputError: the name is taken by something that we did not write.
    """
    mode = _mode_of(path)
    if mode == 0:
        return {}
    content = _bytes_of(path) if stat.S_ISREG(mode) else None
    if content is None or (content.strip(b"\0") and not content.startswith(_MANIFEST_START)):
        raise OutputError(
            f"{path} is in the way: Enishi keeps the list of its own files under this name, and did not write this "
            "one. Choose another folder (--out), or move that file."
        )
    try:
        entries = json.loads(content)["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}


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


def _mode_of(path: Path | str) -> int:
    """File type and permissions of what is there, a link not followed; 0 where nothing is."""
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _bytes_of(path: Path | str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - three times as fast as Path.read_bytes
            return file.read()
    except FileNotFoundError:
        return None


def _hash_of(path: str) -> str:
    """The hash of a regular file, empty for anything else."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return ""
    content = _bytes_of(path)
    return "" if content is None else _sha256(content)


def _write_new(path: Path, content: bytes, *, durable: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o666)
    with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        if durable:
            os.fsync(descriptor)


def _replace(source: Path, target: Path) -> None:
    """A rename that waits a moment for a virus scanner or an indexer, as Windows needs it."""
    for pause in (0.02, 0.1, 0.5):
        try:
            source.replace(target)
        except PermissionError:
            if not _WINDOWS:
                raise
            time.sleep(pause)
        else:
            return
    source.replace(target)


def _remove_file(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def _rmdir_quietly(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _remove_leftovers(folder: Path) -> None:
    try:
        leftovers = [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in leftovers:
        _remove_file(path)


def _sync_folder(folder: Path) -> None:
    """Makes renames last; some file systems and Windows cannot, and need not."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _ignore_in_git(folder: Path) -> None:
    """An author's own `.gitignore` stays; an empty one is what a killed run left."""
    target = folder / ".gitignore"
    if _mode_of(target) == 0 or (stat.S_ISREG(_mode_of(target)) and target.stat().st_size == 0):
        with _Staging(folder) as staging:
            staging.place(staging.add(target, b"*\n", durable=False))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the folder's lock.  File systems without locks get none: a lone build, the rule there, needs none."""
    if sys.platform == "win32":
        with _locked_on_windows(folder):
            yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + _LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                _wait_for_lock(deadline, folder)
            except OSError:
                break
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _locked_on_windows(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        import msvcrt

        with open(folder / ".enishi-lock", "ab") as file:  # noqa: PTH123
            deadline = time.monotonic() + _LOCK_PATIENCE
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    _wait_for_lock(deadline, folder)
            yield
    else:
        yield


def _wait_for_lock(deadline: float, folder: Path) -> None:
    if time.monotonic() > deadline:
        raise OutputError(f"another build has been writing to {folder} for a minute: wait for it, or end it.")
    time.sleep(0.02)


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
