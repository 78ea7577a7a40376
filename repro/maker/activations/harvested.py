"""What the stage `activate` left, by the role of each site."""

from pathlib import Path

from repro.errors import ArtifactError, ParamsError
from repro.maker.activations.shards import Manifest, read_manifest
from repro.maker.hook_points import hook_point


def harvested(activations: Path) -> dict[str, Manifest]:
    """The manifest of each site, of untrained versions of the model too, in the order of depth.

    Raises:
        ArtifactError: a manifest is missing, malformed or that of another site, or there
            is none.
    """
    folders = sorted(activations.iterdir()) if activations.is_dir() else []
    if not folders:
        raise ArtifactError(
            f"{activations} holds no activations",
            expected="a folder of each site",
            mend="dvc repro activate",
        )
    found = {folder.name: read_manifest(folder) for folder in folders}
    for role, manifest in found.items():
        if manifest.site != role:
            raise ArtifactError(
                f"{activations / role} holds the activations of the site {manifest.site!r}",
                expected=f"those of {role!r}",
                mend="dvc repro activate",
            )
    return dict(sorted(found.items(), key=lambda pair: (hook_point(pair[1].hook), pair[0])))


def editable(found: Manifest, key: str) -> Manifest:
    """The same manifest, where activations can be put back into the language model.

    Args:
        found: the manifest of a site.
        key: the key of the params file that asks for that.

    Raises:
        ParamsError: they are activations of an untrained version, which no other stage runs.
    """
    if not found.is_trained:
        raise ParamsError(
            f"{key}: the site {found.site!r} is {found.place}",
            expected="a site of the trained model, into which activations can be put back",
            mend=f"edit {key} in params.yaml",
        )
    return found
