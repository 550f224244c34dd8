#!/usr/bin/env python3
"""Step 1: read the photos once and keep what the later steps need as plain arrays.

Writes into the work folder

  photos.jsonl   one line a photo, in array order: file, dataset, split, captions, labels
  photos.npy     uint8 [N, 208, 208, 3], RGB, every photo squashed to a square
  teacher.npy    float16 [N, 13, 13, 384], the feature maps of a frozen detector (YOLOX-nano; Ge et al. 2021,
                 "YOLOX: Exceeding YOLO Series in 2021"): its last 13x13 map (256 channels) and its 26x26 map
                 (128 channels) averaged to 13x13. They are regression targets for the image encoder; the detector's
                 weights are neither copied nor shipped.
  hints.npy      float16 [F, 26, 26, 128], the detector's map half-way up its backbone, for Flickr8k's train photos
                 (the first rows): a target for the middle of the image encoder

Flickr8k comes first, and the teacher step goes on from where it stopped.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from common import IMAGE_SIZE, add_common_arguments, load_photo_rows
from language import may_train

TEACHER_SIZE = 416
SKIPPED_DATASETS = {"kodak"}  # kept for picture-quality tests


def read_rows(photos: Path) -> list[dict]:
    """The manifest's photos, Flickr8k first."""
    rows = [json.loads(line) for line in open(photos / "manifest.jsonl")]
    rows = [row for row in rows if row["dataset"] not in SKIPPED_DATASETS]
    rows.sort(key=lambda row: row["dataset"] != "flickr8k")
    keys = ("file", "dataset", "split", "captions", "labels")
    return [{key: row.get(key) for key in keys} for row in rows]


def save_photos(photos: Path, work: Path) -> None:
    """Decodes every photo to a 208x208 square."""
    rows = read_rows(photos)
    array = np.lib.format.open_memmap(work / "photos.npy", "w+", np.uint8, (len(rows), IMAGE_SIZE, IMAGE_SIZE, 3))
    for index, row in enumerate(rows):
        with Image.open(photos / row["file"]) as image:
            array[index] = np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.BILINEAR))
    array.flush()
    with open(work / "photos.jsonl", "w") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")
    print(f"photos: {len(rows)}")


def cut_teacher(path: Path, hints: bool) -> onnxruntime.InferenceSession:
    """The detector up to the two feature maps that its 13x13 and 26x26 heads read, or (`hints`) up to the last 26x26
    map of its backbone."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.value_info}

    def last_map(channels: int, side: int) -> str:
        return [out for node in model.graph.node for out in node.output
                if node.op_type == "Mul" and shapes.get(out) == [1, channels, side, side]][-1]

    def halves(name: str) -> bool:
        """Whether a stride-2 convolution reads the map."""
        return any(name in node.input and list(attribute.ints) == [2, 2]
                   for node in model.graph.node for attribute in node.attribute if attribute.name == "strides"
                   and node.op_type == "Conv")

    if hints:
        names = [next(name for node in model.graph.node for name in node.output
                      if node.op_type == "Mul" and shapes.get(name) == [1, 128, 26, 26] and halves(name))]
    else:
        names = [last_map(256, 13), last_map(128, 26)]
    del model.graph.output[:]
    for name in names:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name]))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def save_maps(photos: Path, work: Path, teacher: Path, hints: bool) -> None:
    """Runs the detector over the photos (BGR, 0..255, squashed to 416x416): teacher.npy, or (`hints`) hints.npy."""
    rows = load_photo_rows(work)
    if hints:
        rows = [row for row in rows if row["dataset"] == "flickr8k"]
    path = work / ("hints.npy" if hints else "teacher.npy")
    done_path = path.with_suffix(".done")
    shape = (len(rows), 26, 26, 128) if hints else (len(rows), 13, 13, 384)
    done = int(done_path.read_text()) if path.exists() and done_path.exists() else 0
    array = (np.lib.format.open_memmap(path, "r+") if done
             else np.lib.format.open_memmap(path, "w+", np.float16, shape))
    session = cut_teacher(teacher, hints)
    for index in range(done, len(rows)):
        if hints and not may_train(rows[index], index):
            continue
        with Image.open(photos / rows[index]["file"]) as image:
            square = np.asarray(image.convert("RGB").resize((TEACHER_SIZE, TEACHER_SIZE), Image.BILINEAR))
        pixels = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
        maps = session.run(None, {session.get_inputs()[0].name: pixels})
        if not hints:
            maps[1] = maps[1].reshape(1, 128, 13, 2, 13, 2).mean((3, 5))
        array[index] = np.concatenate(maps, 1)[0].transpose(1, 2, 0)
        if index % 500 == 499 or index + 1 == len(rows):
            array.flush()
            done_path.write_text(str(index + 1))
            print(f"{path.stem}: {index + 1}/{len(rows)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--teacher", type=Path, help="the detector's ONNX file "
                        "(default: models/yolox-nano/yolox_nano.onnx beside the photos folder)")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    teacher = arguments.teacher or arguments.photos.parent / "models" / "yolox-nano" / "yolox_nano.onnx"
    if not (arguments.work / "photos.jsonl").exists():
        save_photos(arguments.photos, arguments.work)
    for hints in (False, True):
        save_maps(arguments.photos, arguments.work, teacher, hints)


if __name__ == "__main__":
    main()
