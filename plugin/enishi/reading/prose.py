"""Markdown to fields of text: what a post says, without the syntax it is written in.

:mod:`enishi.reading.markdown` parses; this module walks the tokens, and spares the inline parser a text without markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import unquote

from enishi.reading.markdown import MAX_MARKERS, Markdown, Token
from enishi.reading.template_syntax import MORE_MARK, plain_markdown, reads_as_prose
from enishi.types import TextFields

LEDE_LENGTH = 400

_MAX_CODE_SPAN = 160
_MAX_TITLE = 1_000

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\x01-\x08\x0b\x0e-\x1f]"
)
_MARKUP = re.compile(r"[\\`*_\[\]<!&~$^|:=/@\x00\n]")
_BARE_URL = re.compile(r"(?:https?|ftp)://[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*|\bwww\.[\w-]+\.[!-;=?-~]+", re.A)
_URL_TAIL = re.compile(r"[.,:;!?'*~]+\Z")
_EMOJI = re.compile(r"(?<![\w:])(?::(?=[0-9_+-]{0,9}[a-z])[a-z0-9_+-]{1,40}:)+(?![\w:])", re.A)
_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\n#]*)(#[^\[\]|\n]*)?(?:\|([^\[\]\n]*))?\]\]")
_LOST_NOTE = re.compile(r"\[\^[\w-]+\]")
_BROKEN_TAG = re.compile(r"<(?:img|a|div|span|p|iframe|font)\s[^<>]{0,2000}>", re.I)
_BROKEN_ALT = re.compile(r"\balt=[\"']([^<>]*)[\"']", re.I)
_LONG_RUN = re.compile(r"[!-~]{120,}")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n[ \n]*")
_CJK = "\u3001-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_CJK_LINE_END = re.compile(f"(?<=[{_CJK}])\n(?=[{_CJK}])")
_ALIGN_ROW = re.compile(r"[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|)*[ \t]*+(?::?-++:?[ \t]*+\|?[ \t]*+)?")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_TASK = re.compile(r"\[[ xX]\]\s+")
_IMAGE_NAME = re.compile(r"[\w .()-]*\.(?:png|jpe?g|gif|svg|webp|avif|bmp)|image\d*|img\d*|alt(?: text)?", re.I)

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>")
_BLOCK_TAGS = (
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|head|header|hr|html|legend|li|main|menu|nav|ol|optgroup|option|p|section|select|summary|table|tbody|tfoot|thead"
    "|title|tr|ul"
)
_BLOCK_TAG = re.compile(rf"<(/?)({_BLOCK_TAGS})(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)?/?>", re.I)
_CONTAINER_TAG = re.compile("article|aside|blockquote|center|details|div|dl|figure|main|ol|section|table|ul", re.I)
_SPACING_TAG = re.compile(rf"{_BLOCK_TAGS}|td|th|img|input|button|label")
_UNREAD_TAG = re.compile("script|style|svg|iframe|noscript|object|canvas|template|rt|rp")
_HREF = re.compile(r"\b(?:href|cite)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.I)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)


def text_fields(title: str, body: str, is_left_out: Callable[[str], bool] = lambda _: False) -> TextFields:
    """What a post says, field by field.

    `title` and `body` are as the author wrote them, the body without its front matter.  Any text gives a result, in
    time linear in its length: where mistune cannot read a piece of it, its lines stand in as they are.  Code spans
    are words of the prose (authors name things that way); only blocks of code are `code`.  Links whose address
    `is_left_out` are missing, and so are their words.
    """
    reader = _Reader(body, is_left_out)
    for block in reader.markdown.blocks(plain_markdown(body.replace("\r\n", "\n").replace("\r", "\n"))):
        reader.read_blocks(block)
    reader.read_footnotes()
    return reader.fields(plain_title(title))


def plain_title(title: str) -> str:
    """A title without markup.  HTML elements that titles are *about* (``<details>``) keep their name."""
    if not _TITLE_MARKUP.search(title, 0, _MAX_TITLE):
        return " ".join(_INVISIBLE.sub("", title[:_MAX_TITLE]).split())
    parts = re.split(r"(`+)(.+?)\1", title[:_MAX_TITLE].replace(MORE_MARK, ""))
    plain = []
    for number in range(0, len(parts), 3):
        plain.append(_title_text(parts[number]))
        if number + 2 < len(parts):
            plain.append(parts[number + 2])
    return " ".join(_INVISIBLE.sub("", "".join(plain)).split())


_TITLE_MARKUP = re.compile(r"[`{<&\[*_~:\0]")
_FORMATTING_TAG = re.compile(
    "a|abbr|b|big|br|cite|code|del|em|font|i|img|ins|kbd|mark|nobr|q|rp|rt|rb|ruby|s|samp|small|span|strike|strong"
    "|sub|sup|time|tt|u|var|wbr",
    re.I,
)


def _title_text(text: str) -> str:
    if "{" in text:
        text = plain_markdown(text).replace(MORE_MARK, "")
    text = _TAG.sub(lambda tag: "" if _FORMATTING_TAG.fullmatch(tag[2]) else f" {tag[2]} ", text)
    text = html.unescape(text)
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()\s]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__|~~)(?=\S)([^*_~]+?)(?<=\S)\1(?!\w)", r"\2", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)", r"\1\2", text)
    return _EMOJI.sub(" ", text)


class _Reader:
    """Walks the tokens of one post and collects its fields."""

    def __init__(self, body: str, is_left_out: Callable[[str], bool]) -> None:
        self.markdown = Markdown(body)
        self.is_left_out = is_left_out
        self.out: list[str] = []
        self.headings: list[str] = []
        self.code: list[str] = []
        self.languages: dict[str, None] = {}
        self.links: dict[str, None] = {}
        self.after_item = False
        self.open_html = 0
        self.in_link = 0
        self._writers: dict[str, Callable[[Token], str]] = {
            **dict.fromkeys(("softbreak", "linebreak"), lambda _: "\n"),
            "codespan": self._code_span,
            "link": self._link_text,
            "image": self._image_text,
            "inline_math": lambda _: " ",
        }
        self.escapes = frozenset(_PERCENT_RUN.findall(body)) if "%" in body else frozenset[str]()

    # --- blocks -------------------------------------------------------------------------------------------------

    def read_blocks(self, tokens: list[Token]) -> None:
        for token in tokens:
            kind = token["type"]
            if kind in ("paragraph", "block_text"):
                self._paragraph(token["text"], in_list=kind == "block_text")
            elif kind == "heading":
                self._heading(token["text"])
            elif kind == "block_code":
                self._code_block(token)
            elif kind == "block_html":
                self._html(token["raw"])
            elif "children" in token:
                self.read_blocks(token["children"])

    def read_footnotes(self) -> None:
        """Footnotes come last, in the order of their definitions; those defined inside one are read after it."""
        read: set[str] = set()
        while new := [key for key in self.markdown.footnotes if key not in read]:
            for key in new:
                read.add(key)
                lines = self.markdown.footnotes[key].split("\n")
                text = "\n".join([lines[0], *(line.lstrip(" ") for line in lines[1:])]).strip()
                for piece in self.markdown.blocks(text):
                    self.read_blocks(piece)

    def _paragraph(self, text: str, *, in_list: bool = False) -> None:
        if "|" in text and (table := _table_lines(text)):
            before, rows = table
            if before:
                self._emit(self._text(before))
            for number, row in enumerate(rows):
                self._emit(self._text(row), "\n" if number else "\n\n")
            return
        if text.startswith("[") and (task := _TASK.match(text)):
            text = text[task.end() :]
        self._emit(self._text(text), "\n" if in_list and self.after_item else "\n\n")
        self.after_item = in_list

    def _heading(self, text: str) -> None:
        plain = self._text(text).replace("\n", " ")
        heading = plain.replace(MORE_MARK, "").strip()
        if heading:
            self.headings.append(heading)
        self._emit(plain)

    def _code_block(self, token: Token) -> None:
        raw: str = token["raw"]
        if token.get("style") == "indent":
            if self.open_html > 0 and raw.lstrip().startswith("<"):
                # after a blank line inside `<div>` markdown sees code, the author HTML
                self._html(raw)
                return
            if reads_as_prose(raw):
                for part in raw.split("\n\n"):
                    self._paragraph(part)
                return
        if code := raw.strip("\n"):
            self.code.append(code)
        # `js` of `js:title.js {1,3} file="a.js"`
        if language := re.match(r"\{?\.?([A-Za-z][\w+#.-]*)", (token.get("attrs") or {}).get("info", "")):
            self.languages[language[1].lower()] = None

    def _emit(self, text: str, separator: str = "\n\n") -> None:
        self.after_item = False
        if text:
            self.out += (separator, text)

    # --- HTML ---------------------------------------------------------------------------------------------------

    def _html(self, raw: str) -> None:
        """A block of HTML: the text between its block-level tags may hold markdown (Kramdown; an author's hope)."""
        pos = 0
        heading = False
        for tag in _BLOCK_TAG.finditer(raw):
            self._html_text(raw[pos : tag.start()], heading)
            pos = tag.end()
            if _CONTAINER_TAG.fullmatch(tag[2]):
                self.open_html += -1 if tag[1] else 1
            heading = not tag[1] and tag[2][0] in "hH" and tag[2][1].isdigit()
            if not tag[1] and tag[2].lower() == "blockquote":
                self._note_href(tag.group())
        self._html_text(raw[pos:], heading)

    def _html_text(self, raw: str, heading: bool) -> None:
        if raw and not raw.isspace():
            (self._heading if heading else self._paragraph)(raw.strip())

    def _note_href(self, tag: str) -> bool:
        href = _HREF.search(tag)
        return href is None or self._link(html.unescape(href[1] or href[2] or href[3] or ""))

    def _inline_tag(self, raw: str, unread: list[str]) -> str:
        tag = _TAG.match(raw)
        if tag is None:
            return ""
        name = tag[2].lower()
        is_unread = _UNREAD_TAG.fullmatch(name) is not None
        if tag[1] and name in unread:
            unread.remove(name)
        elif not tag[1] and ((name == "a" and not self._note_href(raw)) or (is_unread and tag[3][-1:] != "/")):
            unread.append(name)
        if is_unread:
            return ""
        if name == "img":
            alt = _ALT.search(raw)
            return f" {_alt_text(html.unescape(alt[1] or alt[2] or ''))} " if alt else " "
        if name == "br":
            return "\n"
        return " " if _SPACING_TAG.fullmatch(name) else ""

    # --- inline -------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> str:
        """Plain text of one block of markdown."""
        text = text.strip(" \r\n\t\f")
        if not _MARKUP.search(text):
            return self._tidy(text)
        return self._tidy("".join(map(self._flatten, self.markdown.paragraph(text))))

    def _flatten(self, tokens: list[Token]) -> str:
        out: list[str] = []
        run = ""
        unread: list[str] = []
        for token in tokens:
            kind = token["type"]
            if kind == "text":
                run += token["raw"]
                continue
            if run:
                if not unread:
                    out.append(self._words(run))
                run = ""
            if kind == "inline_html":
                out.append(self._inline_tag(token["raw"], unread))
            elif not unread and (write := self._writers.get(kind)):
                out.append(write(token))
            elif not unread:
                out.append(self._flatten(token.get("children", [])))
        if run and (not unread or unread[0] not in ("rt", "rp")):
            out.append(self._words(run))
        return "".join(out)

    def _code_span(self, token: Token) -> str:
        """Names and short commands are words; a whole line of code is code."""
        raw: str = token["raw"]
        if len(raw) > _MAX_CODE_SPAN:
            self.code.append(raw)
            return " "
        return _BARE_URL.sub(" ", raw) if "://" in raw else raw

    def _link_text(self, token: Token) -> str:
        if not self._link(token["attrs"]["url"]):
            return ""
        self.in_link += 1
        text = self._flatten(token["children"])
        self.in_link -= 1
        return text if "@" not in text or not token["attrs"]["url"].startswith("mailto:") else " "

    def _image_text(self, token: Token) -> str:
        self.in_link += 1
        alt = self._flatten(token["children"])
        self.in_link -= 1
        caption = token["attrs"].get("title") or ""
        if caption and caption != alt:  # markdown, too, for generators that show it under the image
            alt += "\n" + (self._flatten(self.markdown.inline(caption)) if len(caption) < MAX_MARKERS else caption)
        return f" {_alt_text(alt)} "

    def _words(self, raw: str) -> str:
        """Text as a reader sees it: entities decoded; URLs, emoji shortcodes and stray markers gone."""
        if "<" in raw:  # a tag that mistune could not read: quotes in quotes, say
            raw = _BROKEN_TAG.sub(lambda tag: f" {alt[1]} " if (alt := _BROKEN_ALT.search(tag[0])) else " ", raw)
        if "&" in raw:
            raw = html.unescape(raw)
        if "[^" in raw:
            raw = _LOST_NOTE.sub("", raw)
        if "[[" in raw:
            raw = _WIKI_LINK.sub(self._wiki_link, raw)
        if "://" in raw or "www." in raw:
            raw = _BARE_URL.sub(self._bare_url, raw)
        if ":" in raw:
            raw = _EMOJI.sub(" ", raw)
        if "**" in raw or "~~" in raw or "==" in raw:
            raw = re.sub(r"\*\*+|~~+|==+", "", raw)
        return raw

    def _wiki_link(self, match: re.Match[str]) -> str:
        if match[1]:
            return " "
        return match[4] or match[2] if self._link(match[2].strip()) else ""

    def _bare_url(self, match: re.Match[str]) -> str:
        url = match.group()
        while url:
            shorter = _URL_TAIL.sub("", url)
            for opening, closing in ("()", "[]"):
                if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                    shorter = shorter[:-1]
            if shorter == url:
                break
            url = shorter
        if not self.in_link:
            self._link(url)
        return " " + match.group()[len(url) :]

    def _link(self, url: str) -> bool:
        """Note a link; False where it is to be left out, and its words with it."""
        url = self._as_written(url.strip())
        if self.is_left_out(url):
            return False
        if url and MORE_MARK not in url:
            self.links[url] = None
        return True

    def _as_written(self, url: str) -> str:
        """Undoes mistune's percent-encoding, and only that: what the author encoded stays encoded."""
        if "%" not in url:
            return url
        return _PERCENT_RUN.sub(lambda run: run[0] if run[0] in self.escapes else unquote(run[0]), url)

    def _tidy(self, text: str) -> str:
        if _INVISIBLE.search(text):
            text = _INVISIBLE.sub("", text)
        if "\n" in text:
            text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))
            text = _CJK_LINE_END.sub("", text)
        text = " ".join(text.split())
        if len(text) >= 120:
            text = " ".join(_LONG_RUN.sub(" ", text).split())
        return text

    # --- result -------------------------------------------------------------------------------------------------

    def fields(self, title: str) -> TextFields:
        prose = "".join(self.out).strip()
        opening, more, rest = prose.partition(MORE_MARK)
        opening = opening.strip()
        if more:
            gap = "\n\n" if rest.startswith("\n") or "\n" in prose[len(opening) : -len(rest) or None] else " "
            prose = (opening + gap + re.sub(f" ?{MORE_MARK}", "", rest).lstrip()).strip()
        return TextFields(
            title=title,
            lede=_shortened(opening if more and opening else prose, LEDE_LENGTH),
            headings=tuple(self.headings),
            prose=prose,
            code="\n\n".join(self.code).replace(MORE_MARK, ""),
            languages=tuple(self.languages),
            links=tuple(self.links),
        )


