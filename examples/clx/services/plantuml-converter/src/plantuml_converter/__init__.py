"""Turns PlantUML diagrams into images."""
