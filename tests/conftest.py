"""What holds for every test."""

import signal

from hypothesis import HealthCheck, settings

# How long a machine takes, that does other work as well, is nothing a test may fail for.
settings.register_profile("at ease", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("at ease")

# What a shell runs in its background ignores Ctrl-C, and so would every command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