_PERCENT_RUN = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*")


def _alt_text(alt: str) -> str:
    alt = alt.strip()
    return "" if _IMAGE_NAME.fullmatch(alt) else alt


def _shortened(text: str, length: int) -> str:
    """At most `length` characters, not ending inside a word of an alphabet."""
    if len(text) <= length:
        return text
    cut = text[:length]
    if text[length].isascii() and text[length].isalnum():
        cut = re.sub(r"[0-9A-Za-z\u00c0-\u024f]+\Z", "", cut) or cut
    return cut.rstrip()


def _table_lines(text: str) -> tuple[str, list[str]] | None:
    """Text before a table, and its rows with their cells apart, if the paragraph holds one.

    mistune's plugin takes a whole table for text when one row lacks a cell, and reads it again from each row.
    """
    lines = text.split("\n")
    for number in range(1, len(lines)):
        line = lines[number]
        if "-" in line and "|" in line and "|" in lines[number - 1] and _ALIGN_ROW.fullmatch(line):
            rows = [lines[number - 1], *lines[number + 1 :]]
            cells = [" ".join(cell.strip() for cell in _CELL_BORDER.split(row)) for row in rows]
            return "\n".join(lines[: number - 1]), [row.replace("\\|", "|").strip() for row in cells]
    return None
