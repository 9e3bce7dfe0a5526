# `make` lists what there is. Plain make and sh: this works with the make 3.81 and the BSD tools of macOS.
PYTHON ?= python3
BIN := .venv/bin
SETUP := @sh setup.sh
export PYTHON WHEELS

.PHONY: help setup setup-dev wheels repro quick preset back test coverage lint style prove ui requirements

help:  ## shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

setup:  ## makes .venv with all that the pipeline needs; for another Python: PYTHON=python3.12 make setup
	$(SETUP) requirements.txt

setup-dev:  ## the same, with the tools for tests and checks
	$(SETUP) requirements-dev.txt

wheels:  ## downloads all packages to a folder (WHEELS=folder, else wheels); without a network: make setup WHEELS=folder
	$(SETUP) --wheels

repro: setup  ## runs the whole pipeline, the cheapest answer first, up to reports/index.html
	@# First what a kill left half-written, then settings and photos: DVC reads the photos' folder before any stage, and
	@# hangs or says little if it cannot.
	@$(BIN)/python -m stages.mend
	@$(BIN)/python -m stages.check
	@# As `dvc repro` does, which promises no order: here the cheapest variant comes first.
	@$(BIN)/python -m stages.answers
	@# If the store cannot be reached, a line says so; the pipeline has not failed.
	-@$(BIN)/python -m stages.record
	@echo "The report: reports/index.html"

quick: setup  ## runs every stage on a few photos, in about a minute, to see that all works; results stay as they are
	@$(BIN)/python -m stages.check
	@$(BIN)/python -m stages.quick

# Make hands on what stands in its command line, so the shell reads neither of the two as code.
preset: setup  ## runs an experiment of the lectures in a folder of its own: make preset NAME=mnist-dense PHOTOS=folder
	@$(BIN)/python -m stages.preset "$$NAME" --photos "$$PHOTOS" $(if $(TRIAL),--trial)

# Named one by one: a plain `dvc checkout` would also reset data/raw to data/raw.dvc, and so delete photos that were
# added since. Outputs of variants that the commit does not have are removed, because `compare` and `visualise` read these
# folders whole.
back: setup  ## restores the last commit's settings, report and outputs; photos and code stay as they are
	@# DVC writes git's index, after which git may take another file of the same length and second for the same.
	@git ls-files -z params.yaml dvc.lock reports data/croissant.json | xargs -0 touch
	git checkout --quiet HEAD -- params.yaml dvc.lock reports data/croissant.json
	@# Otherwise DVC would remove outputs of which it has no other copy, and then fail.
	@$(BIN)/python -m stages.back
	git clean --quiet --force -d -x -- data/evaluations data/models data/study
	$(BIN)/dvc checkout --force dvc.yaml
	@echo "Settings, report and outputs are those of $$(git log -1 --format='%h, %s')"

TESTS := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test: setup-dev style  ## checks style and types, and runs all tests
	@# Types are checked while the tests begin: on one core of several, for half a minute.
	@$(BIN)/mypy & types=$$!; $(TESTS) --durations=25; tests=$$?; \
	    wait $$types || { echo "mypy has found what the tests have not: make lint"; exit 1; }; exit $$tests

coverage: setup-dev  ## runs all tests, and says which lines of the library none of them reaches; takes a third longer
	$(TESTS) --cov=tenshots --cov-report=term --cov-fail-under=90

lint: style  ## checks style and types only
	$(BIN)/mypy

style: setup-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

prove: setup-dev  ## are the bytes the same on imitated processors and in other surroundings? 12 small runs, half an hour of processor time
	$(BIN)/python -m benchmarks.prove

ui: setup  ## serves MLflow's pages with every run, and prints their address
	@$(BIN)/python -m stages.ui

# `fewest`: one version of each package for all Pythons, so that all students compute with the same.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/uv pip compile --quiet --no-config --no-python-downloads
PIN := $(COMPILE) --universal --python-version 3.11 --fork-strategy fewest --generate-hashes
# Each of these platforms must have a wheel for every pin, except for the one package published as source only.
FIT := $(COMPILE) --no-deps --only-binary :all: --no-binary antlr4-python3-runtime --output-file /dev/null
LINUX := x86_64-manylinux_2_28 aarch64-manylinux_2_28
MACOS := aarch64-apple-darwin

requirements: setup-dev  ## recompiles the pinned files from requirements/*.in; keeps present pins that still fit
	$(PIN) requirements/dev.in --output-file requirements-dev.txt
	@# The same versions in all files: what is tested is what runs.
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
