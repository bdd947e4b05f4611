"""How long a test waits for what takes no time where the machine has nothing else to do."""

#: Seconds. Only a test that fails waits so long: what hangs is told from what a starved machine is slow at.
PATIENCE_S = 90
