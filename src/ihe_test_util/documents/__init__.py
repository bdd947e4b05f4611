"""From a template and a patient to a clinical document."""
