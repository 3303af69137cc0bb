"""A page on which people judge pairs of posts blind: one file that needs nothing else, in the language of the blog.

The page names no encoder, nor does its order give one away (:mod:`enishi.commands.compare.judging`).  Verdicts stay in
the browser until they are saved as a file, which the next `enishi models compare --verdicts` reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from enishi.commands.compare.run import ComparedBlog, blog_address
from enishi.console.page import render_template
from enishi.text.labels import language_tag, page_language
from enishi.text.printable import text_line
from enishi.writing.render import templates_folder

if TYPE_CHECKING:
    from enishi.types import Document

TEMPLATE, STYLE, SCRIPT = "judging.html.j2", "page.css", "judging.js"
OPENING = 240
"""Characters of a post that are shown at first, so that both candidates fit on a screen."""
MORE_TEXT = 1_500
"""Characters of a post that can be read beyond its opening."""
MAX_TAGS = 12

_LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Which post fits better?",
        "intro": "Two ways of finding related posts disagree here. Whose post is whose is not shown, so that nobody "
        "can favour one. Say which post you would show to somebody who has just read the first one. What you say "
        "stays in this browser until you save it.",
        "pair": "Pair {number} of {total}: somebody has just read",
        "question": "Which post should stand beneath it?",
        "left": "A fits better",
        "right": "B fits better",
        "both": "Both fit",
        "neither": "Neither fits",
        "tags": "Tags",
        "more": "More of the text",
        "back": "Back",
        "later": "Later",
        "save": "Save the verdicts",
        "progress": "{done} of {total} judged",
        "shortcuts": "Keys: 1 or ← for A, 2 or → for B, 3 both, 4 neither, 0 later, Backspace back",
        "end": "That was the last pair",
        "after": "Save the verdicts, and name the file next time: "
        "enishi models compare --verdicts enishi-verdicts.json",
        "unkept": "This browser keeps nothing for this page: save the verdicts before you close it.",
        "noscript": "This page needs JavaScript to show one pair after the other and to keep what you say.",
        "nothing": "There is nothing to judge: the encoders agree, or every pair has been judged.",
    },
    "ja": {
        "title": "どちらの記事が合いますか",
        "intro": "関連記事の探し方によって結果が分かれた組です。"
        "先入観が入らないよう、どちらがどの探し方の結果かは伏せてあります。"
        "最初の記事を読み終えた人に勧めたいほうを選んでください。回答は、保存するまでこのブラウザの中にだけ残ります。",
        "pair": "{total}組中{number}組目：読み終えた記事",
        "question": "この下に載せるならどちらですか",
        "left": "Aのほうが合う",
        "right": "Bのほうが合う",
        "both": "どちらも合う",
        "neither": "どちらも合わない",
        "tags": "タグ",
        "more": "本文の続き",
        "back": "戻る",
        "later": "あとで",
        "save": "判定を保存",
        "progress": "{total}組中{done}組を判定済み",
        "shortcuts": "キー操作：1か←でA、2か→でB、3で両方、4でどちらも合わない、0であとで、Backspaceで戻る",
        "end": "これで最後の組です",
        "after": "判定を保存し、次回はそのファイルを指定してください："
        "enishi models compare --verdicts enishi-verdicts.json",
        "unkept": "このブラウザは回答を覚えておけません。閉じる前に判定を保存してください。",
        "noscript": "組を順に表示して回答を残すには、JavaScriptが必要です。",
        "nothing": "判定する組はありません。結果が一致しているか、すべて判定済みです。",
    },
}


def render_judging_page(compared: ComparedBlog, most: int) -> bytes:
    """The page with at most so many of the pairs that nobody has judged, UTF-8; everything of the blog's is escaped."""
    from markupsafe import Markup

    style, script = (Markup((templates_folder() / name).read_text("utf-8")) for name in (STYLE, SCRIPT))  # noqa: S704 - ours
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    ours = {"style": style, "script": script, "script_hash": script_hash}
    return render_template(TEMPLATE, {**page_view(compared, most), **ours})


def page_view(compared: ComparedBlog, most: int) -> dict[str, Any]:
    """Everything that the template shows: finished strings."""
    site, settings = compared.blog.site, compared.blog.settings
    blog_language = settings.language or site.language
    language = page_language(blog_language)
    labels = _LABELS[language]
    posts = {document.post.path: document for document in compared.documents}
    asked = compared.open_questions[:most]
    return {
        "language": language,
        "labels": labels,
        "blog": json.dumps(blog_address(compared.blog)),
        "pairs": [
            {
                "key": question.key,
                "name": labels["pair"].format(number=number, total=len(asked)),
                "post": _card(posts[question.post], blog_language),
                "left": _card(posts[question.left], blog_language),
                "right": _card(posts[question.right], blog_language),
            }
            for number, question in enumerate(asked, 1)
        ],
    }


def _card(document: Document, blog_language: str) -> dict[str, Any]:
    """What the page shows of a post.  Its path is JSON, so that any name comes back as it was."""
    fields = document.fields
    lede = _opening(fields.lede)
    rest = fields.prose.removeprefix(lede) if lede else ""
    goes_on = "\N{NO-BREAK SPACE}…" if rest.strip() and not rest.startswith("\n") else ""
    return {
        "path": json.dumps(document.post.path),
        "title": text_line(document.title),
        "lede": text_line(lede) + goes_on,
        "tags": [text_line(tag) for tag in document.post.tags[:MAX_TAGS]],
        "more": [text_line(paragraph) for paragraph in rest[:MORE_TEXT].split("\n\n") if paragraph.strip()],
        "lang": language_tag(document.post.lang or blog_language),
    }


def _opening(lede: str) -> str:
    """The beginning of a lede, not ending inside a word where words have spaces between them."""
    if len(lede) <= OPENING:
        return lede
    cut = lede[:OPENING]
    whole_words = cut.rpartition(" ")[0]
    return whole_words if len(whole_words) > OPENING // 2 else cut
