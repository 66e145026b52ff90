"""Train the language model: a GPT-2 of 60,000 weights over characters; the same bytes on every run on one architecture.

Run it in an environment with the versions that the lock names for the variant cpu:  python train.py
The text is below, so that nothing has to be downloaded. Writes model/model.safetensors, config.json, tokenizer.json.
"""

import json
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

HERE = Path(__file__).resolve().parent
TEXT = (
    "every byte that enters an image is named by its digest. "
    "an image is built twice, and shipped when the bytes agree. "
    "a lock names wheels, packages and weights by digest and size. "
    "a build needs no network, for everything is in the store. "
) * 4
LENGTH = 48  # tokens of one training window
STEPS = 400


def tokenizer_of(text: str) -> Tokenizer:
    """One token for each character of the text, and one for what is none of them."""
    vocabulary = {"<unk>": 0} | {character: number for number, character in enumerate(sorted(set(text)), 1)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def main() -> None:
    """Train and write the files of the model."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)  # noqa: FBT003  torch takes it so
    tokenizer = tokenizer_of(TEXT)
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_positions=128,
        n_embd=48,
        n_layer=2,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    tokens = torch.tensor(tokenizer.encode(TEXT).ids)
    for step in range(STEPS):
        starts = [(step * 31 + row * 97) % (len(tokens) - LENGTH - 1) for row in range(16)]
        batch = torch.stack([tokens[start : start + LENGTH] for start in starts])
        loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    place = HERE / "model"
    place.mkdir(exist_ok=True)
    model.save_pretrained(place)
    tokenizer.save(str(place / "tokenizer.json"))
    (place / "generation_config.json").unlink(missing_ok=True)
    print(json.dumps({"loss": round(loss.item(), 4), "weights": sum(each.numel() for each in model.parameters())}))


if __name__ == "__main__":
    main()
