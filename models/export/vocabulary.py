"""The tokenizer: MiniLM's, with Chinese words and characters in place of rows that English does not need.

Chinese has no spaces, and MiniLM's tokenizer takes single characters. Words of two to four characters are added as tokens that
are found anywhere in a text, the longest first: 空调 is then one token, as "air conditioning" nearly is, and its vector can be
made from those of the English words that it stands beside in translations.
"""

import collections
import json
import math
import re
import unicodedata

import numpy
import tokenizers

from material import HAN

RUN = re.compile("[\u3400-\u9fff]+")
ROWS = 31500  # 23.9 MB as 8-bit integers
CHARACTERS = 3600
COMMON = slice(1000, 20000)  # rows of MiniLM that hold common words
FACTOR = 40000  # more than MiniLM has rows: two numbers in one
COHESION = 5  # how many times more often than by chance
SMALL = frozenset("的了吗呢吧啊么我你他她它是在和这那很都也就被把与或个")  # no word begins or ends with one
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# The normalizer makes plain signs of the other full-width ones.
SIGNS = "。、《》“”‘’…—「」"


def foreign(token):
    """Whether a row is of no use: reserved, or in a script that is neither Latin nor Chinese."""
    text = token.removeprefix("##")
    if token.startswith("[unused") or (token.startswith("##") and HAN.search(text)):
        return True
    letters = [character for character in text if character.isalpha() and ord(character) > 0x24F]
    return any(not HAN.search(letter) and "GREEK" not in unicodedata.name(letter, "") for letter in letters)


def mined_words(texts, count):
    """The `count` most used words of two to four characters.

    A word is a run that is met far more often than chance would put its parts together, among many different neighbors. Words
    are left out that taking the longest first finds where the likeliest cut does not, as 开车 in 开车窗.
    """
    runs = [run for text in texts for run in RUN.findall(text)]
    uses, before, after = collections.Counter(), collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for run in runs:
        for start in range(len(run)):
            for end in range(start + 1, min(start + 4, len(run)) + 1):
                uses[run[start:end]] += 1
                if end - start > 1:
                    before[run[start:end]][run[start - 1 : start] or start] += 1
                    after[run[start:end]][run[end : end + 1] or -start] += 1
    total = sum(number for run, number in uses.items() if len(run) == 1)

    def cohesive(word):
        splits = [(word[:cut], word[cut:]) for cut in range(1, len(word))]
        return all(uses[word] * total > COHESION ** (len(word) - 1) * uses[left] * uses[right] for left, right in splits)

    words = {
        word: number
        for word, number in uses.items()
        if len(word) > 1 and number >= 5 and not (word[0] in SMALL or word[-1] in SMALL) and cohesive(word)
        and min(entropy(before[word]), entropy(after[word])) > (0.7 if len(word) == 2 else 1.2)
    }  # fmt: skip
    cost = {run: math.log(total / number) for run, number in uses.items() if run in words or len(run) == 1}
    right, wrong = collections.Counter(), collections.Counter()
    for run in dict.fromkeys(runs):
        cut = likeliest(run, cost)
        for found in longest_first(run, words):
            (right if found in cut else wrong)[found[1]] += 1
    good = [word for word in sorted(words, key=lambda word: -words[word]) if right[word] >= 3 * wrong[word]]
    return good[:count]


def entropy(neighbors):
    total = neighbors.total()
    return -sum(number / total * math.log(number / total) for number in neighbors.values())


def likeliest(run, cost):
    """The cut of a run with the least cost, as a set of (place, word)."""
    best = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        starts = [start for start in range(max(0, end - 4), end) if run[start:end] in cost]
        best.append(min((best[start][0] + cost[run[start:end]], start) for start in starts))
    found, end = set(), len(run)
    while end:
        start = best[end][1]
        found.add((start, run[start:end]))
        end = start
    return found


def longest_first(text, words):
    """(place, word) for each word that the tokenizer will find; single characters are not named."""
    place = 0
    while place < len(text):
        size = next((size for size in (4, 3, 2) if text[place : place + size] in words), 1)
        if size > 1:
            yield place, text[place : place + size]
        place += size


def frequent_characters(texts, count):
    uses = collections.Counter(character for text in texts for character in HAN.findall(text))
    return [character for character, number in uses.most_common(count) if number > 1]


def needed_english(tokenizer, english):
    """Rows that some English sentence of the data uses."""
    used = set()
    for encoding in tokenizer.encode_batch(english):
        used.update(encoding.tokens)
    return used


