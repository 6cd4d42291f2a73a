"""Writes a BERT encoder as an ONNX graph of standard operators, node by node, from its weights."""

import math

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # the first one with Gelu
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OUTPUT = "last_hidden_state"


class Graph:
    """Collects nodes and initializers. The methods that add operators return their output's name."""

    def __init__(self, weights, config):
        self.weights = weights
        self.heads = config["num_attention_heads"]
        self.hidden = config["hidden_size"]
        self.layers = config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]
        self.nodes = []
        self.initializers = {}

    def node(self, operator, inputs, **attributes):
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, value):
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(numpy.ascontiguousarray(value), name)
        return name

    def integers(self, name, *values):
        return self.constant(name, numpy.array(values, numpy.int64))

    def number(self, name, value):
        return self.constant(name, numpy.array(value, numpy.float32))

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def linear(self, value, name):
        """value x weight + bias; the weights are stored as [outputs, inputs]."""
        product = self.node("MatMul", [value, self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T)])
        return self.node("Add", [product, self.weight(f"{name}.bias")])

    def normalized(self, value, name):
        inputs = [value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.node("LayerNormalization", inputs, axis=-1, epsilon=self.epsilon)


def embeddings(graph):
    """Word, type and position embeddings, summed and normalized: [batch, length, hidden]."""
    word = graph.node("Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"])
    kind = graph.node("Gather", [graph.weight("embeddings.token_type_embeddings.weight"), "token_type_ids"])
    length = graph.node("Shape", ["input_ids"], start=1, end=2)
    first, axis = graph.integers("first", 0), graph.integers("axis", 0)
    place = graph.node("Slice", [graph.weight("embeddings.position_embeddings.weight"), first, length, axis])
    total = graph.node("Add", [graph.node("Add", [word, kind]), place])
    return graph.normalized(total, "embeddings.LayerNorm")


def attention_bias(graph):
    """0 where a token may be looked at, the lowest number where it is padding: [batch, 1, 1, length]."""
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    mask = graph.node("Unsqueeze", [mask, graph.integers("mask_axes", 1, 2)])
    padding = graph.node("Sub", [graph.number("one", 1), mask])
    return graph.node("Mul", [padding, graph.number("lowest", numpy.finfo(numpy.float32).min)])


def attention(graph, value, layer, bias):
    """Multi-head self-attention, before its output layer."""
    width = graph.hidden // graph.heads
    split = graph.integers("split", 0, 0, graph.heads, width)

    def heads(part, order):
        rows = graph.node("Reshape", [graph.linear(value, f"{layer}.attention.self.{part}"), split])
        return graph.node("Transpose", [rows], perm=order)

    query, key, content = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.node("MatMul", [query, key])
    scores = graph.node("Mul", [scores, graph.number("scale", 1 / math.sqrt(width))])
    shares = graph.node("Softmax", [graph.node("Add", [scores, bias])], axis=-1)
    mixed = graph.node("Transpose", [graph.node("MatMul", [shares, content])], perm=[0, 2, 1, 3])
    return graph.node("Reshape", [mixed, graph.integers("join", 0, 0, graph.hidden)])


def encoder_layer(graph, value, layer, bias):
    """Attention and feed-forward, each added to what came in and normalized."""
    mixed = graph.linear(attention(graph, value, layer, bias), f"{layer}.attention.output.dense")
    value = graph.normalized(graph.node("Add", [mixed, value]), f"{layer}.attention.output.LayerNorm")
    wide = graph.node("Gelu", [graph.linear(value, f"{layer}.intermediate.dense")])  # exact: by the error function
    narrow = graph.linear(wide, f"{layer}.output.dense")
    return graph.normalized(graph.node("Add", [narrow, value]), f"{layer}.output.LayerNorm")


def trunk(graph):
    """Every layer: one vector per token, [batch, length, hidden]."""
    value = embeddings(graph)
    bias = attention_bias(graph)
    for number in range(graph.layers):
        value = encoder_layer(graph, value, f"encoder.layer.{number}", bias)
    return value


def bert(weights, config):
    """The whole model: integers [batch, length] in, last_hidden_state [batch, length, hidden] out."""
    graph = Graph(weights, config)
    trunk(graph)
    graph.nodes[-1].output[0] = OUTPUT
    return model("bert", graph.nodes, list(graph.initializers.values()), INPUTS, graph.hidden)


def judge(weights, config):
    """The judge: scores `match` [batch], `nli` [batch, 3], `start` and `end` [batch, length]."""
    graph = Graph(weights, config)
    value = trunk(graph)
    first = graph.node("Gather", [value, graph.constant("zeroth", numpy.array(0, numpy.int64))], axis=1)

    def head(name):
        return graph.linear(graph.node("Tanh", [graph.linear(first, f"{name}.dense")]), f"{name}.score")

    graph.node("Squeeze", [head("match"), graph.integers("last_axis", -1)])
    graph.nodes[-1].output[0] = "match"
    graph.node("Identity", [head("nli")])
    graph.nodes[-1].output[0] = "nli"
    spans = graph.linear(value, "read.score")
    for place, name in enumerate(["start", "end"]):
        graph.node("Gather", [spans, graph.constant(f"column_{place}", numpy.array(place, numpy.int64))], axis=2)
        graph.nodes[-1].output[0] = name
    shapes = {"match": ["batch"], "nli": ["batch", 3], "start": ["batch", "length"], "end": ["batch", "length"]}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    return finished("judge", graph.nodes, list(graph.initializers.values()), INPUTS, outputs)


def model(name, nodes, initializers, inputs, hidden, output=OUTPUT, kind=TensorProto.FLOAT):
    """An encoder's model around its nodes; a checked one."""
    output = helper.make_tensor_value_info(output, kind, ["batch", "length", hidden])
    return finished(name, nodes, initializers, inputs, [output])


def finished(name, nodes, initializers, inputs, outputs):
    """A checked model with integer inputs [batch, length]."""
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs]
    body = helper.make_graph(nodes, name, inputs, outputs, initializers)
    imports = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(body, opset_imports=imports, ir_version=9, producer_name="steward")
    onnx.checker.check_model(made)
    return made
