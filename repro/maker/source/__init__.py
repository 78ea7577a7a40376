"""What `fetch` brings: the language model and the text."""
