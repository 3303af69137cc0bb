"""Untidy tags: what is reported, what is left alone, and whether the commands that are shown fix it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog import files_below, post_text, write_blog
from blog_of_documents import document, site
from enishi import cli
from enishi.config import TagSettings
from enishi.tags.audit import Audit, audit_tags
from enishi.tags.short_forms import initials
from enishi.tags.variants import is_spelling, plural_of
from enishi.tags.vocabulary import read_vocabulary
from enishi.text.printable import shell_word
from enishi.types import Document


def audit(documents: Sequence[Document], **settings: Any) -> Audit:
    rules = TagSettings(**settings)
    vocabulary, problems = read_vocabulary([found.post for found in documents], site(), rules)
    assert problems == []
    return audit_tags(documents, vocabulary, rules)


def tagged(*tags: Sequence[str], text: str = "", **post: Any) -> list[Document]:
    """A post for each list of tags, named by its number."""
    return [document(f"{number:02}.md", f"Title {number}", text, own, **post) for number, own in enumerate(tags)]


def other_names(found: Audit) -> dict[str, dict[str, tuple[str, ...]]]:
    """Reasons by other name, by kept name."""
    return {tag.kept.tag: {other.tag: other.reasons for other in tag.others} for tag in found.variants}


# -- spellings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "other", "reasons"),
    [
        ("JavaScript", "javascript", ("spelling",)),
        ("AWS", "ＡＷＳ", ("spelling",)),
        ("Webサービス", "weｂサービス", ("spelling",)),
        ("web-design", "web design", ("spelling",)),
        ("Node.js", "nodejs", ("spelling",)),
        ("サーバー", "サーバ", ("spelling",)),
        ("サーバー", "ｻｰﾊﾞｰ", ("spelling",)),
        ("インターフェース", "インタフェース", ("long-vowel mark",)),
        ("test", "tests", ("plural",)),
        ("APIs", "API", ("plural",)),
        ("library", "Libraries", ("plural",)),
        ("boxes", "box", ("plural",)),
        ("Web Components", "web-component", ("plural",)),
    ],
)
def test_two_names_for_one_tag(usual: str, other: str, reasons: tuple[str, ...]) -> None:
    found = audit(tagged([usual], [usual, "more"], [other]))
    assert other_names(found) == {usual: {other: reasons}}
    assert found.variants[0].others[0].posts == ("02.md",)
    assert [use.tag for use in found.once] == ["more"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Go", "Goo"),
        ("C", "C++"),
        ("C", "C#"),
        ("CS", "CSS"),
        ("AW", "AWS"),
        ("HTTP", "HTTPS"),
        ("http", "https"),
        ("window", "Windows"),
        ("rail", "Rails"),
        ("new", "news"),
        ("Java", "JavaScript"),
        ("ビル", "ビール"),
        ("2-11", "21-1"),
        ("Vue2", "Vue3"),
        ("video", "vimeo"),
        ("HTML4", "HTML5"),
        ("iPhone", "phone"),
        ("console", "console2"),
        ("E2E", "edge"),
        ("DAA", "DAAS"),
        ("機械学習", "機械学"),
        ("CSS", "Content Safety Study"),
        ("ML", "Machine Learning"),
        ("Kubernetes", "K8s"),
        ("textlint", "textlitn"),
    ],
)
def test_two_tags_that_are_two(one: str, other: str) -> None:
    assert other_names(audit(tagged([one], [one], [other]))) == {}


def test_all_names_of_a_tag_are_one_finding_and_the_usual_one_is_kept() -> None:
    found = audit(tagged(["book"], ["book"], ["Book"], ["Books"], ["books", "book"], ["BOOK"]))
    assert other_names(found) == {
        "book": {"BOOK": ("spelling",), "Book": ("spelling",), "Books": ("plural",), "books": ("plural",)}
    }
    assert found.variants[0].to_change == 4
    assert found.variants[0].kept.posts == ("00.md", "01.md", "04.md")


def test_what_concerns_most_posts_comes_first() -> None:
    found = audit(tagged(["tea"], ["Tea"], ["pots"], ["pots"], ["pots"], ["pot"], ["pot"], ["pot"]))
    assert [tag.to_change for tag in found.variants] == [3, 1]


def test_a_letter_of_odd_width_is_never_kept() -> None:
    found = audit(tagged(["weｂ log"], ["weｂ log"], ["web log"], ["tea\u200b"]))
    assert other_names(found) == {"web log": {"weｂ log": ("spelling",)}}


@given(
    st.lists(
        st.sampled_from(["tea pot", "Tea pot", "TEA-POT", "teapot", "ｔｅａ pot", "tea pots", "Teapots"]),
        min_size=1,
        max_size=12,
    )
)
def test_every_name_but_one_is_listed_once_with_a_reason(names: list[str]) -> None:
    found = audit(tagged(*([name] for name in names)))
    if len(set(names)) == 1:
        assert found.variants == ()
        return
    (tag,) = found.variants
    listed = [tag.kept.tag, *(other.tag for other in tag.others)]
    assert sorted(listed) == sorted(set(names))
    assert all(other.reasons for other in tag.others)
    assert sum(len(other.posts) for other in tag.others) + len(tag.kept.posts) == len(names)


@given(st.text(max_size=12), st.text(max_size=12))
def test_spellings_are_symmetric_and_a_tag_is_none_of_itself(one: str, other: str) -> None:
    assert is_spelling(one, other) == is_spelling(other, one)
    assert not is_spelling(one, one)
    assert initials(one) is not None
    assert not one or plural_of(one) != one


# -- short forms -----------------------------------------------------------------------------------------------------


def test_a_short_form_that_a_text_gives_beside_the_long_one() -> None:
    posts = [
        document("a.md", "A", "We use a Content Delivery Network (CDN) for this.", ["Content Delivery Network"]),
        document("b.md", "B", "Nothing of it.", ["CDN"]),
        document("c.md", "C", "Nothing of it.", ["CDN"]),
    ]
    found = audit(posts)
    assert other_names(found) == {"CDN": {"Content Delivery Network": ("short form",)}}
    assert found.variants[0].shown_by == ("a.md",)


@pytest.mark.parametrize("text", ["自然言語処理（NLP）の話。", "「自然言語処理」(NLP)"])
def test_a_short_form_in_another_script_needs_two_posts(text: str) -> None:
    posts = [
        document("a.md", "A", text, ["自然言語処理"]),
        document("b.md", "B", "Nothing.", ["NLP"]),
    ]
    assert audit(posts).variants == ()
    posts.append(document("c.md", "C", text, ["自然言語処理"]))
    assert other_names(audit(posts)) == {"自然言語処理": {"NLP": ("short form",)}}


def test_examples_in_brackets_are_no_short_forms() -> None:
    text = "クラウド（AWS）と、クラウド（GCP）と、フレームワーク（React）。JavaScript (React) and AWS (S3)."
    tags = ["クラウド", "AWS", "GCP", "フレームワーク", "React", "JavaScript", "S3"]
    assert audit([document(f"{n}.md", "T", text, tags) for n in range(3)]).variants == ()


def test_initials_alone_do_not_make_a_short_form_but_use_beside_the_long_one_does() -> None:
    apart = tagged(["NLP"], ["natural language processing"])
    assert audit(apart).variants == ()
    both = tagged(["NLP"], ["natural language processing", "NLP"])
    assert list(other_names(audit(both))) == ["NLP"]
    assert audit(both).variants[0].shown_by == ("01.md",)


def test_the_cloud_of_many_names() -> None:
    posts = [document("a.md", "A", "Google Cloud (GCP) is a cloud.", ["GoogleCloud"]), *tagged(["GCP"], ["GCP"])]
    assert other_names(audit(posts)) == {"GCP": {"GoogleCloud": ("short form",)}}


def test_a_short_form_of_several_long_ones_is_none_of_them() -> None:
    assert audit(tagged(["GA", "Google Analytics", "GitHub Actions"])).variants == ()


# -- what the settings know of ---------------------------------------------------------------------------------------


def test_what_has_an_alias_or_is_retired_is_left_alone() -> None:
    posts = tagged(["GCP"], ["GoogleCloud"], ["GoogleCloud"], ["Tea"], ["tea"], ["tea"], ["jquery"], ["test", "tests"])
    aliases = {"GCP": "GoogleCloud", "Tea": "tea", "tests": "test"}
    found = audit(posts, aliases=aliases, retired=("jquery",))
    assert found.variants == ()
    assert "jquery" not in [use.tag for use in found.once]


def test_a_tag_and_its_broader_one_are_two() -> None:
    posts = tagged(*[["S3", "AWS"]] * 4, *[["components", "component"]] * 3)
    broader = {"S3": "AWS", "component": ["components"]}
    assert [found.tags for found in audit(posts).together] == [("AWS", "S3"), ("component", "components")]
    found = audit(posts, broader=broader)
    assert found.variants == ()
    assert found.together == ()


def test_a_tag_that_others_imply_is_not_used_once() -> None:
    found = audit(tagged(["AWS"], ["S3"], ["S3"]), broader={"S3": "AWS"})
    assert found.once == ()


# -- tags of little use to readers -----------------------------------------------------------------------------------


def test_tags_that_always_go_together_are_on_three_posts_at_least() -> None:
    pair = ["loom", "warp"]
    assert audit(tagged(pair, pair, ["tea"])).together == ()
    (found,) = audit(tagged(pair, pair, pair, ["tea"])).together
    assert (found.tags, found.posts) == (("loom", "warp"), ("00.md", "01.md", "02.md"))
    assert audit(tagged(pair, pair, pair, ["loom"])).together == ()


def test_every_spelling_of_tags_that_go_together_is_named() -> None:
    (found,) = audit(tagged(["z", "a"], ["z", "a"], ["Z", "A"])).together
    assert found.tags == ("a", "z")
    assert found.others == ("Z", "z")


def test_tags_on_nearly_everything_and_a_floor_for_small_blogs() -> None:
    assert audit(tagged(*[["blog"]] * 9)).everywhere == ()
    found = audit(tagged(*[["blog"]] * 8, ["tea"], ["tea"], []))
    assert [(use.tag, len(use.posts)) for use in found.everywhere] == [("blog", 8)]
    assert found.tagged == 10
    assert audit(tagged(*[["blog"]] * 7, *[["tea"]] * 3)).everywhere == ()


def test_tags_equal_to_a_category() -> None:
    posts = tagged(*[["web", "css"]] * 3, *[["html"]] * 40, categories=(("Web",),))
    posts += tagged(*[["tea"]] * 2, categories=(("Tea",),))
    posts = [document(f"{n:02}.md", "T", "", d.post.tags, categories=d.post.categories) for n, d in enumerate(posts)]
    web, tea = sorted(audit(posts).categories, key=lambda use: -len(use.posts))
    assert (web.tag, web.category, web.inside, len(web.posts)) == ("web", "Web", ("00.md", "01.md", "02.md"), 3)
    assert (web.is_meant, tea.is_meant) == (False, True)


def test_tags_used_once_and_other_posts_that_name_them_in_their_title() -> None:
    posts = [
        document("a.md", "On memos", "", ["メモ", "https", "本"]),
        document("b.md", "メモリの話、アンチメモ", "", ["x"]),
        document("c.md", "会議のメモ", "", ["x"]),
        document("d.md", "All about HTTP and 日本", "", ["x"]),
        document("e.md", "HTTPSの話", "", ["x"]),
    ]
    once = {use.tag: use.named_by for use in audit(posts).once}
    assert once == {"メモ": ("c.md",), "https": ("e.md",), "本": ()}


def test_drafts_count_and_blank_tags_do_not() -> None:
    posts = [document("a.md", "A", "", ["tea"]), document("b.md", "B", "", ["tea", " "], status="draft")]
    found = audit(posts)
    assert (found.once, found.tags, found.tagged) == ((), 1, 2)


def test_the_order_of_posts_and_the_seed_of_hashes_do_not_matter() -> None:
    posts = tagged(["Tea", "NLP"], ["tea", "natural language processing"], ["teas", "NLP", "ties"], ["tie", "TEA"])
    assert audit(posts) == audit(posts[::-1])


# -- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs a command: its exit code, and what it printed."""
    monkeypatch.setenv("COLUMNS", "60")

    def command(*arguments: str) -> tuple[int, str]:
        capfdbinary.readouterr()
        code = cli.main(arguments)
        told = capfdbinary.readouterr()
        assert b"Traceback" not in told.err
        return code, told.out.decode()

    return command


