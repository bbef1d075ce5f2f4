# `make demo`: what heard says about a few messages. `make test`: everything that must hold.
# `make bench`: what it costs beside other ways (BENCH='--texts FOLDER', see bench/README.md).
PYTHON ?= python3
VENVS := .venvs
DEMO := $(VENVS)/demo
DEV := $(VENVS)/dev
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check format bench clean

demo: $(DEMO)/installed
	@$(DEMO)/bin/python examples/demo.py

test: check
	$(DEV)/bin/python -m pytest

check: $(DEV)/installed
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/mypy

format: $(DEV)/installed
	$(DEV)/bin/ruff format .
	$(DEV)/bin/ruff check --fix .

bench: $(DEV)/installed
	$(DEV)/bin/python -m bench $(BENCH)

clean:
	rm -rf $(VENVS) build dist

# Both environments are made anew when what they install has changed; the stamp is written last, so
# that an interrupted installation is not taken for a whole one.
$(DEMO)/installed: pyproject.toml $(wildcard inference/heard/*.py inference/heard/model/*)
	@rm -rf $(DEMO)
	@$(PYTHON) -m venv $(DEMO)
	@$(DEMO)/bin/python $(PIP) .
	@touch $@

$(DEV)/installed: pyproject.toml constraints.txt
	@rm -rf $(DEV)
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python $(PIP) -c constraints.txt -e '.[train,label,serve,batch,dev]'
	@touch $@
