"""Labels by language: the post's, else the site's, else English."""

from __future__ import annotations

import pytest

from enishi.text import labels
from enishi.text.labels import (
    LABEL_NAMES,
    label_language,
    labels_for,
    language_tag,
    own_name,
    same_language,
    written_date,
)


@pytest.mark.parametrize("language", sorted(labels._TABLE))
def test_every_language_has_every_label_and_a_date_that_names_the_day(language: str) -> None:
    found = labels_for(language)
    assert set(found) == set(LABEL_NAMES)
    assert all(found.values())
    assert label_language(language) == language
    assert own_name(language) != language
    date = written_date("2024-05-06", found["date"])
    assert "2024" in date
    assert "5" in date
    assert "6" in date


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("ja",), "ja"),
        (("ja-JP",), "ja"),
        (("ja_JP",), "ja"),
        (("JA",), "ja"),
        (("zh-TW",), "zh-hant"),
        (("zh_hk",), "zh-hant"),
        (("zh-Hant-SG",), "zh-hant"),
        (("zh-CN",), "zh"),
        (("zh-Hans-TW",), "zh"),
        (("pt-BR",), "pt"),
        (("", "de"), "de"),
        (("tlh", "fr"), "fr"),
        (("fr", "de"), "fr"),
        (("tlh",), "en"),
        (("",), "en"),
        ((), "en"),
    ],
)
def test_label_language(wanted: tuple[str, ...], language: str) -> None:
    assert label_language(*wanted) == language


def test_overrides_hold_for_all_languages_or_for_one_and_the_particular_wins() -> None:
    overrides = {"heading": "Read next", "ja": {"heading": "次に読む", "nonsense": "x"}, "nonsense": "y"}
    assert labels_for("en", overrides)["heading"] == "Read next"
    assert labels_for("ja", overrides)["heading"] == "次に読む"
    assert labels_for("ja", overrides)["tags"] == labels_for("ja")["tags"]
    assert set(labels_for("ja", overrides)) == set(LABEL_NAMES)
    assert labels_for("zh-hant", {"zh-TW": {"comma": ","}, "zh": {"comma": ";"}})["comma"] == ","
    assert labels_for("en")["heading"] == "Related posts", "the table itself stays as it is"


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("zh_CN", "zh-CN"),
        (" ja ", "ja"),
        ("en-GB", "en-GB"),
        ("", ""),
        ('en" onclick="x', ""),
        ("english", ""),
        ("e", ""),
    ],
)
def test_language_tag(written: str, tag: str) -> None:
    assert language_tag(written) == tag


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("en", "en-GB", True),
        ("zh-CN", "zh-TW", False),
        ("zh-CN", "zh_Hans", True),
        ("zh-HK", "zh-TW", True),
        ("ja", "en", False),
    ],
)
def test_same_language(one: str, other: str, same: bool) -> None:
    assert same_language(one, other) is same
    assert same_language(other, one) is same


@pytest.mark.parametrize(
    ("language", "name"),
    [("ja-JP", "日本語"), ("zh-TW", "繁體中文"), ("zh-CN", "中文"), ("tlh", "tlh")],
)
def test_own_name(language: str, name: str) -> None:
    assert own_name(language) == name


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("YYYY年M月D日", "2024年5月6日"),
        ("DD.MM.YYYY", "06.05.2024"),
        ("D.M.YYYY", "6.5.2024"),
        ("YYYY-MM-DD", "2024-05-06"),
    ],
)
def test_written_date(pattern: str, written: str) -> None:
    assert written_date("2024-05-06", pattern) == written


@pytest.mark.parametrize("iso", ["", "2024-5-6", "2024-05-06T00:00:00", "yesterday"])
def test_what_is_no_date_is_not_written(iso: str) -> None:
    assert written_date(iso, "YYYY") == ""
