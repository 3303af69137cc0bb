"""Models run by onnxruntime: a tiny one, made here, against sentence-transformers itself."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from enishi.encoders import model_files, models
from enishi.encoders.models import ModelSource, load_model
from enishi.encoders.transformer import TransformerEncoder
from enishi.errors import EncoderError
from enishi.types import Document, Post, TextFields
from places import IMPORT_PATH, ROOT

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("sentence_transformers", "onnxruntime", "onnx"))),
    reason="sentence-transformers, onnxruntime or onnx is not installed",
)
TEXTS = ["the cat sleeps", "a database finds rows without a scan", "猫 は 眠る", "cat " * 40, "nothing known here"]
WORDS = [*sorted({word for text in TEXTS[:4] for word in text.split()}), "passage", "query", ":"]


def made(folder: Path) -> Path:
    """A sentence-transformers model of two small layers, with its ONNX file."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[CLS]", "[SEP]", "[PAD]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", 1), ("[SEP]", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        pad_token_id=3,
        attn_implementation="eager",
        initializer_range=0.5,
    )
    plain = folder.parent / "plain"
    bert = BertModel(config, add_pooling_layer=False).eval()
    bert.save_pretrained(plain)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(plain)
    parts = [Transformer(str(plain)), Pooling(16), Normalize()]
    SentenceTransformer(modules=parts, prompts={"query": "query : ", "passage": "passage : "}).save(str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(str(ROOT / "benchmarks" / "export_onnx.py"))["export"](folder)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("models") / "whole")


@pytest.fixture
def tiny(whole: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(whole, tmp_path / "tiny")


def vectors(folder: Path, engine: models.Engine) -> np.ndarray:
    model = load_model(ModelSource(str(folder), "", Path(), engine=engine))
    always = {"show_progress_bar": False, "convert_to_numpy": True, "normalize_embeddings": True}
    return model.encode_document(TEXTS, batch_size=len(TEXTS), prompt="passage : ", **always)


def document(number: int, title: str, prose: str) -> Document:
    return Document(Post(f"{number}.md", title), TextFields(title=title, prose=prose), {}, {})


BLOG = [document(n, text.strip(), " ".join([*WORDS, text.strip()]) + f". {WORDS[n]}") for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    "pooling",
    [
        {"pooling_mode": "mean"},
        {"pooling_mode": "cls"},
        {"pooling_mode": "max"},
        {"pooling_mode": "lasttoken"},
        {"pooling_mode": "weightedmean"},
        {"pooling_mode": "mean_sqrt_len_tokens"},
        {"pooling_mode": ["cls", "mean"]},
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        {"pooling_mode_cls_token": False, "pooling_mode_lasttoken": True},
        {},
    ],
    ids=str,
)
def test_every_pooling_gives_the_vectors_of_sentence_transformers(tiny: Path, pooling: dict[str, object]) -> None:
    (tiny / "1_Pooling" / "config.json").write_text(json.dumps({"embedding_dimension": 16, **pooling}))
    np.testing.assert_allclose(vectors(tiny, "onnx"), vectors(tiny, "torch"), atol=1e-5)


@pytest.mark.parametrize("activation", ["Tanh", "Identity"])
def test_a_dense_layer_after_the_pooling_counts(tiny: Path, activation: str) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense
    from torch.nn import Identity, Tanh

    before = vectors(tiny, "onnx")
    function = {"Tanh": Tanh(), "Identity": Identity()}[activation]
    parts = [*SentenceTransformer(str(tiny), device="cpu"), Dense(16, 8, activation_function=function)]
    SentenceTransformer(modules=parts).save(str(tiny.parent / "dense"))
    shutil.copytree(tiny / "onnx", tiny.parent / "dense" / "onnx")
    found = vectors(tiny.parent / "dense", "onnx")
    assert found.shape != before.shape
    np.testing.assert_allclose(found, vectors(tiny.parent / "dense", "torch"), atol=1e-5)


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("sentence_bert_config.json", {"max_seq_length": 10, "do_lower_case": True}),
        ("tokenizer_config.json", {"model_max_length": 12}),
        ("tokenizer_config.json", {"model_max_length": 10**30}),
    ],
)
def test_what_the_models_settings_say_of_its_tokens_holds(tiny: Path, file: str, settings: dict[str, object]) -> None:
    known = json.loads((tiny / file).read_text())
    (tiny / file).write_text(json.dumps(known | settings))
    ours, theirs = (load_model(ModelSource(str(tiny), "", Path(), engine=engine)) for engine in ("onnx", "torch"))
    assert ours.max_seq_length == theirs.max_seq_length
    assert ours.prompts.items() <= theirs.prompts.items()
    np.testing.assert_allclose(vectors(tiny, "onnx"), vectors(tiny, "torch"), atol=1e-5)


