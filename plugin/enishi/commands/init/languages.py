"""Which language a text is in: by its script, and among those in Latin and Cyrillic letters by its commonest words.

A blog's posts are long, and their language is one of a few; so a handful of words that hold each language together tell
them apart (Grefenstette 1995, "Comparing two language identification schemes": short words do from some dozens on).
"""

from __future__ import annotations

import re
from collections import Counter

from enishi.types import Document

NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
    "zh-hant": "Chinese (traditional)",
}

_WORDS = {
    "cs": "a se na je že to s v z do pro jako ale jsem jsou které která tak nebo byl bylo není",
    "da": "og i at det er en til på af der for med ikke den som har jeg vi men hvad meget også",
    "de": "der die das und ist nicht ein eine zu den mit von auf für ich sich auch es dem wie wir aber",
    "en": "the of and to a in is that for it you with on this be as are we i have not was but can",
    "es": "de la que el en y los se del las por un con no una su para es lo como más pero este",
    "fi": "ja on ei että se oli mutta kun niin myös joka jos tai hän ovat sen voi nyt vain kuin",
    "fr": "de la le les et des en un une que est pour dans qui sur pas au plus avec ce je nous mais",
    "hu": "a az és hogy nem is egy van meg ez de csak már mint volt ha el kell azt vagy amit lehet",
    "id": "yang dan di untuk dengan ini itu dari tidak ada pada adalah akan juga saya bisa dalam kita ke",
    "it": "di che e la il un per non è una in con del le si da i come sono della più anche ho ma gli",
    "nl": "de van een het en in is dat op te zijn voor met niet ik je die aan er maar ook naar wij",
    "no": "og i det er på til en som for med at av ikke jeg den har vi men kan om fra også hva",
    "pl": "i w nie na się z do to że jest jak o ale co po za tak od jego czy był są dla może tylko",
    "pt": "de que e o a do da em um para com não uma os no se na por mais as dos como mas foi ao ele",
    "ro": "și de la în a cu nu o că este pe un din pentru mai sunt care se ce dar sau fi am fost",
    "sv": "och i att det som är en på för av med till den inte har jag om ett men var vi kan så",
    "tr": "ve bir bu da de için ile çok ne gibi daha olarak var ben o kadar sonra olan değil ama en",
    "vi": "và của là có không được trong cho một các với này để khi người đã tôi những như thì",
    "ru": "и в не на что я с он как это по но из у за от к для так же бы все то если или при",
    "uk": "і в не на що я з він як це по але у за від до для так та бо якщо або при є про",
}
_VOCABULARY = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = {
    "ja": re.compile("[\u3041-\u30ff\uff66-\uff9f]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "el": re.compile("[\u0370-\u03ff]"),
}
_MIN_LETTERS = 20
_OF_LETTERS = 0.15
"""From this share of its letters on, a script decides: writing about software is full of Latin names."""
_KANA = 0.1
"""From this share of kana among the characters of Chinese and Japanese, it is Japanese."""
_OF_WORDS, _MIN_WORDS = 0.08, 3
_READ = 4_000
"""So many characters of a post are looked at."""


def language_name(code: str) -> str:
    """For people; the code itself for one that has no name here."""
    return NAMES.get(code, code or "unknown")


def states_language(document: Document, site_language: str) -> bool:
    """Whether a post says itself which language it is in: otherwise it has that of the site."""
    return bool(document.post.lang) and document.post.lang != site_language


def post_language(document: Document, site_language: str = "") -> str:
    """The language of a post, as its author says or else as it reads; empty where it says too little."""
    stated = re.match(r"[a-z]{2,3}(?=$|[-_])", document.post.lang.casefold())
    if stated and states_language(document, site_language):
        return stated[0]
    return text_language(f"{document.fields.title}\n{document.fields.prose[:_READ]}")


def text_language(text: str) -> str:
    """The language that a text is in; empty where it says too little, or is in none of those known here."""
    letters = sum(map(str.isalpha, text))
    if letters < _MIN_LETTERS:
        return ""
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS.items()}
    together = counts["ja"] + counts["zh"]
    if counts["ja"] >= _KANA * together:
        counts["ja"], counts["zh"] = together, 0
    else:
        counts["ja"] = 0
    script = max(counts, key=lambda code: counts[code])
    if counts[script] >= _OF_LETTERS * letters:
        return "zh-hant" if script == "zh" and _is_traditional(text) else script
    return _language_by_words(text)


_SIMPLIFIED, _TRADITIONAL = (
    frozenset("这个为说们来时会对开关学与国发过还没样"),
    frozenset("這個為說們來時會對開關學與國發過還沒樣"),
)


def _is_traditional(text: str) -> bool:
    return sum(letter in _TRADITIONAL for letter in text) > sum(letter in _SIMPLIFIED for letter in text)


def _language_by_words(text: str) -> str:
    words = [word.casefold() for word in _WORD.findall(text)]
    found = Counter({code: sum(word in known for word in words) for code, known in _VOCABULARY.items()})
    ((code, count),) = found.most_common(1)
    return code if count >= max(_MIN_WORDS, _OF_WORDS * len(words)) else ""
