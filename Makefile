# VPNs Studio: set up, run, test. On Windows: see README.md for the same in plain command lines.
# Works with GNU make (3.81 and later) and with BSD make.

# tried in this order; the first one that is 3.11 or later is taken
PYTHON = python3.13 python3.12 python3.11 python3
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
# tests at a time; each takes up to 3 GB
JOBS = 2
CASES = tests/conformance/cases

help:
	@echo 'make run           set up (once) and open the window'
	@echo 'make test          set up (once), then lint and run every test without a display'
	@echo 'make test-all      the same, and the networks of more than 150 M weights (wants 24 GB of memory)'
	@echo 'make lint          ruff, mypy and the import contracts'
	@echo 'make bench         time of an iteration, pictures read a second; time to the first picture of each view'
	@echo 'make conformance   replay recorded cases (CASES="FOLDER FOLDER": other ones, below these folders)'
	@echo 'make screenshots   draw the pictures of the README'
	@echo 'make wheel         build the wheel and the source archive in dist/'
	@echo 'make wheel-check   install the wheel in a fresh environment and use it there'
	@echo 'make clean         remove the environment and everything built'

run: $(VENV)/for-run
	$(BIN)/python -m vpns_gui

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-all: lint
	$(BIN)/python -m pytest -m ''

lint: $(VENV)/for-tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/for-tests
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_pictures

conformance: $(VENV)/for-tests
	$(BIN)/python -m tests.conformance $(CASES)

screenshots: $(VENV)/for-tests
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.gui.screenshots

wheel: $(VENV)/for-tests
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist

wheel-check: wheel
	$(BIN)/python -m tests.architecture.wheel_check dist

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find vpns_engine vpns_gui tests resources -name __pycache__ -type d -prune -exec rm -rf {} +

# installed again only when pyproject.toml has changed
$(VENV)/for-run: $(BIN)/python pyproject.toml
	@echo 'Installing (once; PyTorch alone is some gigabytes) ...'
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(PIP) install --editable .
	@touch $(VENV)/for-run

$(VENV)/for-tests: $(BIN)/python pyproject.toml
	@echo 'Installing (once; PyTorch alone is some gigabytes) ...'
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(PIP) install --editable '.[dev]'
	@touch $(VENV)/for-run $(VENV)/for-tests

$(BIN)/python:
	@bare=; for python in $(PYTHON); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	        if "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	            echo "Making $(VENV) with $$python ..."; \
	            "$$python" -m venv --clear $(VENV) && exit 0; \
	            exit 1; \
	        fi; \
	        bare="$$python"; \
	    fi; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "$$bare cannot make virtual environments: on Debian and Ubuntu install python3-venv (sudo apt-get install python3-venv)" >&2; \
	else \
	    echo 'Python 3.11 or later is needed, and none of these is: $(PYTHON)' >&2; \
	    echo 'Install it (https://www.python.org/downloads/), or name one: make run PYTHON=/path/to/python3' >&2; \
	fi; \
	exit 1

.PHONY: help run test test-all lint bench conformance screenshots wheel wheel-check clean
