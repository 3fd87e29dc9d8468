# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
OUT ?= demo
SEED ?= 0
BIN := .venv/bin
INSTALLED := .venv/installed
BESIDE := .venv-integrations
QUICK := $(addprefix tests/,test_layout.py test_documents.py files images genotypes degradation networks engine data nas)

.PHONY: demo test quick torture integrations lint schema clean

demo: $(INSTALLED)
	$(BIN)/mfps demo --out $(OUT)

test: $(INSTALLED)
	$(BIN)/pytest -n 2

# While working: the rooms of pure laws, under a minute of CPU; in one process, as a second would load torch once more.
quick: $(INSTALLED)
	$(BIN)/pytest -q -n 0 -m "not slow" $(QUICK)

# 100 kills of real runs and 1,000 failures of every command that writes, each given again and compared with an undisturbed
# one: some ten minutes, and fifteen.
torture: $(INSTALLED)
	$(BIN)/pytest -q -n 0 tests/cli/test_resume.py -k killed --kills 100 --kill-seed $(SEED)
	$(BIN)/pytest -q -n 0 tests/cli/test_faults.py --failures 1000 --kill-seed $(SEED)

# With the packages that bring torchvision, spandrel and torch-fidelity, in an environment of their own: transformers may
# not load beside it. And with lpips and stlpips-pytorch, against which LPIPS and ST-LPIPS are tested.
integrations: $(BESIDE)/installed
	$(BESIDE)/bin/pytest -q -n 0 tests/integrations tests/metrics

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

# The JSON Schemas of a genotype and of a front, after a change to what they may hold.
schema: $(INSTALLED)
	for name in genotype front; do \
		$(BIN)/python -c "from mfps.genotypes.schemas import schema_text; print(schema_text('$$name'), end='')" \
			> genotypes/$$name.schema.json.new && mv genotypes/$$name.schema.json.new genotypes/$$name.schema.json || exit 1; \
	done

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

$(BESIDE)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BESIDE)
	$(BESIDE)/bin/pip install --quiet -c constraints.txt -e '.[dev,fid,spandrel]'
	$(BESIDE)/bin/pip install --quiet --no-deps lpips==0.1.4 stlpips-pytorch==0.0.2
	touch $@

clean:
	rm -rf .venv $(BESIDE) build *.egg-info
