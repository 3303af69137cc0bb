"""Syntax of site generators that takes whole lines: admonitions, MDX's statements, a second front matter."""

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

_YAML_LINE = re.compile(r"(?:[A-Za-z_][\w.-]*:(?:[ \t].*)?|[ \t]+\S.*|-(?:[ \t].*)?|#.*|[ \t]*)")
_KNOWN_KEY = re.compile(
    r"(?:title|date|updated|tags?|categor(?:y|ies)|layout|permalink|author|description|thumbnail|cover|keywords|slug|draft"
    r"|lang|recommendations|excerpt|comments|toc|mathjax|published|image|lastmod|series|topics|type|emoji|id):(?:\s|$)"
)
_LEAD_LINES = 200


def drop_second_front_matter(body: str) -> str:
    """The body without a second block of front matter or settings that a tool left at its beginning."""
    text = body.lstrip("\ufeff \t\r\n")
    if not text or not (text.startswith(("---", "+++", ";;;")) or _KNOWN_KEY.match(text)):
        return body
    fence = text[:3] if text.startswith(("---", "+++", ";;;")) else ""
    lines = text[:20_000].split("\n")[:_LEAD_LINES]
    first = 1 if fence else 0
    if fence and lines[0].strip().strip(fence[0]):
        return body
    known = 0
    for number in range(first, len(lines)):
        line = lines[number].rstrip("\r")
        if line.startswith(fence or "---") and not line.strip(" \t" + (fence or "---")[0]):
            return "\n".join(text.split("\n")[number + 1 :]) if known >= (1 if fence else 2) else body
        if fence in ("", "---"):
            if not _YAML_LINE.fullmatch(line):
                return body
            known += _KNOWN_KEY.match(line) is not None if not fence else line[:1].isalpha()
        else:
            known += "=" in line or ":" in line
        if not fence and not line.strip():
            return text[sum(len(part) + 1 for part in lines[:number]) :] if known >= 2 else body
    return body
