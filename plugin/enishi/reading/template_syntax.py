"""Removes the syntax of site generators from markdown and leaves what a reader would read.

Markdown parsers know nothing of ``{% note %}``, ``{{< figure >}}``, ``:::message`` or ``{: .class}``.  One pass from
left to right turns them into plain markdown before it is parsed: links stay links, captions stay text, code stays
code, everything else goes.  Code is left alone: there the braces are what the author writes about.

Every step either moves on or looks ahead by a bounded distance, so that the whole is linear in the length of the text.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right

from enishi.reading.line_syntax import plain_lines
from enishi.reading.template_tags import code_language, link_target, named_text, visible_text

MORE_MARK = "\0"
"""Stands where the author put ``<!-- more -->``.  NUL cannot come from the body: it is taken out first."""

_REACH = 4_000
"""Characters that a tag may have; what is longer is text with a stray brace in it."""

_LINE_REACH = 240
"""Characters before a place in which the beginning of its line or link is looked for."""

_DROPPED = "script|style|svg|iframe|noscript|object|canvas|template|video|audio"

# Each branch begins with a character as such, no repetition or condition: only then does the regex engine skip plain
# text at the speed of memchr.
_SYNTAX = re.compile(
    r"\{[%{#:.]|\{/\*|\\begin\{|\}\}|%\}|:::+|@\[|\[!\w|!\[\^|\[\[?(?:toc|TOC)\]|<!|<\?"
    r"|:(?<!\(https:)(?<!\(http:)(?<!\"https:)(?<!\"http:)//"
    rf"|<(?:(?i:pre|{_DROPPED})\b|[A-Z][\w.]*)"
)
_TRIGGER = re.compile(r"``*|~~~+|" + _SYNTAX.pattern)

_LONG = 1_500
_LONG_RUN = re.compile(rf"[!-~]{{{_LONG},}}")
_CJK_RUN = re.compile("[\u3001-\u30ff\u3400-\u9fff\uff01-\uff9f]+")
_RAW_MARKER = re.compile(r"\{%-?\s*(?:end)?(?:raw|verbatim)\s*-?%\}")
_LINE_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*[ \t>]*")
_IN_TARGET = re.compile(r"""(?:\]\(\s*<?|\bhref\s*=\s*["']?|^\s*\[[^\]\n]+\]:\s*<?)[^\s()"'<>]*\Z""", re.I | re.M)
_TAG_NAME = re.compile(r"[\s/-]*([\w.-]*)")
_ATTRIBUTE_LIST = re.compile(
    r"\{(?::{1,2}(?:[\s.#/:]|toc\b|no_toc\b|\w+=|nomarkdown|options|comment)[^{}\n]*|[.#][\w-][^{}\n]*)\}"
)
_CONTAINER_LINE = re.compile(r":{3,}[ \t]*([^\n]*)")
_CONTAINER_HEAD = re.compile(r"\A[\w-]*\s*(?:alert\b)?\s*")
_EMBED = re.compile(r"@\[(\w+)\](?:\(([^()\n]*)\))?")
_ALERT = re.compile(r"\[!\w+\][+-]?")
_JSX_TAG = re.compile(
    r"<[A-Z][\w.]*(?:\s+[\w:-]+(?:=(?:\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{[^{}]*\})*+\}))?|\s*\{\.\.\.[^{}]*\})*+\s*/?>"
)
_URL_REST = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*[#$%&*+\-/0-9=@A-Z_a-z~]")

_TEX_BEGIN = re.compile(
    r"\\begin\{((?:align|alignat|aligned|array|cases|eqnarray|equation|gather|gathered|math|displaymath|multline|split"
    r"|[bBpvV]?matrix|smallmatrix|tikzpicture|CD)\*?)\}"
)
_CODE_TAG = re.compile("codeblock|code|highlight|mermaid|plantuml|prism")
_SILENT_BLOCK = re.compile(
    "comment|math|katex|latex|e?charts?|javascript|stylesheet|style|css|js|script|schema|flow|sequence|macro|dplayer"
)
_RAW_TAG = re.compile("raw|verbatim")
_EMBED_LINK = re.compile("card|linkcard|github|link|blogcard")
_MORE_COMMENT = re.compile(r"<!--\s*(?:more|truncate|excerpt|end[ _-]?excerpt|readmore)\b[^<>]*-->", re.I)


def plain_markdown(body: str) -> str:
    """The body as markdown without template syntax; :data:`MORE_MARK` where its excerpt ends."""
    body = body.replace("\0", "")
    if max(map(len, body.split("\n"))) >= _LONG:  # five times faster than asking the expression
        # both ends of base64 and the like: enough to close the link or tag that holds it
        body = _LONG_RUN.sub(lambda run: run[0][:300] + run[0][-100:], body)
    body = plain_lines(body)
    if not _SYNTAX.search(body):
        return body
    return _Cleaner(body).run()


class _Cleaner:
    """One pass over the text, which remembers what it need not search for again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.copied = 0
        self.raw_until = 0
        self.no_end: set[str] = set()
        self._ticks: dict[int, list[int]] | None = None

    def run(self) -> str:
        text, out = self.text, self.out
        pos = 0
        while match := _TRIGGER.search(text, pos):
            start = match.start()
            replaced = self._replace(match.group(), start)
            if replaced is None:
                pos = match.end()
                continue
            written, pos = replaced
            if pos <= start:  # never stand still, whatever a rule says
                pos = match.end()
            out.append(text[self.copied : start])
            out.append(written)
            self.copied = pos
        out.append(text[self.copied :])
        return "".join(out)

    def _replace(self, mark: str, start: int) -> tuple[str, int] | None:
        """What to write instead of the syntax at `start`, and where it ends; None where it is just text."""
        first = mark[0]
        if first in "`~":
            return self._code(mark, start)
        if first == "{":
            return self._brace(mark, start)
        if first == "\\":
            return self._environment(start)
        if first == "<":
            return self._element(mark, start)
        if mark in ("}}", "%}"):
            return "", start + 2
        if mark == "://":
            return self._bare_url(start)
        if first == ":":
            return self._container(start)
        if first == "@":
            return self._embed(start)
        if first == "!":
            return "\\!", start + 1  # "voilà ![^1]" is no image
        if mark[1:].lower().strip("[]") == "toc":
            return ("", start + len(mark) + 1) if self._at_line_start(start) else None
        return self._alert(start)

    # --- code ---------------------------------------------------------------------------------------------------

    def _code(self, mark: str, start: int) -> tuple[str, int] | None:
        """Copies a fenced block or a code span as it is."""
        after = start + len(mark)
        end = None
        if len(mark) >= 3 and self._at_line_start(start):
            end = self._fence_end(mark, start)
        if end is None and mark[0] == "`":
            end = self._span_end(mark, after)
        if end is None:
            return None
        code = self.text[start:end]
        # Liquid and Hexo read `{% raw %}` in code, too: there it is the author's way to write braces
        return (_RAW_MARKER.sub("", code) if "raw" in code else code), end

    def _fence_end(self, fence: str, start: int) -> int | None:
        after = start + len(fence)
        column = start - (self.text.rfind("\n", max(0, start - _LINE_REACH), start) + 1)
        line_end = self.text.find("\n", after)
        if line_end < 0 or (fence[0] == "`" and "`" in self.text[after : min(line_end, after + _REACH)]):
            return None
        # further in than it was opened, a fence is part of the code
        closing = rf"^[ \t>]{{0,{column + 3}}}{fence[0]}{{{len(fence)},}}[ \t]*$"
        close = re.compile(closing, re.M).search(self.text, line_end)
        return close.end() if close else len(self.text)

    def _span_end(self, ticks: str, after: int) -> int | None:
        if self._ticks is None:
            self._ticks = {}
            for run in re.finditer("`+", self.text):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        places = self._ticks.get(len(ticks), [])
        index = bisect_right(places, after - 1)
        if index == len(places):
            return None
        end = places[index]
        if end - after > _REACH or "\n\n" in self.text[after:end]:
            return None
        return end + len(ticks)

    def _as_fence(self, code: str, language: str) -> str:
        longest = max((len(run) for run in re.findall("`+", code)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"\n\n{fence}{language}\n{code.strip(chr(10))}\n{fence}\n\n"

    # --- where we are -------------------------------------------------------------------------------------------

    def _at_line_start(self, start: int) -> bool:
        floor = max(0, start - _LINE_REACH)
        newline = self.text.rfind("\n", floor, start)
        if newline < 0 and floor > 0:
            return False
        return _LINE_LEAD.fullmatch(self.text, newline + 1 if newline >= 0 else 0, start) is not None

    def _alone_on_line(self, start: int, end: int) -> bool:
        newline = self.text.find("\n", end, end + _LINE_REACH)
        rest = self.text[end:newline] if newline >= 0 else self.text[end : end + _LINE_REACH]
        return not rest.strip() and self._at_line_start(start)

    def _in_link_target(self, start: int, copied: int) -> bool:
        """Whether what is written here would be the target of a link: ``](…)``, ``href="…"``, ``[label]: …``."""
        gap = self.text[max(copied, start - _LINE_REACH) : start]
        before = "".join(self.out[-8:]) + gap if len(gap) < _LINE_REACH else gap
        return _IN_TARGET.search(before[-_LINE_REACH:]) is not None

    # --- braces -------------------------------------------------------------------------------------------------

    def _brace(self, mark: str, start: int) -> tuple[str, int] | None:
        if mark in ("{:", "{.", "{#", "{/*"):
            if attributes := _ATTRIBUTE_LIST.match(self.text, start):
                return "", attributes.end()
            closing = {"{#": "#}", "{/*": "*/}"}.get(mark, "")
            end = self.text.find(closing, start, start + _REACH) if closing else -1
            return None if end < 0 else ("", end + len(closing))
        if mark == "{%":
            return self._tag(start)
        if self.text.startswith(("{{<", "{{%"), start):
            return self._shortcode(start)
        return self._expression(start)

    def _environment(self, start: int) -> tuple[str, int] | None:
        """TeX's ``\\begin{align} … \\end{align}``, which MathJax shows as a formula."""
        begin = _TEX_BEGIN.match(self.text, start)
        if begin is None:
            return None
        end = self._end(re.escape(f"\\end{{{begin[1]}}}"), begin.end())
        return (" ", end.end()) if end else None

    def _end(self, closing: str, pos: int) -> re.Match[str] | None:
        """The first place at or behind `pos` that ends something; what is nowhere is searched for once."""
        match = None if closing in self.no_end else re.compile(closing).search(self.text, pos)
        if match is None:
            self.no_end.add(closing)
        return match

    def _tag(self, start: int) -> tuple[str, int]:
        end = self.text.find("%}", start, start + _REACH)
        if end < 0:
            return "", start + 2
        inner = self.text[start + 2 : end].strip(" \t\n-")
        end += 2
        name_match = _TAG_NAME.match(inner)
        name = name_match.group(1) if name_match else ""
        if _RAW_TAG.fullmatch(name):
            if start >= self.raw_until:
                self.raw_until = self._block_end("{%", name, end)[0]
            return "", end
        if start < self.raw_until and not name.startswith("end"):
            return "", start + 2
        return self._named("{%", name, inner[len(name) :], start, end)

    def _shortcode(self, start: int) -> tuple[str, int]:
        mark = self.text[start + 2]
        end = self.text.find((">" if mark == "<" else "%") + "}}", start, start + _REACH)
        if end < 0:
            return "", start + 3
        inner = self.text[start + 3 : end].strip(" \t\n")
        end += 3
        if inner.startswith("/*"):
            return "", end
        name_match = _TAG_NAME.match(inner)
        name = name_match.group(1) if name_match and not inner.startswith("/") else ""
        return self._named(self.text[start : start + 3], name, inner[len(name) :].rstrip("/ "), start, end)

    def _named(self, opener: str, name: str, rest: str, start: int, end: int) -> tuple[str, int]:
        """A tag plugin, Liquid tag or shortcode called `name`, which ends at `end`."""
        silent = _SILENT_BLOCK.fullmatch(name) is not None
        if silent or _CODE_TAG.fullmatch(name):
            close, after = self._block_end(opener, name, end)
            if after > end:
                if silent:
                    return "\n", after
                return self._as_fence(self.text[end:close], code_language(name, rest)), after
        if self._in_link_target(start, self.copied):
            return link_target(rest).replace(" ", "%20"), end
        written = visible_text(name, rest)
        if self._alone_on_line(start, end):
            written = f"\n\n{written}\n" if written else "\n"
        return written, end

    def _block_end(self, opener: str, name: str, pos: int) -> tuple[int, int]:
        """Where the block `name` opened before `pos` ends: start and end of its closing tag, or (pos, pos)."""
        closing = rf"\{{%-?\s*end_?{re.escape(name)}\s*-?%\}}"
        if opener != "{%":
            closing = re.escape(opener) + rf"\s*/\s*{re.escape(name)}\s*[>%]\}}\}}"
        match = self._end(closing, pos)
        return match.span() if match else (pos, pos)

    def _expression(self, start: int) -> tuple[str, int]:
        if start < self.raw_until:
            return "", start + 2
        end = self.text.find("}}", start, start + _REACH)
        inner = self.text[start + 2 : end] if end >= 0 else "{{"
        if "\n\n" in inner or "{{" in inner:
            return "", start + 2
        end += 2
        quoted = [one or two for one, two in re.findall(r'"([^"]*)"|\'([^\']*)\'', inner)]
        if self._in_link_target(start, self.copied):
            return (quoted[0].replace(" ", "%20") if quoted else ""), end
        if not inner.isascii() and not quoted:
            return inner, end  # no template language has identifiers like these: the author means the words
        return " ".join(text for text in quoted if " " in text.strip()), end

    # --- HTML, JSX ----------------------------------------------------------------------------------------------

    def _element(self, mark: str, start: int) -> tuple[str, int] | None:
        if mark in ("<!", "<?"):
            return self._declaration(start)
        name = mark[1:]
        if name[0].isupper() and not name.isupper():
            tag = _JSX_TAG.match(self.text, start, start + _REACH)
            if not tag:
                return None
            return f" {named_text(tag.group())} ", tag.end()
        name = name.lower()
        if name == "pre":
            return self._preformatted(start)
        if name not in _DROPPED.split("|"):
            return None
        if close := self._end(rf"(?i:</{name}\s*>)", start):
            return "", close.end()
        end = self.text.find(">", start, start + _REACH)
        return "", (end if end >= 0 else start) + 1

    def _declaration(self, start: int) -> tuple[str, int] | None:
        for opener, closer in (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")):
            if self.text.startswith(opener, start):
                match = self._end(re.escape(closer), start + len(opener))
                if match is None:
                    return "", start + len(opener)
                end = match.end()
                if _MORE_COMMENT.fullmatch(self.text, start, end):
                    alone = self._alone_on_line(start, end)
                    return (f"\n\n{MORE_MARK}\n\n" if alone else MORE_MARK), end
                return "", end
        return None

    def _preformatted(self, start: int) -> tuple[str, int]:
        open_end = self.text.find(">", start, start + _REACH)
        if open_end < 0:
            return "", start + 4
        close = self._end(r"(?i:</pre\s*>)", open_end)
        if close is None:
            return "", open_end + 1
        raw = self.text[open_end + 1 : close.start()]
        opening = self.text[start : open_end + 1] + raw[:200]
        language = re.search(r"(?:\blang(?:uage)?-|\bbrush:\s*|\blang=[\"'])([\w+#.-]+)", opening)
        code = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", re.sub(r"<br\s*/?>", "\n", raw)))
        if language is None and reads_as_prose(code):
            return f"\n\n{raw}\n\n", close.end()
        return self._as_fence(code, language.group(1) if language else ""), close.end()

    # --- lines --------------------------------------------------------------------------------------------------

    def _container(self, start: int) -> tuple[str, int] | None:
        if not self._at_line_start(start):
            return None
        line = _CONTAINER_LINE.match(self.text, start)
        if line is None:
            return None
        head = line.group(1)
        bracket = re.match(r"[\w-]+\[([^\]]*)\]", head)
        title = bracket.group(1) if bracket else _CONTAINER_HEAD.sub("", head)
        title = re.sub(r"\{[^{}]*\}|:{3,}|\{[{%#]|[}%#]\}", "", title).strip().strip('"')
        return (f"\n\n{title}\n" if title else "\n"), line.end()

    def _embed(self, start: int) -> tuple[str, int] | None:
        embed = _EMBED.match(self.text, start, start + _REACH)
        if embed is None:
            return None
        kind, target = embed.group(1), (embed.group(2) or "").strip()
        if target and _EMBED_LINK.fullmatch(kind):
            return f'<a href="{html.escape(target)}"></a>', embed.end()
        if not embed.group(2) and kind.lower() != "toc":
            return None
        return "", embed.end()

    def _alert(self, start: int) -> tuple[str, int] | None:
        alert = _ALERT.match(self.text, start)
        return ("", alert.end()) if alert and self._at_line_start(start) else None

    def _bare_url(self, start: int) -> tuple[str, int] | None:
        """Escapes what markdown would take for emphasis in a bare URL."""
        rest = _URL_REST.match(self.text, start, start + _REACH)
        if rest is None or not re.search(r"[_*]", rest.group()):
            return None
        before = self.text[max(0, start - _LINE_REACH) : start]
        if before.rfind("<") > before.rfind(">") or not re.search(r"(?:\A|[^\w/.=\"'<\[(-])https?\Z", before):
            return None
        return re.sub(r"([_*])", r"\\\1", rest.group()), rest.end()


def reads_as_prose(block: str) -> bool:
    """Whether most of a block without a language is Japanese or Chinese: notes set as ``<pre>``, not code."""
    letters = sum(map(len, _CJK_RUN.findall(block[:_REACH])))
    return letters > 0 and 2 * letters > len("".join(block[:_REACH].split()))
