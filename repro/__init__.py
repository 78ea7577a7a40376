"""A paper's claims about sparse autoencoders, judged by machine."""
