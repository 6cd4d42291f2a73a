"""The sentences that the bilingual encoder is trained on and measured with: who says the same in the other language.

Everything is from the folder of open data and from the repository. What is held out is decided by the text alone (`share`),
so that it stays held out in every run.
"""

import collections
import json
import lzma
import random
import re

from phrases import Phrases, share

HELD_OUT = 0.10  # of the parallel sentences, by their English side
HELD_OUT_QUESTIONS = 0.15  # of the question and answer pairs, by their id
ENGLISH = ["intents-clinc150.jsonl.xz", "commands-snips.jsonl.xz", "commands-nlu-evaluation.jsonl.xz", "commands-slurp-devel.jsonl.xz"]
HAN = re.compile("[\u4e00-\u9fff]")


def rows(path):
    opened = lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")
    with opened as lines:
        yield from map(json.loads, lines)


def plain(text):
    """Without reStructuredText's roles, links and quoting."""
    text = re.sub(r":[a-z:+-]+:`[~!]?([^`<]*?)\s*(<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"`([^`<]*?)\s*(<[^`>]*>)?`_{0,2}", r"\1", text)
    return re.sub(r"[*`|\\\ufeff]|\s+", " ", text).replace("  ", " ").strip()


def usable(english, chinese):
    """Short, and Chinese on the Chinese side."""
    han = len(HAN.findall(chinese))
    return 1 <= han <= 36 and len(english) <= 130 and han * 3 >= len(chinese.replace(" ", ""))


class Material:
    """All of it.

    `sentences`, `settings`, `technical`: (English, Chinese) to train on; `held_out`: the same by name, to measure with.
    `english`: English sentences alone. `questions`: id to language to wordings, the first of which is the question itself.
    """

    def __init__(self, data, repository):
        self.phrases = Phrases(repository / "plugins")
        self.held_out = {}
        self.sentences = self.parallel(data / "parallel-tatoeba.jsonl.xz", "sentences")
        self.settings = self.parallel(data / "parallel-aosp-car-settings.jsonl", "settings")
        technical = self.parallel(data / "parallel-python-docs.jsonl.xz", "technical")
        self.technical = [pair for pair in technical if len(pair[1]) <= 24]
        self.english = sorted({row["text"] for name in ENGLISH for row in rows(data / name) if row.get("split", "train") == "train"})
        self.questions, self.answers = questions(repository / "knowledge" / "kestrel" / "qa")
        self.own = self.phrases.fixed + self.answers

    def parallel(self, path, name):
        seen = {(plain(row["en"]), plain(row["zh"])): None for row in rows(path)}
        pairs = [pair for pair in seen if usable(*pair)]
        self.held_out[name] = [pair for pair in pairs if share(pair[0].lower()) < HELD_OUT]
        return [pair for pair in pairs if share(pair[0].lower()) >= HELD_OUT]

    def known_questions(self):
        """Those that are trained on."""
        return {name: found for name, found in self.questions.items() if share(name) >= HELD_OUT_QUESTIONS}

    def wish_pairs(self, count, seed):
        """(key, English, Chinese) of every wish's phrases, without those that are held out."""
        wishes = self.phrases.wishes
        return [(wish.key, *pair) for wish in wishes for pair in self.phrases.pairs(wish, count, seed)]

    def question_pairs(self, seed):
        """(key, English, Chinese): each wording once, with one of the other language."""
        draw, pairs = random.Random(seed), []
        for name, wordings in sorted(self.known_questions().items()):
            english, chinese = (draw.sample(wordings[language], len(wordings[language])) for language in ("en", "zh"))
            for number in range(max(len(english), len(chinese))):
                pairs.append((f"?{name}", english[number % len(english)], chinese[number % len(chinese)]))
        return pairs


def questions(folder):
    """Wordings by id and language, and the answers as (English, Chinese) of the ids that are trained on."""
    wordings, answers = collections.defaultdict(dict), collections.defaultdict(dict)
    for path in sorted(folder.glob("*.jsonl")):
        for row in rows(path):
            name = row["id"].rsplit(".", 1)[0]
            wordings[name][row["language"]] = [row["question"], *row.get("also", [])]
            answers[name][row["language"]] = row["answer"]
    both = {name: found for name, found in wordings.items() if len(found) == 2}
    pairs = [(answers[name]["en"], answers[name]["zh"]) for name in both if share(name) >= HELD_OUT_QUESTIONS]
    return both, [pair for pair in pairs if usable(*pair)]
