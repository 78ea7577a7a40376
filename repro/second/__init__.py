"""A second judge, slow on purpose, written from `docs/how-a-verdict-is-made.md` alone."""
