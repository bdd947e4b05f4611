"""A file of patients through the whole workflow: documents made, patients registered, documents submitted."""
