"""The stored queries of a document registry: what each asks for, and how it is answered (ITI TF-2: 3.18.4.1.2.3.7)."""
