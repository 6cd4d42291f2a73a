"""What the judge is trained on and measured with: pairs of texts for its three heads.

matching   (question, candidate, 1 or 0): does the candidate answer the question?
inference  (premise, hypothesis, 0 entailment, 1 neutral, 2 contradiction)
reading    (question, passage, first and one past the last character of the answer; -1, -1: there is none)

What is held out is decided by a text's group (`share`), so that wordings of one meaning are never on both sides.
"""

import collections
import json
import random
import re

import cabin
from material import rows
from phrases import Phrases, share

HELD_OUT = 0.15
LABELS = {"entailment": 0, "neutral": 1, "contradiction": 2}
WINDOW = {"en": 700, "zh": 260}  # characters of a passage that are read at once
SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?|[^.\n]+\.")
OPPOSITES = [("on", "off"), ("open", "close"), ("start", "stop"), ("lock", "unlock"), ("mute", "unmute"), ("show", "hide"), ("enable", "disable"),
             ("fold", "unfold"), ("pause", "resume"), ("warmer", "cooler"), ("up", "down"), ("louder", "quieter"), ("more", "less"),
             ("faster", "slower"), ("brighter", "darker"), ("higher", "lower"), ("hottest", "coldest"), ("forward", "backward")]  # fmt: skip


class Lessons:
    """`matching`: {"question", "right", "wrong"} rows; `inference`, `reading`: tuples as above. Each to train on and held out."""

    def __init__(self, data, repository):
        self.repository, self.data = repository, data
        self.matching, self.inference, self.reading = ({"train": [], "held out": []} for _ in range(3))
        self.own_matching()
        self.manual_matching()
        self.own_inference()
        self.cabin_inference()
        self.wish_inference()
        self.evidence_inference()
        self.own_reading()
        self.cmrc()

    def side(self, group):
        return "held out" if share(group) < HELD_OUT else "train"

    def own(self, folder):
        for path in sorted((self.repository / "models" / "data" / folder).glob("*.jsonl")):
            yield from rows(path)

    def own_matching(self):
        for row in self.own("matching"):
            self.matching[self.side(row["group"])].append({**row, "kind": "own"})

    def manual_matching(self):
        """The pairs about the Kestrel 5: every wording with the answer in either language; other answers are wrong, those of the subject most."""
        answers = collections.defaultdict(dict)
        found = []
        for path in sorted((self.repository / "knowledge" / "kestrel" / "qa").glob("*.jsonl")):
            for row in rows(path):
                name = row["id"].rsplit(".", 1)[0]
                answers[name][row["language"]] = (row["answer"], row["module"])
                found += [(name, row["language"], wording) for wording in [row["question"], *row.get("also", [])]]
        modules = collections.defaultdict(list)
        for name, both in answers.items():
            modules[next(iter(both.values()))[1]].append(name)
        draw = random.Random("manual")
        for name, language, wording in found:
            answer, module = answers[name][language]
            other = draw.choice(["en", "zh"]) if draw.random() < 0.15 else language
            right = answers[name].get(other, answers[name][language])[0]
            near = [each for each in modules[module] if each != name and other in answers[each]]
            far = [each for each in answers if each != name and other in answers[each]]
            names = draw.sample(near, min(3, len(near))) + draw.sample(far, 2)
            wrong = [answers[each][other][0] for each in names]
            # The answers of one module can answer each other's questions; only names that differ in their first word are wrong for sure.
            wrong = [text for each, text in zip(names, wrong) if each.split("-")[:2] != name.split("-")[:2]]
            self.matching[self.side(name)].append({"question": wording, "right": [right], "wrong": wrong, "kind": f"manual {language}"})

    def own_inference(self):
        for row in self.own("nli"):
            self.inference[self.side(row["group"])].append((row["premise"], row["hypothesis"], LABELS[row["label"]], row.get("kind", "cabin")))

    def cabin_inference(self):
        """Drawn scenes. Their kinds are known from training, so what is held out tells of new figures only."""
        for side, count in (("train", 2500), ("held out", 150)):
            self.inference[side] += [(*pair, "scene") for pair in cabin.inference(count, side)]

    def wish_inference(self):
        """What is said, and what it would mean: sentences of the phrases against the titles of actions, in either language."""
        phrases = Phrases(self.repository / "plugins")
        draw = random.Random("wishes")
        titles = {}
        for wish in phrases.wishes:
            said = {language: wish.locale[language]["action"][wish.action] for language in ("en", "zh")}
            titles[wish.key] = {language: titled(said[language]["title"], wish.key.split("/")[2], language) for language in said}
        by_plugin = collections.defaultdict(list)
        for wish in phrases.wishes:
            by_plugin[wish.plugin].append(wish.key)
        for wish in phrases.wishes:
            for english, chinese in phrases.pairs(wish, 6, "judge"):
                for language, text in (("en", english), ("zh", chinese)):
                    other = language if draw.random() < 0.8 else {"en": "zh", "zh": "en"}[language]
                    premise = spoken(text, language, draw)
                    side = self.side(f"wish {wish.key}")
                    self.inference[side].append((premise, titles[wish.key][other], 0, "wish"))
                    opposite = [key for key in by_plugin[wish.plugin] if opposed(key, wish.key)]
                    if opposite:
                        self.inference[side].append((premise, titles[draw.choice(opposite)][other], 2, "wish"))
                    near = [key for key in by_plugin[wish.plugin] if key.split("/")[1] != wish.key.split("/")[1] and not opposed(key, wish.key)]
                    away = draw.choice(near) if near and draw.random() < 0.7 else draw.choice(phrases.wishes).key
                    if away != wish.key and not opposed(away, wish.key):
                        self.inference[side].append((premise, titles[away][other], 1, "wish"))

    def evidence_inference(self):
        """Answers about the car follow from themselves said with more; with another figure they are contrary; another subject is neutral."""
        draw = random.Random("evidence")
        found = [row for path in sorted((self.repository / "knowledge" / "kestrel" / "qa").glob("*.jsonl")) for row in rows(path)]
        by_module = collections.defaultdict(list)
        for row in found:
            by_module[row["module"], row["language"]].append(row)
        for row in found:
            parts = [part.strip() for part in re.findall(r"[^。！？!?]+[。！？]|[^.!?]+(?:[.!?](?!\d)|$)(?:\d[^.!?]*[.!?]?)*", row["answer"]) if len(part.strip()) > 8]
            if not parts:
                continue
            part, side = draw.choice(parts), self.side(row["id"].rsplit(".", 1)[0])
            if len(parts) > 1:
                self.inference[side].append((row["answer"], part, 0, "evidence"))
            changed = other_figure(part, draw)
            if changed:
                self.inference[side].append((row["answer"], changed, 2, "evidence"))
            other = draw.choice(by_module[row["module"], row["language"]])
            if other["id"].split("-")[0] != row["id"].split("-")[0]:
                self.inference[side].append((row["answer"], other["answer"], 1, "evidence"))

    def own_reading(self):
        for row in self.own("reading"):
            start = row["start"]
            end = start + len(row["answer"]) if start >= 0 else -1
            self.reading[self.side(row["group"])].append((row["question"], row["passage"], start, end, "own"))
            self.as_matching(row["group"], row["question"], row["passage"], start, end)

    def cmrc(self):
        draw = random.Random("cmrc")
        for number, row in enumerate(rows(self.data / "reading-cmrc2018.jsonl.xz")):
            context = row["context"]
            for question, start, text in asked(row):
                if context[start : start + len(text)] != text:
                    start = context.find(text)
                if start < 0 or not text:
                    continue
                first, passage = window(context, start, start + len(text), draw)
                self.reading[self.side(f"cmrc {number}")].append((question, passage, start - first, start - first + len(text), "cmrc"))
                self.as_matching(f"cmrc {number}", question, context, start, start + len(text), kind="cmrc")
                # The same passage without the sentence that answers has no answer.
                rest = context[:start].rsplit("。", 1)[0] + context[start + len(text) :].partition("。")[2]
                if draw.random() < 0.35 and len(rest) > 60 and text not in rest:
                    self.reading[self.side(f"cmrc {number}")].append((question, rest[: WINDOW["zh"]], -1, -1, "cmrc"))

    def as_matching(self, group, question, passage, start, end, kind="reading"):
        """The sentence with the answer against the passage's other sentences."""
        parts, at = [], 0
        for found in SENTENCE.finditer(passage):
            parts.append((found.start(), found.end(), found.group().strip()))
        wrong = [text for first, last, text in parts if len(text) > 8 and not (start < last and end > first)]
        right = [text for first, last, text in parts if first <= start and end <= last and len(text) > 4] if start >= 0 else []
        if wrong and (right or start < 0):
            self.matching[self.side(group)].append({"question": question, "right": right[:1], "wrong": wrong[:4], "kind": kind})


