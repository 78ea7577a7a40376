"""The mathematics of sparse autoencoders: model, loss, training, baselines, metrics."""
