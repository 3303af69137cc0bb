"""Takes the syntax of site generators out of markdown and leaves what a reader would read.

Markdown parsers know nothing of ``{% note %}``, ``{{< figure >}}``, ``:::message`` or ``{: .class}``.  One pass from
left to right turns them into plain markdown before it is parsed: links stay links, captions stay text, code stays
code, everything else goes.  Code is stepped over, because there the braces are what the author talks about.

Every step either moves on or looks ahead by a bounded distance, so that the whole is linear in the length of the text.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right

MORE_MARK = "\0"
"""Stands where the author put ``<!-- more -->``.  NUL cannot come from the body: it is taken out first."""

_REACH = 4_000
"""How far a tag may be from its own end; what is longer is text with a stray brace in it."""

_LINE_REACH = 240
"""How far back we look for the beginning of a line or of a link."""

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
_ARGUMENT = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^\s"\',]+)|(,)')
_NAMED_TEXT = re.compile(
    r"""\b(?:title|alt|caption|label|text|summary|description|attr|header)\s*[=:]\s*(?:"([^"]*)"|'([^']*)')""", re.I
)
_TAG_NAME = re.compile(r"[\s/-]*([\w.-]*)")
_ATTRIBUTE_LIST = re.compile(
    r"\{(?::{1,2}(?:[\s.#/:]|toc\b|no_toc\b|\w+=|nomarkdown|options|comment)[^{}\n]*|[.#][\w-][^{}\n]*)\}"
)
_NUNJUCKS_COMMENT_END = "#}"
_CONTAINER_LINE = re.compile(r":{3,}[ \t]*([^\n]*)")
_CONTAINER_HEAD = re.compile(r"[\w-]*\s*(?:alert\b)?\s*")
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
_KRAMDOWN_TOC = re.compile(r"^ {0,3}(?:[-*+]|\d\.)[ \t]+[^\n]*\n {0,3}\{:[ \t]*toc\b[^{}\n]*\}[ \t]*$", re.MULTILINE)
_ABBREVIATION = re.compile(r"^\*\[([^\[\]\n]+)\]:", re.MULTILINE)

_CODE_TAG = re.compile("codeblock|code|highlight|mermaid|plantuml|prism")
_SILENT_BLOCK = re.compile(
    "comment|math|katex|latex|e?charts?|javascript|stylesheet|style|css|js|script|schema|flow|sequence|macro|dplayer"
)
_RAW_TAG = re.compile("raw|verbatim")
_LOGIC_TAG = re.compile(
    "if|elif|elsif|else|unless|for|set|assign|extends|block|from|import|macro|case|when|call|filter|increment|decrement"
    "|cycle|capture|layout|tablerow|break|continue"
)
_TARGET_TAG = re.compile("post_url|post_path|link_to|asset_path|ref|relref|url|xref")
_TITLED_TARGET_TAG = re.compile("post_link|asset_link")
_URL_TAG = re.compile("link|btn|button|cta|link_?card|card|linkcard_block|blogcard")
_EMBED_LINK = re.compile("card|linkcard|github|link|blogcard")
_IMAGE_NAME = re.compile(r"\S*\.\w{2,4}|[\w/.:#%-]*|\d+(?:px|%|em|x\d+)?", re.A)


def plain_markdown(body: str) -> str:
    """The body as markdown without template syntax; :data:`MORE_MARK` where its excerpt ends."""
    body = drop_front_matter_rest(body.replace("\0", ""))
    if max(map(len, body.split("\n"))) >= _LONG:  # five times faster than asking the expression
        body = _LONG_RUN.sub(_ends_of, body)
    if "{:" in body:
        body = _KRAMDOWN_TOC.sub("", body)
    if "*[" in body:
        body = _ABBREVIATION.sub(r"\1:", body)
    if _MARKS_OF_ADMONITIONS.search(body) and _ADMONITION_ANYWHERE.search(body):
        body = _dedent_admonitions(body)
    if _MDX_AT_THE_TOP.match(body):
        body = _MDX_STATEMENT.sub("", body)
    if not _SYNTAX.search(body):
        return body
    return _Cleaner(body).run()


def _ends_of(run: re.Match[str]) -> str:
    """Both ends of base64 and the like: enough to close the link or tag that holds it."""
    return run[0][:300] + run[0][-100:]


