"""The document registry of the affinity domain: what it holds, and what registering, updating and removing do to it."""
