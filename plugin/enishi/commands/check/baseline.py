"""The findings that a blog has accepted: ``.enishi-baseline.json``, which is committed with it.

An old archive has hundreds of findings; with a baseline, ``enishi check --all`` starts clean and reports only new ones.
Each finding has a line of its own, sorted, so that branches merge without conflicts and reviewers see what is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import read_file, replace_file
from enishi.findings import Finding, fingerprint

BASELINE_NAME = ".enishi-baseline.json"
_VERSION = 1
_MAX_BYTES = 64 * 1024 * 1024
_HEAD = f'{{\n  "version": {_VERSION},\n  "findings": ['

Entry = tuple[str, str, str, str]
"""(path, code, tag or other subject, fingerprint)"""


def read_baseline(site: Path) -> tuple[frozenset[str], list[Diagnostic]]:
    """Fingerprints of the accepted findings, and a warning if the file is broken, which then accepts nothing."""
    entries, problem = _read(site)
    problems = [Diagnostic(BASELINE_NAME, 0, "bad-baseline", Severity.WARNING, problem)] if problem else []
    return frozenset(entry[3] for entry in entries), problems


def write_baseline(site: Path, findings: Iterable[Finding], checked: Collection[str]) -> int:
    """Accept findings, and keep those accepted before of posts that were not checked; returns how many there are.

    Raises:
        OutputError: the file cannot be read or written.
    """
    old, problem = _read(site)
    if problem:
        raise OutputError(f"{BASELINE_NAME} {problem}: it was left as it is. Mend or delete it first")
    seen = set(checked)
    accepted = {entry for entry in old if entry[0] not in seen}
    named = ((one.path, one.code, one.tag or one.subject) for one in findings)
    accepted |= {(path, code, about, fingerprint(code, path, about)) for path, code, about in named}
    replace_file(site / BASELINE_NAME, render_baseline(accepted), name=BASELINE_NAME)
    return len(accepted)


def render_baseline(entries: Iterable[Entry]) -> bytes:
    """The bytes of the file, the same for the same entries in any order."""
    names = ("path", "code", "about", "fingerprint")
    rows = [json.dumps(dict(zip(names, entry, strict=True)), ensure_ascii=False) for entry in sorted(set(entries))]
    body = ",\n".join(f"    {row}" for row in rows)
    text = f"{_HEAD}\n{body}\n  ]\n}}\n" if rows else f"{_HEAD}]\n}}\n"
    return text.encode("utf-8", "replace")


def _read(site: Path) -> tuple[set[Entry], str]:
    """The entries, and what is wrong with the file, if anything."""
    file = site / BASELINE_NAME
    try:
        if file.is_symlink():
            return set(), "is a symbolic link, which is not followed"
        value = json.loads(read_file(file, _MAX_BYTES))
        if value["version"] != _VERSION:
            return set(), f"is of version {str(value['version'])[:20]!r}, which is not known here"
        return {
            (str(entry["path"]), str(entry["code"]), str(entry["about"]), str(entry["fingerprint"]))
            for entry in value["findings"]
        }, ""
    except FileNotFoundError:
        return set(), ""
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error.__class__.__name__
        return set(), f"cannot be read ({reason}), so nothing counts as accepted"
