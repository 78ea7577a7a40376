"""From text to activations of the language model, and planted ones."""
