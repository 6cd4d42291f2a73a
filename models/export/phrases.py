"""Sample sentences from the plugins' phrases: pairs of an English and a Chinese sentence for the same action.

The notation is that of plugins/FORMAT.md: `(a|b)`, `[optional]`, `{slot}`, `<word list>`. A slot gets the same value in both
languages of a pair, so that "23 degrees" never stands beside "二十度".
"""

import dataclasses
import hashlib
import random
import re
import tomllib

ZONES = {
    "driver": (["driver", "the driver's side", "my side"], ["主驾", "驾驶位", "司机"]),
    "passenger": (["passenger", "the passenger's side", "the passenger seat"], ["副驾", "副驾驶"]),
    "rear-left": (["rear left", "the left rear seat"], ["左后", "左后座"]),
    "rear-right": (["rear right", "the right rear seat"], ["右后", "右后座"]),
    "rear-middle": (["rear middle"], ["后排中间"]),
    "rear": (["the back", "the rear", "the back seats"], ["后排", "后座"]),
}
TEXTS = [("Happy New Year", "新年快乐"), ("I am late", "我要迟到了"), ("buy milk", "买牛奶"), ("jazz", "爵士乐"), ("a love song", "情歌")]
CONTACTS = [("Mom", "妈妈"), ("Dad", "爸爸"), ("Mr. Wang", "王先生"), ("my wife", "老婆"), ("the office", "公司"), ("Li Ming", "李明")]
PLACES = [("the airport", "机场"), ("home", "家"), ("the train station", "火车站"), ("the nearest hospital", "最近的医院"), ("a park", "公园")]
TIMES = [("7 am", "早上七点"), ("half past eight", "八点半"), ("9 pm", "晚上九点"), ("tomorrow at noon", "明天中午"), ("3 pm", "下午三点")]
UNITS = {"minute": ("minutes", "分钟"), "second": ("seconds", "秒"), "hour": ("hours", "小时")}
DIGITS = "零一二三四五六七八九"


def share(text):
    """A number from 0 to 1 that depends on the text alone; it decides what is held out."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32


def parse(text):
    """A phrase as nested lists: a string, ("slot", name), ("list", name), ("any", sequences), ("maybe", sequences)."""
    parts = re.findall(r"[()\[\]|]|\{[^}]*\}|<[^>]*>|[^()\[\]|{}<>]+", text)

    def sequences(end):
        found = [[]]
        while parts:
            part = parts.pop(0)
            if part == end:
                break
            if part == "|":
                found.append([])
            elif part in "([":
                found[-1].append(("any" if part == "(" else "maybe", sequences(")" if part == "(" else "]")))
            elif part[0] in "{<":
                found[-1].append(("slot" if part[0] == "{" else "list", part[1:-1]))
            else:
                found[-1].append(part)
        return found

    return ("any", sequences(None))


def numeral(number):
    """A whole number below 1,000 as Chinese numerals."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = DIGITS[hundreds] + "百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (DIGITS[ones] if ones or not number else "")


class Sampler:
    """Draws sentences. `draw` is the source of chance."""

    def __init__(self, draw):
        self.draw = draw

    def sentence(self, phrase, words, values, chinese):
        """One sentence of a parsed phrase, or of a phrase's text."""
        pieces = []
        self.walk(parse(phrase) if isinstance(phrase, str) else phrase, words, values, pieces)
        # Chinese comes with and without spaces between the pieces: both are met in use.
        joint = " " if not chinese or self.draw.random() < 0.25 else ""
        text = joint.join(piece.strip() for piece in pieces if piece.strip())
        return re.sub(r"\s+", " ", text).strip()

    def walk(self, node, words, values, pieces):
        if isinstance(node, str):
            pieces.append(node)
            return
        kind, content = node
        if kind == "slot":
            pieces.append(values.get(content, ""))
        elif kind == "list":
            self.walk(parse(words.get(content, "")), words, values, pieces)
        elif kind == "any" or self.draw.random() < 0.4:
            for part in self.draw.choice(content):
                self.walk(part, words, values, pieces)

    def value(self, name, argument, spoken):
        """One value of a slot in English and Chinese. `spoken`: the words for a choice's value, per language."""
        draw, kind = self.draw, argument.get("type", "text")
        if kind == "number":
            return self.number(argument)
        if kind == "zone":
            english, chinese = ZONES[draw.choice(sorted(ZONES))]
            return draw.choice(english), draw.choice(chinese)
        if kind == "choice":
            value = draw.choice(argument["values"])
            return tuple(draw.choice(spoken(language, name, value) or [str(value)]) for language in ("en", "zh"))
        if kind == "switch":
            return draw.choice([("on", "开"), ("off", "关")])
        if kind == "duration":
            amount, unit = draw.choice([1, 2, 5, 10, 15, 20, 30, 45]), UNITS[draw.choice(["minute", "second", "hour"])]
            return f"{amount} {unit[0]}", f"{self.chinese(amount)}{unit[1]}"
        return draw.choice({"time": TIMES, "contact": CONTACTS, "place": PLACES}.get(kind, TEXTS))

    def number(self, argument):
        low, high = int(argument.get("min", 1)), int(argument.get("max", 30))
        number = self.draw.randint(low, max(low, min(high, 999)))
        unit = {"celsius": ("degrees", "度"), "percent": ("percent", "%")}.get(argument.get("unit"), ("", ""))
        number, negative = abs(number), number < 0
        english, chinese = f"{number} {unit[0]}".strip(), self.chinese(number) + unit[1]
        if unit[1] == "%" and self.draw.random() < 0.5:
            chinese = "百分之" + numeral(number)
        return ("minus " + english, "零下" + chinese) if negative else (english, chinese)

    def chinese(self, number):
        return str(number) if self.draw.random() < 0.5 or number > 999 else numeral(number)


