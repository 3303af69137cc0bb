"""A generator that is not ours: one class, made known from outside, is enough for a build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog import topic_posts
from enishi.editing.change import Edit, TagChange
from enishi.editing.plan import plan_edit
from enishi.errors import Diagnostic, SettingsError
from enishi.generators import detect_site, label_of, register, settings_file_names, unregister
from enishi.generators.base import Generator, Site
from enishi.generators.post import Address, fill
from enishi.pipeline import build
from enishi.state import Request


class Inkwell(Generator[Site]):
    """Notes in the folder that `inkwell.json` names, with `labels`; pages by year."""

    name = "inkwell"
    label = "an Inkwell notebook"
    settings_files = ("inkwell.json",)
    tag_key = "labels"

    def read_site(self, root: Path) -> tuple[Site, list[Diagnostic]]:
        settings = self.open_settings(root)
        folder = settings.folder("notes", "notes")
        site = Site(root, self, (folder,), root_path=settings.root_path("address"), settings_file=settings.name)
        return site, settings.problems

    def address(self, site: Site, address: Address) -> str | None:
        return fill("read/:year/:slug.html", {"slug": address.slug}, address.date)


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Path]:
    register(Inkwell())
    (tmp_path / "inkwell.json").write_text('{"notes": "pages", "address": "https://ink.test/my/"}')
    (tmp_path / "pages").mkdir()
    for name, text in topic_posts(3).items():
        (tmp_path / "pages" / name).write_text(text.replace("tags: ", "labels: "))
    yield tmp_path
    unregister("inkwell")


def test_a_blog_is_built_by_the_rules_of_a_generator_from_outside(notebook: Path) -> None:
    report = build(Request(notebook, now=datetime(2024, 1, 1, tzinfo=UTC)))
    assert (report.summary.generator, label_of("inkwell")) == ("inkwell", "an Inkwell notebook")
    posts = json.loads((notebook / ".enishi/related.json").read_bytes())["posts"]
    assert len(posts) == 18
    assert posts["pages/tea-0.md"]["url"] == "/my/read/2020/tea-0.html"
    assert posts["pages/tea-0.md"]["related"]
    assert json.loads((notebook / ".enishi/tags.json").read_bytes())["posts"]["pages/tea-0.md"]["tags"] == ["tea"]


def test_a_tag_is_written_under_the_key_of_a_generator_from_outside(notebook: Path) -> None:
    site, _ = detect_site(notebook)
    for before, after in [("title: A\nlabels: [a]", "title: A\nlabels: [a, b]"), ("title: A", "title: A\nlabels: [b]")]:
        edit = plan_edit(f"---\n{before}\n---\nbody\n".encode(), TagChange.adding("b"), site)
        assert isinstance(edit, Edit)
        assert edit.after.decode() == f"---\n{after}\n---\nbody\n"


def test_a_generator_is_known_while_it_is_registered(notebook: Path) -> None:
    assert "inkwell.json" in settings_file_names()
    assert detect_site(notebook, generator="inkwell")[0].post_folders == ("pages",)
    unregister("inkwell")
    assert "inkwell.json" not in settings_file_names()
    with pytest.raises(SettingsError, match="'inkwell' is not one of auto, hexo"):
        detect_site(notebook, generator="inkwell")
