"""How much of the activations a decomposition keeps."""
