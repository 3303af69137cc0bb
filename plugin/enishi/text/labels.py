"""The few words that a list of related posts is made of, in the languages of the blogs we know.

A label is chosen by the post's language, else by the site's, else it is English.  Settings may override each of them,
for all languages at once or for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

LABEL_NAMES = ("heading", "tags", "terms", "translation", "colon", "comma", "date")
"""`colon` stands after a label, `comma` between two words; `date` is a pattern of YYYY, MM, M, DD, D."""

Labels = Mapping[str, str]
LabelOverrides = Mapping[str, "str | Mapping[str, str]"]
"""``{"heading": "Read next", "ja": {"heading": "次に読む"}}``: the more particular one wins."""

_ROWS = """\
ar|العربية|مقالات ذات صلة|وسوم مشتركة|كلمات مشتركة|ترجمة|: |، |YYYY-MM-DD
de|Deutsch|Verwandte Beiträge|Gemeinsame Tags|Gemeinsame Begriffe|Übersetzung|: |, |D.M.YYYY
en|English|Related posts|Shared tags|Shared terms|Translation|: |, |YYYY-MM-DD
es|Español|Entradas relacionadas|Etiquetas en común|Términos en común|Traducción|: |, |YYYY-MM-DD
fr|Français|Articles liés|Étiquettes communes|Termes communs|Traduction|\N{NO-BREAK SPACE}: |, |YYYY-MM-DD
it|Italiano|Articoli correlati|Tag in comune|Termini in comune|Traduzione|: |, |YYYY-MM-DD
ja|日本語|関連記事|共通のタグ|共通のキーワード|翻訳|：|、|YYYY年M月D日
ko|한국어|관련 글|공통 태그|공통 키워드|번역|: |, |YYYY년 M월 D일
pt|Português|Artigos relacionados|Tags em comum|Termos em comum|Tradução|: |, |YYYY-MM-DD
ru|Русский|Похожие записи|Общие теги|Общие слова|Перевод|: |, |DD.MM.YYYY
zh|中文|相关文章|共同标签|共同关键词|译文|：|、|YYYY年M月D日
zh-hant|繁體中文|相關文章|共同標籤|共同關鍵詞|譯文|：|、|YYYY年M月D日
"""
"""Code, its own name, and the labels, each as it is: with the blanks at its ends."""
_TABLE: Mapping[str, Labels] = {
    code: dict(zip(("own_name", *LABEL_NAMES), words, strict=True))
    for code, *words in (row.split("|") for row in _ROWS.splitlines())
}

_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
_SIMPLIFIED = ("zh-hans", "zh-cn", "zh-sg")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATE_PART = re.compile(r"YYYY|MM|DD|M|D")


def language_tag(written: str) -> str:
    """The language as HTML wants it (``zh_CN`` -> ``zh-CN``), or empty where it is no language tag at all."""
    tag = written.strip().replace("_", "-")
    return tag if _LANGUAGE_TAG.fullmatch(tag) else ""


def same_language(one: str, other: str) -> bool:
    """Whether readers of one read the other: ``en`` and ``en-GB`` do, ``zh-CN`` and ``zh-TW`` count as two."""
    return _group(one) == _group(other)


def own_name(language: str) -> str:
    """The language's name in itself (``日本語``) if we have labels for it, else its tag as written."""
    known = _TABLE.get(_group(language)) or _TABLE.get(_primary(language))
    return known["own_name"] if known else language


def label_language(*wanted: str) -> str:
    """The first of the languages that we have labels for; English if none."""
    for language in wanted:
        for key in (_group(language), _primary(language)):
            if key in _TABLE:
                return key
    return "en"


def page_language(language: str) -> Literal["en", "ja"]:
    """The language of a page for the author of a blog in this language."""
    return "ja" if label_language(language) == "ja" else "en"


def labels_for(language: str, overrides: LabelOverrides | None = None) -> Labels:
    """The labels of one of our languages (see :func:`label_language`), with the site's own words laid over them."""
    words = {name: _TABLE[language][name] for name in LABEL_NAMES}
    given = overrides or {}
    words.update({name: text for name, text in given.items() if name in words and isinstance(text, str)})
    for key in sorted(given):
        own = given[key]
        if not isinstance(own, str) and label_language(key) == language and key not in words:
            words.update({name: text for name, text in own.items() if name in words})
    return words


def written_date(iso: str, pattern: str) -> str:
    """``2024-05-06`` by a pattern such as ``YYYY年M月D日``; empty where there is no such date."""
    match = _DATE.fullmatch(iso)
    if not match:
        return ""
    year, month, day = match.groups()
    parts = {"YYYY": year, "MM": month, "M": month.lstrip("0"), "DD": day, "D": day.lstrip("0")}
    return _DATE_PART.sub(lambda part: parts[part.group()], pattern)


def _primary(language: str) -> str:
    return language.replace("_", "-").lower().partition("-")[0]


def _group(language: str) -> str:
    """Languages are told apart by their first part, and Chinese by its script as well."""
    tag = language.replace("_", "-").lower()
    if tag.startswith(_TRADITIONAL):
        return "zh-hant"
    if tag.startswith(_SIMPLIFIED):
        return "zh-hans"
    return _primary(tag)
