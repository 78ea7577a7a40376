"""Autoencoders, one file each: how its rows are drawn, its gradient, the dictionary it becomes."""
