# `make` lists what there is. Plain make and sh: this works with the make 3.81 and the BSD tools of macOS.
PYTHON ?= python3
BIN := .venv/bin
SETUP := @sh setup.sh
export PYTHON WHEELS

.PHONY: help setup setup-dev wheels repro back test lint prove ui requirements

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

setup:  ## .venv with all that the pipeline needs; another Python: PYTHON=python3.12 make setup
	$(SETUP) requirements.txt

setup-dev:  ## .venv with the tools for tests and checks, too
	$(SETUP) requirements-dev.txt

wheels:  ## fills a folder (WHEELS=folder, or else wheels) for machines without a network: make setup WHEELS=folder
	$(SETUP) --wheels

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
	@# Else DVC would remove what it has no other copy of, and then fail.
	@$(BIN)/python -m stages.back
	git clean --quiet --force -d -x -- data/evaluations data/study data/visualisations
	$(BIN)/dvc checkout --force dvc.yaml

test: setup-dev lint  ## style, types, and all tests with the library's coverage
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov=tenshots --cov-report=term --cov-fail-under=90

lint: setup-dev  ## style and types alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

prove: setup-dev  ## the same bytes on imitated processors and in other surroundings: 12 small runs, 25 minutes of processor time
	$(BIN)/python -m benchmarks.prove

ui: setup  ## MLflow's pages with every run; prints their address
	@$(BIN)/python -m stages.ui

# `fewest`: one version of a package for all Pythons, so that two students compute with the same.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv pip compile --quiet --no-config --no-python-downloads
PIN := $(COMPILE) --universal --python-version 3.11 --fork-strategy fewest --generate-hashes
# All of these must have a wheel of each pin, but for the one package that is published as source only.
FIT := $(COMPILE) --no-deps --only-binary :all: --no-binary antlr4-python3-runtime --output-file /dev/null
LINUX := x86_64-manylinux_2_28 aarch64-manylinux_2_28
MACOS := aarch64-apple-darwin

requirements: setup-dev  ## the pinned files anew from requirements/*.in; present pins stay where they fit
	$(PIN) requirements/dev.in --output-file requirements-dev.txt
	@# The same versions in all: what is tested is what runs.
	$(PIN) requirements/run.in --constraints requirements-dev.txt --output-file requirements.txt
	$(PIN) requirements/gpu.in --constraints requirements-dev.txt --output-file requirements-gpu.txt
	$(PIN) requirements/wheels.in --constraints requirements-dev.txt --output-file requirements/wheels.txt
	@for python in 3.11 3.12 3.13; do \
	    for platform in $(LINUX) $(MACOS); do \
	        $(FIT) --python-version $$python --python-platform $$platform requirements-dev.txt || exit 1; \
	    done; \
	    for platform in $(LINUX); do \
	        $(FIT) --python-version $$python --python-platform $$platform requirements-gpu.txt || exit 1; \
	    done; \
	done