def asked(row):
    for entry in row["qas"]:
        answers = entry.get("answers", [])
        for answer in answers[:1]:
            yield entry["question"], answer["start"], answer["text"]


def window(context, start, end, draw):
    size = WINDOW["zh"]
    if len(context) <= size:
        return 0, context
    lowest, highest = max(0, end - size + 10), max(0, min(start, len(context) - size))
    first = draw.randint(min(lowest, highest), max(lowest, highest))
    first = max(0, min(first, start))
    return first, context[first : max(first + size, end)]


def titled(title, direction, language):
    """What the hypothesis says that is wanted."""
    if direction != "say":
        title = f"{title}: {direction}" if language == "en" else f"{title}（{direction}）"
    return f"The driver wants to: {title}." if language == "en" else f"驾驶员想要：{title}。"


def spoken(text, language, draw):
    if draw.random() < 0.5:
        return text
    return draw.choice(["The driver said: {}", "\"{}\"", "The user says: {}"]).format(text) if language == "en" else draw.choice(["驾驶员说：{}", "“{}”", "用户说：{}"]).format(text)


def opposed(one, other):
    """Two wishes of one plugin whose names differ in exactly a pair of opposites."""
    first, second = (key.split("/")[1:] for key in (one, other))
    words = [[*name.split("-"), "/", direction] for name, direction in (first, second)]
    if len(words[0]) != len(words[1]):
        return False
    differing = [pair for pair in zip(*words) if pair[0] != pair[1]]
    return len(differing) == 1 and (differing[0] in OPPOSITES or differing[0][::-1] in OPPOSITES)


def other_figure(text, draw):
    """The text with one of its numbers changed, or nothing if it has none."""
    numbers = list(re.finditer(r"\d+(?:\.\d+)?", text))
    if not numbers:
        return None
    found = draw.choice(numbers)
    value = float(found.group())
    changed = draw.choice([value * 2, value + draw.choice([1, 2, 3, 5, 10]), max(1, value - draw.choice([1, 2, 5])), value / 2])
    if changed == value:
        return None
    shown = f"{changed:.1f}" if "." in found.group() else f"{max(0, round(changed))}"
    return None if shown == found.group() else text[: found.start()] + shown + text[found.end() :]
