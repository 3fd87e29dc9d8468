# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
OUT ?= demo
SEED ?= 0
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: demo test torture lint clean

demo: $(INSTALLED)
	$(BIN)/mfps demo --out $(OUT)

test: $(INSTALLED)
	$(BIN)/pytest -n 2

# 100 kills of real runs, each resumed and compared with an undisturbed one: some ten minutes.
torture: $(INSTALLED)
	$(BIN)/pytest -q -n 0 tests/cli/test_resume.py -k killed --kills 100 --kill-seed $(SEED)

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build *.egg-info
