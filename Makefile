# The two commands of README.md.  PYTHON and VENV may be set: make test PYTHON=python3.13 VENV=/tmp/venv
PYTHON ?= python3
VENV ?= .venv
BIN = $(abspath $(VENV))/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
NODE_IS_NEW = node -e "const [a, b] = process.versions.node.split('.'); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)" 2>/dev/null

.PHONY: demo test fuzz clean

# Install, build the example blog, and say what to look at.
demo: $(VENV)/.installed
	$(BIN)/enishi build example_site
	@if $(NODE_IS_NEW); then PATH="$(BIN):$$PATH" sh example_site/build.sh; else \
	  echo "With Node 20.19 or newer this command also makes the finished blog; there is none here."; \
	  echo "To look at: example_site/.enishi/related.json, tags.json and partials/"; fi

# Install what the tests need, too, and run them.
test: $(VENV)/.installed-for-tests
	$(BIN)/python -m pytest

# Ten minutes of fuzzing: tests/fuzz/README.md.
fuzz: $(VENV)/.installed-for-tests
	$(BIN)/python -m tests.fuzz

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed $(wildcard tests/package-lock.json tests/*/package-lock.json)
	@sh tests/install_node_modules.sh & modules=$$!; \
	$(PIP) install --quiet -c constraints.txt -e ".[transformers]" --group dev && wait $$modules
	touch $@

clean:
	rm -rf $(VENV) tests/node_modules tests/*/node_modules example_site/node_modules example_site/public \
		example_site/db.json example_site/.enishi .enishi build dist
