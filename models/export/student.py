"""The encoder in PyTorch, with the same weight names as MiniLM's file, so that graph.py can export what was trained."""

import torch
from torch import nn
from torch.nn import functional

TABLE = "embeddings.word_embeddings.weight"


class Encoder(nn.Module):
    """BERT with mean pooling: token numbers to vectors of unit length.

    Word vectors lie in two tables: those that MiniLM had stay as they are, and only new ones are learnt.
    """

    def __init__(self, weights, config, table, kept):
        """`weights`: MiniLM's, by name. `table`: word vectors; the rows of `kept` that are none are new."""
        super().__init__()
        self.heads, self.layers, self.epsilon = config["num_attention_heads"], config["num_hidden_layers"], config["layer_norm_eps"]
        self.body = nn.ParameterDict({
            name.replace(".", "/"): nn.Parameter(torch.tensor(value))
            for name, value in weights.items()
            if name != TABLE and "pooler" not in name and "position_ids" not in name
        })  # fmt: skip
        new = torch.tensor([row is None for row in kept])
        # Where a token's row is: in the first table for known tokens, in the second for new ones.
        self.register_buffer("new", new)
        self.register_buffer("place", torch.where(new, new.cumsum(0) - 1, (~new).cumsum(0) - 1))
        table = torch.tensor(table)
        self.known_words = nn.Parameter(table[~new].clone(), requires_grad=False)
        self.new_words = nn.Parameter(table[new].clone() if new.any() else torch.zeros(1, table.shape[1]))

    def weight(self, name):
        return self.body[name.replace(".", "/")]

    def linear(self, value, name):
        return functional.linear(value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))

    def normalized(self, value, name):
        return functional.layer_norm(value, value.shape[-1:], self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), self.epsilon)

    def words(self, ids):
        place, new = self.place[ids], self.new[ids]
        known = functional.embedding(place * ~new, self.known_words)
        fresh = functional.embedding(place * new, self.new_words)
        return torch.where(new.unsqueeze(-1), fresh, known)

    def forward(self, ids, mask):
        """[batch, length] token numbers and 1 where there is one, to [batch, hidden]."""
        places = self.weight("embeddings.position_embeddings.weight")[: ids.shape[1]]
        value = self.words(ids) + self.weight("embeddings.token_type_embeddings.weight")[0] + places
        value = self.normalized(value, "embeddings.LayerNorm")
        allowed = mask.bool()[:, None, None, :]
        for number in range(self.layers):
            value = self.layer(value, f"encoder.layer.{number}", allowed)
        share = mask.unsqueeze(-1).to(value.dtype)
        return functional.normalize((value * share).sum(1).float() / share.sum(1).float(), dim=-1)

    def layer(self, value, name, allowed):
        batch, length, hidden = value.shape

        def heads(part):
            rows = self.linear(value, f"{name}.attention.self.{part}")
            return rows.view(batch, length, self.heads, hidden // self.heads).transpose(1, 2)

        # By hand: for short sentences PyTorch's own kernel takes ten times longer on its way back.
        scores = heads("query") @ heads("key").transpose(2, 3) * (hidden // self.heads) ** -0.5
        mixed = scores.masked_fill(~allowed, -1e4).softmax(-1) @ heads("value")
        mixed = self.linear(mixed.transpose(1, 2).reshape(batch, length, hidden), f"{name}.attention.output.dense")
        value = self.normalized(mixed + value, f"{name}.attention.output.LayerNorm")
        wide = functional.gelu(self.linear(value, f"{name}.intermediate.dense"))
        return self.normalized(self.linear(wide, f"{name}.output.dense") + value, f"{name}.output.LayerNorm")

    def exported(self):
        """All weights by MiniLM's names, as numpy arrays."""
        table = torch.empty(len(self.new), self.known_words.shape[1])
        table[~self.new] = self.known_words.detach()
        if self.new.any():
            table[self.new] = self.new_words.detach()
        found = {name.replace("/", "."): value.detach().float().numpy() for name, value in self.body.items()}
        return {**found, TABLE: table.numpy()}


def batch(encodings):
    """Padded token numbers and mask of tokenized texts."""
    length = max(len(ids) for ids in encodings)
    ids = torch.zeros(len(encodings), length, dtype=torch.long)
    mask = torch.zeros(len(encodings), length, dtype=torch.long)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = torch.tensor(encoding)
        mask[row, : len(encoding)] = 1
    return ids, mask


class Tokens:
    """Texts to token numbers, at most 48 of them, remembered."""

    def __init__(self, tokenizer):
        tokenizer.enable_truncation(48)
        self.tokenizer, self.known = tokenizer, {}

    def __call__(self, texts):
        missing = [text for text in dict.fromkeys(texts) if text not in self.known]
        for text, encoding in zip(missing, self.tokenizer.encode_batch(missing)):
            self.known[text] = encoding.ids
        return [self.known[text] for text in texts]


def embedded(encoder, tokens, texts, size=128):
    """Vectors of many texts: [texts, hidden]. The long ones and the short ones are run apart."""
    encodings = tokens(texts)
    order = sorted(range(len(texts)), key=lambda row: len(encodings[row]))
    vectors = torch.empty(len(texts), encoder.known_words.shape[1])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            vectors[chosen] = encoder(*batch([encodings[row] for row in chosen]))
    return vectors
