"""Random language models of two architectures, with a real tokenizer, saved as on a hub."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

BLOCKS = 4
WIDTH = 32

NAMES = ["Adam", "Anna", "Carl", "David", "Emma", "Helen", "John", "Mary", "Paul", "Susan"]
"""Names that the tokenizer keeps whole, for prompts that repeat one of two names."""
ANSWERS = ["male", "female", "he", "she"]
"""What is said of them."""
TOPICS = ["rivers", "engines", "markets", "gardens", "planets", "bridges", "violins", "harbours"]


def story(number: int) -> str:
    """A text of about 900 characters, unlike every other one."""
    topic = TOPICS[number % len(TOPICS)]
    sentences = (
        f"Chapter {number}, part {part}: the {topic} of town {number * 37 + part} weren't quiet, "
        f"and {part + number} people (all of them) said so."
        for part in range(8)
    )
    return " ".join(sentences)


def write_stories(folder: Path, count: int, first: int = 0) -> None:
    """`count` text files; stories of other numbers tell of something else."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:03d}.txt").write_text(story(number), encoding="utf8")


def save_tokenizer(folder: Path) -> int:
    """A byte-level BPE tokenizer with a beginning-of-text token; returns its vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=460,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    people = " ".join(["", *NAMES, *ANSWERS, ""])
    texts = [story(number) for number in range(20)] + [people] * 200
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>"
    )
    fast.save_pretrained(folder)
    return len(fast)


def save_llama(folder: Path) -> Path:
    """A random Llama, the architecture of SmolLM2."""
    vocabulary = save_tokenizer(folder)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=BLOCKS,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.2,
        tie_word_embeddings=True,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def save_neox(folder: Path) -> Path:
    """A random GPT-NeoX, the architecture of Pythia."""
    vocabulary = save_tokenizer(folder)
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        "gpt_neox",
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=BLOCKS,
        num_attention_heads=4,
        initializer_range=0.2,
        max_position_embeddings=128,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder
