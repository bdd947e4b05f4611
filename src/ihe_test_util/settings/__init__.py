"""Configuration in layers, checked once, with the source of every value: what server and client have in common."""
