"""Syntax of site generators that takes whole lines: admonitions, MDX's statements, abbreviations."""

from __future__ import annotations

import re


def plain_lines(body: str) -> str:
    """The body without lines that only a generator reads."""
    if "{:" in body:
        body = _KRAMDOWN_TOC.sub("", body)
    if "*[" in body:
        body = _ABBREVIATION.sub(r"\1:", body)
    if _MARKS_OF_ADMONITIONS.search(body) and _ADMONITION_ANYWHERE.search(body):
        body = _dedent_admonitions(body)
    if _MDX_AT_THE_TOP.match(body):
        body = _MDX_STATEMENT.sub("", body)
    return body


_KRAMDOWN_TOC = re.compile(r"^ {0,3}(?:[-*+]|\d\.)[ \t]+[^\n]*\n {0,3}\{:[ \t]*toc\b[^{}\n]*\}[ \t]*$", re.MULTILINE)
_ABBREVIATION = re.compile(r"^\*\[([^\[\]\n]+)\]:", re.MULTILINE)

_ADMONITION_LINE = re.compile(
    r'([ \t]*)(?:(?:!!!|\?\?\?\+?)[ \t]+[\w-][^\n"]*+|===[+!]?[ \t]+(?="))(?:"([^"\n]*)")?[ \t]*'
)
_MARKS_OF_ADMONITIONS = re.compile(r"!!!|\?\?\?|===")
_ADMONITION_ANYWHERE = re.compile(r'^[ \t]*(?:(?:!!!|\?\?\?\+?)[ \t]+[\w-]|===[+!]?[ \t]+")', re.M)
_FENCE_LINE = re.compile(r"[ \t]*(`{3,}|~{3,})")


def _dedent_admonitions(text: str) -> str:
    """Titles of ``!!! note "Title"`` and ``=== "Tab"`` as paragraphs, their indented bodies as plain markdown."""
    out: list[str] = []
    margins: list[int] = [0]
    fence = ""
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if line.strip():
            while len(margins) > 1 and indent < margins[-1]:
                margins.pop()
                fence = ""
        marker = None if fence else _ADMONITION_LINE.fullmatch(line)
        if marker and len(marker.group(1)) - margins[-1] < 4:
            out += ["", marker.group(2) or "", ""]
            margins.append(len(marker.group(1)) + 4)
            continue
        fence_line = _FENCE_LINE.match(line)
        if fence_line:
            if not fence:
                fence = fence_line.group(1)
            elif fence_line.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        out.append(line[min(margins[-1], indent) :])
    return "\n".join(out)


_MDX_STATEMENT = re.compile(
    r"^import\s+(?:[\w*${][^\n;'\"]{0,400}[ \t}]from[ \t]{1,9})?(?:\"[^\"\n]+\"|'[^'\n]+');?[ \t]*$"
    r"|^export\s+(?:const|let|var|default|function|async)\b[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*",
    re.M,
)
_MDX_AT_THE_TOP = re.compile(r"\s*(?:import\s[^\n]*[\"'];?[ \t]*$|export\s+(?:const|let|default|function)\b)", re.M)
