"""Ways to run independent tasks; another one is another file here and a name in `BACKENDS`."""
