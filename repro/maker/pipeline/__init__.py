"""All stages together: their order, their code, and `dvc.yaml`."""
