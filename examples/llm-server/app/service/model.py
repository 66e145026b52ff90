"""The language model: tokenizer and weights of one directory, greedy decoding, on whatever device there is."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel
from transformers.utils.logging import disable_progress_bar


class Writer:
    """Continues texts. The same text and length give the same continuation."""

    def __init__(self, place: Path, *, threads: int) -> None:
        torch.set_num_threads(threads)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        disable_progress_bar()  # every line of the log is JSON
        self.model = GPT2LMHeadModel.from_pretrained(place, local_files_only=True).to(self.device).eval()

    @torch.inference_mode()
    def continue_text(self, prompt: str, length: int) -> str:
        """The most probable next tokens, ``length`` of them."""
        tokens = torch.tensor([self.tokenizer.encode(prompt).ids], device=self.device)
        window = self.model.config.n_positions
        for _ in range(length):
            logits = self.model(input_ids=tokens[:, -window:]).logits[:, -1]
            tokens = torch.cat([tokens, logits.argmax(-1, keepdim=True)], dim=1)
        return self.tokenizer.decode(tokens[0, -length:].tolist())
