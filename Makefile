# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
#
# `make PYTHON=python test` uses an environment of yours instead of making .venv.

PYTHON3 ?= python3.11
VENV ?= .venv
PYTHON ?= $(VENV)/bin/python
PYTEST_ARGS ?= -n 2
ENV_STAMP := $(VENV)/.installed
REQUIREMENTS := $(addprefix requirements/,pinned.txt unpinned.txt pinned-nodeps.txt runtime.txt)

# Only the environment made here is (re)made on demand.
ifeq ($(PYTHON),$(VENV)/bin/python)
NEEDS_ENV := $(ENV_STAMP)
endif

# Minutes of pip: its bars on a terminal, nothing in the log of a machine.
PIP_INSTALL = $(VENV)/bin/python -m pip install $(shell [ -t 2 ] || echo --quiet)

# An environment of yours may lack what builds the documentation.
NEEDS_SPHINX = @$(PYTHON) -c 'import furo, myst_parser, sphinx' 2>/dev/null || \
	$(PYTHON) -m pip install --quiet --requirement requirements/docs.txt

export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help env test lint format docs linkcheck quickstart demo package clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

env: $(ENV_STAMP)  ## Make .venv with the tested versions (PYTHON3=python3 for another Python)

$(ENV_STAMP): $(REQUIREMENTS) setup.py
	@echo 'Making the environment in $(VENV), once: about 3 minutes, 0.6 GB to download (more where pip'
	@echo 'chooses a torch for CUDA), 2.2 GB of disk.'
	@$(PYTHON3) -m venv $(VENV)
	@echo '1 of 3: torch, and what is on the package index ready to run'
	@case "$$($(PYTHON3) -c 'import sys; print(*sys.version_info[:2])')" in \
		"3 11") $(PIP_INSTALL) --requirement requirements/pinned.txt;; \
		*) $(PIP_INSTALL) --requirement requirements/unpinned-build.txt && \
			$(PIP_INSTALL) --no-build-isolation --requirement requirements/unpinned.txt;; esac
	@echo '2 of 3: MMPose and its family'
	@$(PIP_INSTALL) --no-deps --requirement requirements/pinned-nodeps.txt
	@echo '3 of 3: mmposeaug itself'
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@$(VENV)/bin/python -m mmposeaug.compat > $(VENV)/environment.txt
	@echo 'The environment can be used; $(VENV)/environment.txt lists what is in it.'
	@touch $@

test: $(NEEDS_ENV)  ## Run all tests
	$(PYTHON) -m pytest $(PYTEST_ARGS)

lint: $(NEEDS_ENV)  ## Check style (ruff) and types (mypy)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

format: $(NEEDS_ENV)  ## Put all files into the style that lint checks
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

# All anew: a page that has not changed would keep its old sidebar, and its warnings would not return.
SPHINX = $(PYTHON) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --write-all \
	--conf-dir docs --doctree-dir build/doctrees

docs: $(NEEDS_ENV)  ## Build the documentation as a site in build/docs; a warning fails
	$(NEEDS_SPHINX)
	$(SPHINX) . build/docs
	@echo build/docs/index.html

linkcheck: $(NEEDS_ENV)  ## Ask the network whether the documentation's links to other sites work
	$(NEEDS_SPHINX)
	$(SPHINX) --builder linkcheck . build/linkcheck

quickstart: $(NEEDS_ENV)  ## Make data, train with and without PoseAug, compare, draw
	$(PYTHON) tools/quickstart.py

demo: $(NEEDS_ENV)  ## Lift a sample of 2D keypoints with the included lifter, for a page to look at
	$(PYTHON) demo/lift_keypoints_demo.py demo/resources/two_people_coco.json \
		--image-size 1280 720 --focal 1000 --fps 25 --out-dir work_dirs/demo

package: $(NEEDS_ENV)  ## Build sdist and wheel in dist/, and use the wheel in an environment of its own
	rm -rf dist && mkdir dist
	$(PYTHON) -m build --no-isolation --outdir dist . >dist/build.log 2>&1 || (cat dist/build.log; false)
	.ci/use_package dist/*.whl $(PYTHON3)

clean:  ## Remove the environment, caches and build results
	rm -rf $(VENV) build dist *.egg-info mmposeaug/.mim .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
