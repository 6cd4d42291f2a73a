"""Measures an encoder's folder on what the bilingual encoder was not trained on: the figures on its card.

Usage: measure.py FOLDER... [--data FOLDER] [--repository FOLDER]
`similar` and `question` tables show which shares pass a threshold: right, wrong, and out of scope.
"""

import argparse
import json
import pathlib
import re
import tomllib

import numpy
import onnxruntime
import tokenizers

from material import HAN, HELD_OUT_QUESTIONS, Material, rows
from phrases import share

OPPOSITES = [
    ("on", "off"), ("open", "close"), ("lock", "unlock"), ("warmer", "cooler"), ("higher", "lower"), ("more", "less"),
    ("brighter", "dimmer"), ("stronger", "weaker"), ("faster", "slower"), ("louder", "quieter"), ("next", "previous"),
    ("fold", "unfold"), ("mute", "unmute"), ("forward", "back"), ("longer", "shorter"), ("left", "right"), ("up", "down"),
]  # fmt: skip


class Folder:
    """An encoder as the daemon runs it: one sentence at a time. Vectors are remembered."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        file = next(name for name in [path / "model.onnx", path / "onnx" / "model.onnx"] if name.exists())
        self.session = onnxruntime.InferenceSession(file, options)
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(128)
        self.known = {}

    def vector(self, text):
        if text not in self.known:
            ids = numpy.array([self.tokenizer.encode(text).ids])
            inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
            mean = self.session.run(None, inputs)[0][0].mean(0)
            self.known[text] = mean / numpy.linalg.norm(mean)
        return self.known[text]

    def matrix(self, texts):
        return numpy.stack([self.vector(text) for text in texts])


def translation(folder, pairs):
    """How often the translation is the nearest of all: to Chinese, to English."""
    english, chinese = folder.matrix([pair[0] for pair in pairs]), folder.matrix([pair[1] for pair in pairs])
    scores, right = english @ chinese.T, numpy.arange(len(pairs))
    return {"en to zh": (scores.argmax(1) == right).mean(), "zh to en": (scores.argmax(0) == right).mean()}


def clinc(folder, data):
    """Share of CLINC150's validation sentences whose nearest of 20 examples per intent has their intent."""
    known, asked, counts = [], [], {}
    for row in rows(data / "intents-clinc150.jsonl.xz"):
        if row["split"] == "train" and counts.setdefault(row["intent"], 0) < 20 and row["intent"] != "oos":
            counts[row["intent"]] += 1
            known.append(row)
        elif row["split"] != "train" and row["intent"] != "oos":
            asked.append(row)
    asked = asked[::3]
    found = (folder.matrix([row["text"] for row in asked]) @ folder.matrix([row["text"] for row in known]).T).argmax(1)
    return numpy.mean([known[place]["intent"] == row["intent"] for place, row in zip(found, asked)])


def searchable(wish):
    return not any(argument.get("type") in ("text", "contact", "place") for argument in wish.arguments.values())


class Wishes:
    """Sentences of the phrases that were trained on, as the daemon would keep them, and of those that were held out."""

    def __init__(self, material, repository):
        wishes = [wish for wish in material.phrases.wishes if searchable(wish)]
        self.known, self.asked = {"en": [], "zh": []}, {"en": [], "zh": []}
        for wish in wishes:
            trained = material.phrases.pairs(wish, 10, "index")
            for place, language in enumerate(["en", "zh"]):
                self.known[language] += [(wish.key, text) for text in sorted({pair[place] for pair in trained})]
                if wish.split(language, True):
                    hidden = {pair[place] for pair in material.phrases.pairs(wish, 3, "asked", held_out=True)}
                    self.asked[language] += [(wish.key, text) for text in sorted(hidden)]
        self.cases = {"en": [], "zh": []}
        names = {wish.key.rsplit("/", 1)[0] for wish in wishes}
        for path in sorted(repository.glob("plugins/*/tests/*.toml")):
            for case in tomllib.loads(path.read_text()).get("case", []):
                commands = case.get("commands", [])
                name = f"{commands[0].get('plugin', path.parts[-3])}/{commands[0]['action']}" if len(commands) == 1 else None
                if name in names:
                    self.cases["zh" if HAN.search(case["say"]) else "en"].append((name, case["say"]))

    def nearest(self, folder, known, asked, key=lambda name: name):
        """Per sentence: the best cosine, its lead over the best of another key, and whether the key is right."""
        names, numbers = numpy.unique([key(name) for name, _ in known], return_inverse=True)
        scores = folder.matrix([text for _, text in asked]) @ folder.matrix([text for _, text in known]).T
        best = numpy.full((len(asked), len(names)), -1.0)
        for number in range(len(names)):
            best[:, number] = scores[:, numbers == number].max(1)
        order = best.argsort(1)
        first, second = (numpy.take_along_axis(best, order[:, [-place]], 1)[:, 0] for place in (1, 2))
        return first, first - second, names[order[:, -1]] == [key(name) for name, _ in asked]

    def figures(self, folder):
        found = {}
        action = lambda name: "/".join(name.split("/")[:2])  # noqa: E731
        for language, other in [("en", "zh"), ("zh", "en")]:
            found[f"{language} held-out phrases"] = self.nearest(folder, self.known[language], self.asked[language])[2].mean()
            found[f"{language} held-out phrases, {other} index"] = self.nearest(folder, self.known[other], self.asked[language])[2].mean()
            found[f"{language} plugin tests"] = self.nearest(folder, self.known[language], self.cases[language], action)[2].mean()
            found[f"{language} opposites"] = self.opposites(folder, language)
        return found

    def opposites(self, folder, language):
        """Share of the held-out sentences that are nearer to their own wish than to its opposite."""
        vectors = {}
        for name, text in self.known[language]:
            vectors.setdefault(name, []).append(folder.vector(text))
        right = []
        for name, text in self.asked[language]:
            for other in opposites(name):
                if other in vectors:
                    own, against = (max(numpy.stack(vectors[key]) @ folder.vector(text)) for key in (name, other))
                    right.append(own > against)
        return numpy.mean(right)