@dataclasses.dataclass
class Wish:
    """What an action is asked for with: one list of phrases, in both languages."""

    key: str  # plugin, action and direction
    plugin: str
    lines: dict  # language to phrases
    arguments: dict
    locale: dict  # language to the plugin's whole locale
    action: str

    def split(self, language, held_out):
        """The phrases that are trained on, or those that are not (15 %). A lone phrase is always trained on."""
        lines = self.lines[language]
        hidden = [line for line in lines if share(f"{self.key} {line}") < 0.15]
        hidden = hidden if len(hidden) < len(lines) else hidden[:-1]
        return hidden if held_out else [line for line in lines if line not in hidden]

    def spoken(self, language, slot, value):
        locale = self.locale[language]
        own = locale["action"][self.action].get("values", {}).get(slot, {})
        found = own.get(str(value)) or locale.get("values", {}).get(slot, {}).get(str(value)) or []
        return [re.sub(r"[\[\]()<>{}]", "", word).split("|")[0] for word in found]


class Phrases:
    """The phrases of all plugins below a folder."""

    def __init__(self, folder):
        self.words = {language: load(folder / "words" / f"{language}.toml") for language in ("en", "zh")}
        self.wishes, self.fixed = [], []
        for path in sorted(folder.glob("*/plugin.toml")):
            self.read(path.parent, load(path))

    def read(self, folder, manifest):
        if not all((folder / "locale" / f"{language}.toml").exists() for language in ("en", "zh")):
            return
        locale = {language: load(folder / "locale" / f"{language}.toml") for language in ("en", "zh")}
        for action in manifest.get("action", []):
            said = {language: locale[language].get("action", {}).get(action["id"], {}) for language in locale}
            titles = {language: said[language].get("title") for language in said}
            if all(titles.values()):
                self.fixed.append((titles["en"], titles["zh"]))
            for name, lines in said["en"].items():
                other = said["zh"].get(name)
                if name != "not" and isinstance(lines, list) and isinstance(other, list) and lines and other:
                    key = f"{folder.name}/{action['id']}/{name}"
                    arguments = action.get("arguments", {})
                    self.wishes.append(Wish(key, folder.name, {"en": lines, "zh": other}, arguments, locale, action["id"]))

    def pair(self, wish, draw, english, chinese):
        """One sentence of each of the two phrases, with the same values."""
        sampler = Sampler(draw)
        values = {name: sampler.value(name, argument, wish.spoken) for name, argument in wish.arguments.items()}
        texts = []
        for place, (language, line) in enumerate([("en", english), ("zh", chinese)]):
            words = {**self.words[language], **wish.locale[language].get("words", {})}
            spoken = {name: value[place] for name, value in values.items()}
            texts.append(sampler.sentence(line, words, spoken, language == "zh"))
        return tuple(texts)

    def pairs(self, wish, count, seed, held_out=False):
        """`count` pairs (English, Chinese) of a wish's phrases; none if nothing is held out."""
        draw = random.Random(f"{wish.key} {seed}")
        english, chinese = wish.split("en", held_out), wish.split("zh", held_out)
        english, chinese = (english or wish.split("en", False)), (chinese or wish.split("zh", False))
        pairs = {self.pair(wish, draw, draw.choice(english), draw.choice(chinese)) for _ in range(count)}
        return sorted(pair for pair in pairs if all(pair))


def load(path):
    return tomllib.loads(path.read_text()) if path.exists() else {}
