"""What the XDS transactions share: the rules on metadata, the response of a registry or repository."""
