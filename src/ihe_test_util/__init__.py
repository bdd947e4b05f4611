"""A mock IHE domain to test against, and the client that submits to it."""

__version__ = "0.1.0"
