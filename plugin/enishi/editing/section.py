"""Puts a section of related posts into a post's file, renews it or takes it out, and touches nothing else.

Pure, as `plan.py`: bytes in, bytes out, or a Refusal.  The result is read again, and counts only if the file without
its section is byte for byte what it was without one before.
"""

from __future__ import annotations

from enishi.editing.change import Refusal
from enishi.editing.text import LINE_END, decode, encode
from enishi.errors import Severity
from enishi.reading.frontmatter import FrontMatter
from enishi.reading.prose import text_fields
from enishi.reading.section import SectionError, content_digest, find_section, markers
from enishi.reading.source import Dialect, read_source


def plan_section(data: bytes, content: str, dialect: Dialect, *, is_mdx: bool = False) -> bytes | Refusal:
    """What a post's file becomes when its section says `content`; none with an empty one.

    Args:
        data: the file's bytes.
        content: Markdown with ``\\n`` line ends, without the comments round it.
        dialect: how the post's generator reads files.
        is_mdx: whether comments are JavaScript's.
    """
    try:
        before = _checked(data, dialect)
        raw = decode(data)
        after = encode(_with_content(raw, content, before.body_line, is_mdx=is_mdx))
        if after != data:
            _check_result(data, after, content, dialect)
    except SectionError as error:
        return Refusal("odd-section", error.message, error.line)
    except Refusal as refusal:
        return refusal
    return after


def _checked(data: bytes, dialect: Dialect) -> FrontMatter:
    if data.startswith((b"\0", b"\xff", b"\xfe")):
        raise Refusal("not-utf8", "the file is UTF-16. Save it as UTF-8", 1)
    front = read_source(data, dialect)
    broken = next((one for one in front.problems if one.severity is Severity.ERROR), None)
    if front.is_lost or broken is not None:
        raise Refusal("bad-front-matter", "mend the front matter first", broken.line if broken else 1)
    return front


def _with_content(raw: str, content: str, body_line: int, *, is_mdx: bool) -> str:
    section = find_section(raw, body_line, at_end=bool(content))
    if section is not None:
        written = raw[section.content_start : section.content_end]
        if written.strip() and content_digest(written) != section.digest:
            message = (
                "its section of related posts was edited by hand, so it is left. Delete what stands in it to renew it"
            )
            raise Refusal("edited-section", message, section.line)
    if not content:
        return _without(raw, body_line)
    if section is None:
        line_break = _line_break(raw)
        gap = line_break if LINE_END.search(raw[-1:]) or not raw else line_break * 2
        ends = line_break if len(gap) == len(line_break) else ""  # a file without one at its end stays so
        start, end = f"{raw}{gap}", ends
    else:
        line_break = _line_break(raw[section.start :])
        start, end = raw[: section.start], (LINE_END.findall(raw[section.content_end : section.end]) or [""])[0]
        end += raw[section.end :]
    opening, closing = markers(content, is_mdx=is_mdx)
    return start + f"{opening}\n\n{content.strip()}\n\n{closing}".replace("\n", line_break) + end


def _line_break(text: str) -> str:
    match = LINE_END.search(text)
    return match.group() if match is not None else "\n"


def _without(raw: str, body_line: int) -> str:
    """The text without its section and the blank line above it: what it was before there was one."""
    section = find_section(raw, body_line)
    if section is None:
        return raw
    above, is_ended = raw[: section.start], LINE_END.search(raw[section.end - 1 : section.end]) is not None
    ends = list(LINE_END.finditer(above))[-2:]
    if ends and ends[-1].end() == len(above):
        is_blank = ends[-1].start() == (ends[0].end() if len(ends) == 2 else 0)
        if is_blank:  # the line break above it, too, is ours where the file has none at its end
            above = above[: ends[-1 if is_ended else 0].start()]
    return above + raw[section.end :]


def _check_result(before: bytes, after: bytes, content: str, dialect: Dialect) -> None:
    """Raise Refusal where the result is not what it should be."""
    old, new = read_source(before, dialect), read_source(after, dialect)
    same_front = (old.format, repr(old.meta)) == (new.format, repr(new.meta))
    if not same_front or _without(decode(before), old.body_line) != _without(decode(after), new.body_line):
        raise Refusal("unsafe-edit", "left as it is, because more would change than its section")
    wanted = text_fields("", content).links
    if not set(wanted) <= set(text_fields("", new.body).links):
        raise Refusal("unsafe-edit", "left as it is, because links at its end would not be read as links")