def blog_of_tags(root: Path, *tags: Sequence[str], **settings: Any) -> Path:
    posts = {
        f"post-{number}.md": post_text(f"Post {number}", "Words.", f"tags: {json.dumps(list(own))}\n")
        for number, own in enumerate(tags)
    }
    return write_blog(root, posts, hexo=False, **settings)


def carry_out(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a command that was shown, as a shell reads it."""
    words = command.replace("enishi", f"{shlex.quote(sys.executable)} -m enishi", 1).replace(
        " tags rename", " tags rename -y"
    )
    words = words.replace(" tags merge", " tags merge -y")
    return subprocess.run(["bash", "-c", words], cwd=folder, capture_output=True, timeout=120)


HOSTILE = (
    ["it's", "It's"],
    ["$(touch pwned)", "$(Touch pwned)"],
    ["-x", "-X"],
    ["a;b `c`", "A;b `c`"],
    ["[red]tag", "[Red]tag"],
    ["日本 A", "日本 Ａ"],
    ["right\u202eleft", "Right\u202eleft"],
    ['quote"', 'Quote"'],
)


def test_the_commands_that_are_shown_mend_what_was_found(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    tags = [[usual, "plain"] for usual, _ in HOSTILE] * 2 + [[other, "rest"] for _, other in HOSTILE]
    blog = blog_of_tags(tmp_path / "my blog", *tags, ["box", "lid"], ["boxes", "lid"], ["lid"])
    code, out = run("tags", "audit", "--site", str(blog), "--json")
    assert code == 0
    found = json.loads(out)
    assert len(found["twins"]) == len(HOSTILE) + 1
    _, text = run("tags", "audit", "--site", str(blog))
    for twins in found["twins"]:
        assert f"\n    {twins['command']}\n" in text  # never wrapped, not even on a narrow terminal
        done = carry_out(twins["command"], tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        assert b"changed" in done.stderr
    assert json.loads(run("tags", "audit", "--site", str(blog), "--json")[1])["twins"] == []
    assert not list(tmp_path.rglob("pwned"))


def test_the_command_names_site_config_and_settings_only_where_they_are_needed(
    tmp_path: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = blog_of_tags(tmp_path / "blog", ["tea"], ["tea"], ["Tea"])
    monkeypatch.chdir(blog)
    assert "\n    enishi tags rename Tea tea\n" in run("tags", "audit")[1]
    (tmp_path / "other.toml").write_text("[related]\nlimit = 3\n")
    monkeypatch.chdir(tmp_path)
    arguments = ("--site", "blog", "--config", "other.toml", "--set", "related.limit=4")
    text = run("tags", "audit", *arguments)[1]
    assert "enishi tags rename --site blog --config other.toml --set related.limit=4 Tea tea\n" in text


def test_the_page_for_people_has_every_section_and_bounds_each(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    pairs = [[name, "blog"] for number in range(12) for name in (f"tea{number}x", f"Tea{number}X")]
    trios = [["loom", "warp", "blog"]] * 3
    blog = blog_of_tags(tmp_path / "blog", *pairs, *trios, ["alone", "blog"], settings="")
    _, text = run("tags", "audit", "--site", str(blog))
    for words in (
        "28 posts, 28 with tags, 16 different tags",
        "Several names for what may be one tag: 12",
        "… and 2 more (--limit 12 or --json for all)",
        "Tags that always go together: 1",
        "#loom  #warp  on the same 3 posts",
        "Tags on nearly everything: 1",
        "#blog  28 of 28 posts with tags",
        "… and 25 more",
        "Tags used once: 1",
        "#alone  Post 27  content/post-27.md",
    ):
        assert words in text
    assert run("tags", "audit", "--site", str(blog), "--limit", "12")[1].count("tags rename") == 14
    assert not [name for name in files_below(blog) if name.endswith(".json")]  # no build is needed, none is made


def test_an_alias_line_makes_the_finding_go(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    blog = blog_of_tags(tmp_path / "blog", ["box"], ["box"], ["Boxes"], ["boxes"])
    (twins,) = json.loads(run("tags", "audit", "--site", str(blog), "--json")[1])["twins"]
    assert twins["aliases"] == ['Boxes = "box"']
    assert '[tags.aliases]: Boxes = "box"' in run("tags", "audit", "--site", str(blog))[1]
    (blog / "enishi.toml").write_text("[tags.aliases]\n" + "\n".join(twins["aliases"]) + "\n")
    assert json.loads(run("tags", "audit", "--site", str(blog), "--json")[1])["twins"] == []


def test_names_that_no_command_can_hold_are_shown_harmlessly(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    blog = blog_of_tags(
        tmp_path / "blog",
        ["a\nb", "\x1b[31mred"],
        ["a b", "\x1b[31mRed"],
        ["A b", "[red]x[/red]"],
        ["\u202eevil", "x\ud800"],
    )
    for arguments in (("--json",), ()):
        code, text = run("tags", "audit", "--site", str(blog), *arguments)
        assert code == 0
        assert "\x1b" not in text
        assert "\u202e" not in text.replace("\\u202e", "") or arguments
    assert "[red]x[/red]" in text
    assert "has to be fixed by hand" in text
    assert "\\x1b" in text


def test_a_blog_in_order_says_so_and_a_broken_post_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    blog = blog_of_tags(tmp_path / "blog", ["tea"], ["tea"], [])
    assert cli.main(["tags", "audit", "--site", str(blog)]) == 0
    assert capfd.readouterr().out == "3 posts, 2 with tags, 1 different tag\nnothing to fix\n"
    (blog / "content" / "post-0.md").write_text('---\ntitle: "never closed\ntags: [a\n---\n\nwords\n')
    assert cli.main(["tags", "audit", "--site", str(blog)]) == 0
    assert "content/post-0.md:" in capfd.readouterr().err


def test_the_audit_needs_no_suggestions(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    blog = blog_of_tags(tmp_path / "blog", ["tea"], ["Tea"], settings="[tags]\nenabled = false\n")
    assert "Several names" in run("tags", "audit", "--site", str(blog))[1]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20))
def test_a_quoted_word_is_one_line_that_shows_what_it_holds(word: str) -> None:
    line = shell_word(word)
    assert line.isprintable()
    if word.isprintable():
        assert shlex.split(line) == [word]


@pytest.mark.parametrize("word", ["it's", "a\u202eb", "tab\there", "back\\slash\u200b", "\U000e0001x'", "日本\u3000語"])
def test_bash_reads_a_quoted_word_as_it_was(word: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf %s {shell_word(word)}"],
        capture_output=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    assert done.stdout.decode() == word
