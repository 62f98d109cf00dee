"""Turns course scripts into Jupyter notebooks."""
