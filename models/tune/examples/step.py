"""The step of step.rs in PyTorch, to be put beside it: python examples/step.py [all]. Needs torch, which nothing else here does."""

import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WIDTH, LAYERS, HEADS, INNER, WORDS = 256, 4, 4, 1024, 21128


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.first, self.second = nn.LayerNorm(WIDTH, 1e-12), nn.LayerNorm(WIDTH, 1e-12)

    def forward(self, value):
        batch, length, _ = value.shape
        parts = [part(value).view(batch, length, HEADS, -1).transpose(1, 2) for part in (self.query, self.key, self.value)]
        shares = (parts[0] @ parts[1].transpose(2, 3) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        mixed = (shares @ parts[2]).transpose(1, 2).reshape(batch, length, WIDTH)
        value = self.first(self.out(mixed) + value)
        return self.second(self.narrow(functional.gelu(self.wide(value))) + value)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places, self.kinds = nn.Embedding(WORDS, WIDTH), nn.Embedding(512, WIDTH), nn.Embedding(2, WIDTH)
        self.norm, self.layers = nn.LayerNorm(WIDTH, 1e-12), nn.ModuleList(Layer() for _ in range(LAYERS))
        self.dense, self.head, self.bias = nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH, 1e-12), nn.Parameter(torch.zeros(WORDS))
        for table in (self.words, self.places, self.kinds):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, ids, places):
        value = self.words(ids) + self.places(torch.arange(ids.shape[1])) + self.kinds(torch.zeros_like(ids))
        value = self.norm(value)
        for layer in self.layers:
            value = layer(value)
        rows = self.head(functional.gelu(self.dense(value.reshape(-1, WIDTH)[places])))
        return rows @ self.words.weight.T + self.bias


def main():
    torch.manual_seed(1)
    model = Bert()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)
    ids = torch.randint(WORDS, (32, 64))
    places = torch.tensor([place for place in range(2048) if "all" in sys.argv or place % 20 < 3])
    times = []
    for _ in range(8):
        begun = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        optimizer.zero_grad()
        functional.cross_entropy(model(ids, places), ids.reshape(-1)[places]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        used = resource.getrusage(resource.RUSAGE_SELF)
        processor = used.ru_utime + used.ru_stime - begun[1].ru_utime - begun[1].ru_stime
        times.append((time.perf_counter() - begun[0], processor))
    middle = [sorted(column)[len(times) // 2] * 1e3 for column in zip(*times)]
    print(f"{torch.get_num_threads()} threads: median {middle[0]:.0f} ms, processor time {middle[1]:.0f} ms")


if __name__ == "__main__":
    main()
