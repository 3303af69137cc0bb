"""A pretrained model and other parts in builds, watch rounds and evaluations, with tiny models made here."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from blog import TOPICS, files_below, topic_posts, topic_text, write_blog
from enishi.cache import Cache
from enishi.commands.ask import explain, search
from enishi.commands.evaluate import evaluate_blog
from enishi.commands.watch.live_blog import LiveBlog
from enishi.encoders.blog import BlogEncoder
from enishi.encoders.models import TRAINING_NAME
from enishi.errors import SettingsError
from enishi.pipeline import build, read_blog
from enishi.state import Request, open_cache
from tiny_models import write_static_model

NOW = datetime(2024, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = " ".join(topic_text(topic, number) for topic in TOPICS for number in range(8))
    return write_static_model(tmp_path_factory.mktemp("model") / "static", text)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_blog(tmp_path / "blog", topic_posts(5))


def request_for(site: Path, model: Path, *overrides: str) -> Request:
    return Request(site, overrides=(f"encoder.model={model}", *overrides), now=NOW)


def outputs(folder: Path) -> dict[str, bytes]:
    found = files_below(folder)
    return {name: found[name] for name in found if name.startswith("partials/") or name.endswith(".json")}


def vectors_of(site: Path) -> bytes:
    with open_cache(site) as cache:
        return cache.arrays()["vectors"].tobytes()


def test_a_build_that_needs_no_new_passage_loads_no_torch(site: Path, model: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from enishi.cli import main
        assert main(sys.argv[1:]) == 0
        print("torch" in sys.modules, "sentence_transformers" in sys.modules, "transformers" in sys.modules)
        """
    )

    def loaded(*options: str) -> str:
        # By itself NumPy reads this model
        settings = ["--set", f"encoder.model={model}", "--set", "encoder.engine=torch"]
        command = [sys.executable, "-c", program, "build", str(site), "-q", *settings, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert loaded() == "True True True"
    assert loaded("--set", "related.limit=3") == "False False False"
    post = site / "source/_posts/tea-1.md"
    post.write_text(post.read_text("utf-8").replace("tags: [tea]", "tags: [tea, cups]"), "utf-8")
    post.rename(post.with_name("moved.md"))
    assert loaded() == "False False False", "a post that was renamed and retagged says what it said"
    post.with_name("moved.md").write_text("---\ntitle: New\n---\n\nquite other words\n", "utf-8")
    assert loaded() == "True True True"


def test_what_is_remembered_changes_no_byte(site: Path, model: Path, tmp_path: Path) -> None:
    build(request_for(site, model))
    post = site / "source/_posts/tea-1.md"
    post.write_text(post.read_text("utf-8") + "\nand one more kettle\n", "utf-8")
    build(request_for(site, model))
    fresh = shutil.copytree(site, tmp_path / "fresh", ignore=shutil.ignore_patterns(".enishi"))
    build(request_for(fresh, model))
    assert vectors_of(site) == vectors_of(fresh)
    assert outputs(site / ".enishi") == outputs(fresh / ".enishi")


def test_the_cache_forgets_what_no_post_says_any_longer(
    site: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[set[bytes]] = []
    forget = Cache.keep_only_embeddings

    def note(cache: Cache, keys: Iterator[bytes]) -> None:
        kept.append(set(keys))
        forget(cache, kept[-1])

    monkeypatch.setattr(Cache, "keep_only_embeddings", note)
    build(request_for(site, model))
    (site / "source/_posts/tea-1.md").unlink()
    build(request_for(site, model))
    assert kept[1] < kept[0]
    assert len(kept[0]) == 2 * 5 * len(TOPICS), "a cut and a passage for each post"


def test_damaged_embeddings_are_made_again(site: Path, model: Path) -> None:
    build(request_for(site, model))
    before = vectors_of(site)
    with open_cache(site) as cache:
        assert cache._db is not None
        with cache._db as database:
            database.execute("UPDATE embeddings SET value = zeroblob(length(value))")
            database.execute("UPDATE embeddings SET value = 'text' WHERE length(value) < 60")
    build(request_for(site, model, "related.limit=3"))
    assert vectors_of(site) == before


def test_watch_rounds_write_the_bytes_of_builds(site: Path, model: Path, tmp_path: Path) -> None:
    def update(live: LiveBlog) -> None:
        assert live.read_changes() is not None
        live.relate()
        live.tag()
        live.prepare_preview()

    live = LiveBlog(request_for(site, model))
    update(live)
    for number, (name, text) in enumerate((("tea-1.md", "kettle, kettle and pot"), ("new.md", "radio waves at night"))):
        (site / "source/_posts" / name).write_text(f"---\ntitle: Edited\n---\n\n{text}\n", "utf-8")
        update(live)
        assert live.preview(["source/_posts/new.md"] if number else ["source/_posts/tea-1.md"])
        fresh = shutil.copytree(site, tmp_path / f"fresh{number}", ignore=shutil.ignore_patterns(".enishi"))
        build(request_for(fresh, model))
        assert outputs(site / ".enishi") == outputs(fresh / ".enishi")


def test_an_edit_moves_the_words_part_by_its_share(site: Path, model: Path) -> None:
    posts = read_blog(request_for(site, model, "encoder.weight=0.4", "encoder.link_weight=0"), cache=Cache(None))
    blog, documents = posts.blog, posts.documents
    encoder = BlogEncoder(blog.settings, blog.site)
    old, (words, _) = encoder.encode(documents)[0], encoder.slots
    before, after = documents[0], documents[-1]
    moved = encoder.encode_edited(old, before, after)
    length = np.linalg.norm(old[words.end :]) / np.linalg.norm(moved[words.end :])  # the model's part stays
    (fitted, share), _ = encoder.parts
    assert share == pytest.approx(0.6)
    step = fitted.encode_words(after.words)[0] - fitted.encode_words(before.words)[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(moved[: words.end] * length - old[: words.end], 0.6**0.5 * step, atol=1e-5)


def test_the_model_is_a_witness_about_tags_unless_it_saw_them(site: Path, model: Path, tmp_path: Path) -> None:
    wanted = ("tags.min_confidence=0", "tags.max_suggestions=20")

    def tags(*overrides: str) -> bytes:
        build(Request(site, overrides=(*wanted, *overrides), now=NOW))
        return (site / ".enishi/tags.json").read_bytes()

    without = tags()
    assert tags(f"encoder.model={model}") != without
    trained = shutil.copytree(model, tmp_path / "trained")
    (trained / TRAINING_NAME).write_text('{"saw_tags": true}', encoding="utf-8")
    assert tags(f"encoder.model={trained}") == without
    (trained / TRAINING_NAME).write_text('{"saw_tags": false}', encoding="utf-8")
    assert tags(f"encoder.model={trained}") == tags(f"encoder.model={model}")


def test_search_and_explanations_know_the_model(site: Path, model: Path) -> None:
    build(request_for(site, model))
    hits = search(request_for(site, model), "kettle", 3)
    assert {hit.path.rpartition("/")[2][:3] for hit in hits} == {"tea"}
    found = explain(request_for(site, model), "tea-0", "tea-1")
    assert sum(share for _, share in found.parts) == pytest.approx(found.score, abs=2e-4)


def test_an_evaluation_hides_tags_from_the_model_too(model: Path, tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(8))
    found = evaluate_blog(request_for(site, model))
    assert found.tags is not None
    assert found.tags.ours.ndcg.value > 0.8


def test_readers_and_a_model_are_parts_of_one_vector(site: Path, model: Path) -> None:
    pytest.importorskip("gensim", reason="gensim (the extra `readers`) is not installed")
    address = {
        (topic, number): f"/2020/01/{1 + number * len(TOPICS) + place:02}/{topic}-{number}/"
        for place, topic in enumerate(TOPICS)
        for number in range(5)
    }
    lines = ["session,path,time"]
    lines += [
        f"{topic}{visit},{address[topic, (visit + step) % 5]},{1_600_000_000 + visit * 7 + step}"
        for topic in TOPICS
        for visit in range(300)
        for step in range(3)
    ]
    (site / "visits.csv").write_text("\n".join(lines) + "\n", "utf-8")
    logs = ("readers.logs=visits.csv", "readers.min_readers=5")
    report = build(request_for(site, model, *logs))
    assert [d for d in report.diagnostics if "log" in d.code] == []
    found = explain(request_for(site, model, *logs), "tea-0", "tea-1")
    assert list(dict(found.parts)) == ["the blog's own words", "the model", "readers"]
    assert dict(found.parts)["readers"] > 0.05
    assert build(request_for(site, model, *logs)).is_unchanged
    (site / "visits.csv").write_text("\n".join(lines[:200]) + "\n", "utf-8")
    assert not build(request_for(site, model, *logs)).is_unchanged


def test_parts_that_take_more_than_all_are_refused(site: Path, model: Path) -> None:
    with pytest.raises(SettingsError, match=r"shares of one vector.*1\.1"):
        build(request_for(site, model, "encoder.weight=0.9", "readers.logs=x.log", "readers.weight=0.2"))


def test_a_missing_model_ends_the_command_with_one_message(site: Path) -> None:
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "enishi", "build", str(site), "--set", "encoder.model=owner/absent"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert done.returncode == 2
    assert done.stderr.count("\n  - ") == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert not (site / ".enishi/related.json").exists()
    assert json.loads(json.dumps(done.stdout)) == ""
