"""`params.yaml`: the model of its sections, and how it is read."""

from repro.maker.params.model import (
    PLANTED,
    TOY,
    Activate,
    Baseline,
    Elimination,
    EmbeddedModel,
    EmbeddedText,
    HubModel,
    HubText,
    Localisation,
    LocalModel,
    LocalText,
    Params,
    Plant,
    Tokenize,
)
from repro.maker.params.read import load_params, parse_params, read_yaml
from repro.maker.params.section import Section
from repro.maker.params.train import Adam, Executor, Group

__all__ = [
    "PLANTED",
    "TOY",
    "Activate",
    "Adam",
    "Baseline",
    "Elimination",
    "EmbeddedModel",
    "EmbeddedText",
    "Executor",
    "Group",
    "HubModel",
    "HubText",
    "LocalModel",
    "LocalText",
    "Localisation",
    "Params",
    "Plant",
    "Section",
    "Tokenize",
    "load_params",
    "parse_params",
    "read_yaml",
]
