"""The tables of evidence: the row model of each, and the stage that writes it."""

from collections.abc import Mapping

from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryKey,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SubstitutionRow,
)
from repro.contract.rows.ioi import (
    CurveRow,
    EditRow,
    FeatureRow,
    IoiRow,
    LevelRow,
    LocalisationKey,
    PromptRow,
)
from repro.contract.rows.row import Row
from repro.contract.rows.toy import ToyRow

__all__ = [
    "ROW_MODELS",
    "STAGE_OF",
    "AgreementRow",
    "CurveRow",
    "DictionaryKey",
    "DictionaryRow",
    "EditRow",
    "FeatureRow",
    "FidelityRow",
    "IoiRow",
    "LevelRow",
    "LocalisationKey",
    "PromptRow",
    "RefitRow",
    "Row",
    "SubstitutionRow",
    "ToyRow",
]

ROW_MODELS: Mapping[str, type[Row]] = {
    "fidelity": FidelityRow,
    "refit": RefitRow,
    "dictionaries": DictionaryRow,
    "agreement": AgreementRow,
    "substitution": SubstitutionRow,
    "toy": ToyRow,
    "ioi": IoiRow,
    "ioi_prompts": PromptRow,
    "ioi_curves": CurveRow,
    "ioi_levels": LevelRow,
    "ioi_edits": EditRow,
    "ioi_features": FeatureRow,
}

STAGE_OF: Mapping[str, str] = {
    "fidelity": "fidelity",
    "refit": "fidelity",
    "dictionaries": "fidelity",
    "agreement": "fidelity",
    "substitution": "fidelity",
    "interpret": "interpret",
    "ioi": "ioi",
    "ioi_prompts": "ioi",
    "ioi_curves": "ioi",
    "ioi_levels": "ioi",
    "ioi_edits": "ioi",
    "ioi_features": "ioi",
    "features": "features",
    "toy": "toy",
    "steer": "steer",
    "erase": "erase",
    "ratings": "rate",
}
"""Which stage writes a table, built or not: an absent table names the stage to wait for."""
