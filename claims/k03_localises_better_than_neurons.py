"""Features localise indirect object identification better than neurons or random directions."""

from claims._vocabulary import (
    ATTRIBUTION,
    GAIN,
    IDENTITY_CHANGES_NOTHING,
    PLANTED_CAUSES_ARE_FOUND,
    SPARSE_SAE,
    TASK_IS_DONE,
    WHOLE_PATCH_IS_EXACT,
)
from repro.spec import All, Claim, Control, Drop, Exceeds, Fair, Paper, Scale, Where

SAE = (
    *ATTRIBUTION,
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
    Where(column="carries", values=(1,)),
)
NEURONS = (*ATTRIBUTION, Where(column="method", values=("neurons",)))
RANDOM_TOPK = (*ATTRIBUTION, Where(column="method", values=("random_topk",)))
RIVALS = (*ATTRIBUTION, Where(column="method", values=("neurons", "random_topk")))

CLAIM = Claim(
    id="k03",
    source="critic",
    says=(
        "Dictionary features localise indirect object identification better than plain neurons and "
        "than random directions with the largest k kept."
    ),
    paper=Paper(section="Mueller et al. 2025, arXiv 2504.13151, who find no such advantage"),
    reads=("ioi", "ioi_prompts", "fidelity", "dictionaries"),
    check=All(
        parts=(
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=SAE,
                against=NEURONS,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
            Exceeds(
                reads="ioi",
                of=GAIN,
                where=SAE,
                against=RANDOM_TOPK,
                margin=0.05,
                clusters=("seed", "draw"),
            ),
        )
    ),
    controls=(
        TASK_IS_DONE,
        PLANTED_CAUSES_ARE_FOUND,
        Control(
            name="random orthogonal directions",
            kind="negative",
            check=Exceeds(
                reads="ioi",
                of=GAIN,
                where=(*ATTRIBUTION, Where(column="method", values=("random_orthogonal",))),
                against=NEURONS,
                margin=0.05,
                clusters=("draw",),
            ),
            must="not_supported",
            why="directions of chance that beat neurons would mean that any rotation wins",
        ),
        WHOLE_PATCH_IS_EXACT,
        IDENTITY_CHANGES_NOTHING,
    ),
    fair=(Fair(where=SPARSE_SAE),),
    saboteurs=(
        Scale(
            name="multiply the dictionary's area under KL by fifty",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=50.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the neurons' area under KL down to nothing",
            reads="ioi",
            where=NEURONS,
            column="kl_area",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the area under KL of random directions down to nothing",
            reads="ioi",
            where=RANDOM_TOPK,
            column="kl_area",
            factor=0.0,
            turns_to=("refuted",),
        ),
        Scale(
            name="bring the dictionary's area under KL down to nothing",
            reads="ioi",
            where=SAE,
            column="kl_area",
            factor=0.0,
            turns_to=("supported",),
        ),
        Scale(
            name="multiply the area under KL of both rivals by fifty",
            reads="ioi",
            where=RIVALS,
            column="kl_area",
            factor=50.0,
            turns_to=("supported",),
        ),
        Scale(
            name="read the rivals' area under KL in other units, a thousandth of a nat",
            reads="ioi",
            where=RIVALS,
            column="kl_area",
            factor=1000.0,
            turns_to=("supported",),
        ),
        Drop(
            name="hide the last seed: two are too few",
            reads="ioi",
            where=(*SAE, Where(column="seed", pick="max")),
            turns_to=("inconclusive",),
        ),
        Drop(
            name="hide the neurons",
            reads="ioi",
            where=NEURONS,
            turns_to=("absent",),
        ),
    ),
    deviation=(
        "SmolLM2-135M-Instruct (Q4_1, de-quantised), dictionaries of about a million tokens (the "
        "scope says how many); the paper's own intervention and distance, where the critics use "
        "causal variable localisation on several tasks; features ordered by attribution. The paper "
        "has no neuron baseline in its final run. All penalties above none that are localised are "
        "pooled. Only penalties at which a dictionary can carry the task are pooled: with "
        "everything patched at most half of the KL is left on the prompts that choose."
    ),
    refuted_by=(
        "An interval for the fall of KL by the dictionary less that by neurons, or by random "
        "directions, that lies wholly below 0.05 nats."
    ),
    unit="nats",
)
