# Two commands do all their own set-up: `make demo` and `make test`.
# PYTHON    an interpreter of Python 3.11
# CONFIG    settings of a run; none for data of your own: what is waived there is yours to say
# GROOVE_RAW, GROOVE_DATA, GROOVE_WORKERS: see groove_dagster/settings.py
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# What runs make below the data root; your own files there are left alone.
MADE   := tables blobs journal mlflow releases dagster spill warehouse.duckdb raw/demo
DEFS   := groove_dagster.definitions
CONFIG ?= $(if $(GROOVE_RAW),,configs/demo.yaml)
export GROOVE_DATA ?= data
# Dagster takes dagster.yaml from this folder unless DAGSTER_HOME says otherwise.
export PYTHONUNBUFFERED := 1

.PHONY: setup demo test check dev mlflow page bench clean

setup: $(STAMP)

# The lock is complete, so nothing is resolved; torch alone is, because its dependencies
# differ by platform (on Linux, name PyTorch's CPU wheel index in PIP_EXTRA_INDEX_URL to
# avoid the CUDA libraries). Python compiles what it imports when it does: most files never are.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -c requirements.lock "$$(grep '^torch==' requirements.lock)"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m groove.audio.compiled
	touch $@

demo: setup
	mkdir -p $(GROOVE_DATA)
	@# The summary is shown after a failed run, too: it says what there is and what is missing.
	status=0; $(BIN)/dagster asset materialize --select '*' -m $(DEFS) $(if $(CONFIG),-c $(CONFIG)) || status=$$?; \
	$(BIN)/python -m groove_dagster.summary && exit $$status

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate -m $(DEFS)

test: check
	$(BIN)/pytest -n 2 --dist loadgroup

dev: setup
	mkdir -p $(GROOVE_DATA)
	$(BIN)/dagster dev -w workspace.yaml

mlflow: setup
	$(BIN)/mlflow server --backend-store-uri sqlite:///$(abspath $(GROOVE_DATA))/mlflow/mlflow.db --host 127.0.0.1 --port 5000

page: setup
	$(BIN)/groove phase page --open

bench: setup
	$(BIN)/python -m benchmarks.run

clean:
	rm -rf $(foreach made,$(MADE),$(GROOVE_DATA)/$(made))
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
