"""A room a transaction, and the one table that lists them."""
