"""What a training run left: its dictionaries, and for each site what was fitted on it."""

from pathlib import Path

from repro.errors import ArtifactError
from repro.files import sha256_of, write_json
from repro.maker.activations.shards import read_manifest
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.decompositions.fit import components_among
from repro.maker.engine.record import Record, read_json_record

MANIFEST = "manifest.json"
SITE_FOLDERS, TRANSFORM = "sites", "transform.safetensors"
PAPERS = ("sae", "sae_untied")
"""The paper's autoencoders: tied, and with an encoder of its own where it reads an MLP."""


class Member(Record):
    """One trained dictionary."""

    group: str
    """Group of the grid."""
    site: str
    """Role of the site, or planted set."""
    method: str
    """sae, sae_untied, sae_standard or sae_random_decoder."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed: int
    """Seed of initialisation and data order."""
    alpha: float
    """L1 coefficient."""
    k: int
    """Codes kept a token; 0 where all are."""
    file: str
    """File, seen from the folder of the run."""
    sha256: str
    """Its hash."""


class Trained(Record):
    """The manifest of a training run."""

    dictionaries: list[Member]
    """All of them, in the order of the grid."""
    sites: dict[str, dict[str, str]]
    """Files of each site by name, and their hashes."""


def write_trained(folder: Path, members: list[Member]) -> None:
    """Write the manifest of what stands in a folder."""
    sites = {
        site.name: {file.name: sha256_of(file) for file in sorted(site.iterdir())}
        for site in sorted((folder / SITE_FOLDERS).iterdir())
    }
    write_json(folder / MANIFEST, Trained(dictionaries=members, sites=sites).model_dump())


def read_trained(folder: Path) -> Trained:
    """Read the manifest.

    Raises:
        ArtifactError: it is missing or malformed.
    """
    return read_json_record(
        folder / MANIFEST, Trained, what="manifest of a trained grid", mend="dvc repro train"
    )


def site_files(trained: Path, store: Path) -> SiteFiles:
    """A site by content: its activations in `store`, and what the run fitted on them.

    Raises:
        ArtifactError: a manifest is missing or malformed, or nothing was trained at the site.
    """
    site, listed = store.name, read_trained(trained).sites
    if site not in listed:
        raise ArtifactError(
            f"{trained / MANIFEST}: nothing was trained at the site {site!r}",
            expected=f"one of {', '.join(sorted(listed))}",
            mend="edit train.groups in params.yaml, then: dvc repro train",
        )
    folder, hashes = trained / SITE_FOLDERS / site, listed[site]
    components = components_among(hashes)
    d_in = read_manifest(store).dimension
    return SiteFiles(
        site=site,
        store=store,
        manifest=sha256_of(store / MANIFEST),
        d_in=d_in,
        transform=folder / TRANSFORM,
        transform_sha256=hashes[TRANSFORM],
        components={draw: folder / name for draw, name in components.items()},
        components_sha256={draw: hashes[name] for draw, name in components.items()},
    )


def asked_of(member: Member, site: SiteFiles, trained: Path) -> Asked:
    """A trained dictionary as what is asked for."""
    names = {"method", "alpha", "k", "expansion_factor", "seed", "sha256"}
    return Asked(of=site, file=trained / member.file, **member.model_dump(include=names))


def untrained(
    site: SiteFiles, method: str, *, k: int = 0, expansion_factor: float = 1.0, seed: int = 0
) -> Asked:
    """A decomposition that needs no training; the seed is of those that are drawn by chance."""
    return Asked(
        of=site,
        method=method,
        alpha=0.0,
        k=k,
        expansion_factor=expansion_factor,
        seed=seed,
        file=None,
        sha256="",
    )
