"""`markdown`: a summary for a comment on a pull request or for `$GITHUB_STEP_SUMMARY`.

One table per post, the gravest first, with the evidence folded behind its strongest reason; advice comes once per post.

Untrusted text stays text: every character that Markdown or HTML could interpret becomes a character reference, and a
zero-width space splits what services still act on (mentions, issue numbers, addresses).
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
    totals,
    with_code,
)
from enishi.text.plural import counted
from enishi.text.printable import shown, shown_path

LONGEST_REPORT = 60_000
"""Characters; a comment on GitHub may have 65,536."""


def render(report: CheckReport) -> str:
    """GitHub's Markdown; posts that would make the comment too long are only counted."""
    parts = [f"### Enishi: {totals(report)}\n"]
    parts += [f"> {_text(note)}\n" for note in report.notes]
    # the gravest first, because posts at the end of a long comment are left out
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
    """In HTML, because Markdown has no folding and a table cell only one line."""
    lines = [line for line in map(_sentence, evidence) if line]
    if len(lines) < 2:
        return "".join(lines)
    rest = "".join(f"<li>{line}</li>" for line in lines[1:])
    return f"<details><summary>{lines[0]}</summary><ul>{rest}</ul></details>"


_ACTS = re.compile(r"[\\`*_\[\]<>|~$&@#!]|:(?=//|[\w+-]+:)|\bwww(?=\.)|\bGH-(?=\d)")
_STARTS_BLOCK = re.compile(r"[-+=]|(?<=\d)[.)]")
_NUMBER = re.compile(r"\d*")
_CODE = re.compile(r"`([^`]+)`")
_FITS_BACKTICKS = re.compile(r"[^`|\\ ](?:[^`|\\]*[^`|\\ ])?")
_PARTED = "&#8203;"


def _sentence(text: str) -> str:
    """One of our sentences, in which names stand between backticks."""
    pieces = _CODE.split(shown(text))
    return "".join(_code(piece) if number % 2 else _escaped(piece, number == 0) for number, piece in enumerate(pieces))


def _text(text: str) -> str:
    return _escaped(shown(text), True)


def _code(text: str) -> str:
    """As code; in HTML where backticks cannot hold the text, or a bar in it would end the table cell."""
    if _FITS_BACKTICKS.fullmatch(text):
        return f"`{text}`"
    return f"<code>{_escaped(text, False)}</code>"


def _escaped(text: str, starts: bool) -> str:
    """`starts`: whether the text begins a line, where it could start a list or a rule."""
    safe = _ACTS.sub(_as_reference, text)
    digits = _NUMBER.match(safe)
    place = digits.end() if starts and digits else -1
    if place >= 0 and _STARTS_BLOCK.match(safe, place):
        return f"{safe[:place]}&#{ord(safe[place])};{safe[place + 1 :]}"
    return safe


def _as_reference(match: re.Match[str]) -> str:
    characters = match.group()
    if len(characters) > 1 or characters == ":":
        return characters + _PARTED
    reference = f"&#{ord(characters)};"
    following = match.string[match.end() : match.end() + 1]
    return reference + _PARTED if characters in "@#!" and following.isalnum() else reference
