"""A room a transaction, each with its card; ``table`` lists them."""
