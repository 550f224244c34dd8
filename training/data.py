#!/usr/bin/env python3
"""Step 1: read the photos once and keep what the later steps need as plain arrays.

Writes into the work folder

  photos.jsonl   one line a photo, in array order: file, dataset, split, captions, labels
  photos.npy     uint8 [N, 208, 208, 3], RGB, every photo squashed to a square
  teacher.npy    float16 [N, 13, 13, 384], the feature maps of a frozen detector (YOLOX-nano; Ge et al. 2021,
                 "YOLOX: Exceeding YOLO Series in 2021"): its last 13x13 map (256 channels) and its 26x26 map
                 (128 channels) averaged to 13x13. They are regression targets for the image encoder; the detector's
                 weights are neither copied nor shipped.
  stage0.npy, stage1.npy, stage2.npy
                 float16 [F, 52, 52, 64], [F, 26, 26, 128], [F, 13, 13, 256]: the detector's maps at the end of each
                 part of its backbone, for Flickr8k's train photos (the first rows): what the encoder's stages learn

Flickr8k comes first, and the teacher steps go on from where they stopped.
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
from models import GRID

TEACHER_SIZE = 416
STAGE_SHAPES = [(52, 52, 64), (26, 26, 128), (13, 13, 256)]
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


def cut_teacher(path: Path, stages: bool) -> onnxruntime.InferenceSession:
    """The detector up to the two feature maps that its 13x13 and 26x26 heads read, or (`stages`) up to the three maps
    in which the parts of its backbone end."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.value_info}
    first_resize = next(place for place, node in enumerate(model.graph.node) if node.op_type == "Resize")

    def maps(channels: int, side: int) -> list[tuple[int, str]]:
        """Activations of that shape and their places in the graph."""
        return [(place, out) for place, node in enumerate(model.graph.node) for out in node.output
                if node.op_type == "Mul" and shapes.get(out) == [1, channels, side, side]]

    def halves(name: str) -> bool:
        """Whether a stride-2 convolution reads the map."""
        return any(name in node.input and list(attribute.ints) == [2, 2]
                   for node in model.graph.node for attribute in node.attribute if attribute.name == "strides"
                   and node.op_type == "Conv")

    if stages:
        names = [next(name for _, name in maps(64, 52) if halves(name)),
                 next(name for _, name in maps(128, 26) if halves(name)),
                 [name for place, name in maps(256, 13) if place < first_resize][-1]]
    else:
        names = [maps(256, 13)[-1][1], maps(128, 26)[-1][1]]
    del model.graph.output[:]
    for name in names:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name]))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run_teacher(session: onnxruntime.InferenceSession, photo: Path) -> list[np.ndarray]:
    """The maps [C, s, s] of a photo squashed to 416x416 (BGR, 0..255)."""
    with Image.open(photo) as image:
        square = np.asarray(image.convert("RGB").resize((TEACHER_SIZE, TEACHER_SIZE), Image.BILINEAR))
    pixels = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
    return [found[0] for found in session.run(None, {session.get_inputs()[0].name: pixels})]


def open_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The float16 array of an earlier run, or a new one."""
    return (np.lib.format.open_memmap(path, "r+") if path.exists()
            else np.lib.format.open_memmap(path, "w+", np.float16, shape))


def save_maps(photos: Path, work: Path, teacher: Path, stages: bool) -> None:
    """Runs the detector over the photos: teacher.npy, or (`stages`) stage0.npy to stage2.npy."""
    rows = load_photo_rows(work)
    if stages:
        rows = [row for row in rows if row["dataset"] == "flickr8k"]
    done_path = work / ("stages.done" if stages else "teacher.done")
    done = int(done_path.read_text()) if done_path.exists() else 0
    session = cut_teacher(teacher, stages)
    shapes = STAGE_SHAPES if stages else [(GRID, GRID, 384)]
    names = [f"stage{index}.npy" for index in range(3)] if stages else ["teacher.npy"]
    arrays = [open_array(work / name, (len(rows), *shape)) for name, shape in zip(names, shapes)]
    for index in range(done, len(rows)):
        if stages and not may_train(rows[index], index):
            continue
        maps = run_teacher(session, photos / rows[index]["file"])
        if not stages:
            maps = [np.concatenate([maps[0], maps[1].reshape(128, GRID, 2, GRID, 2).mean((2, 4))])]
        for array, found in zip(arrays, maps):
            array[index] = found.transpose(1, 2, 0)
        if index % 500 == 499 or index + 1 == len(rows):
            for array in arrays:
                array.flush()
            done_path.write_text(str(index + 1))
            print(f"{done_path.stem}: {index + 1}/{len(rows)}", flush=True)


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
    for stages in (False, True):
        save_maps(arguments.photos, arguments.work, teacher, stages)


if __name__ == "__main__":
    main()
