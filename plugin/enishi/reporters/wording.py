"""What the formats say alike: why, how sure, what to do, and how many there are of what."""

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
"""Makes a stranger's text fit for the place it is shown in."""

_LONGEST_NAME = 80
GRAVEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class PostFindings:
    """The findings of one post, and what to do about them, said once."""

    path: str
    title: str
    findings: Sequence[Finding]
    advice: Sequence[str]
    """As the findings have it, to be made fit to be shown."""


def by_post(findings: Iterable[Finding]) -> Iterator[PostFindings]:
    """The findings post by post, in their order."""
    for path, group in groupby(findings, lambda finding: finding.path):
        found = list(group)
        title = next((shown(finding.title) for finding in found if finding.title.strip()), "")
        yield PostFindings(path, title, found, _advice_once(found))


def _advice_once(findings: Sequence[Finding]) -> list[str]:
    """With the tag that it is about, where the post is told about several."""
    advised = [finding for finding in findings if any(map(shown, finding.advice))]
    is_plain = len({finding.tag for finding in advised}) < 2
    lines = (
        advice if is_plain or not finding.tag else f"{shown(finding.tag, _LONGEST_NAME)}: {advice}"
        for finding in advised
        for advice in finding.advice
        if shown(advice)
    )
    return list(dict.fromkeys(lines))


def surest_first(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then facts, then judgements by their confidence; otherwise in their order."""
    return sorted(findings, key=gravity)


def gravity(finding: Finding) -> tuple[int, bool, float]:
    """Sorts the gravest first, then the surest; last what follows from any change, so that there is nothing to mend."""
    return GRAVEST_FIRST.index(finding.level), finding.code == "related-change", -sureness(finding)


def sureness(finding: Finding) -> float:
    """The confidence of a judgement, 1 for a fact."""
    return 1.0 if finding.confidence is None else finding.confidence


def percent(confidence: float) -> str:
    """A probability as a person says it, such as `93%`."""
    return f"{round(confidence * 100)}%"


def evidence_of(finding: Finding, safe: Safe = shown) -> list[str]:
    """Why, a line each."""
    return [line for line in map(safe, finding.evidence) if line]


def advice_of(finding: Finding, safe: Safe = shown) -> list[str]:
    """What to do, a line each."""
    return [line for line in map(safe, map(with_code, finding.advice)) if line]


def with_code(advice: str) -> str:
    """Advice for a place that may read it as Markdown: what is to be typed, at its end, stands between backticks."""
    return advice if "`" in advice else _COMMAND.sub("`\\g<0>`", advice)


_COMMAND = re.compile(r"(?<=: )enishi:? [^\n]+\Z")


def message_of(finding: Finding, safe: Safe = shown) -> str:
    """What is wrong; never empty."""
    return safe(finding.message) or safe(finding.code)


def explanation(finding: Finding, safe: Safe = shown) -> str:
    """All there is to say about a finding, for a place that shows several lines and perhaps reads them as Markdown."""
    parts = [message_of(finding, safe)]
    why = [f"- {line}" for line in evidence_of(finding, safe)]
    how_sure = f" ({percent(finding.confidence)} sure)" if finding.confidence is not None else ""
    if why:
        parts.append("\n".join([f"Why{how_sure}:", *why]))
    elif how_sure:
        parts.append(f"How sure: {percent(sureness(finding))}")
    to_do = [f"- {line}" for line in advice_of(finding, safe)]
    if to_do:
        parts.append("\n".join(["What to do:", *to_do]))
    return "\n\n".join(parts)


def sentence(finding: Finding, safe: Safe = shown) -> str:
    """A finding in one line, for a place that has no more."""
    why, advice = "; ".join(evidence_of(finding, safe)), "; ".join(advice_of(finding, safe))
    told = ": ".join(filter(None, [message_of(finding, safe), why]))
    return f"{told}. What to do: {advice}" if advice else told


# -- the whole run ---------------------------------------------------------------------------------------------------


def summary(report: CheckReport) -> str:
    """The run in one line: "3 warnings, 2 notes in 4 posts; evidence: 836 posts; nothing failed"."""
    return f"{what_was_found(report)}; {circumstances(report)}"


def circumstances(report: CheckReport) -> str:
    """What it rests on, what was left out, and whether it failed."""
    parts = [f"evidence: {counted(report.posts, 'post')}"]
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed by the baseline or the posts themselves")
    if report.failing:
        parts.append(f"failed: {', '.join(map(shown, report.failing))}")
    else:
        parts.append("nothing failed")
    return "; ".join(parts)


def what_was_found(report: CheckReport) -> str:
    """How many findings of each level in how many posts."""
    checked = len(report.checked)
    if not report.findings:
        return f"nothing to say about {counted(checked, 'post')}" if checked else "no post to check"
    counts = Counter(finding.level for finding in report.findings)
    found = ", ".join(counted(counts[level], level.value) for level in GRAVEST_FIRST if counts[level])
    posts = len({finding.path for finding in report.findings})
    return f"{found} in {counted(posts, 'post') if posts >= checked else f'{posts} of {checked} posts'}"


def fails(finding: Finding, report: CheckReport) -> bool:
    """Whether a finding is why the check fails; notes never are."""
    return finding.code in report.failing and finding.level != Severity.NOTE


def unique_fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A fingerprint a finding; where two would share one, the later gets a number."""
    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        seen[finding.fingerprint] += 1
        number = seen[finding.fingerprint]
        names.append(finding.fingerprint if number == 1 else f"{finding.fingerprint}-{number}")
    return names


def replacement(finding: Finding) -> tuple[int, int, str | None] | None:
    """First line, last line and new text of a suggested edit; None where a file in UTF-8 cannot hold it.

    The text ends without a line break; it is None where lines are only taken out.
    """
    edit = finding.edit
    if edit is None or not all(map(is_utf8, (*edit.before, *edit.after))):
        return None
    return edit.line, edit.end_line, edit.line_break.join(edit.after) if edit.after else None
