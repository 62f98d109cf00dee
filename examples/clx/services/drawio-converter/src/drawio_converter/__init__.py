"""Turns draw.io drawings into images."""
