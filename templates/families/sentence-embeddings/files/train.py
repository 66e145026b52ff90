"""Train the model: word vectors from which words stand together, averaged over a sentence, as an ONNX graph.

Run it where these are:  pip install numpy==2.4.6 onnx==1.23.2 tokenizers==0.23.3; then  python train.py
The sentences are below, so that nothing has to be downloaded.
"""

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = Path(__file__).resolve().parent
DIMENSIONS = 8
SENTENCES = """
a cat sleeps on the warm sofa
a kitten sleeps on the soft rug
the cat and the kitten drink milk
a dog barks at the cat in the garden
a puppy plays with the dog in the garden
the kitten plays with a ball on the rug
the puppy drinks water and sleeps
the dog and the puppy run in the garden
the bank raised interest rates again
interest rates rose by a quarter point
the central bank fears inflation
inflation and rates worry the markets
markets fell as the bank raised rates
investors sold shares as markets fell
shares and markets rose on lower inflation
investors fear higher interest rates
the train to the coast was late
the bus to the station was late again
passengers wait at the station for the train
the bus and the train were full of passengers
a delay of the train made passengers miss the bus
the station was closed and every bus was full
passengers missed the late train to the city
the city runs a bus to the coast
""".split("\n")


def tokenizer_of(words: list[str]) -> Tokenizer:
    """One token for each known word; number 0 is padding, 1 is every other word."""
    vocabulary = {word: number for number, word in enumerate(("[PAD]", "[UNK]", *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("removed")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="[UNK] $A", special_tokens=[("[UNK]", 1)])
    return tokenizer  # so no text is without a direction


def vectors_of(words: list[str], sentences: list[list[str]]) -> np.ndarray:
    """A vector for each word: the strongest directions of how much more often words meet than by chance."""
    place = {word: number for number, word in enumerate(words)}
    met = np.zeros((len(words), len(words)))
    for sentence in sentences:
        for word in sentence:
            for other in sentence:
                met[place[word], place[other]] += word != other
    expected = np.outer(met.sum(1), met.sum(0)) / met.sum()
    strength = np.log1p(np.maximum(met / expected - 1, 0))
    left, values, _ = np.linalg.svd(strength)
    left = left[:, :DIMENSIONS] * np.sign(left[np.abs(left[:, :DIMENSIONS]).argmax(0), range(DIMENSIONS)])
    weights = 1 / (0.3 + np.array([sum(word in sentence for sentence in sentences) for word in words]))
    return left * np.sqrt(values[:DIMENSIONS]) * weights[:, None]  # frequent words say little


def graph_of(table: np.ndarray) -> bytes:
    """Rows of word numbers and of which count, to unit vectors."""
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "length"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", "length"]),
    ]
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["words"]),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["words", "column"], ["counted"]),
        helper.make_node("ReduceSum", ["counted", "middle"], ["sums"], keepdims=0),
        helper.make_node("LpNormalization", ["sums"], ["vectors"], axis=-1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "embed",
        inputs,
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", table.shape[1]])],
        [
            numpy_helper.from_array(table.astype(np.float32), "table"),
            numpy_helper.from_array(np.array([-1]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train.py"
    )
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def main() -> None:
    """Train, and write graph and tokenizer."""
    sentences = [sentence.split() for sentence in SENTENCES if sentence]
    words = sorted({word for sentence in sentences for word in sentence})
    vectors = vectors_of(words, sentences)
    unknown = np.full((1, DIMENSIONS), 1e-3)
    table = np.concatenate([np.zeros((1, DIMENSIONS)), unknown, vectors]).round(5)
    place = HERE / "model"
    place.mkdir(exist_ok=True)
    (place / "model.onnx").write_bytes(graph_of(table))
    tokenizer_of(words).save(str(place / "tokenizer.json"))
    print(json.dumps({"words": len(words)}))


if __name__ == "__main__":
    main()
