# The commands of the README. Each installs what it needs into .venv, which is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Training and its tests need PyTorch. Its builds without GPU libraries are a tenth of the size.
# Torch and torchvision must be of one index: where pip mixes two, torchvision cannot be imported.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: demo test bench wheel lowest lint types texts install clean

demo: $(VENV)/.serving
	$(BIN)/apparel demo

test: $(VENV)/.testing lint types
	$(BIN)/python -m tests.browser.chromium
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --numprocesses 2 --durations 40

bench: $(VENV)/.testing
	$(PIP) --editable '.[bench]'
	$(BIN)/python -m indexing.benchmarks

# The wheel in a bare environment: installed, used, uninstalled.
wheel: $(VENV)/.testing
	$(BIN)/python -m tests.installation.wheel

# The lowest versions that pyproject.toml allows, installed and used.
lowest: $(VENV)/.testing
	$(PIP) uv
	$(BIN)/python -m tests.installation.lowest

lint: $(VENV)/.testing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.testing
	$(BIN)/mypy

# Brings the translations up to date after a text was added or changed; then fill in what is empty.
texts: $(VENV)/.testing
	mkdir -p build
	$(BIN)/pybabel -q extract -k Text -k Filled -k Counted:1,2 --no-location -o build/messages.pot search_app
	for language in de fr; do $(BIN)/pybabel -q update -N --ignore-obsolete -w 98 -l $$language \
	  -i build/messages.pot -o search_app/language/$$language.po; done

install: $(VENV)/.testing

$(VENV)/.serving: pyproject.toml
	@echo "installing what serving needs into $(VENV) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) --editable .
	touch $@

$(VENV)/.testing: $(VENV)/.serving
	@echo "installing what training and the tests need into $(VENV) ..."
	$(PIP) --retries 0 --index-url $(TORCH_INDEX) torch torchvision 2>/dev/null \
	&& $(BIN)/python -c "import torchvision" 2>/dev/null \
	|| { echo "no processor-only PyTorch at $(TORCH_INDEX): the usual one is taken, 4 GB more"; \
	  $(BIN)/python -m pip uninstall --quiet --yes torch torchvision; }
	$(PIP) --editable '.[test]'
	touch $@

# Never the data: only what `make` made.
clean:
	rm -rf $(VENV) build dist *.egg-info
