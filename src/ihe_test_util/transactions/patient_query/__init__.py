"""What the queries for patients share: ITI-45, ITI-47, ITI-55 (ITI TF-2: 3.45, 3.47, 3.55)."""
