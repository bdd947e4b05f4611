"""SOAP 1.1 and 1.2, WS-Addressing, MTOM/XOP: bytes of a message to its parts and back."""
