"""The findings that a blog has accepted: ``.enishi-baseline.json``, committed with it.

An old archive has hundreds of them; with a baseline, ``enishi check --all`` starts clean and reports what is new.  One
line a finding, sorted, so that two branches merge without a conflict and a reviewer sees what is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from enishi.errors import Diagnostic, OutputError, Severity
from enishi.files import read_file, replace_file
from enishi.findings import Finding

BASELINE_NAME = ".enishi-baseline.json"
_VERSION = 1
_MAX_BYTES = 64 * 1024 * 1024
_HEAD = f'{{\n  "version": {_VERSION},\n  "findings": ['

Entry = tuple[str, str, str, str]
"""(path, code, what it is about, fingerprint)"""


def read_baseline(site: Path) -> tuple[frozenset[str], list[Diagnostic]]:
    """Fingerprints of the findings accepted; none if there is no file.  A broken file counts as none, and is named."""
    entries, problem = _read(site)
    told = [] if not problem else [Diagnostic(BASELINE_NAME, 0, "bad-baseline", Severity.WARNING, problem)]
    return frozenset(entry[3] for entry in entries), told


def write_baseline(site: Path, findings: Iterable[Finding], checked: Collection[str]) -> int:
    """Accept findings; of posts that were not checked, what was accepted before stays.  How many are accepted now.

    Raises:
        OutputError: the file cannot be read or written.
    """
    old, problem = _read(site)
    if problem:
        raise OutputError(f"{BASELINE_NAME} {problem}: it was left as it is. Mend or delete it first")
    seen = set(checked)
    kept = {entry for entry in old if entry[0] not in seen}
    kept |= {(found.path, found.code, found.tag or found.subject, found.fingerprint) for found in findings}
    replace_file(site / BASELINE_NAME, render_baseline(kept), name=BASELINE_NAME)
    return len(kept)


def render_baseline(entries: Iterable[Entry]) -> bytes:
    """The file's bytes; the same entries make the same ones."""
    names = ("path", "code", "about", "fingerprint")
    rows = [json.dumps(dict(zip(names, entry, strict=True)), ensure_ascii=False) for entry in sorted(set(entries))]
    body = ",\n".join(f"    {row}" for row in rows)
    text = f"{_HEAD}\n{body}\n  ]\n}}\n" if rows else f"{_HEAD}]\n}}\n"
    return text.encode("utf-8", "replace")


def _read(site: Path) -> tuple[set[Entry], str]:
    """The entries, and what is wrong with the file."""
    file = site / BASELINE_NAME
    try:
        if file.is_symlink():
            return set(), "is a symbolic link, which is not followed"
        value = json.loads(read_file(file, _MAX_BYTES))
        if value["version"] != _VERSION:
            return set(), f"is of version {str(value['version'])[:20]!r}, which is not known here"
        return {
            (str(found["path"]), str(found["code"]), str(found["about"]), str(found["fingerprint"]))
            for found in value["findings"]
        }, ""
    except FileNotFoundError:
        return set(), ""
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error.__class__.__name__
        return set(), f"cannot be read ({reason}), so nothing counts as accepted"
