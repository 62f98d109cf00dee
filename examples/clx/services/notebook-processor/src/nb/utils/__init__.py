"""Programming languages and notebooks."""