def test_posts_and_queries_are_those_of_torch(whole: Path) -> None:
    by_torch, by_onnx = (TransformerEncoder(str(whole), engine=engine) for engine in ("torch", "onnx"))
    theirs, ours = by_torch.encode(BLOG), by_onnx.encode(BLOG)
    assert np.einsum("nd,nd->n", theirs, ours).min() > 0.999
    assert by_onnx.texts(BLOG[3]) == by_torch.texts(BLOG[3])
    assert len(by_onnx.texts(BLOG[3])) > 1
    np.testing.assert_allclose(by_onnx.encode_query("cat"), by_torch.encode_query("cat"), atol=1e-4)
    assert by_onnx.key != by_torch.key


SCRIPT = """
import sys
for name in ("torch", "transformers", "sentence_transformers"):
    sys.modules[name] = None
from test_onnx_model import *
found = TransformerEncoder(sys.argv[1])
print(found.encode(BLOG[: int(sys.argv[2])])[:0].shape, found.raw(BLOG).tobytes().hex(), found.key)
"""


def test_without_torch_onnx_is_chosen_and_makes_the_same_bytes(whole: Path) -> None:
    encoder = TransformerEncoder(str(whole), engine="onnx")
    expected = f"(0, 16) {encoder.raw(BLOG).tobytes().hex()} {encoder.key}"
    for known in ("1", "4"):  # whatever was read before, in other batches
        command = [sys.executable, "-c", SCRIPT, str(whole), known]
        done = subprocess.run(command, env={"PYTHONPATH": IMPORT_PATH}, capture_output=True, text=True, timeout=120)
        assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_a_folder_with_an_onnx_file_alone_is_a_model(tiny: Path) -> None:
    before = vectors(tiny, "onnx")
    (tiny / "model.safetensors").unlink()
    assert ModelSource(str(tiny), "", Path(), engine="auto").engine == "onnx"
    assert vectors(tiny, "auto").tobytes() == before.tobytes()
    with pytest.raises(EncoderError, match="no model in that folder"):
        vectors(tiny, "torch")


def test_a_model_in_the_hubs_cache_is_read_there(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "hub"))
    commit = "89abcdef0123456789abcdef0123456789abcdef"
    stored = tmp_path / "hub" / "models--owner--tiny"
    (stored / "snapshots").mkdir(parents=True)
    (stored / "snapshots" / commit).symlink_to(tiny, target_is_directory=True)
    (tiny / "model.safetensors").unlink()  # which is not fetched for onnx
    found = TransformerEncoder("owner/tiny", revision=commit, engine="onnx")
    assert found.raw(BLOG).tobytes() == TransformerEncoder(str(tiny), engine="onnx").raw(BLOG).tobytes()


