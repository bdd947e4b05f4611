# Everything a developer or CI does, by one word. Needs Python 3.11+ and make; `make help` lists the words.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python -m

.PHONY: help demo test check format format-check typecheck contracts coverage bench docs lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# The lock pins every package by hash; pip checks them all before it installs one.
$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "# The packages of requirements.lock go into $(VENV); only the first time, and it may take a minute."
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "# The packages for tests and checks go into $(VENV); only the first time, and it may take a minute."
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime ## ten patients from a CSV file through the whole workflow, from nothing
	$(BIN)/python examples/demo.py

test: $(VENV)/.dev ## the environment and the complete test suite
	$(RUN) pytest -n 2 $(PYTEST_ARGS)

check: format-check typecheck contracts coverage ## format, lint, types, import contracts, tests with coverage

format: $(VENV)/.dev ## mend what ruff can mend
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

format-check: $(VENV)/.dev
	$(RUN) ruff format --check .
	$(RUN) ruff check .

typecheck: $(VENV)/.dev ## mypy --strict on source, tests and benchmarks
	$(RUN) mypy

contracts: $(VENV)/.dev ## imports point one way
	$(BIN)/lint-imports

coverage: $(VENV)/.dev ## the tests, with coverage
	$(RUN) pytest -n 2 --cov --cov-report=term --cov-fail-under=90 $(PYTEST_ARGS)

bench: $(VENV)/.dev ## the table of benchmarks/README.md
	$(BIN)/python benchmarks/run.py

docs: $(VENV)/.dev ## write again what is generated from the code: tables of rules, fields, causes and placeholders, JSON Schema
	$(RUN) ihe_test_util.mock_server.config_docs docs/mock-server-configuration.md
	$(RUN) ihe_test_util.mock_server.config_schema > docs/mock-server-configuration.schema.json.new
	mv docs/mock-server-configuration.schema.json.new docs/mock-server-configuration.schema.json
	$(RUN) ihe_test_util.client.config_docs docs/client-configuration.md
	$(RUN) ihe_test_util.client.config_schema > docs/client-configuration.schema.json.new
	mv docs/client-configuration.schema.json.new docs/client-configuration.schema.json
	$(RUN) ihe_test_util.client.failure_docs docs/troubleshooting.md
	$(RUN) ihe_test_util.documents.template_docs docs/ccd-templates.md
	$(RUN) ihe_test_util.cli.reference docs/cli.md
	$(RUN) ihe_test_util.cli.domain_docs docs/domain.md
	$(RUN) ihe_test_util.cli.query_docs docs/stored-queries.md

lock: ## pin again, after a change of dependencies (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* dist build
