# make book: the book; make test: every test. Both make what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT := _build/html

.PHONY: help book test serve lab check clean lock

help:
	@echo "make book    build the book and print the address of its cover"
	@echo "make test    run every test"
	@echo "make serve   build, serve, and rebuild while you write"
	@echo "make lab     open the chapters as notebooks"
	@echo "make check   find what is wrong in claims, tables and sources, in about a second"
	@echo "make lock    resolve requirements.in anew"
	@echo "make clean   remove what was built, but not the environment"

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 book")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

book: $(READY)
	$(BIN)/jupyter-book build . --warningiserror --nitpick --keep-going
	@echo "The book: file://$(CURDIR)/$(OUT)/index.html"

check: $(READY)
	@$(BIN)/companion check

test: $(READY)
	$(BIN)/python -m pytest

serve: $(READY)
	$(BIN)/python -m companion.serve

lab: $(READY)
	$(BIN)/jupyter lab chapters

lock: $(READY)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt

clean:
	rm -rf _build tables notebooks
