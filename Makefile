PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test lint bench clean

train: .venv/installed  ## train the network of configs/loglik.yaml; make train ARGS="--overwrite seed=1"
	$(BIN)/python scripts/train.py --config configs/loglik.yaml $(ARGS)

test: .venv/installed-test  ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/installed-test  ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/installed  ## seconds an epoch against the floor
	$(BIN)/python -m benchmarks.speed $(ARGS)

clean:
	rm -rf .venv

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $@
