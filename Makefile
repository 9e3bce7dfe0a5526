# `make` lists what there is. Plain make and sh: this works with the make 3.81 and the BSD tools of macOS.
PYTHON ?= python3
BIN := .venv/bin
SETUP := @PYTHON="$(PYTHON)" sh setup.sh

.PHONY: help setup setup-dev repro back test lint ui requirements

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

setup:  ## .venv with all that the pipeline needs; another Python: PYTHON=python3.12 make setup
	$(SETUP) requirements.txt

setup-dev:  ## .venv with the tools for tests and checks, too
	$(SETUP) requirements-dev.txt

repro: setup  ## the whole pipeline, to reports/index.html
	@# What a kill left half-written; then settings and photos, as DVC reads the photos' folder before any stage, and
	@# hangs or says little where it cannot.
	@$(BIN)/python -m stages.mend
	@$(BIN)/python -m stages.check
	$(BIN)/dvc repro
	@# A store that cannot be reached is said, and is no failure of the pipeline.
	-@$(BIN)/python -m stages.record
	@echo "The report: reports/index.html"

# Named one by one: a plain `dvc checkout` would make data/raw, too, as data/raw.dvc says, and so delete photos that were
# added since. What stages left of variants that the commit does not have goes, as `compare` reads these folders.
back: setup  ## back to the last commit's settings, report and outputs; photos and code stay as they are
	git checkout --quiet HEAD -- params.yaml dvc.lock reports data/croissant.json
	git clean --quiet --force -d -x -- data/evaluations data/study data/visualisations
	$(BIN)/dvc checkout --force dvc.yaml

test: setup-dev lint  ## style, types, and all tests with the library's coverage
	$(BIN)/python -m pytest --cov=tenshots --cov-report=term --cov-fail-under=90

lint: setup-dev  ## style and types alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

ui: setup  ## MLflow's pages with every run; prints their address
	@$(BIN)/python -m stages.ui

COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv pip compile --quiet --no-config --universal \
    --python-version 3.11 --generate-hashes

requirements: setup-dev  ## the pinned files anew from requirements/*.in; present pins stay where they fit
	$(COMPILE) requirements/dev.in --output-file requirements-dev.txt
	@# The same versions in all three: what is tested is what runs.
	$(COMPILE) requirements/run.in --constraints requirements-dev.txt --output-file requirements.txt
	$(COMPILE) requirements/gpu.in --constraints requirements-dev.txt --output-file requirements-gpu.txt
