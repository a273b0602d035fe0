PYTHON ?= python3
BIN := .venv/bin
# test,oracle adds PyTorch, with which some tests compare gradients; test,dask a cluster, on which others train
EXTRAS ?= test

.PHONY: train test lowest lint bench docs cheatsheet dist size clean

train: .venv/installed  ## train the network of configs/loglik.yaml; make train ARGS="--overwrite seed=1"
	$(BIN)/python scripts/train.py --config configs/loglik.yaml $(ARGS)

test: .venv/installed-$(EXTRAS)  ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

lowest: .venv-lowest/installed  ## the fast tests on the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -m "not slow" $(ARGS)

lint: .venv/installed-$(EXTRAS)  ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/installed-bench  ## speed beside other libraries, how it grows with size, and docs/performance.md
	$(BIN)/python -m benchmarks.speed --json docs/performance_speed.json $(ARGS)
	$(BIN)/python -m benchmarks.scaling --json docs/performance_scaling.json
	$(BIN)/python -m benchmarks.page

docs: .venv/installed-docs  ## the site, into build/docs; it works without a network
	$(BIN)/python -m sphinx -W --keep-going -q -b html -c docs . build/docs

CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
cheatsheet: docs  ## one page on paper, build/cheatsheet.pdf; needs Chromium
	$(CHROMIUM) --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=build/cheatsheet.pdf \
		build/docs/docs/cheatsheet.html

dist: .venv/installed-$(EXTRAS)  ## the wheel and the source archive, into dist/
	$(BIN)/python -m hatchling build

size: dist  ## what the wheel installs, and how large it is
	$(PYTHON) -m venv --clear build/installed
	build/installed/bin/python -m pip install --quiet --no-compile dist/*.whl
	build/installed/bin/python -m benchmarks.installed

clean:
	rm -rf .venv .venv-lowest

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -e .
	touch $@

.venv-lowest/installed: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct \
		-e '.[test,onnx,dask]'
	touch $@

.venv/installed-bench: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	touch $@

.venv/installed-docs: .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[docs]'
	touch $@

.venv/installed-$(EXTRAS): .venv/installed
	$(BIN)/python -m pip install --quiet -e '.[$(EXTRAS)]'
	touch $@
