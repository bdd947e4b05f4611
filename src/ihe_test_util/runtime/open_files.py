"""How many files a process may have open: each connection of a server is one."""

import sys

if sys.platform == "win32":

    def allow_many_files() -> None:
        """Nothing to do: Windows has no such limit."""

else:
    import resource

    def allow_many_files() -> None:
        """Raise the limit that shells set low for the sake of old programs to the one that the system allows."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == hard:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # macOS says "unlimited" and allows no more than this (OPEN_MAX).
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 10240), hard))
