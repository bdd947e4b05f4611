"""What a process of ours runs on: the event loop and the log file."""
