# What learners type. `make` turns every failure into exit status 2, so a script that needs to know a verdict calls ./er.
PYTHON ?= python3
ER := ./er
BOOTSTRAP = $(PYTHON) -I compose/bootstrap.py

.PHONY: help list triage setup setup-dev doctor check test verify cheats bench
.DEFAULT_GOAL := help

help:
	@echo "make lab-03     start lab 03 and see its symptom"
	@echo "make grade-03   grade your copy of lab 03"
	@echo "make hint-03    show the next hint;  also diff-03, reset-03, stop-03"
	@echo "make list       list the labs;  make triage: find a lab by its symptom"
	@echo "make doctor     check whether this machine can run labs"
	@echo "make test       run all tests;  make check: those that need no engine, in about a minute"
	@echo "make verify     grade the starter and each fix of every lab;  make cheats: grade every cheat"
	@echo "More: ./er --help"

lab-%:
	@$(BOOTSTRAP) --engine
	@$(ER) start $*

grade-%:
	@$(BOOTSTRAP) --engine
	@$(ER) grade $*

hint-% diff-% reset-% stop-%: setup
	@$(ER) $(firstword $(subst -, ,$@)) $*

list triage: setup
	@$(ER) $@

setup:
	@$(BOOTSTRAP)

setup-dev:
	@$(BOOTSTRAP) --dev

doctor: setup
	@$(ER) doctor

check: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/python tests/typecheck.py
	.venv/bin/lint-imports --no-logo
	$(ER) lint
	.venv/bin/zizmor --offline --quiet .github action.yml
	.venv/bin/pytest -q -n 2 -m "not engine and not cheats and not browser" --cov

test: check
	.venv/bin/pytest -m "engine or browser"

verify: setup
	$(ER) verify

cheats: setup-dev
	.venv/bin/pytest -m cheats

bench: setup-dev
	.venv/bin/python tests/bench.py
