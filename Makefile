# Two commands matter: `make release` and `make test`. Both set everything up by themselves.
PYTHON ?= python3
SPEC ?= examples/fraud-scorer
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all:
T ?= tests
SLOW ?=
# A process of tests that ends all at once is a failure, and named; xdist's scheduler by scope would wait for ever.
# What takes longest comes first, and not the modules of many tests (tests/fakes/groups.py).
PYTEST := $(BIN)/python -m pytest -q --dist loadgroup --no-loadscope-reorder --max-worker-restart 0
# Tests wait (for services, for time to pass) about as long as they compute.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo $$n || echo 4)

.DEFAULT_GOAL := help
.PHONY: help release test test-slow bench evidence twobuilders engine registry validators check lint types format lock docs schema clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

release: $(VENV)/tool ## Release SPEC (default: examples/fraud-scorer), or one VARIANT of it
	$(BIN)/twinbuild release $(SPEC) $(if $(VARIANT),--variant $(VARIANT))

test: $(VENV)/dev ## Run the tests (T=path to choose)
	$(PYTEST) -n $(WORKERS) -m "not slow" $(T)

# In their order: a shuffled one would set up again and again what parametrized tests of a module share. Of all modules
# only those that have any: each process reads all that it is given.
test-slow: $(VENV)/dev ## Run the tests that take minutes or compare with other tools
	$(PYTEST) -n 4 -p no:randomly --durations 25 -m slow $(or $(shell grep -rlw slow --include='test_*.py' $(T) | sort),$(T))

bench: $(VENV)/dev ## Compare speed with BuildKit (needs root, or a Docker Engine with BuildKit 0.13 and DOCKER_HOST)
	@[ -n "$$DOCKER_HOST" ] || eval "$$(tools/docker-engine start)"; \
	  $(BIN)/python tools/bench.py --rounds 3 --markdown bench.md --json bench.json

evidence: $(VENV)/dev ## Measure and print the figures that the promises rest on
	$(BIN)/python tools/evidence.py

twobuilders: $(VENV)/dev ## Build each example four times, with the assembler and with BuildKit, and print the digests
	@[ -n "$$DOCKER_HOST" ] || eval "$$(tools/docker-engine start)"; $(BIN)/python tools/twobuilders.py

engine: ## Start a Docker Engine from Debian's packages (root), and say how to use it
	@tools/docker-engine start

registry: ## Start a registry on the loopback (Debian's docker-registry), and say how to use it
	@tools/registry start

check: lint types test ## Lint, types and tests

lint: $(VENV)/dev ## Linters and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/dev ## mypy --strict
	$(BIN)/mypy

format: $(VENV)/dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev ## Lock the project's own environments (UPGRADE=1: the newest of everything)
	$(BIN)/python tools/lock_environments.py $(if $(UPGRADE),--upgrade)

docs schema: $(VENV)/tool ## Write the generated pages and the JSON Schema
	$(BIN)/python tools/write_docs.py

validators: $(VENV)/dev ## Fetch what others publish and the tests use: validators, what drives a browser (needs npm)
	tools/schemas/fetch
	tools/browser/fetch

clean: ## Remove what was made here (the store stays)
	rm -rf $(VENV) dist examples/*/dist .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "twinbuild needs Python 3.11 or newer, and $(PYTHON) is older or missing: make PYTHON=python3.12 release" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot make a virtual environment: install python3-venv (Debian, Ubuntu)" >&2; exit 1; }

$(VENV)/tool: $(VENV)/bin/python lockfiles/tool.txt pyproject.toml
	$(PIP) -r lockfiles/tool.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# Not compiled ahead: of much that lies there nothing is ever imported.
$(VENV)/dev: $(VENV)/tool lockfiles/dev.txt lockfiles/rego.txt
	$(PIP) --no-compile -r lockfiles/dev.txt -r lockfiles/rego.txt
	@touch $@