def opposites(name):
    for pair in OPPOSITES:
        for one, other in (pair, pair[::-1]):
            changed = re.sub(rf"(?<![a-z]){one}(?![a-z])", other, name)
            if changed != name:
                yield changed


def question_figures(folder, material, repository):
    """Top-1 of questions that were not trained on, against all questions of their language."""
    found = {}
    labeled = list(rows(repository / "knowledge" / "tests" / "data" / "questions.jsonl"))
    for language in ("en", "zh"):
        names = sorted(material.questions)
        known = folder.matrix([material.questions[name][language][0] for name in names])
        asked = [(name, text) for name in names if share(name) < HELD_OUT_QUESTIONS for text in material.questions[name][language][1:]]
        best = (folder.matrix([text for _, text in asked]) @ known.T).argmax(1)
        found[f"{language} held-out wordings"] = numpy.mean([names[place] == name for place, (name, _) in zip(best, asked)])
        wordings = [(name, text) for name in names for text in material.questions[name][language]]
        rows_ = [row for row in labeled if row["language"] == language and row["expect"]]
        best = (folder.matrix([row["text"] for row in rows_]) @ folder.matrix([text for _, text in wordings]).T).argmax(1)
        found[f"{language} labeled questions"] = numpy.mean([wordings[place][0] in row["expect"] for place, row in zip(best, rows_)])
    return found


def strangers(material, data, language):
    """Sentences that no action and no question of a car should be found for, and everyday sentences, a few of which do ask for
    one ("Shut the door.")."""
    everyday = [pair[language == "zh"] for pair in material.held_out["sentences"]][:600]
    if language == "en":
        clinc = rows(data / "intents-clinc150.jsonl.xz")
        return [row["text"] for row in clinc if row["intent"] == "oos"], everyday
    turns = [turn for row in rows(data / "dialogue-kdconv.jsonl.xz") for turn in row["turns"] if len(turn) < 30]
    return turns[::40][:300], everyday


def thresholds(folder, material, wishes, data):
    """Lines of text: for each threshold, what passes."""
    names = sorted(material.questions)
    hidden = [name for name in names if share(name) < HELD_OUT_QUESTIONS]
    phrases = wishes.known["en"] + wishes.known["zh"]
    questions = [(name, material.questions[name][spoken][0]) for name in names for spoken in ("en", "zh")]
    for language in ("en", "zh"):
        asked = [(name, text) for name in hidden for text in material.questions[name][language][1:]]
        others = [[("", text) for text in texts] for texts in strangers(material, data, language)]
        for title, known, inside, margins in [
            ("similar", phrases, wishes.asked[language], (0.0, 0.03, 0.05, 0.08)),
            ("question", questions, asked, (0.0,)),
        ]:
            found = [wishes.nearest(folder, known, texts) for texts in [inside, *others]]
            for margin in margins:
                for lowest in (0.6, 0.65, 0.7, 0.75, 0.8, 0.85):
                    passed, outside, everyday = ((cosine >= lowest) & (lead >= margin) for cosine, lead, _ in found)
                    right, wrong = (passed & found[0][2]).mean(), (passed & ~found[0][2]).mean()
                    yield (
                        f"{title} {language} {lowest:.2f} margin {margin:.2f}: right {right:.3f} wrong {wrong:.3f} "
                        f"outside {outside.mean():.3f} everyday {everyday.mean():.3f}"
                    )


def agreement(first, second, texts):
    """Mean and lowest cosine of two folders' vectors of the same texts, and how often the nearest other text is the same."""
    left, right = first.matrix(texts), second.matrix(texts)
    cosines = (left * right).sum(1)
    nearest = [(matrix @ matrix.T - 2 * numpy.eye(len(texts))).argmax(1) for matrix in (left, right)]
    return {"mean": cosines.mean(), "lowest": cosines.min(), "same nearest": (nearest[0] == nearest[1]).mean()}


def main():
    repository = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=pathlib.Path, nargs="+", help="the encoder, and perhaps its unquantized original")
    parser.add_argument("--data", type=pathlib.Path, default=repository.parent / "shared" / "data" / "open")
    parser.add_argument("--repository", type=pathlib.Path, default=repository)
    options = parser.parse_args()
    material = Material(options.data, options.repository)
    wishes = Wishes(material, options.repository)
    folder = Folder(options.folders[0])
    unique = list({pair[1]: pair for pair in {pair[0]: pair for pair in material.held_out["sentences"]}.values()}.values())
    figures = {
        "sentences": translation(folder, unique[:1000]),
        "settings": translation(folder, list({pair[0]: pair for pair in material.held_out["settings"]}.values())),
        "clinc150": clinc(folder, options.data),
        "actions": wishes.figures(folder),
        "questions": question_figures(folder, material, options.repository),
    }
    if len(options.folders) > 1:
        texts = [text for pair in unique[:400] for text in pair]
        figures["agreement"] = agreement(folder, Folder(options.folders[1]), texts)
    print(json.dumps(figures, indent=1, default=lambda number: round(float(number), 4)))
    print("\n".join(thresholds(folder, material, wishes, options.data)))


if __name__ == "__main__":
    main()
