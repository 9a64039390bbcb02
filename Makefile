# make book: the book; make test: every test, or those of TEST=tests/…. Each makes what it needs, from a fresh clone on.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# JupyterLab's settings stay in the project, not in your home.
LAB_HOME := $(CURDIR)/_build/lab

# An environment does not survive a move of its folder, so the stamp holds the place that it was made in.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

.PHONY: help book test serve lab check lock clean bench bench-pages

help:
	@echo "make book    build the book and print the address of its cover"
	@echo "make test    run every test (TEST=tests/test_claims.py: those of one file)"
	@echo "make serve   build, serve, and rebuild while you write (PORT=8000)"
	@echo "make lab     open the chapters as notebooks in JupyterLab (LAB=--no-browser)"
	@echo "make check   say what is wrong in claims, tables and sources, in less than a minute"
	@echo "make bench   time the check and the build (make bench-pages: the pages, beside the default look)"
	@echo "make lock    resolve requirements.in into requirements.txt (LOCK=--upgrade for newer versions)"
	@echo "make clean   remove what was built, but not the environment"

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 book")'
	@if [ -f $(READY) ] && [ "$$(cat $(READY))" != "$(CURDIR)" ]; then echo "The project has moved: making its environment anew."; rm -rf $(VENV); fi
	@if [ ! -x $(BIN)/pip ]; then rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); fi
	@echo "Installing what requirements.txt locks into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@printf '%s' "$(CURDIR)" > $(READY)

book: $(READY)
	@$(BIN)/companion check
	@$(BIN)/python -m companion.build

check: $(READY)
	@$(BIN)/companion check $(CHECK)

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TEST)

serve: $(READY)
	@$(BIN)/python -m companion.serve --port $(PORT)

# JupyterLab doesn't start as root unless told to, as in a container.
lab: ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
lab: export JUPYTER_CONFIG_DIR := $(LAB_HOME)/config
lab: export JUPYTERLAB_SETTINGS_DIR := $(LAB_HOME)/settings
lab: export JUPYTERLAB_WORKSPACES_DIR := $(LAB_HOME)/workspaces
lab: export JUPYTER_RUNTIME_DIR := $(LAB_HOME)/runtime
lab: export JUPYTER_DATA_DIR := $(LAB_HOME)/data
lab: export IPYTHONDIR := $(LAB_HOME)/ipython
lab: export JUPYTER_PREFER_ENV_PATH := 1
lab: $(READY)
	@$(BIN)/jupytext-config set-default-viewer markdown myst
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/chapters --LanguageServerManager.autodetect=False $(ROOT) $(LAB)

bench: $(READY)
	@$(BIN)/python bench/bench.py

bench-pages: $(READY)
	@$(BIN)/python bench/pages.py $(PAGES)

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(LOCK) requirements.in -o requirements.txt

clean:
	rm -rf _build tables
