"""``python -m ihe_test_util``: the command line."""

from ihe_test_util.cli.main import run

if __name__ == "__main__":
    run()