def test_a_table_of_sentence_transformers_gives_its_vectors(tmp_path: Path) -> None:
    from safetensors.numpy import save_file
    from test_static_model import POSTS, TABLE, made

    model = made(tmp_path / "model", {})

    save_file({"embedding.weight": TABLE}, model / "model.safetensors")
    (model / "config.json").unlink()
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    (model / "modules.json").write_text(json.dumps(modules))
    (model / "config_sentence_transformers.json").write_text('{"prompts": {"document": "", "query": "query: "}}')
    ours, theirs = TransformerEncoder(str(model)), TransformerEncoder(str(model), engine="torch")
    np.testing.assert_allclose(ours.encode(POSTS), theirs.encode(POSTS), atol=1e-5)
    np.testing.assert_allclose(ours.encode_query("cats"), theirs.encode_query("cats"), atol=1e-5)


# -- what can be wrong -------------------------------------------------------------------------------------------------


def complaint(folder: Path, **options: str) -> str:
    with pytest.raises(EncoderError) as caught:
        TransformerEncoder(str(folder), engine="onnx", **options).encode(BLOG)
    text = str(caught.value)
    assert 'pip install "enishi[transformers]"' in text, "which reads any model"
    assert 'encoder.model = ""' in text
    assert "Traceback" not in text
    return text


def change(file: Path, **settings: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def test_a_model_without_an_onnx_file_says_so(tiny: Path) -> None:
    (tiny / "onnx" / "model.onnx").unlink()
    assert "has no onnx/model.onnx" in complaint(tiny)


def test_what_onnxruntime_cannot_do_is_told(tiny: Path) -> None:
    assert 'encoder.device is "cuda"' in complaint(tiny, device="cuda")
    change(tiny / "1_Pooling" / "config.json", include_prompt=False)
    assert "leaves out the prompt" in complaint(tiny)
    change(tiny / "1_Pooling" / "config.json", include_prompt=True, pooling_mode="other")
    assert "its pooling other is not known" in complaint(tiny)


def test_modules_that_are_not_known_and_folders_outside_are_refused(tiny: Path) -> None:
    modules = json.loads((tiny / "modules.json").read_text())
    for named, said in (
        ({"type": "sentence_transformers.models.LSTM", "path": "2_Normalize"}, "LSTM"),
        ({"type": "evil.Module", "path": ""}, "never run"),
        ({"type": "sentence_transformers.models.Dense", "path": "../elsewhere"}, "outside"),
    ):
        (tiny / "modules.json").write_text(json.dumps([*modules, named]))
        if said == "never run":
            with pytest.raises(EncoderError, match=said):
                TransformerEncoder(str(tiny), engine="onnx").encode(BLOG)
        else:
            assert said in complaint(tiny)


def test_weights_of_a_layer_are_never_unpickled(tiny: Path) -> None:
    modules = json.loads((tiny / "modules.json").read_text())
    dense = {"type": "sentence_transformers.models.Dense", "path": "3_Dense"}
    (tiny / "modules.json").write_text(json.dumps([*modules, dense]))
    (tiny / "3_Dense").mkdir()
    (tiny / "3_Dense" / "config.json").write_text("{}")
    (tiny / "3_Dense" / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert "does not load" in complaint(tiny)


@pytest.mark.parametrize("file", ["onnx/model.onnx", "tokenizer.json", "1_Pooling/config.json"])
def test_a_damaged_file_is_told_in_one_message(tiny: Path, file: str) -> None:
    (tiny / file).write_bytes(b"{damaged")
    assert "does not load" in complaint(tiny)


def test_without_onnxruntime_installing_it_is_a_way_out(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert 'pip install "enishi[onnx]"' in complaint(tiny)
    assert ModelSource(str(tiny), "", Path(), engine="auto").engine == "torch"


def test_a_folders_modules_are_read_as_data(tmp_path: Path) -> None:
    for text in ("{}", "[1]", "[" * 100_000, "not JSON"):
        (tmp_path / "modules.json").write_text(text)
        assert not model_files.is_static(tmp_path)
        with pytest.raises(ValueError, match=r"its modules\.json"):
            model_files.module_folders(tmp_path)
