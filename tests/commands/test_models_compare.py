"""`enishi models compare`: what encoders get to see, who judges them and how, and what is told of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from blog import document, files_below, post_text, topic_posts, topic_text, write_blog
from blog_of_documents import site as some_site
from enishi import cli
from enishi.commands.compare.encode import PartStore, Views
from enishi.commands.compare.encoder_names import name_encoders
from enishi.commands.compare.intervals import figures
from enishi.commands.compare.judging import (
    Verdict,
    count_verdicts,
    disagreements,
    make_question,
    read_verdicts,
    sign_test,
)
from enishi.commands.compare.metrics import judge_by_links, vote_in_turn
from enishi.commands.compare.run import ComparedBlog, CompareOptions, compare_encoders
from enishi.commands.compare.unlinked import without_links
from enishi.config import Settings, TagSettings
from enishi.console.models import conclusions, judgements, print_comparison, remarks
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.models import TRAINING_NAME
from enishi.errors import SettingsError
from enishi.pipeline import read_blog
from enishi.reading.prose import text_fields
from enishi.state import Request
from enishi.tags.evaluate import TextNeighbors, divide, hide_in_turn, without_tags
from made_up_encoders import noise, topic, use
from places import IMPORT_PATH

TOPIC_NAMES = ("tea", "trains", "storage", "bread")


def linked_posts(each: int = 8) -> dict[str, str]:
    """A blog of four topics in which each post links to the next one of its topic, by a word that tells it."""
    posts = topic_posts(each, TOPIC_NAMES)
    for name in list(posts):
        about, number = name.removesuffix(".md").split("-")
        target = f"{about}-{(int(number) + 1) % each}"
        posts[name] += f"\nSee [anchorword{target.replace('-', '')}](/posts/{target}/) too.\n"
    return posts


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blog(tmp_path_factory.mktemp("compare") / "blog", linked_posts(), config="permalink: posts/:title/\n")


class Told:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: object) -> Told:
        capfdbinary.readouterr()
        code = cli.main(["models", "compare", *map(str, arguments)])
        told = capfdbinary.readouterr()
        return Told(code, told.out.decode(), told.err.decode())

    return command


def compare(site: Path, *names: str, **wanted: Any) -> ComparedBlog:
    return compare_encoders(Request(site), CompareOptions(names, **wanted))


# -- names -----------------------------------------------------------------------------------------------------------


def test_what_an_encoder_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my@model").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_validate({"encoder": {"weight": 0.2, "model": "m", "images": "clip", "dimensions": 77}})
    names = ("site", "doc2vec", "org/model@abc", "site+org/model", "doc2vec+org/model:.4", "my@model", "settings")
    found = name_encoders(names, settings)
    assert [one.name for one in found] == list(names)
    of = [one.settings.encoder for one in found]
    assert {one.dimensions for one in of} == {77}
    assert [(one.site, one.model, one.revision) for one in of] == [
        ("words", "", ""),
        ("doc2vec", "", ""),
        ("words", "org/model", "abc"),
        ("words", "org/model", ""),
        ("doc2vec", "org/model", ""),
        ("words", str(tmp_path / "my@model"), ""),
        ("words", "m", ""),
    ]
    assert [one.weight for one in of[2:]] == [1, 0.2, 0.4, 1, 0.2]
    assert [one.images for one in of] == [""] * 6 + ["clip"]


def test_without_names_the_settings_are_compared_with_the_site_encoder() -> None:
    settings = Settings.model_validate({"encoder": {"model": "org/model"}})
    assert [one.name for one in name_encoders((), settings)] == ["site", "settings"]
    with pytest.raises(SettingsError, match="nothing to compare"):
        name_encoders((), Settings())


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("site",), "2 to 8"),
        (tuple("abcdefghi"), "2 to 8"),
        (("site", "m", "m"), "each once"),
        (("site", ""), "names no encoder"),
        (("site", "site+"), "names no encoder"),
        (("site", "site+m:1.5"), "between 0 and 1"),
        (("site", "site+m:0"), "between 0 and 1"),
    ],
)
def test_names_that_mean_nothing(names: tuple[str, ...], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        name_encoders(names, Settings())


# -- links taken out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("a [b](/gone/) c", "a  c"),
        ("a [b](/stays/) c", "a [b](/stays/) c"),
        ("a [b [c] d](</gone/> 'title') e", "a  e"),
        ("[![alt](pic.png)](/gone/) ![alt](/gone/)", " ![alt](/gone/)"),
        (r"[es\]caped](/gone/\(x\))", r"[es\]caped](/gone/\(x\))"),
        (r"[es\]caped](/gone/)", ""),
        ("[two\nlines](/gone/)", ""),
        ("[a](/stays/) [b](/gone/) [c](/stays/)", "[a](/stays/)  [c](/stays/)"),
        ('x <a class="y" href="/gone/">many <b>words</b></a> z', "x  z"),
        ("x <a href=/stays/>y</a> z", "x <a href=/stays/>y</a> z"),
        ("x <A HREF='/gone/'>y", "x y"),
        ("x <a href='/gone/'>y\n\nz", "x y\n\nz"),
        ("see [this][1] and [that][2]\n\n[1]: /gone/ 'x'\n[2]: /stays/\n", "see  and [that][2]\n\n[2]: /stays/\n"),
        ("see [Some  Post] here\n\n[some post]: </gone/>\n", "see  here\n\n"),
        ("[[gone#part|words]] [[gone]] [[stays]]", "  [[stays]]"),
        ("at https://blog.test/gone/. And <https://blog.test/gone/>", "at . And "),
        ("https://blog.test/stays/", "https://blog.test/stays/"),
        ("an &amp; [a](/gone/&amp;)", "an &amp; [a](/gone/&amp;)"),
    ],
)
def test_every_way_to_write_a_link(written: str, left: str) -> None:
    gone = ("/gone/", "gone", "https://blog.test/gone/")
    fields = text_fields("", written, lambda address: address in gone)
    expected = text_fields("", left)
    assert (fields.prose.split(), fields.links) == (expected.prose.split(), expected.links)


WAYS = {
    "inline.md": "word [anchorone](/posts/target-post/) word",
    "image.md": "word [![anchortwo](/a.png)](/posts/target-post/) word",
    "html.md": 'word <a href="https://blog.test/posts/target-post/">anchorthree</a> word',
    "reference.md": "word [anchorfour][x] word\n\n[x]: /posts/target-post/",
    "bare.md": "word https://blog.test/posts/target-post/ word",
    "tag.md": 'word {% post_link target-post "anchorfive" %} word',
    "more.md": "before\n\n<!-- more -->\n\nword {% post_link target-post anchorsix %} word",
    "cited.md": '<blockquote cite="/posts/target-post/">quoted</blockquote> word',
    "elsewhere.md": "word [anchorseven](https://elsewhere.test/a/) [anchoreight](/about/) word",
}


def test_nothing_of_a_link_is_left_in_any_field(tmp_path: Path) -> None:
    texts = {name: post_text(name, text) for name, text in WAYS.items()}
    texts["target-post.md"] = post_text("Target", "words of its own, with a [link](/posts/target-post/) to itself")
    root = write_blog(tmp_path, texts, config="permalink: posts/:title/\n")
    before = files_below(root)
    posts = read_blog(Request(root, cache=tmp_path / "elsewhere"))
    documents = posts.documents
    found = without_links(posts)
    assert files_below(root).keys() - before.keys() == {
        "elsewhere/cache.db",
        *_sqlite_files("elsewhere/cache.db"),
    } & set(files_below(root))
    names = [document.post.path.rpartition("/")[2] for document in found.documents]
    assert names == [document.post.path.rpartition("/")[2] for document in documents]
    assert {path.rpartition("/")[2] for path in found.links} == WAYS.keys() - {"elsewhere.md"}
    said = dict(zip(names, found.documents, strict=True))
    for name in ("inline.md", "image.md", "html.md", "reference.md", "bare.md", "tag.md", "more.md"):
        fields = said[name].fields
        assert "anchor" not in json.dumps([fields.prose, fields.lede, list(said[name].words), fields.headings])
        assert fields.links == ()
        assert fields.prose.count("word") == 2
    assert said["cited.md"].fields.links == ()
    assert "quoted" in said["cited.md"].fields.prose
    assert said["more.md"].fields.lede == "before"
    assert said["elsewhere.md"] is documents[names.index("elsewhere.md")]
    assert "anchoreight" in said["elsewhere.md"].fields.prose
    assert said["target-post.md"].fields.links == ("/posts/target-post/",)


def _sqlite_files(name: str) -> set[str]:
    return {f"{name}-wal", f"{name}-shm"}


# -- what encoders get to see ----------------------------------------------------------------------------------------


def test_an_encoder_sees_no_tag_and_no_link_that_it_is_asked_for(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = use(monkeypatch, good=topic)
    compare(blog, "site", "good", "site+good:0.4")
    tagged = [seen for seen in made["good"].seen[1:] if any(one.post.tags for one in seen)]
    assert len(tagged) == 1  # the posts without links, which tags are not asked of
    assert all("anchorword" not in one.fields.prose and not one.fields.links for one in tagged[0])
    assert len(made["good"].seen) == 3  # made ready, once for tags and for the build, once for links
    untagged = made["good"].seen[1]
    assert not any({"tags", "tag"} & one.post.front_matter.keys() for one in untagged)
    assert len(made["site"].seen) == 4  # it may learn from tags: once more for the build
    assert all(one.post.tags for one in made["site"].seen[1])


def test_the_site_encoder_without_tags_is_asked_about_tags(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def note(settings: Settings, *_: Any) -> Any:
        asked.append(settings.encoder.tag_weight)
        return made(settings)

    from enishi.commands.compare import encode

    use(monkeypatch, good=topic)
    made = encode.make_parts
    monkeypatch.setattr(encode, "make_parts", note)
    compare(blog, "site", "good")
    assert asked == [0.05, 0.0, 0.05, 0.0]


def test_a_model_is_not_judged_by_what_it_learned_from(tmp_path: Path) -> None:
    from enishi.encoders.readers import ReadersEncoder
    from enishi.encoders.transformer import TransformerEncoder

    def of_model(note: str | None) -> tuple[str, str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(b"")
        if note is not None:
            (folder / TRAINING_NAME).write_text(note)
        encoder = TransformerEncoder(str(folder))
        return encoder.knows_tags, encoder.knows_links

    tags, links = "was trained on tags", "was trained on links"
    assert of_model(None) == ("", "")
    assert of_model('{"saw_tags": false, "saw_links": false}') == ("", "")
    assert of_model('{"saw_tags": false}') == ("", links), "what is not noted is taken for the worst"
    assert of_model('{"saw_tags": true}') == of_model("{}") == of_model("]") == (tags, links)
    readers = ReadersEncoder.__new__(ReadersEncoder)
    assert readers.knows_tags and readers.knows_links  # noqa: PT018


def test_no_question_to_who_knows_the_answer(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, trained=topic)["trained"].learned = True
    found = compare(blog, "site", "trained").figures
    assert found.tags is not None
    assert found.links is not None
    assert found.tags.ndcg[0] is not None
    assert found.tags.ndcg[1] is found.links.recall[1] is found.links.mrr[1] is None
    assert conclusions(found) == ["This blog cannot say whether trained is better than site."]
    assert remarks(found) == [
        "The tags are no test of trained, which was trained on tags.",
        "The links are no test of trained, which was trained on links.",
    ]
    both = use(monkeypatch, trained=topic, other=topic)
    both["trained"].learned = both["other"].learned = True
    nobody = compare(blog, "trained", "other").figures
    assert nobody.tags is not None
    assert nobody.tags.ndcg == (None, None)
    other = compare(blog, "trained", "site").figures
    assert other.tags is not None
    assert other.tags.ndcg[1] is not None
    assert other.tags.ndcg[1].difference is None


# -- the referees ----------------------------------------------------------------------------------------------------


def test_votes_are_those_of_the_evaluation() -> None:
    """The same neighbours have the same votes here and beside the suggester in `enishi eval`."""
    documents = [
        document(f"{name}-{number:02}.md", topic_text(name, number), tags=(name, f"{name}{number % 3}"))
        for name in sorted(TOPIC_NAMES)
        for number in range(6)
    ]
    untagged = [without_tags(one) for one in documents]
    ours = vote_in_turn(
        documents, untagged, [TextNeighbors(untagged)], divide(documents, 5), some_site(), TagSettings()
    )[0]
    expected = hide_in_turn(documents, some_site(), TagSettings())
    found = {case.path: case for case in ours}
    assert [found[case.path].guesses for case in expected] == [case.votes for case in expected]
    assert [found[case.path].answers for case in expected] == [case.answers for case in expected]
    assert any(guess.is_right for case in ours for guess in case.guesses)


def test_knowledge_beats_chance(blog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, chance=noise, known=topic)
    found = compare(blog, "chance", "site", "known").figures
    assert found.tags is not None
    assert found.links is not None
    chance, good, same = found.tags.ndcg
    assert chance is not None and good is not None and same is not None  # noqa: PT018
    assert good.of.value > 0.99 > 0.9 > chance.of.value  # links pull even chance together
    assert (good.verdict, good.of) == (1, same.of)
    assert [figure.verdict for figure in found.links.recall if figure] == [0, 1, 1]
    assert (found.links.links, found.links.sources) == (32, 32)
    assert conclusions(found)[0].startswith("site is better than chance for tags (nDCG@5 +.")
    assert "; for links site is better (recall@5 +." in conclusions(found)[0]
    worse = compare(blog, "site", "chance", "known").figures
    assert conclusions(worse)[0].startswith("chance is worse than site for tags (nDCG@5 −.")
    assert conclusions(worse)[1].startswith(
        "For tags the difference between known and site is within noise (nDCG@5 +.000"
    )
    assert not remarks(found)


def test_too_little_to_judge_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, good=topic)
    posts = {name: post_text(name, text) for name, text in (("a.md", "a [b](/posts/b-post/)"), ("b-post.md", "b"))}
    root = write_blog(tmp_path, posts, config="permalink: posts/:title/\n")
    with pytest.raises(SettingsError, match="there are 2 posts; to compare encoders takes 3"):
        compare(root, "site", "good")
    write_blog(tmp_path, {"c.md": post_text("c", "c")})
    found = compare(root, "site", "good").figures
    assert (found.tags, found.links) == (None, None)
    assert remarks(found) == [
        "Nothing can be said about tags: 10 posts must have some that could be suggested.",
        "Nothing can be said about links: 10 posts must link to others.",
    ]
    assert conclusions(found) == ["This blog cannot say whether good is better than site."]


def test_links_are_asked_for_only_where_they_can_be_found() -> None:
    documents = [
        *(document(f"{number:02}.md") for number in range(12)),
        document("draft.md", status="draft"),
        document("hidden.md", wants_related=False),
        document("fr.md", translation_key="one"),
        document("en.md", translation_key="one"),
    ]
    links = {f"{number:02}.md": ("draft.md", "hidden.md", "en.md") for number in range(12)}
    links |= {"fr.md": ("en.md",), "draft.md": ("fr.md",)}
    near = {one.post.path: ("x.md", "en.md", "fr.md") for one in documents}
    found = judge_by_links(documents, [near], links)
    assert found is not None
    assert (found.links, found.sources) == (13, 13)
    assert found.recall[0] is not None and found.mrr[0] is not None  # noqa: PT018
    assert found.recall[0].of.value == 1
    assert found.mrr[0].of.value == pytest.approx((12 / 2 + 1 / 3) / 13, abs=1e-4)
    assert judge_by_links(documents, [near], {f"{number:02}.md": ("draft.md",) for number in range(12)}) is None


def test_figures_are_quotients_and_differences_are_paired() -> None:
    chance = random.Random(1)
    easy = [chance.random() for _ in range(60)]
    first, second = easy, [value + 0.05 for value in easy]
    below = [1.0] * 30 + [2.0] * 30
    one, nobody, other = figures([first, None, second], below)
    assert nobody is None
    assert one is not None and other is not None  # noqa: PT018
    assert one.of.value == round(sum(first) / 90, 4)
    assert one.of.low < one.of.value < one.of.high
    assert one.difference is None
    assert other.difference is not None
    assert other.difference.value == round(0.05 * 60 / 90, 4)
    # Posts are hard for both alike: apart the two cannot be told, in pairs they can
    assert one.of.high > other.of.low
    assert other.difference.low > 0.02
    assert other.verdict == 1
    assert figures([second, first], below)[1].verdict == -1  # type: ignore[union-attr]
    assert figures([[0.0], [1.0]], [0.5])[1].difference.value == 2  # type: ignore[union-attr]


# -- pairs for people ------------------------------------------------------------------------------------------------


def test_no_order_tells_whose_a_post_is() -> None:
    documents = [document(f"{number:04}.md") for number in range(400)]
    paths = [one.post.path for one in documents]
    ours = {path: (paths[(row + 1) % 400], paths[(row + 9) % 400]) for row, path in enumerate(paths)}
    theirs = {path: (paths[(row + 2) % 400], paths[(row + 9) % 400]) for row, path in enumerate(paths)}
    pairs = disagreements(documents, [ours, theirs])
    assert len(pairs) == 400
    assert pairs == disagreements(documents, [theirs, ours])
    left_is_ours = [pair.left == ours[pair.post][0] for pair in pairs]
    assert 160 < sum(left_is_ours) < 240
    assert 160 < sum(one == other for one, other in pairwise(left_is_ours)) < 240
    assert all({pair.left, pair.right} == {ours[pair.post][0], theirs[pair.post][0]} for pair in pairs)
    assert disagreements(documents, [ours, ours]) == []
    assert make_question("a", "b", "c") == make_question("a", "c", "b") != make_question("b", "a", "c")


def verdict(post: str, better: str, worse: str, choice: str = "") -> Verdict:
    pair = make_question(post, better, worse)
    return Verdict(pair.key, post, pair.left, pair.right, choice or ("left" if pair.left == better else "right"))


def test_verdicts_count_for_whom_they_tell_apart() -> None:
    first = {"p": ("a", "b", "c", "d", "e"), "q": ("a",), "r": ("a", "b")}
    other = {"p": ("x", "b", "c", "d", "e"), "q": ("x",), "r": ("b", "x")}
    said = [verdict("p", "x", "a"), verdict("q", "x", "a"), verdict("r", "a", "x"), verdict("p", "b", "x")]
    found = count_verdicts(said, first, other)
    assert (found.pairs, found.wins, found.losses) == (3, 2, 1)
    back = count_verdicts(said, other, first)
    assert (back.pairs, back.wins, back.losses) == (3, 1, 2)
    assert count_verdicts(said, first, first).pairs == 0
    assert found.share is not None
    assert found.share.low < 2 / 3 < found.share.high
    ties = [verdict("p", "x", "a", "both"), verdict("q", "x", "a", "neither")]
    found = count_verdicts(ties, first, other)
    assert (found.pairs, found.wins, found.losses, found.share, found.p) == (2, 0, 0, None, 1)


def test_several_judges_of_a_pair_count_as_one() -> None:
    first, other = {"p": ("a",), "q": ("a",), "r": ("a",)}, {"p": ("x",), "q": ("x",), "r": ("x",)}
    said = [
        *(verdict("p", "x", "a"), verdict("p", "x", "a"), verdict("p", "a", "x")),
        *(verdict("q", "x", "a"), verdict("q", "a", "x")),
        *(verdict("r", "x", "a", "both"), verdict("r", "x", "a", "both")),
    ]
    found = count_verdicts(said, first, other)
    assert (found.pairs, found.wins, found.losses) == (3, 1, 0)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (5, 5), (9, 1), (3, 17), (40, 60)])
def test_the_sign_test_is_the_one_of_the_books(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1
    assert sign_test(wins, losses) == pytest.approx(expected, abs=1e-4)


def file_of(tmp_path: Path, *said: Verdict, blog: str = "https://blog.test", **other: Any) -> Path:
    entries = [{name: getattr(one, name) for name in ("pair", "post", "left", "right", "choice")} for one in said]
    values = {"kind": "enishi verdicts", "version": 1, "blog": blog, "verdicts": entries, **other}
    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    file.write_text(json.dumps(values))
    return file


def test_verdicts_are_read(tmp_path: Path) -> None:
    posts = ("p.md", "a.md", "x.md")
    one, gone = verdict("p.md", "a.md", "x.md"), verdict("old.md", "a.md", "x.md")
    first = file_of(tmp_path, verdict("p.md", "x.md", "a.md"), one, gone)
    known = read_verdicts([first, file_of(tmp_path, one, blog="")], "https://blog.test", posts)
    assert known == [one, one]  # the last word of the one, and another judge
    assert read_verdicts([first], "", posts) == [one]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "is not JSON: .*line 1 column 2"),
        (b"\xff\xfe{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not what the judging page of this Enishi saves"),
        (b'{"kind": "enishi verdicts", "version": 2}', "is not what the judging page of this Enishi saves"),
        (b'{"kind": "enishi verdicts", "version": 1}', "is damaged"),
        (b'{"kind": "enishi verdicts", "version": 1, "verdicts": [7]}', "see number 0 of its verdicts"),
        (b'{"kind": "enishi verdicts", "version": 1, "verdicts": [{"pair": "x", "post": 1}]}', "is damaged"),
    ],
)
def test_files_that_hold_no_verdicts(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=told) as raised:
        read_verdicts([file], "", ())
    assert "file.json" in str(raised.value)


def test_verdicts_that_are_not_for_this_blog(tmp_path: Path) -> None:
    one = verdict("p.md", "a.md", "x.md")
    posts = ("p.md", "a.md", "x.md")
    with pytest.raises(SettingsError, match=r"another blog: https://other\.test, and this one is https://blog\.test"):
        read_verdicts([file_of(tmp_path, one, blog="https://other.test")], "https://blog.test", posts)
    with pytest.raises(SettingsError, match="posts of another blog"):
        read_verdicts([file_of(tmp_path, one, blog="")], "https://blog.test", ("b.md",))
    swapped = replace(one, left=one.right, right=one.left)
    for wrong in (replace(one, post="a.md"), swapped, replace(one, choice="\x1bup")):
        with pytest.raises(SettingsError, match="edited by hand: see number 1"):
            read_verdicts([file_of(tmp_path, one, wrong)], "", posts)
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_verdicts([tmp_path / "none.json"], "", posts)


def test_the_next_run_knows_whose_verdicts_they_are(
    blog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, chance=noise)
    asked = compare(blog, "chance", "site").open_questions
    assert len(asked) > 10

    def about(path: str) -> str:
        return path.rpartition("/")[2].partition("-")[0]

    said = [
        Verdict(pair.key, pair.post, pair.left, pair.right, "left" if about(pair.left) == about(pair.post) else "right")
        for pair in asked
        if about(pair.left) != about(pair.right)
    ][:12]
    file = file_of(tmp_path, *said)
    next_run = compare(blog, "chance", "site", verdicts=(file,))
    found = next_run.figures
    assert found.judged[0] is None
    assert found.judged[1] is not None
    assert (found.judged[1].pairs, found.judged[1].wins, found.judged[1].losses) == (12, 12, 0)
    assert judgements(found) == [
        "Of 12 pairs judged blind, site won 12 and chance 0 (100 %, 76–100 of those decided; p < .001)."
    ]
    assert (found.pairs, found.open_pairs) == (len(asked), len(asked) - 12)
    judged = {one.pair for one in said}
    assert next_run.open_questions == tuple(pair for pair in asked if pair.key not in judged)


# -- the command -----------------------------------------------------------------------------------------------------


def test_what_a_person_reads(blog: Path, run: Callable[..., Told], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, known=topic, **{"a-model-with-a-rather-long-name/of-an-organisation": noise})
    long_name = "a-model-with-a-rather-long-name/of-an-organisation"
    told = run(blog, "site", long_name, "known")
    assert told.code == 0, told.err
    flat = " ".join(told.out.split())
    for words in (
        "32 posts, 32 with tags",
        "hidden and asked for: tags, in 5 parts; 32 links from 32 posts, all at once",
        "s/100 posts",
        "tags: nDCG@5",
        "links: recall@5",
        "links: MRR",
        "B − A",
        f"{long_name} is worse than site for tags (nDCG@5 −.",
    ):
        assert words in flat
    assert "…" not in told.out, "something was cut at 80 columns"
    assert max(map(len, told.out.split("\n"))) <= 80
    assert "\x1b" not in told.out


def test_what_a_machine_reads(blog: Path, run: Callable[..., Told], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, known=topic)
    values = json.loads(run(blog, "site", "known", "--json", "--folds", "3").out)
    assert (values["version"], values["posts"], values["tagged"]) == (1, 32, 32)
    assert values["tags"]["folds"] == 3
    assert set(values["tags"]["ndcg"][0]["of"]) == {"value", "low", "high"}
    assert set(values["tags"]["ndcg"][1]["difference"]) == {"value", "low", "high"}
    assert [one["name"] for one in values["encoders"]] == ["site", "known"]
    assert all(one["seconds_per_100"] > 0 for one in values["encoders"])
    assert values["judged"] == values["remarks"] == []
    assert values["verdicts"][0].startswith("For tags the difference between known and site is within noise")


def test_nothing_of_the_blog_is_touched(tmp_path: Path, run: Callable[..., Told], monkeypatch: Any) -> None:
    use(monkeypatch, known=noise)
    root = write_blog(tmp_path / "blog", linked_posts(3), config="permalink: posts/:title/\n")
    before = files_below(root)
    assert run(root, "site", "known").code == 0
    after = {name: content for name, content in files_below(root).items() if not name.startswith(".enishi/")}
    assert after == before
    assert {name for name in files_below(root) if name.startswith(".enishi/")} <= {
        ".enishi/.gitignore",
        *(f".enishi/cache.db{end}" for end in ("", "-wal", "-shm")),
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("site", "known"), "The blog's comes first: enishi models compare . site known"),
        (("{blog}", "site"), "2 to 8 encoders"),
        (("{blog}",), "nothing to compare"),
        (("{blog}", "site", "known", "--judge", "{blog}/page.md"), "--judge"),
        (("{blog}", "site", "known", "--verdicts", "{blog}/none.json"), "--verdicts"),
        (("{blog}", "site", "site+./nowhere"), "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_told(
    blog: Path, run: Callable[..., Told], arguments: tuple[str, ...], told: str
) -> None:
    found = run(*(argument.format(blog=blog) for argument in arguments))
    assert found.code == 2
    assert told in found.err
    assert "Traceback" not in found.err


def test_names_do_not_write_over_the_terminal(
    blog: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "\x1b[2J[bold]x[/bold]\u202e"
    use(monkeypatch, **{hostile: noise})
    print_comparison(compare(blog, "site", hostile).figures)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out


def test_the_same_figures_in_any_process(blog: Path, tmp_path: Path) -> None:
    """With real encoders: the site encoder, with and without its tags."""
    found = []
    (tmp_path / "enishi.toml").write_text("[encoder]\nmodel = ''\n")
    program = (
        "import json, sys; from dataclasses import asdict; from pathlib import Path;"
        "from enishi.commands.compare import encode; from enishi.commands.compare.run import *;"
        "from made_up_encoders import *;"
        "from enishi.state import Request; make = encode.make_parts; chance = MadeUp('chance', noise);"
        "encode.make_parts = lambda s, *more: [(chance, 1.0)] if s.encoder.model else make(s, *more);"
        "c = compare_encoders(Request(Path(sys.argv[1])), CompareOptions(('site', 'chance')));"
        "from enishi.console.judging_page import render_judging_page;"
        "v = asdict(c.figures); [one.pop('seconds_per_100') for one in v['encoders']];"
        "print(json.dumps(v)); print(render_judging_page(c, 20).decode())"
    )
    for seed, threads in (("1", "1"), ("2", "4")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "OPENBLAS_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "PYTHONPATH": IMPORT_PATH,
        }
        done = subprocess.run([sys.executable, "-c", program, str(blog)], capture_output=True, env=environment)
        assert done.returncode == 0, done.stderr.decode()
        found.append(done.stdout)
    assert found[0] == found[1]
    assert len(found[0]) > 9_000


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed")
def test_a_real_model(blog: Path, tmp_path: Path, run: Callable[..., Told], monkeypatch: pytest.MonkeyPatch) -> None:
    from tiny_models import write_static_model

    model = write_static_model(tmp_path / "tiny", "\n".join(linked_posts().values()))
    monkeypatch.chdir(tmp_path)
    values = json.loads(run(blog, "site", "./tiny", "site+./tiny:0.4", "--json").out)
    alone, both = values["encoders"][1:]
    assert alone["dimensions"] == 24
    assert both["dimensions"] == values["encoders"][0]["dimensions"] + 24
    assert values["tags"]["ndcg"][1]["of"]["value"] > 0.3  # random vectors of words still tell topics apart
    (model / TRAINING_NAME).write_text('{"saw_tags": true}')
    values = json.loads(run(blog, "site", "./tiny", "--json").out)
    assert values["tags"]["ndcg"][1] is values["links"]["mrr"][1] is None


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed")
@pytest.mark.parametrize("name", ["site", "site+{model}:0.4", "{model}"])
def test_the_vectors_are_those_of_a_build(blog: Path, tmp_path: Path, name: str) -> None:
    from tiny_models import write_static_model

    model = write_static_model(tmp_path / "tiny", "\n".join(linked_posts().values()))
    posts = read_blog(Request(blog, cache=tmp_path))
    (encoder, _) = name_encoders((name.format(model=model), "doc2vec"), posts.blog.settings)
    found = PartStore(Views.of(posts)).encode(encoder)
    built = BlogEncoder(encoder.settings, posts.blog.site).encode(posts.documents, posts.links)
    width = found.whole.shape[1]  # a build keeps the columns of a part without any weight, all zeros
    assert not built[:, : built.shape[1] - width].any()
    assert found.whole.tobytes() == built[:, built.shape[1] - width :].tobytes()
