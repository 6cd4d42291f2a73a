"""Makes the tiny models of models/tests/data and the probe graph of models/src, with the vectors they must give.

The expected vectors are computed here with numpy, token by token, and not with ONNX Runtime.
Usage: fixtures.py, with the packages of requirements.txt.
"""

import hashlib
import json
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import graph

MODELS = pathlib.Path(__file__).parent.parent
DATA = MODELS / "tests" / "data"
HIDDEN = 6
MAX_TOKENS = 7
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "open", "close", "the", "window", "roof", "please", "开", "窗"]
TEXTS = ["open the window", "close the roof please", "", "window", "unheard words", "开 窗", "open close " * 4]

# name, pooling, normalize, inputs besides input_ids
KINDS = [
    ("tiny-mean", "mean", True, ["attention_mask", "token_type_ids"]),
    ("tiny-mean-raw", "mean", False, ["attention_mask"]),
    ("tiny-cls", "cls", True, ["attention_mask", "token_type_ids"]),
    ("tiny-cls-raw", "cls", False, ["attention_mask"]),
    ("tiny-last", "last-token", True, ["attention_mask", "position_ids"]),
    ("tiny-last-raw", "last-token", False, []),
    ("tiny-half", "mean", True, ["attention_mask"]),  # with 16-bit token vectors under another usual name
]


def tables():
    draw = numpy.random.default_rng(5)
    return {
        "words": draw.normal(size=(len(WORDS), HIDDEN)).astype(numpy.float32),
        "types": draw.normal(size=(2, HIDDEN)).astype(numpy.float32),
        "places": draw.normal(size=(MAX_TOKENS, HIDDEN)).astype(numpy.float32),
    }


def tokens(text):
    """What tokenizer() below must do: words between [CLS] and [SEP], cut to MAX_TOKENS."""
    numbers = [WORDS.index(word) if word in WORDS else 1 for word in text.split()]
    return [2] + numbers[: MAX_TOKENS - 2] + [3]


def tokenizer():
    special = [
        {"id": number, "content": WORDS[number], "special": True, **dict.fromkeys(["single_word", "lstrip", "rstrip", "normalized"], False)}
        for number in range(4)
    ]
    first, last = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ["[CLS]", "[SEP]"]]
    frame = [first, {"Sequence": {"id": "A", "type_id": 0}}, last]
    pair = frame + [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    names = {name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ["[CLS]", "[SEP]"]}
    # Padding and another limit are written down as some exporters do it; the loader must not use them.
    padding = {"strategy": {"Fixed": 12}, "direction": "Right", "pad_to_multiple_of": None}
    padding |= {"pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    return {
        "version": "1.0",
        "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": padding,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {"type": "TemplateProcessing", "single": frame, "pair": pair, "special_tokens": names},
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }


def onnx_model(inputs, half=False):
    """tanh(word + the sum of what the other inputs pick), times the mask where there is one."""
    stored = tables()
    nodes = [helper.make_node("Gather", ["words", "input_ids"], ["value"])]
    names, value = ["words"], "value"
    for name, table in [("token_type_ids", "types"), ("position_ids", "places")]:
        if name in inputs:
            nodes.append(helper.make_node("Gather", [table, name], [f"{table}_of"]))
            nodes.append(helper.make_node("Add", [value, f"{table}_of"], [f"with_{table}"]))
            names, value = names + [table], f"with_{table}"
    masked = "attention_mask" in inputs
    nodes.append(helper.make_node("Tanh", [value], ["bent" if masked else graph.OUTPUT]))
    if masked:
        nodes.append(helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Unsqueeze", ["mask", "axis"], ["column"]))
        nodes.append(helper.make_node("Mul", ["bent", "column"], [graph.OUTPUT]))
    initializers = [numpy_helper.from_array(stored[name], name) for name in names]
    initializers += [numpy_helper.from_array(numpy.array([2], numpy.int64), "axis")] if masked else []
    output, kind = graph.OUTPUT, TensorProto.FLOAT
    if half:
        output, kind = "token_embeddings", TensorProto.FLOAT16
        nodes.append(helper.make_node("Cast", [graph.OUTPUT], [output], to=kind))
    return graph.model("tiny", nodes, initializers, ["input_ids"] + inputs, HIDDEN, output, kind)


def expected(text, pooling, normalize, inputs):
    stored, rows = tables(), []
    for place, number in enumerate(tokens(text)):
        row = stored["words"][number].astype(float)
        row = row + stored["types"][0] if "token_type_ids" in inputs else row
        row = row + stored["places"][place] if "position_ids" in inputs else row
        rows.append(numpy.tanh(row))
    vector = {"mean": sum(rows) / len(rows), "cls": rows[0], "last-token": rows[-1]}[pooling]
    vector = vector / numpy.sqrt((vector**2).sum()) if normalize else vector
    return [float(component) for component in vector]


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_cases(folder, pooling, normalize, inputs):
    cases = [{"text": text, "vector": expected(text, pooling, normalize, inputs)} for text in TEXTS]
    write_json(DATA / f"{folder.name}.json", cases)


def write_manifest(folder, pooling, normalize):
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ["model.onnx", "tokenizer.json"]}
    files = "".join(f'"{name}" = "{value}"\n' for name, value in hashes.items())
    (folder / "model.toml").write_text(
        f'[model]\nname = "{folder.name}"\nversion = "1"\nrole = "encoder"\nlanguages = ["en", "zh"]\nlicense = "Apache-2.0"\n\n'
        f'[encoder]\npooling = "{pooling}"\nnormalize = {str(normalize).lower()}\nmax-tokens = {MAX_TOKENS}\ndimension = {HIDDEN}\n\n'
        f"[thresholds]\nsimilar = 0.7\nsimilar-margin = 0.1\nquestion = 0.75\n\n[files]\n{files}"
    )


def write_export(folder):
    """The same kind of model as sentence-transformers saves it: no model.toml, token types, mean, normalized."""
    inputs = ["attention_mask", "token_type_ids"]
    kinds = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (kind, path) in enumerate(zip(kinds, paths))
    ]
    write_json(folder / "modules.json", modules)
    switches = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": HIDDEN, **switches})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    write_json(folder / "tokenizer.json", tokenizer())
    (folder / "onnx").mkdir(exist_ok=True)
    onnx.save(onnx_model(inputs), folder / "onnx" / "model.onnx")
    write_cases(folder, "mean", True, inputs)


def write_probe():
    """[1 2] x [[1 2] [3 4]], to see whether an execution provider runs anything at all."""
    matrix = numpy_helper.from_array(numpy.array([[1, 2], [3, 4]], numpy.float32), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy"]
    body = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "probe", ends[:1], ends[1:], [matrix])
    made = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="steward")
    onnx.save(made, MODELS / "src" / "probe.onnx")


def main():
    for name, pooling, normalize, inputs in KINDS:
        folder = DATA / name
        write_json(folder / "tokenizer.json", tokenizer())
        onnx.save(onnx_model(inputs, name == "tiny-half"), folder / "model.onnx")
        write_manifest(folder, pooling, normalize)
        write_cases(folder, pooling, normalize, inputs)
    write_export(DATA / "tiny-export")
    write_probe()


if __name__ == "__main__":
    main()
