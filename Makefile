# Two commands, each self-sufficient: `make demo` and `make test`. They need Python 3.10 to 3.13, make and PyPI.

VENV ?= .venv
EXTRAS ?= dev,demo,jax
WORKERS ?= 4

BIN := $(VENV)/bin
SET_UP := $(VENV)/.set-up
BEGAN := $(shell date +%s)

export PYTHON
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help set-up demo test slow lint docs

help:
	@echo "make demo    train, quantize, export and prove the MNIST network (pipelines/mnist)"
	@echo "make test    the tests, without the slow ones"
	@echo "make slow    the slow tests"
	@echo "make lint    ruff, formatting, types"
	@echo "make docs    write docs/cli.md from the printed help, docs/rounding-atlas.md from the ops, docs/widths.md from runs"
	@echo "PYTHON=... chooses the interpreter of a new $(VENV)"

set-up: $(SET_UP)

$(SET_UP): pyproject.toml .ci/setup
	@sh .ci/setup $(VENV) $(EXTRAS)

# A run that was killed goes on where it was; a finished one starts again.
demo: $(SET_UP)
	$(BIN)/tfq train pipelines/mnist $$(test ! -e runs/mnist/metrics.json || echo --fresh)
	$(BIN)/tfq export runs/mnist
	@echo; cat runs/mnist/table.txt
	@read began seconds <$(SET_UP); test $$began -ge $(BEGAN) || seconds=0; \
	 echo "demo: $$(($$(date +%s) - $(BEGAN))) s, of which set-up $$seconds s"

test: $(SET_UP)
	$(BIN)/pytest -q --numprocesses=auto --maxprocesses=$(WORKERS)

slow: $(SET_UP)
	$(BIN)/pytest -q -m slow

lint: $(SET_UP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(SET_UP)
	$(BIN)/python -m tfq.cli.docs > docs/cli.md
	$(BIN)/python -m tfq.ops.atlas > docs/rounding-atlas.md
	$(BIN)/python -m tests.qat.widths > docs/widths.md
	$(BIN)/python -m tests.coverage.table
