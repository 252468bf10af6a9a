# make demo    segment a sample image in a real ImageJ and show where the result is
# make test    everything, without GPU and without a display
# make bench   the figures of benchmarks/README.md, beside their goals
# make check   lint, types, layers and unit tests, in about a minute
# make soak    thousands of kills of the engine and of ImageJ, and of calls; hours (TRIALS=2000)
# make fuzz    hostile lines from both sides; hours (EXAMPLES=200000)
.PHONY: env oracle plugin demo imagej check test bench soak fuzz lock help
.DEFAULT_GOAL := help

SHELL   := /bin/bash
PYTHON  ?= python3
VENV    := .venv
PY      := $(VENV)/bin/python
PIP     := $(PY) -m pip --disable-pip-version-check
ORACLE  := .venv-oracle
VERSION := 0.1.0
JAR     := dist/Drua_-$(VERSION).jar
WHEEL   := python_engine/dist/drua-$(VERSION)-py3-none-any.whl
PINS    := python_engine/drua/pins
IMAGEJ  := fiji_plugin/target/imagej
IMAGE   ?= models/nuclei-fluorescence/sample/nuclei-sample.tif
MVN     := mvn -q -B
TRIALS  ?= 2000
EXAMPLES ?= 200000

export DRUA_PYTHON := $(CURDIR)/$(PY)

help:
	@grep -E '^# make' Makefile | cut -c3-

env: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml $(PINS)/cpu.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo 'Python 3.10 or newer is needed; set PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'Python has no venv module: apt-get install python3-venv'; exit 1; }
	@echo 'Making the Python environment in $(VENV) (a few minutes the first time) ...'
	@$(PYTHON) -m venv $(VENV)
	@# The wheels are kept: tests make the plugin's own environment from them.
	@$(PIP) download -q --no-deps --only-binary :all: -d $(VENV)/wheels -r $(PINS)/cpu.txt
	@$(PIP) install -q --no-deps --no-index --find-links $(VENV)/wheels -r $(PINS)/cpu.txt
	@$(PIP) install -q -c $(PINS)/cpu.txt -e '.[cpu,fiji,dev]'
	@touch $@

# Only the tests need PyTorch: TorchScript, state dicts and conversions. It weighs 6 GB.
$(VENV)/.torch: $(PINS)/torch.txt | $(VENV)/.complete
	@echo 'Installing PyTorch for the tests (a few minutes the first time) ...'
	@$(PIP) install -q --no-deps -r $(PINS)/torch.txt
	@touch $@

oracle: $(ORACLE)/.complete

# The reference implementation of the format, which the tests compare with: see docs/decisions/0012
$(ORACLE)/.complete: tests/oracle/requirements.txt
	@echo 'Making the environment of the reference in $(ORACLE) ...'
	@$(PYTHON) -m venv $(ORACLE)
	@$(ORACLE)/bin/python -m pip --disable-pip-version-check install -q --no-deps -r tests/oracle/requirements.txt
	@touch $@

plugin: $(JAR)

# The engine travels in the jar, so that the two always fit.
$(WHEEL): pyproject.toml LICENSE $(shell git ls-files python_engine models 2>/dev/null) | $(VENV)/.complete
	@echo 'Building the wheel of the engine ...'
	@rm -rf $(@D) && $(PIP) wheel -q --no-deps -w $(@D) . && touch $@

$(JAR): pom.xml fiji_plugin/pom.xml $(WHEEL) $(shell find fiji_plugin/src/main -type f)
	@command -v mvn >/dev/null || { echo 'Maven is missing: apt-get install maven openjdk-17-jdk'; exit 1; }
	@echo 'Building the plugin ...'
	@$(MVN) package -DskipTests -Dspotless.check.skip=true
	@mkdir -p dist && rm -f dist/Drua_-*.jar && cp fiji_plugin/target/Drua_-$(VERSION).jar $(JAR)

demo: env plugin
	@mkdir -p demo-output
	@java -Djava.awt.headless=true -cp '$(IMAGEJ)/ij-1.54p.jar:$(JAR)' io.github.drua.command.MacroHost \
	    macros/segment_nuclei.ijm "$$(realpath -- '$(IMAGE)')|$(CURDIR)/demo-output"
	@echo 'The results are in $(CURDIR)/demo-output:' && ls demo-output

imagej: env plugin
	@[ -n "$$DISPLAY" ] || { echo 'There is no display; on a server try: xvfb-run make imagej'; exit 1; }
	@mkdir -p $(IMAGEJ)/plugins && cp $(JAR) $(IMAGEJ)/plugins/
	@java -Dplugins.dir='$(IMAGEJ)' -cp '$(IMAGEJ)/ij-1.54p.jar' ij.ImageJ "$$(realpath -- '$(IMAGE)')"

check: env
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache | tail -3
	@$(MVN) spotless:check
	@$(PY) -m pytest -q tests/unit tests/properties tests/contract tests/protocol

test: check plugin oracle $(VENV)/.torch
	@tests/with_display.sh $(MVN) verify
	@tests/with_display.sh $(PY) -m pytest -q tests/store tests/bridge tests/fuzz tests/models tests/training tests/oracle tests/fiji

soak: env plugin
	@$(MVN) test -Dtest='KilledWorkerTest,CancelTrialsTest' -Ddrua.trials=$(TRIALS)
	@DRUA_TRIALS=$(TRIALS) $(PY) -m pytest -q -s --timeout=0 tests/fiji/test_killed_imagej.py tests/fiji/test_many_calls.py

fuzz: env plugin
	@$(MVN) test -Dtest='Spoiled*Test' -Ddrua.fuzz=$(EXAMPLES)
	@DRUA_FUZZ_EXAMPLES=$(EXAMPLES) $(PY) -m pytest -q -s --timeout=0 tests/fuzz

# What the plugin's own environment gets, for every Python and system; run it to move on to newer releases.
lock:
	@command -v uv >/dev/null || { echo 'uv is missing: pip install uv'; exit 1; }
	@for build in cpu nvidia; do \
	    uv pip compile -q --upgrade --universal --python-version 3.10 --no-header --no-annotate \
	        --extra $$build pyproject.toml -o $(PINS)/$$build.txt || exit 1; done
	@uv pip compile -q --upgrade --universal --python-version 3.10 --no-header --no-annotate \
	    --extra cpu --extra torch -c $(PINS)/cpu.txt pyproject.toml -o $(PINS)/torch.txt

bench: env plugin oracle $(VENV)/.torch
	@missed=0; for script in benchmarks/*.py; do $(PY) $$script || missed=1; done; exit $$missed
