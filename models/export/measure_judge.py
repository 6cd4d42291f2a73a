"""Measures the judge on what is held out, and tunes the figures of its model.toml: the figures on its card.

Usage: measure_judge.py FOLDER [--data FOLDER] [--repository FOLDER] [--limit N]
"""

import argparse
import collections
import json
import math
import pathlib

import numpy
import onnxruntime
import tokenizers

from lessons import LABELS, Lessons

LONGEST = 64  # tokens of an answer, as the daemon reads it


class Folder:
    """The judge as the daemon runs it: one pair at a time."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path / "model.onnx", options)
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def __call__(self, first, second):
        encoding = self.tokenizer.encode(first, second)
        ids = numpy.array([encoding.ids])
        inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.array([encoding.type_ids])}
        match, nli, start, end = self.session.run(["match", "nli", "start", "end"], inputs)
        return encoding, float(match[0]), nli[0], start[0], end[0]


def softmax(values):
    shares = numpy.exp(values - values.max())
    return shares / shares.sum()


def calibration(confidence, right, bins=10):
    """Expected calibration error (Guo et al. 2017): mean distance of confidence and accuracy over bins of equal width."""
    confidence, right = numpy.array(confidence), numpy.array(right, float)
    places = numpy.minimum((confidence * bins).astype(int), bins - 1)
    return sum(abs(confidence[places == place].mean() - right[places == place].mean()) * (places == place).mean()
               for place in range(bins) if (places == place).any())  # fmt: skip


def inference(judge, rows):
    scores, labels, kinds = [], [], []
    for premise, hypothesis, label, kind in rows:
        scores.append(judge(premise, hypothesis)[2])
        labels.append(label)
        kinds.append(kind)
    scores, labels, kinds = numpy.array(scores), numpy.array(labels), numpy.array(kinds)
    right = scores.argmax(1) == labels
    temperature = min(numpy.arange(0.5, 3.01, 0.05), key=lambda heat: -numpy.log([softmax(row / heat)[label] for row, label in zip(scores, labels)]).mean())
    confidence = [softmax(row / temperature).max() for row in scores]
    found = {kind: {"accuracy": right[kinds == kind].mean(), "of": int((kinds == kind).sum())} for kind in sorted(set(kinds))}
    own = numpy.isin(kinds, ["cabin", "intent", "evidence", "general"])
    found["written by hand"] = {"accuracy": right[own].mean(), "of": int(own.sum())}
    names = {number: name for name, number in LABELS.items()}
    found["by label, by hand"] = {names[label]: (right[own & (labels == label)]).mean() for label in names}
    return {"nli": found, "nli-temperature": temperature, "nli calibration error": calibration(confidence, right)}


def matching(judge, rows):
    scores, labels, first, kinds, reciprocal = [], [], [], [], []
    for row in rows:
        if not row["right"] or not row["wrong"]:
            continue
        texts = row["right"][:1] + row["wrong"]
        got = [judge(row["question"], text)[1] for text in texts]
        scores += got
        labels += [1] + [0] * len(row["wrong"])
        rank = 1 + sum(score >= got[0] for score in got[1:])
        first.append(rank == 1)
        reciprocal.append(1 / rank)
        kinds.append(row["kind"])
    scores, labels, first, kinds = numpy.array(scores), numpy.array(labels, float), numpy.array(first), numpy.array(kinds)
    weights = fit(scores[:, None], labels)
    chance = 1 / (1 + numpy.exp(-(weights[0] * scores + weights[1])))
    by_kind = {kind: {"top-1": first[kinds == kind].mean(), "of": int((kinds == kind).sum())} for kind in sorted(set(kinds))}
    return {"matching": {**by_kind, "all": {"top-1": first.mean(), "MRR": numpy.mean(reciprocal), "of": len(first)}},
            "match-scale": weights[0], "match-offset": weights[1], "match calibration error": calibration(chance, labels)}  # fmt: skip


def fit(values, labels, rounds=3000, rate=0.5):
    """Logistic regression by gradient descent on standardized columns; the weights for the plain columns, offset last."""
    mean, spread = values.mean(0), values.std(0) + 1e-9
    columns = numpy.hstack([(values - mean) / spread, numpy.ones((len(values), 1))])
    weights = numpy.zeros(columns.shape[1])
    for _ in range(rounds):
        chance = 1 / (1 + numpy.exp(-(columns @ weights)))
        weights -= rate * (columns.T @ (chance - labels) / len(labels) + 1e-4 * weights)
    plain = weights[:-1] / spread
    return numpy.append(plain, weights[-1] - (plain * mean).sum())


def read(judge, question, passage):
    """Best span by characters with its lead over "no answer"."""
    encoding, _, _, start, end = judge(question, passage)
    inside = [place for place, (kind, (first, last)) in enumerate(zip(encoding.type_ids, encoding.offsets)) if kind == 1 and last > first]
    best = (-1e9, 0, 0)
    for number, first in enumerate(inside):
        for last in inside[number : number + LONGEST]:
            best = max(best, (start[first] + end[last], first, last))
    return best[0] - start[0] - end[0], encoding.offsets[best[1]][0], encoding.offsets[best[2]][1]


def overlap(wanted, got):
    """F1 over characters for Chinese, over words for English."""
    split = (lambda text: list(text.replace(" ", ""))) if any("\u4e00" <= each <= "\u9fff" for each in wanted + got) else str.split
    left, right = collections.Counter(split(wanted.lower())), collections.Counter(split(got.lower()))
    common = sum((left & right).values())
    return 2 * common / (sum(left.values()) + sum(right.values())) if common else 0.0


def reading(judge, rows):
    found = [(read(judge, question, passage), question, passage, start, end, kind) for question, passage, start, end, kind in rows]
    spans = [(lead, overlap(passage[start:end], passage[first:last]), passage[start:end] == passage[first:last], kind)
             for (lead, first, last), _, passage, start, end, kind in found if start >= 0]  # fmt: skip
    empty = [lead for (lead, _, _), _, _, start, _, _ in found if start < 0]
    limits = numpy.arange(-6, 6.1, 0.25)
    total = [numpy.mean([shared * (lead >= limit) for lead, shared, _, _ in spans] + [float(lead < limit) for lead in empty]) for limit in limits]
    limit = limits[int(numpy.argmax(total))]
    result = {}
    for kind in sorted({kind for *_, kind in spans}):
        of_kind = [(shared, exact) for _, shared, exact, name in spans if name == kind]
        result[kind] = {"F1": numpy.mean([shared for shared, _ in of_kind]), "exact": numpy.mean([exact for _, exact in of_kind]), "of": len(of_kind)}
    result["with no-answer"] = {"F1": max(total), "answered": numpy.mean([lead >= limit for lead, *_ in spans]), "declined": numpy.mean([lead < limit for lead in empty]), "of unanswerable": len(empty)}
    return {"reading": result, "no-answer": limit}


def main():
    repository = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, default=repository.parent / "shared" / "data" / "open")
    parser.add_argument("--repository", type=pathlib.Path, default=repository)
    parser.add_argument("--limit", type=int, default=10**9, help="pairs per head, evenly drawn")
    options = parser.parse_args()
    lessons, judge = Lessons(options.data, options.repository), Folder(options.folder)
    some = lambda rows: rows[:: max(1, math.ceil(len(rows) / options.limit))]  # noqa: E731
    by_hand = [row for row in lessons.inference["held out"] if row[3] not in ("wish", "scene")]
    drawn = [row for row in lessons.inference["held out"] if row[3] in ("wish", "scene")]
    figures = {**inference(judge, some(by_hand) + some(drawn)), **matching(judge, some(lessons.matching["held out"])), **reading(judge, some(lessons.reading["held out"]))}
    print(json.dumps(figures, indent=1, default=lambda number: round(float(number), 4)))


if __name__ == "__main__":
    main()
