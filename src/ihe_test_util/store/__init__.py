"""The SQL under domain and journal."""
