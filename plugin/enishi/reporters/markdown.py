"""`markdown`: a summary for a comment on a pull request or for `$GITHUB_STEP_SUMMARY`.

A table a post, the gravest first, with the evidence folded behind its strongest clause; what to do is said once a post.

A stranger's text stands in it as text: whatever Markdown or HTML would read becomes a character reference, which makes
structure nowhere, and a zero-width blank parts what services act on after that (mentions, issue numbers, addresses).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from enishi.findings import CheckReport, Finding
from enishi.reporters.wording import (
    PostFindings,
    by_post,
    circumstances,
    gravity,
    message_of,
    percent,
    what_was_found,
    with_code,
)
from enishi.text.plural import counted
from enishi.text.printable import shown, shown_path

LONGEST_REPORT = 60_000
"""Characters; a comment on GitHub may have 65,536."""


def report_markdown(report: CheckReport) -> str:
    """GitHub's Markdown; posts that would make a comment too long are counted instead."""
    parts = [f"### Enishi: {what_was_found(report)}\n"]
    parts += [f"> {_text(note)}\n" for note in report.notes]
    # The gravest first: at the end of a long comment posts are left out.
    gravest = sorted(by_post(report.findings), key=lambda post: min(map(gravity, post.findings)))
    posts = [_post(post, report) for post in gravest]
    length = sum(map(len, parts))
    for number, part in enumerate(posts):
        length += len(part) + 1
        if length > LONGEST_REPORT:
            parts.append(f"… and {counted(len(posts) - number, 'more post')}, too many for a comment\n")
            break
        parts.append(part)
    parts.append(f"{_text(circumstances(report))}\n")
    return "\n".join(parts)


def _post(post: PostFindings, report: CheckReport) -> str:
    path = _code(shown_path(report.in_repository(post.path)))
    lines = [f"#### {_text(post.title)} {path}" if post.title else f"#### {path}", ""]
    lines += ["| What | How sure | Why |", "|---|---:|---|"]
    lines += [_row(finding) for finding in post.findings]
    if post.advice:
        lines += ["", "**What to do**", "", *(f"- {_sentence(with_code(advice))}" for advice in post.advice)]
    return "\n".join([*lines, ""])


def _row(finding: Finding) -> str:
    how_sure = "" if finding.confidence is None else percent(finding.confidence)
    what = f"**{finding.level.value}:** {_sentence(message_of(finding))}"
    place = f"<sub>line {finding.line}, {_code(shown(finding.code))}</sub>"
    return f"| {what}<br>{place} | {how_sure} | {_folded(finding.evidence)} |"


def _folded(evidence: Sequence[str]) -> str:
    """HTML, because a cell has one line and Markdown no folds."""
    lines = [line for line in map(_sentence, evidence) if line]
    if len(lines) < 2:
        return "".join(lines)
    rest = "".join(f"<li>{line}</li>" for line in lines[1:])
    return f"<details><summary>{lines[0]}</summary><ul>{rest}</ul></details>"


# -- text ------------------------------------------------------------------------------------------------------------

_ACTS = re.compile(r"[\\`*_\[\]<>|~$&@#!]|:(?=//|[\w+-]+:)|\bwww(?=\.)|\bGH-(?=\d)")
_STARTS_BLOCK = re.compile(r"[-+=]|(?<=\d)[.)]")
_NUMBER = re.compile(r"\d*")
_CODE = re.compile(r"`([^`]+)`")
_FITS_BACKTICKS = re.compile(r"[^`|\\ ](?:[^`|\\]*[^`|\\ ])?")
_PARTED = "&#8203;"


def _sentence(text: str) -> str:
    """A sentence of ours, in which names stand between backticks."""
    pieces = _CODE.split(shown(text))
    return "".join(_code(piece) if number % 2 else _escaped(piece, number == 0) for number, piece in enumerate(pieces))


def _text(text: str) -> str:
    return _escaped(shown(text), True)


def _code(text: str) -> str:
    """In the font of code.  As HTML where backticks cannot hold it, or a bar inside them would end a cell."""
    if _FITS_BACKTICKS.fullmatch(text):
        return f"`{text}`"
    return f"<code>{_escaped(text, False)}</code>"


def _escaped(text: str, starts: bool) -> str:
    """`starts`: nothing stands before it, so that a list or a rule could begin with it."""
    safe = _ACTS.sub(_as_reference, text)
    digits = _NUMBER.match(safe)
    place = digits.end() if starts and digits else -1
    if place >= 0 and _STARTS_BLOCK.match(safe, place):
        return f"{safe[:place]}&#{ord(safe[place])};{safe[place + 1 :]}"
    return safe


def _as_reference(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) > 1 or found == ":":
        return found + _PARTED
    reference = f"&#{ord(found)};"
    following = match.string[match.end() : match.end() + 1]
    return reference + _PARTED if found in "@#!" and following.isalnum() else reference
