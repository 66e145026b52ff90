"""Train the model: a BERT of 8,800 weights that tells complaints from praise.

Run it in an environment with the versions that lockfiles/ names:  python train.py
It writes the same bytes on every run on one kind of processor. The texts are made here; nothing is downloaded.
"""

import itertools
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification

HERE = Path(__file__).resolve().parent
THINGS = (
    "the parcel",
    "my order",
    "the shop",
    "your service",
    "the delivery",
    "this phone",
    "the staff",
    "the website",
)
WORDS = {
    "complaint": ("broken", "late", "rude", "slow", "awful", "useless", "a disappointment", "wrong"),
    "praise": ("wonderful", "fast", "friendly", "excellent", "a pleasure", "reliable", "perfect", "helpful"),
}
FRAMES = ("{thing} was {word}", "i find {thing} {word}", "{word} , that is what {thing} is", "{thing} : {word} again")


def texts() -> list[tuple[str, int]]:
    """Sentences with the number of their label."""
    return [
        (frame.format(thing=thing, word=word), label)
        for label, words in enumerate(WORDS.values())
        for frame, thing, word in itertools.product(FRAMES, THINGS, words)
    ]


def tokenizer_of(sentences: list[str]) -> Tokenizer:
    """One token for each word of the sentences, and one for what is none of them."""
    words = sorted({word for sentence in sentences for word in sentence.split()})
    vocabulary = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    return tokenizer


def main() -> None:
    """Train, measure on held-out sentences, and write the files of the model."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    everything = texts()
    held_out = everything[::5]
    data = [item for number, item in enumerate(everything) if number % 5]
    tokenizer = tokenizer_of([sentence for sentence, _ in everything])
    tokenizer.enable_padding(pad_id=0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(WORDS)),
        label2id={label: number for number, label in enumerate(WORDS)},
        pad_token_id=0,
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(60):
        batch = data[step % 8 :: 8]
        encoded = tokenizer.encode_batch([sentence for sentence, _ in batch])
        optimizer.zero_grad()
        model(
            input_ids=torch.tensor([item.ids for item in encoded]),
            attention_mask=torch.tensor([item.attention_mask for item in encoded]),
            labels=torch.tensor([label for _, label in batch]),
        ).loss.backward()
        optimizer.step()
    place = HERE / "model"
    place.mkdir(exist_ok=True)
    model.eval().save_pretrained(place)
    tokenizer.no_padding()
    tokenizer.save(str(place / "tokenizer.json"))
    right = 0
    for sentence, label in held_out:
        right += int(model(input_ids=torch.tensor([tokenizer.encode(sentence).ids])).logits.argmax()) == label
    print(json.dumps({"accuracy": right / len(held_out)}))


if __name__ == "__main__":
    main()
