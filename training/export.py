#!/usr/bin/env python3
"""Step 11: write the pack: vision.onnx, text.onnx, prefix.onnx, decoder.onnx, tokenizer.json, manifest.json.

Weights are stored as float16, or (`--int8`, a comma-separated list of the models) as int8 with one scale per output
channel, and cast back to float32 when a session loads. Every model is checked against PyTorch in onnxruntime, with
batches, beams and an empty past; the largest absolute difference is printed.
"""
import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.export import Dim

from checkpoints import load_captioner, load_embedder, load_encoder, load_mining, load_text_encoder
from common import IMAGE_SIZE, REPOSITORY, add_common_arguments, prepare
from exported import Decoder, Prefix, Text, Vision, fold_batch_norms
from language import load_tokenizer

OPSET = 20
SMALLEST_COMPRESSED = 1024
PREFIX = "output of "
DESCRIPTION = ("Small image encoder, text encoder and caption decoder, trained from scratch for Fabula; works offline "
               "on any machine.")
LICENCE = ("Weights trained on data sets with mixed terms, among them Flickr8k (research and non-commercial use); "
           "see MODEL_CARD.md")


def rename_outputs(model: onnx.ModelProto) -> None:
    """Takes PREFIX off the output names (the exporter may use a plain name for a value inside) and drops its notes."""
    inner = {name for node in model.graph.node for name in [*node.input, *node.output]}
    for output in model.graph.output:
        name = output.name.removeprefix(PREFIX)
        renames = {output.name: name} | ({name: f"{name}.inner"} if name in inner else {})
        for node in model.graph.node:
            node.input[:] = [renames.get(value, value) for value in node.input]
            node.output[:] = [renames.get(value, value) for value in node.output]
        output.name = name
    model.producer_name, model.producer_version, model.doc_string = "fabula", "", ""
    for part in [model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        part.doc_string = ""
        del part.metadata_props[:]
    del model.graph.value_info[:]


def quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 with one scale a slice of the first or of the last axis, whichever loses less: (scale, int8 values)."""
    best = None
    for axis in (0, values.ndim - 1):
        others = tuple(other for other in range(values.ndim) if other != axis)
        scale = np.maximum(np.abs(values).max(others, keepdims=True) / 127, 1e-12).astype(np.float32)
        rounded = np.rint(values / scale).astype(np.int8)
        error = float(np.square(rounded * scale - values).sum())
        if best is None or error < best[0]:
            best = (error, scale, rounded)
    return best[1:]


def compress(model: onnx.ModelProto, int8: bool, exact: bool = False) -> None:
    """Stores large float32 initialisers as float16, or as int8 with scales, followed by the casts that undo it
    (onnxruntime folds them when it loads the model). With `exact` only those that lose nothing by it: the weights are
    rounded already, and what the exporter has computed from them (a normed weight) would be rounded a second time."""
    graph, nodes = model.graph, []
    for initializer in list(graph.initializer):
        if initializer.data_type != TensorProto.FLOAT or np.prod(initializer.dims) < SMALLEST_COMPRESSED:
            continue
        name, values = initializer.name, numpy_helper.to_array(initializer)
        scale, rounded = quantise(values) if int8 and values.ndim > 1 else (None, values.astype(np.float16))
        stored = rounded.astype(np.float32) * (1 if scale is None else scale)
        if exact and np.abs(stored - values).max() > 1e-6 * np.abs(values).max():
            continue
        graph.initializer.remove(initializer)
        if scale is not None:
            graph.initializer.append(numpy_helper.from_array(rounded, name + ".int8"))
            graph.initializer.append(numpy_helper.from_array(scale, name + ".scale"))
            nodes.append(helper.make_node("Cast", [name + ".int8"], [name + ".cast"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [name + ".cast", name + ".scale"], [name]))
        else:
            graph.initializer.append(numpy_helper.from_array(rounded, name + ".half"))
            nodes.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
    for node in reversed(nodes):
        graph.node.insert(0, node)


def export(module: nn.Module, examples: dict[str, torch.Tensor], shapes: dict[str, dict], outputs: list[str],
           path: Path, int8: bool, exact: bool = False) -> None:
    """Writes a module as ONNX, its weights as `compress` stores them."""
    program = torch.onnx.export(module.eval(), (), kwargs=examples, dynamo=True, opset_version=OPSET, verbose=False,
                                input_names=list(examples), dynamic_shapes=shapes,
                                output_names=[f"{PREFIX}{name}" for name in outputs])
    program.save(str(path), external_data=False)
    model = onnx.load(path)
    rename_outputs(model)
    compress(model, int8, exact)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def check(module: nn.Module, path: Path, cases: list[dict[str, torch.Tensor]], names: list[str]) -> float:
    """The largest absolute difference between PyTorch and onnxruntime over the cases' float outputs."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == names, [o.name for o in session.get_outputs()]
    largest = 0.0
    for case in cases:
        with torch.no_grad():
            expected = module(**case)
        expected = expected if isinstance(expected, tuple) else (expected,)
        for want, got in zip(expected, session.run(None, {name: value.numpy() for name, value in case.items()})):
            assert tuple(want.shape) == got.shape, (want.shape, got.shape)
            if want.is_floating_point() and want.numel():
                largest = max(largest, float(np.abs(want.numpy() - got).max()))
    return largest


def file_entry(path: Path) -> dict:
    data = path.read_bytes()
    return {"path": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "resources" / "models" / "starter")
    parser.add_argument("--revision", required=True, help="for example 2026.11-1; give a new one for new weights")
    parser.add_argument("--int8", default="", help="models to store as int8, for example text,decoder")
    arguments = parser.parse_args()
    config = prepare(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    int8 = set(filter(None, arguments.int8.split(",")))

    encoder, captioner = load_encoder(arguments.work, config), load_captioner(arguments.work, config)
    embedder, text_encoder = load_embedder(arguments.work, config), load_text_encoder(arguments.work, config)
    mining = load_mining(arguments.work, config)
    fold_batch_norms(encoder)
    layers, width, channels = len(captioner.layers), config["caption"]["width"], encoder.channels
    vision, text = Vision(encoder, mining, embedder, captioner).eval(), Text(text_encoder).eval()
    prefix, decoder = Prefix(captioner).eval(), Decoder(captioner).eval()

    def pixels(n: int) -> dict:
        return {"pixels": torch.randint(0, 256, (n, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=torch.uint8)}

    def ids(n: int, t: int) -> dict:
        rows = torch.randint(4, config["tokenizer"]["pieces"], (n, t))
        rows[0, (t + 1) // 2:] = 0
        return {"ids": rows}

    def tokens(n: int, kept: int) -> dict:
        return {"tokens": torch.randn(n, 49, channels), "kept": torch.stack([torch.randperm(49)[:kept] for _ in range(n)])}

    def step(photos: int, before: int, beams: int, t: int, kept: int) -> dict:
        rows = photos * beams
        return {"ids": torch.randint(4, config["tokenizer"]["pieces"], (rows, 1)), "position": torch.tensor([t]),
                "beam": torch.randint(0, before, (rows,)), "past": torch.randn(before, layers, 2, t, width),
                "cross": torch.randn(photos, layers, 2, kept, width), "photo": torch.arange(photos).repeat_interleave(beams)}

    batch, rows, before, length, kept = Dim("N"), Dim("B"), Dim("P"), Dim("T"), Dim("K")
    plans = {
        "vision": (vision, pixels(2), {"pixels": {0: batch}}, ["tokens", "embedding", "need"],
                   [pixels(1), pixels(5)]),
        "text": (text, ids(3, 7), {"ids": {0: batch, 1: Dim("T", max=config["max_text_tokens"])}}, ["embedding"],
                 [ids(1, 1), ids(4, 5), ids(2, config["max_text_tokens"])]),
        "prefix": (prefix, tokens(2, 20), {"tokens": {0: batch}, "kept": {0: batch, 1: kept}}, ["cross"],
                   [tokens(1, 49), tokens(5, 12)]),
        "decoder": (decoder, step(2, 5, 3, 4, 20),
                    {"ids": {0: rows}, "position": {}, "beam": {0: rows}, "past": {0: before, 3: length},
                     "cross": {0: batch, 3: kept}, "photo": {0: rows}}, ["present", "top_scores", "top_ids"],
                    [step(1, 1, 1, 0, 49), step(4, 4, 1, 0, 12), step(4, 4, 3, 1, 20), step(3, 9, 3, 11, 8),
                     step(1, 3, 2, 23, 49)]),
    }
    for name, (module, example, shapes, outputs, cases) in plans.items():
        path = arguments.out / f"{name}.onnx"
        export(module, example, shapes, outputs, path, name in int8)
        print(f"{name}: {path.stat().st_size} bytes, largest difference {check(module, path, cases, outputs):.2e}")

    shutil.copy(arguments.work / "tokenizer.json", arguments.out / "tokenizer.json")
    calibration = json.loads((arguments.work / "calibration.json").read_text())
    names = ["vision.onnx", "text.onnx", "prefix.onnx", "decoder.onnx", "tokenizer.json"]
    manifest = {
        "format": 1, "id": "starter", "name": "Starter pack", "revision": arguments.revision, "licence": LICENCE,
        "description": DESCRIPTION,
        "roles": {
            "encode": {"family": "starter", "vision": "vision.onnx", "text": "text.onnx",
                       "tokenizer": "tokenizer.json", "dimensions": config["text"]["dimensions"],
                       "imageSize": IMAGE_SIZE, "batch": 8, "maxTokens": config["max_text_tokens"],
                       "calibration": calibration},
            "caption": {"family": "starter", "vision": "vision.onnx", "prefix": "prefix.onnx",
                        "decoder": "decoder.onnx", "tokenizer": "tokenizer.json", "imageSize": IMAGE_SIZE,
                        "layers": layers, "width": width, "beams": 5, "maxTokens": config["max_tokens"],
                        "lengthPenalty": config["length_penalty"], "batch": 16,
                        "tokenCounts": config["token_counts"],
                        "fit": {"text": "text.onnx", "maxTokens": config["max_text_tokens"],
                                "weight": config["fit_weight"]}},
        },
        "files": [file_entry(arguments.out / name) for name in names],
    }
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"total {sum(entry['bytes'] for entry in manifest['files'])} bytes, "
          f"{load_tokenizer(arguments.work).get_vocab_size()} pieces")


if __name__ == "__main__":
    main()
