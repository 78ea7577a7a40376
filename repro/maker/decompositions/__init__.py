"""One door to every way of taking activations apart, trained or not."""
