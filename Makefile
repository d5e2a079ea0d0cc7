# `make` lists the targets. Each works on its own in a fresh clone: Python >= 3.11, make and a C compiler are enough.

.DEFAULT_GOAL := help
.PHONY: help demo test check calibrate bench bench-guard new docs build wheel clean

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
KERNELS := src/riata/kernels

# pip, where meson and ninja must be found on PATH: they live in the environment.
BUILD := PATH="$(CURDIR)/$(BIN):$$PATH" $(PY) -m pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/built ## the main job on a real data set; leaves its files in demo-output/
	@$(BIN)/riata demo --out demo-output

test: $(VENV)/built ## every test (some 15 minutes on 2 cores); reasons of skips are printed
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/built $(VENV)/dev ## lint, format, types, import layers (under a minute)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(PY) -m pytest -q tests/surfaces/test_imports.py

bench: $(VENV)/built ## times against other libraries, at the same accuracy; NAME=<problem> for one of them (two to three hours for all)
	@$(PY) -m benchmarks.run $(NAME) $(ARGS)
	@$(PY) -m tools.readme

bench-guard: $(VENV)/built ## counted work on fixed problems against what is committed; ARGS=--write takes the new counts
	@OPENBLAS_NUM_THREADS=1 $(PY) -m benchmarks.guard $(ARGS)

calibrate: $(VENV)/built ## simulate the error rates that methods promise (some 10 minutes); NAME=<study> for one of them
	@OPENBLAS_NUM_THREADS=1 $(PY) -m calibration.run $(NAME)

new: $(VENV)/built ## a file from a template; KIND=rule|loss|penalty|library|problem NAME=<word>
	@$(PY) -m tools.new "$(KIND)" "$(NAME)"

docs: $(VENV)/built ## write what is generated: README's measured table, the source map, the tables of penalties and of calibration
	@$(PY) -m tools.readme
	@$(PY) -m tools.source_map
	@$(PY) -m tools.penalty_table
	@$(PY) -m tools.calibration_table

build: $(VENV)/installed ## compile again, reading the kernels folder afresh
	@touch $(KERNELS)/meson.build
	@$(PY) -c "import riata"
	@touch $(VENV)/built

wheel: $(VENV)/installed ## a wheel in dist/
	@$(BUILD) wheel . --no-deps --no-build-isolation -w dist

clean: ## remove all that make made
	rm -rf $(VENV) build dist demo-output .pytest_cache .ruff_cache .mypy_cache .hypothesis

# --- how the environment comes to be; each file is a stamp ------------------------------------------------------------

# Any Python 3 can run the preflight, which then looks for the newest suitable one.
$(VENV)/made: tools/preflight.py
	@for any in python3 python3.14 python3.13 python3.12 python3.11 python "$(PYTHON)"; do \
	  if "$$any" -c "" 2>/dev/null; then found="$$any"; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "riata needs Python 3.11 or newer and no working python3 was found on PATH: install one (python.org, your package manager, or uv)" >&2; \
	  exit 2; fi; \
	chosen=$$("$$found" tools/preflight.py $(PYTHON)) || exit 2; \
	echo "making $(VENV) with $$chosen" >&2; \
	rm -rf $(VENV); "$$chosen" -m venv $(VENV) && $(PY) -m pip install -q --upgrade "pip>=24" && touch $@

# An editable install compiles on import whatever has changed since: see "build" for the one exception.
$(VENV)/installed: $(VENV)/made pyproject.toml meson.build
	@echo "building and installing riata (a minute or two the first time)" >&2
	@$(PY) -m pip install -q ninja $$($(PY) tools/requires.py)
	@$(BUILD) install -q --no-build-isolation --config-settings=build-dir=$(VENV)/build -e '.[table,plot,onnx,test]'
	@touch $@ $(VENV)/built

$(VENV)/built: $(VENV)/installed $(wildcard $(KERNELS)/*.pyx) $(KERNELS)/meson.build
	@touch $(KERNELS)/meson.build
	@$(PY) -c "import riata"
	@touch $@

$(VENV)/dev: $(VENV)/installed
	@$(PY) -m pip install -q $$($(PY) tools/requires.py dev)
	@touch $@