def extended(original, english, chinese, extra, own):
    """The new tokenizer as JSON, with the original row of every token it keeps, or none for a new one.

    `original`: the text of MiniLM's tokenizer.json. `chinese` are translated texts, `extra` others, `own` Steward's phrases.
    """
    old = json.loads(original)
    rows = old["model"]["vocab"]
    plain = tokenizers.Tokenizer.from_str(original)
    plain.no_truncation(), plain.no_padding()
    used = needed_english(plain, english)
    characters = frequent_characters(chinese * 3 + extra + own * 5, CHARACTERS)
    latin = [token for token in rows if not foreign(token) and not HAN.search(token)]
    # Whole words that are rare in MiniLM's own order and nowhere in the data give way; pieces still spell them.
    rare = [token for token in latin if rows[token] > 17000 and token not in used and len(token) > 2 and not token.startswith("##")]
    dropped = set(rare[-4500:])
    latin = [token for token in latin if token not in dropped]
    signs = [sign for sign in SIGNS if sign not in rows]
    words = mined_words(chinese * 2 + own * 2, ROWS - len(latin) - len(characters) - len(signs))
    tokens = SPECIAL + [token for token in latin if token not in SPECIAL] + signs + characters + words
    return rebuilt(old, tokens, words), [rows.get(token) if token in rows and not HAN.search(token) else None for token in tokens]


def rebuilt(old, tokens, words):
    """The old tokenizer's file with other tokens. [PAD] must be the first row, as padding is zero elsewhere too."""
    vocabulary = {token: row for row, token in enumerate(tokens)}
    added = [{**token, "id": vocabulary[token["content"]]} for token in old["added_tokens"]]
    flags = {"special": False, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added += [{"id": vocabulary[word], "content": word, **flags} for word in words]
    old["added_tokens"] = sorted(added, key=lambda token: token["id"])
    old["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, old["normalizer"]]}
    old["truncation"] = old["padding"] = None
    for name, token in old["post_processor"]["special_tokens"].items():
        token["ids"] = [vocabulary[name]]
    old["model"]["vocab"] = vocabulary
    return json.dumps(old, ensure_ascii=False)


def first_vectors(tokenizer, kept, vectors, original, pairs):
    """The table to start from: [tokens, hidden].

    A new token gets the mean of MiniLM's word vectors, weighted by how often each English token is its translation in the
    pairs (English, Chinese). `kept` and `original` are as from `extended`.
    """
    plain = tokenizers.Tokenizer.from_str(original)
    plain.no_truncation(), plain.no_padding()
    english = [encoding.ids[1:-1] for encoding in plain.encode_batch([pair[0] for pair in pairs])]
    chinese = [encoding.ids[1:-1] for encoding in tokenizer.encode_batch([pair[1] for pair in pairs])]
    new = numpy.array([row is None for row in kept])
    table = numpy.zeros((len(kept), vectors.shape[1]), numpy.float32)
    for token, word, chance in translations(english, chinese, len(kept)):
        table[token] += chance * vectors[word]
    table[~new] = vectors[[row for row in kept if row is not None]]
    usual = numpy.linalg.norm(vectors[COMMON], axis=1).mean()
    size = numpy.linalg.norm(table, axis=1)
    found, lost = new & (size >= 1e-3), new & (size < 1e-3)
    table[found] *= 0.9 * usual / size[found, None]
    spread = numpy.random.default_rng(1).normal(0, 0.02, table.shape)
    table[lost] = vectors[COMMON].mean(0) + spread[lost]
    return table


def translations(english, chinese, nothing):
    """(Chinese token, English token, chance that the English one is its translation), if above 0.05.

    IBM model 1 in five rounds: every English token comes from one Chinese token of its sentence, or from none, which is the
    number `nothing`. Brown et al., The Mathematics of Statistical Machine Translation, 1993.
    """
    links = numpy.array([
        (number, word, source)
        for number, (left, right) in enumerate(zip(english, chinese))
        for word in left
        for source in right + [nothing]
    ])  # fmt: skip
    sentence, word, source = links.T
    place = numpy.cumsum(numpy.r_[0, (numpy.diff(word) != 0) | (numpy.diff(sentence) != 0)])
    couples, couple = numpy.unique(source * FACTOR + word, return_inverse=True)
    chance = numpy.ones(len(couples))
    for _ in range(5):
        weight = chance[couple]
        weight /= numpy.bincount(place, weight)[place]
        count = numpy.bincount(couple, weight)
        chance = count / numpy.bincount(couples // FACTOR, count)[couples // FACTOR]
    for code, likely in zip(couples.tolist(), chance.tolist()):
        if likely > 0.05 and code // FACTOR != nothing:
            yield code // FACTOR, code % FACTOR, likely
