"""Sentences that several formats share: reasons, confidence, advice and the summary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from enishi.errors import Severity
from enishi.findings import CheckReport, Finding
from enishi.text.plural import counted
from enishi.text.printable import is_utf8, shown

Safe = Callable[[str], str]
"""Escapes untrusted text for the place where it is shown."""

_LONGEST_NAME = 80
GRAVEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class PostFindings:
    """The findings of one post, and the advice about them without repetitions."""

    path: str
    title: str
    findings: Sequence[Finding]
    advice: Sequence[str]
    """Not escaped."""


def by_post(findings: Iterable[Finding]) -> Iterator[PostFindings]:
    """The findings grouped by post, in their order."""
    for path, group in groupby(findings, lambda finding: finding.path):
        of_post = list(group)
        title = next((shown(finding.title) for finding in of_post if finding.title.strip()), "")
        yield PostFindings(path, title, of_post, _advice_once(of_post))


def _advice_once(findings: Sequence[Finding]) -> list[str]:
    """The advice about a post; where several tags are concerned, each line names its tag."""
    advised = [finding for finding in findings if any(map(shown, finding.advice))]
    is_plain = len({finding.tag for finding in advised}) < 2
    lines = (
        advice if is_plain or not finding.tag else f"{shown(finding.tag, _LONGEST_NAME)}: {advice}"
        for finding in advised
        for advice in finding.advice
        if shown(advice)
    )
    return list(dict.fromkeys(lines))


def gravity(finding: Finding) -> tuple[int, float]:
    """A sorting key: the gravest first, then facts, then judgements by their confidence."""
    return GRAVEST_FIRST.index(finding.level), -1.0 if finding.confidence is None else -finding.confidence


def percent(confidence: float) -> str:
    """A probability in percent, such as `93%`."""
    return f"{round(confidence * 100)}%"


def evidence_of(finding: Finding, safe: Safe = shown) -> list[str]:
    """The reasons, one line each."""
    return [line for line in map(safe, finding.evidence) if line]


def advice_of(finding: Finding, safe: Safe = shown) -> list[str]:
    """The advice, one line each."""
    return [line for line in map(safe, map(with_code, finding.advice)) if line]


def with_code(advice: str) -> str:
    """Puts a command at the end of the advice between backticks, for places that may read it as Markdown."""
    return advice if "`" in advice else _COMMAND.sub("`\\g<0>`", advice)


_COMMAND = re.compile(r"(?:(?<=run: )|(?<=repository: )|(?<=front matter: ))[^\n]+\Z")
"""Or a line of front matter."""


def message_of(finding: Finding, safe: Safe = shown) -> str:
    """The message; the code where it would be empty."""
    return safe(finding.message) or safe(finding.code)


def explanation(finding: Finding, safe: Safe = shown) -> str:
    """A finding in full: several lines, which may be read as Markdown."""
    parts = [message_of(finding, safe)]
    why = [f"- {line}" for line in evidence_of(finding, safe)]
    how_sure = "" if finding.confidence is None else percent(finding.confidence)
    if why:
        parts.append("\n".join([f"Why ({how_sure} sure):" if how_sure else "Why:", *why]))
    elif how_sure:
        parts.append(f"How sure: {how_sure}")
    to_do = [f"- {line}" for line in advice_of(finding, safe)]
    if to_do:
        parts.append("\n".join(["What to do:", *to_do]))
    return "\n\n".join(parts)


def sentence(finding: Finding, safe: Safe = shown) -> str:
    """A finding in full on one line."""
    why, advice = "; ".join(evidence_of(finding, safe)), "; ".join(advice_of(finding, safe))
    text = ": ".join(filter(None, [message_of(finding, safe), why]))
    return f"{text}. What to do: {advice}" if advice else text


def summary(report: CheckReport) -> str:
    """The run in one line: "3 warnings, 2 notes in 4 posts; evidence: 836 posts; nothing failed"."""
    return f"{totals(report)}; {circumstances(report)}"


def circumstances(report: CheckReport) -> str:
    """How many posts were the evidence, what was left out, and whether the check failed."""
    parts = [f"evidence: {counted(report.posts, 'post')}"]
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed by the baseline or the posts themselves")
    if report.failing:
        parts.append(f"failed: {', '.join(map(shown, report.failing))}")
    else:
        parts.append("nothing failed")
    return "; ".join(parts)


def totals(report: CheckReport) -> str:
    """How many findings of each level in how many posts."""
    checked = len(report.checked)
    if not report.findings:
        return f"nothing to say about {counted(checked, 'post')}" if checked else "no post to check"
    counts = Counter(finding.level for finding in report.findings)
    levels = ", ".join(counted(counts[level], level.value) for level in GRAVEST_FIRST if counts[level])
    posts = len({finding.path for finding in report.findings})
    return f"{levels} in {counted(posts, 'post') if posts >= checked else f'{posts} of {checked} posts'}"


def unique_fingerprints(findings: Sequence[Finding]) -> list[str]:
    """The fingerprint of each finding; where two share one, a number is appended to the later."""
    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        seen[finding.fingerprint] += 1
        number = seen[finding.fingerprint]
        names.append(finding.fingerprint if number == 1 else f"{finding.fingerprint}-{number}")
    return names


def replacement(finding: Finding) -> tuple[int, int, str | None] | None:
    """First line, last line and new text of a suggested edit; None where UTF-8 cannot express it.

    The text ends without a line break; it is None where lines are only deleted.
    """
    edit = finding.edit
    if edit is None or not all(map(is_utf8, (*edit.before, *edit.after))):
        return None
    return edit.line, edit.end_line, edit.line_break.join(edit.after) if edit.after else None
