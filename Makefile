# What learners type. `make` turns every failure into exit status 2, so a script that needs to know a verdict calls ./er.
PYTHON ?= python3
ER := .venv/bin/er

.PHONY: help setup doctor check test verify cheats bench
.DEFAULT_GOAL := help

help:
	@echo "make lab-03     start lab 03 and see its symptom"
	@echo "make grade-03   grade your copy of lab 03"
	@echo "make doctor     check whether this machine can run labs"
	@echo "make test       run all tests;  make check: those that need no engine, in about a minute"
	@echo "make verify     grade the starter and each fix of every lab;  make cheats: grade every cheat"
	@echo "More: ./er --help"

lab-%:
	@$(PYTHON) compose/bootstrap.py --engine
	@$(ER) start $*

grade-%:
	@$(PYTHON) compose/bootstrap.py --engine
	@$(ER) grade $*

setup: .venv/.ready

doctor: .venv/.ready
	@$(ER) doctor

check: .venv/.ready-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/python tests/typecheck.py
	.venv/bin/lint-imports --no-logo
	$(ER) lint
	.venv/bin/zizmor --offline --quiet .github action.yml
	.venv/bin/pytest -q -n 2 -m "not engine and not cheats and not browser" --cov

test: check
	.venv/bin/pytest -m "engine or browser"

verify: .venv/.ready
	$(ER) verify

cheats: .venv/.ready-dev
	.venv/bin/pytest -m cheats

bench: .venv/.ready-dev
	.venv/bin/python tests/bench.py

.venv/.ready: pyproject.toml uv.lock compose/bootstrap.py
	@$(PYTHON) compose/bootstrap.py

.venv/.ready-dev: pyproject.toml uv.lock compose/bootstrap.py
	@$(PYTHON) compose/bootstrap.py --dev
