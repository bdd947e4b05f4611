"""XML as this project's messages use it: names, one hardened parser, data types of the standards."""
