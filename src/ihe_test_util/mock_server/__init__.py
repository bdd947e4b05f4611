"""The mock IHE domain as a server."""
