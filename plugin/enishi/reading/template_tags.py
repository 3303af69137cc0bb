"""What a reader sees of a tag: the links, titles and captions that `{% … %}` and `{{< … >}}` give."""

from __future__ import annotations

import html
import re

_ARGUMENT = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^\s"\',]+)|(,)')
_NAMED_TEXT = re.compile(
    r"""\b(?:title|alt|caption|label|text|summary|description|attr|header)\s*[=:]\s*(?:"([^"]*)"|'([^']*)')""", re.I
)
_LOGIC_TAG = re.compile(
    "if|elif|elsif|else|unless|for|set|assign|extends|block|from|import|macro|case|when|call|filter|increment|decrement"
    "|cycle|capture|layout|tablerow|break|continue"
)
_TARGET_TAG = re.compile("post_url|post_path|link_to|asset_path|ref|relref|url|xref")
_TITLED_TARGET_TAG = re.compile("post_link|asset_link")
_URL_TAG = re.compile("link|btn|button|cta|link_?card|card|linkcard_block|blogcard")
_IMAGE_NAME = re.compile(r"\S*\.\w{2,4}|[\w/.:#%-]*|\d+(?:px|%|em|x\d+)?", re.A)


def _arguments(rest: str) -> list[tuple[str, bool]]:
    """Arguments as (text, was quoted); commas as (",", False)."""
    matches = _ARGUMENT.findall(rest)
    return [(double or single or bare or comma, not (bare or comma)) for double, single, bare, comma in matches]


def link_target(rest: str) -> str:
    """The slug or path that a tag inside a link target names."""
    named = re.search(r"(?:path|href|url)\s*=\s*[\"']([^\"']*)[\"']", rest)
    if named:
        return named.group(1)
    arguments = [text for text, _ in _arguments(rest) if text != "," and "{" not in text]
    return arguments[0] if arguments else ""


def _anchor(target: str, text: str) -> str:
    """A link, where there is something to link to."""
    return f'<a href="{html.escape(target)}">{text}</a>' if target else text


def visible_text(name: str, rest: str) -> str:
    """What a reader sees of a tag: links, titles and captions; nothing of its settings."""
    if not name or _LOGIC_TAG.fullmatch(name) or name.startswith("end"):
        return ""
    rest = " ".join(rest.split())
    arguments = _arguments(rest)
    words = [text for text, _ in arguments if text != ","]
    if _TARGET_TAG.fullmatch(name):
        return _anchor(link_target(rest), "")
    if _TITLED_TARGET_TAG.fullmatch(name):
        title = " ".join(word for word in words[1:] if word not in ("true", "false"))
        return _anchor(words[0] if words else "", title)
    if _URL_TAG.fullmatch(name):
        return _link_tag(words)
    named = named_text(rest)
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


def named_text(attributes: str) -> str:
    """The values of attributes that hold words, such as `title="…"`."""
    return " ".join(filter(None, (one or two for one, two in _NAMED_TEXT.findall(attributes))))


def code_language(name: str, rest: str) -> str:
    """The language of a tag of code; empty where it names none."""
    if name in ("mermaid", "plantuml"):
        return name
    named = re.search(r"\blang:\s*([\w+#.-]+)", rest)
    if named:
        return named.group(1)
    first = re.match(r"\s*([\w+#-]+)\s*(?:\Z|\blinenos\b|\")", rest)
    return first.group(1) if first else ""
