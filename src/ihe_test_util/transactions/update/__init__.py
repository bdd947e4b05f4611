"""What the two transactions that update metadata share: ITI-57 (Metadata Update) and ITI-92 (Restricted Update)."""
