"""Document sharing metadata as the domain sees them: views on ebRIM objects, and their data types."""
