"""What the three messages of ITI-44 share: model, reader, writer, rules, acknowledgement (ITI TF-2: 3.44)."""
