"""Front matter as Pelican reads it: Python-Markdown's `Key: value` lines, with or without a fence round them, or the
fields of reStructuredText."""

from __future__ import annotations

import re

from enishi.reading.frontmatter import FrontMatter, parse
from enishi.reading.frontmatter_formats import YAML, Block, Handler, read_meta_lines, read_yaml
from enishi.reading.frontmatter_mistakes import KNOWN_KEYS, BlockError
from enishi.reading.yaml12 import Document

_KEY = re.compile(r"(?P<key>[A-Za-z][\w-]*):")
_MORE = re.compile(r"    +\S")
_LONGEST = 20_000


class _LinesHandler(Handler):
    """Lines without a fence: they end at an empty line, at `---`, or where a line is neither a key nor indented."""

    def find(self, text: str) -> Block | None:
        """The block at the head of the text; None if no known key is in it, as prose may begin with a colon, too."""
        first = len(text) - len(text.lstrip("\n"))
        keys: list[str] = []
        end = first
        for line in re.findall(r"[^\n]*\n|[^\n]+", text[first : first + _LONGEST]):
            if key := _KEY.match(line):
                keys.append(key["key"].lower())
            elif not keys or not _MORE.match(line):
                break
            end += len(line)
        if KNOWN_KEYS.isdisjoint(keys):
            return None
        block = text[first:end].removesuffix("\n")
        fence = re.match(r"(?:-{3}|\.{3})(?:[ \t][^\n]*)?(?:\n|\Z)", text[end:])
        body = end + (fence.end() if fence else 0)
        return Block(block, text.count("\n", 0, first) + 1, text[body:], text.count("\n", 0, body) + 1)


_RULE = r"(?P<{0}>[!-/:-@\[-`{{-~])(?P={0}){{2,}}[ \t]*\n"
_FIELDS = r"(?::[A-Za-z][\w -]*:[^\n]*(?:\n|\Z)(?:[ \t]+\S[^\n]*(?:\n|\Z))*)+"
_TITLE_AND_FIELDS = re.compile(
    rf"\s*(?:{_RULE.format('over')})?[ \t]{{0,40}}(?P<title>\S[^\n]*)\n{_RULE.format('under')}(?:[ \t]*\n)*{_FIELDS}"
)


class _DocumentHandler(Handler):
    """reStructuredText: a title with a line below it, then fields (`:date: 2024-05-06`)."""

    def find(self, text: str) -> Block | None:
        """The title and the fields below it."""
        match = _TITLE_AND_FIELDS.match(text[:_LONGEST])
        if match is None:
            return None
        first, end = match.start("title"), match.end()
        return Block(
            text[first:end].removesuffix("\n"), text.count("\n", 0, first) + 1, text[end:], text.count("\n", 0, end) + 1
        )


def _read_document(block: str) -> Document:
    lines = block.split("\n")
    start = next(number for number, line in enumerate(lines) if number > 1 and line.startswith(":"))
    fields = read_meta_lines("\n".join(re.sub(r"^:([\w-]+):", r"\1:", line) for line in lines[start:]))
    key_lines = {key: line + start for key, line in fields.key_lines.items()}
    return Document({"title": lines[0].strip(), **fields.value}, {"title": 0, **key_lines})


def _read_fenced(block: str) -> Document:
    """YAML where it is some; else what Pelican makes of it: to it, a value may hold anything."""
    try:
        return read_yaml(block)
    except BlockError:
        if all(_KEY.match(line) or _MORE.match(line) for line in block.split("\n") if line.strip()):
            return read_meta_lines(block)
        raise


PELICAN_HANDLERS: tuple[Handler, ...] = (
    Handler("yaml", _read_fenced, YAML.boundary),
    _DocumentHandler("rst", _read_document, re.compile(r"\n\n")),
    _LinesHandler("meta", read_meta_lines, re.compile(r"\n\n")),
)


def parse_as_pelican(text: str) -> FrontMatter:
    """Read the front matter of a file.  Never raises."""
    return parse(text, PELICAN_HANDLERS)
