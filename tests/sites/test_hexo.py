"""hexo-enishi by the words of its page, with real posts, and in a clone elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from enishi.generators.hexo import Hexo
from finished_sites import check_lists, lists_on
from hexo_site import MODULES, HexoSite, link_packages, needs_site
from npm_packages import PLUGINS, environment, install, run, tarball, unpacked
from recipes import recipe
from shared_data import needs_shared
from site_posts import Entry, our_posts, real_posts, write_yaml

pytestmark = needs_site

PAGE = PLUGINS / "hexo-enishi" / "README.md"
HEXO = ["node", "node_modules/hexo/bin/hexo"]
PACKAGES = ["hexo", *sorted(one.name for one in MODULES.glob("hexo-[grts]e*") if "generator" in one.name)]
PACKAGES += ["hexo-renderer-ejs", "hexo-renderer-marked", "hexo-renderer-stylus", "hexo-theme-landscape", "hexo-server"]


def new_blog(folder: Path, posts: list[Entry], **dependencies: str) -> Path:
    """What `hexo init` makes, with these posts."""
    shutil.copytree(MODULES / "hexo-cli" / "assets", folder, dirs_exist_ok=True)
    for entry in posts:
        write_yaml(folder / "source/_posts" / f"{entry.slug}.md", entry)
    depend(folder, **dependencies)
    link_packages(folder, PACKAGES)
    return folder


def depend(folder: Path, **dependencies: str) -> None:
    """Hexo loads what package.json names."""
    package = {"private": True, "hexo": {"version": ""}, "dependencies": dict.fromkeys(PACKAGES, "*") | dependencies}
    (folder / "package.json").write_text(json.dumps(package), "utf-8")


def pages(posts: list[Entry], root: str = "/") -> list[str]:
    return [f"{root}{entry.date:%Y/%m/%d}/{entry.slug}/" for entry in posts]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = new_blog(tmp_path_factory.mktemp("hexo"), our_posts(), **{"hexo-enishi": "*"})
    install(site, "hexo-enishi")
    page = recipe(PAGE, "Set up")
    page.write(site)
    said = page.run(site, {"pipx": "", "npm install": "", "npx hexo": " ".join([*HEXO, "generate"])}, environment())
    assert "related posts are up to date" in said
    return site


def test_the_words_of_the_page_show_each_list(ours: Path) -> None:
    assert check_lists(ours / "public", pages(our_posts())) >= len(our_posts())
    assert recipe(PAGE, "Set up").files == {"_config.yml": "enishi: {hexo: {inject: true}}\n"}
    done = run(ours, ["enishi", "verify", "public"])
    assert done.returncode == 0, done.stdout
    (shown,) = lists_on(ours / "public/2024/05/03/matcha/index.html")
    assert "関連記事" in shown.text


def test_init_writes_what_the_page_says(tmp_path: Path) -> None:
    root = new_blog(tmp_path, [])
    before = (root / "_config.yml").read_text("utf-8")
    site, _ = Hexo().read_site(root)
    found = site.generator.setup(site)
    (edit,) = found.edits
    assert (edit.path, found.public) == ("_config.yml", "public")
    assert edit.text == before + "\n" + recipe(PAGE, "Set up").files["_config.yml"]
    assert found.installs == ("npm install hexo-enishi",)
    (root / "_config.yml").write_text(edit.text, "utf-8")
    for version, left in (("^0.1.0", 0), ("file:hexo-enishi-0.1.0.tgz", 0), ("file:../enishi/plugin/hexo-enishi", 1)):
        depend(root, **{"hexo-enishi": version})
        done = site.generator.setup(Hexo().read_site(root)[0])
        assert (done.installs, done.edits, len(done.by_hand)) == ((), (), left)


@needs_shared
def test_real_posts_below_a_path_in_japanese(tmp_path: Path) -> None:
    posts = list(real_posts("efcl"))
    site = new_blog(tmp_path, posts, **{"hexo-enishi": "*"})
    install(site, "hexo-enishi")
    (site / "source/_drafts").mkdir()
    (site / "source/_drafts/draft.md").write_text(f"---\ntitle: A draft\n---\n{posts[0].body}", "utf-8")
    settings = (
        (site / "_config.yml").read_text("utf-8").replace("url: http://example.com", "url: https://example.com/blog")
    )
    (site / "_config.yml").write_text(settings + "\nenishi: {hexo: {inject: true}}\n", "utf-8")
    done = run(site, [*HEXO, "generate"], TZ="UTC")
    assert done.returncode == 0, done.stdout
    check_lists(site / "public", pages(posts, "/blog/"), base="/blog/")
    told = json.loads((site / ".enishi/related.json").read_text("utf-8"))["posts"]
    assert "source/_drafts/draft.md" not in {one["path"] for post in told.values() for one in post["related"]}
    done = run(site, ["enishi", "verify", "public"])
    assert done.returncode == 0, done.stdout


# -- a clone elsewhere -------------------------------------------------------------------------------------------------


def clone(site: Path, folder: Path) -> HexoSite:
    """What git has of a blog, and Hexo."""
    shutil.copytree(site, folder, ignore=shutil.ignore_patterns("node_modules", "public", "db.json", ".enishi"))
    return HexoSite(folder, environment=environment())


def test_a_clone_elsewhere_has_its_lists_from_a_tarball_in_the_repository(ours: Path, tmp_path: Path) -> None:
    """`npm pack` and `npm install ./hexo-enishi-….tgz`, committed."""
    elsewhere = clone(ours, tmp_path / "clone")
    packed = Path(shutil.copy(tarball("hexo-enishi"), elsewhere.root))
    # npm is at work on our package alone: the others are links here, and nothing is fetched
    elsewhere.write("package.json", "{}")
    npm = ["npm", "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", f"./{packed.name}"]
    subprocess.run(npm, cwd=elsewhere.root, check=True, capture_output=True, timeout=120)
    written = json.loads((elsewhere.root / "package.json").read_text("utf-8"))["dependencies"]
    assert written == {"hexo-enishi": f"file:{packed.name}"}
    depend(elsewhere.root, **written)
    link_packages(elsewhere.root, PACKAGES)
    assert elsewhere.hexo("generate").warnings == []
    check_lists(elsewhere.root / "public", pages(our_posts()))


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_link_to_a_folder_is_warned_of_and_verify_sees_what_a_clone_lacks(ours: Path, tmp_path: Path) -> None:
    """`npm install FOLDER` makes it."""
    checkout = Path(shutil.copytree(unpacked("hexo-enishi"), tmp_path / "plugin/hexo-enishi"))
    site = clone(ours, tmp_path / "clone")
    link_packages(site.root, PACKAGES)
    (site.root / "node_modules/hexo-enishi").symlink_to(checkout)
    (warning,) = site.hexo("generate").warnings
    assert "is a link to" in warning
    (tmp_path / ".git").mkdir()  # a clone of this repository has the folder
    assert site.hexo("generate", "--force").warnings == []
    (tmp_path / ".git").rmdir()

    shutil.rmtree(checkout)
    assert site.hexo("generate", "--force").code == 0  # Hexo passes over a plugin that is not there
    verified = run(site.root, ["enishi", "verify", "public"])
    assert verified.returncode == 1, verified.stdout
