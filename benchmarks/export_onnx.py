"""The ONNX file of a sentence-transformers folder, as the hub has it beside most models: onnx/model.onnx.

    python -m benchmarks.export_onnx FOLDER

For models that have none yet, and for measuring `encoder.engine = "onnx"`.  Needs torch, transformers and onnx.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModel

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class LastHiddenState(torch.nn.Module):
    """A transformer as a function of its inputs alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.model(**dict(zip(NAMES, inputs, strict=True))).last_hidden_state


def export(folder: Path) -> Path:
    """Write a BERT-like model's ONNX file; its path."""
    file = folder / "onnx" / "model.onnx"
    file.parent.mkdir(exist_ok=True)
    ids = torch.ones(2, 16, dtype=torch.long)
    axes = {name: {0: "batch", 1: "sequence"} for name in [*NAMES, "last_hidden_state"]}
    torch.onnx.export(
        LastHiddenState(folder),
        (ids, ids, ids * 0),
        str(file),
        input_names=NAMES,
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    return file


if __name__ == "__main__":
    print(export(Path(sys.argv[1])))
