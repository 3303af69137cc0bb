"""Take the links between posts out of a blog: they are the answers to "which posts belong together?".

An author who links one post from another says that they belong together, and names the other post in the link's text:
an encoder that is to find it again must see neither.  So address and text of each link are cut out of the post's
markdown, and the bytes are read again by the same code as any post.  Links that this second reading still finds are not
asked for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from enishi.cache import Cache
from enishi.pipeline import Blog
from enishi.reading.documents import PostFile, read_documents
from enishi.reading.frontmatter_formats import normalise
from enishi.reading.links import PostFinder, find_posts_of, own_hosts, resolve_links
from enishi.reading.source import read_source
from enishi.reading.template_syntax import MORE_MARK, plain_markdown
from enishi.types import Document

Links = Mapping[str, tuple[str, ...]]
"""By path of a post, the paths of the posts that its body links to."""


@dataclass(frozen=True, slots=True)
class UnlinkedPosts:
    """The posts without their links to each other, and those links."""

    documents: tuple[Document, ...]
    """In the order of the originals."""
    links: Links
    """The links that were cut out."""
    left: int
    """How many links could not be cut out; they are not in `links`."""


def without_links(blog: Blog, documents: Sequence[Document]) -> UnlinkedPosts:
    """The posts as if they had never linked to each other.

    Only posts that link are read again, from bytes in memory; nothing is written.
    """
    finder = find_posts_of(documents, own_hosts(blog.site.url))
    links = resolve_links(documents, finder=finder)
    known = {document.post.path: document for document in documents}
    left = links
    for prepare in (str, _without_templates):  # the second time, links written in a template language
        cut = [file for file in (_cut(blog, file, finder, prepare) for file in blog.files if file.path in left) if file]
        read, _ = read_documents(cut, blog.site, blog.now, Cache(None), manifest=blog.manifest)
        known |= {document.post.path: document for document in read}
        left = resolve_links([known[path] for path in sorted(left)], finder=finder)
    gone = {
        path: tuple(target for target in targets if target not in left.get(path, ())) for path, targets in links.items()
    }
    return UnlinkedPosts(
        tuple(known[document.post.path] for document in documents),
        {path: targets for path, targets in gone.items() if targets},
        sum(map(len, left.values())),
    )


def _without_templates(body: str) -> str:
    return plain_markdown(body).replace(MORE_MARK, "<!-- more -->")


def _cut(blog: Blog, file: PostFile, finder: PostFinder, prepare: Callable[[str], str]) -> PostFile | None:
    """The file without its links to posts; None where its body cannot be separated from the rest."""
    dialect = blog.site.generator.dialect
    body = read_source(file.data, dialect).body
    text = normalise(file.data.decode("utf-8", "replace"))
    text = text if dialect.is_exact else text.replace("\r", "\n")
    if not body or not text.endswith(body):  # a body that is too long to be read whole, or UTF-16
        return None

    def is_gone(address: str) -> bool:
        return finder.find(address.strip(), file.path) not in (None, file.path)

    cut = cut_links(prepare(body), is_gone)
    return PostFile.of(file.path, file.file, (text[: len(text) - len(body)] + cut).encode("utf-8", "replace"))


# --- ways to write a link ---------------------------------------------------------------------------------------------

# All repetitions are bounded and possessive: time stays linear in the text, whatever it is.
_TEXT = r"(?:[^\[\]\\]|\\.|!?\[(?:[^\[\]\\]|\\.){0,300}+\](?:\([^()\n]{0,500}+\))?+){0,600}+"
_TARGET = r"<[^<>\n]{0,2000}+>|(?:[^\s()\\]|\\.|\([^\s()]{0,500}+\)){0,2000}+"
_TITLE = r"(?:\s{1,9}+(?:\"[^\"]{0,500}+\"|'[^']{0,500}+'|\([^()]{0,500}+\)))?+"
_INLINE = re.compile(rf"(?<!!)\[{_TEXT}\]\(\s{{0,9}}+({_TARGET}){_TITLE}\s{{0,9}}+\)", re.S)
_WIKI = re.compile(r"(?<!!)\[\[([^\[\]|\n#]{1,300}+)(?:#[^\[\]|\n]{0,300}+)?(?:\|[^\[\]\n]{0,300}+)?\]\]")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]{1,2000}+)>")
_BARE = re.compile(r"https?://[^\s<>\"'()\[\]{}|\\^`、。）」』]{1,2000}+")
_BARE_END = ".,:;!?*_~"
_DEFINITION = re.compile(
    r"^ {0,3}\[([^\[\]\n]{1,200}+)\]:[ \t]{0,9}\n?[ \t]{0,9}(<[^<>\n]{0,2000}+>|[^\s<]\S{0,2000}+)[^\n]*+\n?", re.M
)
_REFERENCE = re.compile(rf"(?<!!)\[({_TEXT})\](?:\[([^\[\]\n]{{0,200}}+)\])?+(?![\[(:])", re.S)
_ANCHOR = re.compile(r"<a\b[^<>]{0,2000}+>", re.I)
_ANCHOR_END = re.compile(r"</a\s{0,9}+>", re.I)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))", re.I)
_LONGEST_ANCHOR = 4_000


def cut_links(markdown: str, is_gone: Callable[[str], bool]) -> str:
    """The text without the links, address and anchor, whose address `is_gone`.

    Inline and reference links, HTML, wiki links, autolinks and bare addresses; images stay.
    """

    def whole(match: re.Match[str]) -> str:
        return "" if is_gone(_address(match[1])) else match[0]

    text = _WIKI.sub(whole, markdown)
    text = _INLINE.sub(whole, text)
    text = "".join(_without_anchors(text, is_gone))
    text = _without_references(text, is_gone)
    text = _AUTOLINK.sub(whole, text)
    return _BARE.sub(lambda match: _without_bare(match[0], is_gone), text)


def _address(written: str) -> str:
    """The address as the author means it: without angle brackets, escapes undone."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", written.removeprefix("<").removesuffix(">")))


def _without_bare(written: str, is_gone: Callable[[str], bool]) -> str:
    address = written.rstrip(_BARE_END)
    return written[len(address) :] if is_gone(address) else written


def _without_anchors(text: str, is_gone: Callable[[str], bool]) -> Iterator[str]:
    """Pieces of the text between the `<a>` elements that go."""
    kept = 0
    for opening in _ANCHOR.finditer(text):
        href = _HREF.search(opening.group())
        if opening.start() < kept or href is None or not is_gone(html.unescape(href[1] or href[2] or href[3] or "")):
            continue
        closing = _ANCHOR_END.search(text, opening.end(), opening.end() + _LONGEST_ANCHOR)
        yield text[kept : opening.start()]
        kept = closing.end() if closing else opening.end()
    yield text[kept:]


def _without_references(text: str, is_gone: Callable[[str], bool]) -> str:
    labels = {_label(match[1]) for match in _DEFINITION.finditer(text) if is_gone(_address(match[2]))}
    if not labels:
        return text
    text = _DEFINITION.sub(lambda match: "" if _label(match[1]) in labels else match[0], text)
    return _REFERENCE.sub(lambda match: "" if _label(match[2] or match[1]) in labels else match[0], text)


def _label(written: str) -> str:
    return " ".join(written.split()).casefold()