class _Cleaner:
    """One pass over the text: what it has written, where it stands, what it knows not to look for again."""

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

    def _replace(self, found: str, start: int) -> tuple[str, int] | None:
        """What to write instead of the syntax at `start`, and where it ends; None where it is just text."""
        first = found[0]
        if first in "`~":
            return self._code(found, start)
        if first == "{":
            return self._brace(found, start)
        if first == "\\":
            return self._environment(start)
        if first == "<":
            return self._element(found, start)
        if found in ("}}", "%}"):
            return "", start + 2
        if found == "://":
            return self._bare_url(start)
        if first == ":":
            return self._container(start)
        if first == "@":
            return self._embed(start)
        if first == "!":
            return "\\!", start + 1  # "voilà ![^1]" is no image
        if found[1:].lower().strip("[]") == "toc":
            return ("", start + len(found) + 1) if self._at_line_start(start) else None
        return self._alert(start)

    # --- code ---------------------------------------------------------------------------------------------------

    def _code(self, found: str, start: int) -> tuple[str, int] | None:
        """Steps over a fenced block or a code span, which is copied as it stands."""
        after = start + len(found)
        end = None
        if len(found) >= 3 and self._at_line_start(start):
            end = self._fence_end(found, start)
        if end is None and found[0] == "`":
            end = self._span_end(found, after)
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

    def _brace(self, found: str, start: int) -> tuple[str, int] | None:
        if found in ("{:", "{.", "{#"):
            attributes = _ATTRIBUTE_LIST.match(self.text, start)
            if attributes:
                return "", attributes.end()
            if found == "{#":
                end = self.text.find(_NUNJUCKS_COMMENT_END, start, start + _REACH)
                return None if end < 0 else ("", end + 2)
            return None
        if found == "{/*":
            end = self.text.find("*/}", start, start + _REACH)
            return None if end < 0 else ("", end + 3)
        if found == "{%":
            return self._tag(start)
        if self.text.startswith(("{{<", "{{%"), start):
            return self._shortcode(start)
        return self._expression(start)

    def _environment(self, start: int) -> tuple[str, int] | None:
        """TeX's ``\\begin{align} … \\end{align}``, which MathJax shows as a formula."""
        begin = _TEX_BEGIN.match(self.text, start)
        if begin is None:
            return None
        key = "\\end{" + begin[1]
        end = -1 if key in self.no_end else self.text.find(key + "}", begin.end())
        if end < 0:
            self.no_end.add(key)
            return None
        return " ", end + len(key) + 1

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
                return self._as_fence(self.text[end:close], _language(name, rest)), after
        if self._in_link_target(start, self.copied):
            return _target(rest).replace(" ", "%20"), end
        written = _readable(name, rest)
        if self._alone_on_line(start, end):
            written = f"\n\n{written}\n" if written else "\n"
        return written, end

    def _block_end(self, opener: str, name: str, pos: int) -> tuple[int, int]:
        """Where the block `name` opened before `pos` ends: start and end of its closing tag, or (pos, pos)."""
        key = opener + name
        if key not in self.no_end:
            closing = rf"\{{%-?\s*end_?{re.escape(name)}\s*-?%\}}"
            if opener != "{%":
                closing = re.escape(opener) + rf"\s*/\s*{re.escape(name)}\s*[>%]\}}\}}"
            found = re.compile(closing).search(self.text, pos)
            if found:
                return found.start(), found.end()
            self.no_end.add(key)
        return pos, pos

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

    def _element(self, found: str, start: int) -> tuple[str, int] | None:
        if found in ("<!", "<?"):
            return self._declaration(start)
        name = found[1:]
        if name[0].isupper() and not name.isupper():
            tag = _JSX_TAG.match(self.text, start, start + _REACH)
            if not tag:
                return None
            return f" {_named_text(tag.group())} ", tag.end()
        name = name.lower()
        if name == "pre":
            return self._preformatted(start)
        if name not in _DROPPED.split("|"):
            return None
        close = self._close_tag(name, start)
        if close is None:
            end = self.text.find(">", start, start + _REACH)
            return "", (end if end >= 0 else start) + 1
        return "", close[1]

    def _declaration(self, start: int) -> tuple[str, int] | None:
        for opener, closer in (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")):
            if self.text.startswith(opener, start):
                end = -1 if opener in self.no_end else self.text.find(closer, start + len(opener))
                if end < 0:
                    self.no_end.add(opener)
                    return "", start + len(opener)
                end += len(closer)
                if _MORE_COMMENT.fullmatch(self.text, start, end):
                    alone = self._alone_on_line(start, end)
                    return (f"\n\n{MORE_MARK}\n\n" if alone else MORE_MARK), end
                return "", end
        return None

    def _close_tag(self, name: str, start: int) -> tuple[int, int] | None:
        key = "</" + name
        if key in self.no_end:
            return None
        found = re.compile(rf"</{name}\s*>", re.I).search(self.text, start)
        if found is None:
            self.no_end.add(key)
            return None
        return found.start(), found.end()

    def _preformatted(self, start: int) -> tuple[str, int]:
        open_end = self.text.find(">", start, start + _REACH)
        if open_end < 0:
            return "", start + 4
        close = self._close_tag("pre", open_end)
        if close is None:
            return "", open_end + 1
        raw = self.text[open_end + 1 : close[0]]
        opening = self.text[start : open_end + 1] + raw[:200]
        language = re.search(r"(?:\blang(?:uage)?-|\bbrush:\s*|\blang=[\"'])([\w+#.-]+)", opening)
        code = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", re.sub(r"<br\s*/?>", "\n", raw)))
        if language is None and reads_as_prose(code):
            return f"\n\n{raw}\n\n", close[1]
        return self._as_fence(code, language.group(1) if language else ""), close[1]

    # --- lines --------------------------------------------------------------------------------------------------

    def _container(self, start: int) -> tuple[str, int] | None:
        if not self._at_line_start(start):
            return None
        line = _CONTAINER_LINE.match(self.text, start)
        if line is None:
            return None
        head = line.group(1)
        bracket = re.match(r"[\w-]+\[([^\]]*)\]", head)
        title = bracket.group(1) if bracket else head[_head_end(head) :]
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


def _head_end(head: str) -> int:
    match = _CONTAINER_HEAD.match(head)
    return match.end() if match else 0


def _arguments(rest: str) -> list[tuple[str, bool]]:
    """Arguments as (text, was quoted); commas as ("," , False)."""
    found = []
    for double, single, bare, comma in _ARGUMENT.findall(rest):
        found.append((double or single or bare or comma, not (bare or comma)))
    return found


def _target(rest: str) -> str:
    """The slug or path that a tag inside a link target names."""
    named = re.search(r"(?:path|href|url)\s*=\s*[\"']([^\"']*)[\"']", rest)
    if named:
        return named.group(1)
    arguments = [text for text, _ in _arguments(rest) if text != "," and "{" not in text]
    return arguments[0] if arguments else ""


def _anchor(target: str, text: str) -> str:
    return f'<a href="{html.escape(target)}">{text}</a>' if target else text


def _readable(name: str, rest: str) -> str:
    """What a reader sees of a tag: links, titles and captions; nothing of its settings."""
    if not name or _LOGIC_TAG.fullmatch(name) or name.startswith("end"):
        return ""
    rest = " ".join(rest.split())
    arguments = _arguments(rest)
    words = [text for text, _ in arguments if text != ","]
    if _TARGET_TAG.fullmatch(name):
        return _anchor(_target(rest), "")
    if _TITLED_TARGET_TAG.fullmatch(name):
        title = " ".join(word for word in words[1:] if word not in ("true", "false"))
        return _anchor(words[0] if words else "", title)
    if _URL_TAG.fullmatch(name):
        return _link_tag(words)
    named = _named_text(rest)
    if named:
        return named
    quoted = [text for text, was_quoted in arguments if was_quoted and not _IMAGE_NAME.fullmatch(text)]
    if quoted:
        return " ".join(quoted)
    # `{% folding red open, The title %}`: settings before the first comma, words after it
    _, comma, text = rest.partition(",")
    text = text.strip()
    return text if comma and not _IMAGE_NAME.fullmatch(text) else ""


def _link_tag(words: list[str]) -> str:
    """Hexo's ``{% link text url %}``, Jekyll's ``{% link _posts/a.md %}``, buttons and cards."""
    addresses = [word for word in words if re.match(r"(?:https?:)?/|\.\.?/|[\w/.-]+\.(?:md|markdown|html)\Z", word)]
    text = [word for word in words if word not in addresses and word not in ("true", "false")]
    return _anchor(addresses[0] if addresses else "", " ".join(text))


def _named_text(attributes: str) -> str:
    return " ".join(filter(None, (one or two for one, two in _NAMED_TEXT.findall(attributes))))


def _language(name: str, rest: str) -> str:
    if name in ("mermaid", "plantuml"):
        return name
    named = re.search(r"\blang:\s*([\w+#.-]+)", rest)
    if named:
        return named.group(1)
    first = re.match(r"\s*([\w+#-]+)\s*(?:\Z|\blinenos\b|\")", rest)
    return first.group(1) if first else ""


_MORE_COMMENT = re.compile(r"<!--\s*(?:more|truncate|excerpt|end[ _-]?excerpt|readmore)\b[^<>]*-->", re.I)

# --- MkDocs ------------------------------------------------------------------------------------------------------

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
        found = _FENCE_LINE.match(line)
        if found:
            if not fence:
                fence = found.group(1)
            elif found.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        out.append(line[min(margins[-1], indent) :])
    return "\n".join(out)


# --- MDX ---------------------------------------------------------------------------------------------------------

_MDX_STATEMENT = re.compile(
    r"^import\s+(?:[\w*${][^\n;'\"]{0,400}[ \t}]from[ \t]{1,9})?(?:\"[^\"\n]+\"|'[^'\n]+');?[ \t]*$"
    r"|^export\s+(?:const|let|var|default|function|async)\b[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*",
    re.M,
)
_MDX_AT_THE_TOP = re.compile(r"\s*(?:import\s[^\n]*[\"'];?[ \t]*$|export\s+(?:const|let|default|function)\b)", re.M)

# --- what other tools leave at the beginning -----------------------------------------------------------------------

_YAML_LINE = re.compile(r"(?:[A-Za-z_][\w.-]*:(?:[ \t].*)?|[ \t]+\S.*|-(?:[ \t].*)?|#.*|[ \t]*)")
_KNOWN_KEY = re.compile(
    r"(?:title|date|updated|tags?|categor(?:y|ies)|layout|permalink|author|description|thumbnail|cover|keywords|slug|draft"
    r"|lang|recommendations|excerpt|comments|toc|mathjax|published|image|lastmod|series|topics|type|emoji|id):(?:\s|$)"
)
_LEAD_LINES = 200


def drop_front_matter_rest(body: str) -> str:
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
