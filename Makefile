# `make demo` and `make test` set up everything they need. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
IMAGES ?= build/images
DEMO_PACKAGES := .ci/packages-demo.txt
TEST_PACKAGES := .ci/packages-demo.txt .ci/packages-test.txt
BENCH_PACKAGES := .ci/packages-demo.txt .ci/packages-bench.txt
# A running systemd, a power cut at every system call, whole machines: each has a run of its own.
APART := boot crash running
GUESTS := $(addprefix tests/boot/test_,labels.py sources.py stock.py)
QUICK := tests/tree tests/protocol tests/unit --ignore=tests/unit/provision/formats

.DEFAULT_GOAL := help
.PHONY: help setup image demo deb lint test test-fast test-labs test-guests bench fuzz schemas lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: build/packages-demo .venv/done  ## Debian packages and the virtual environment, for the programs

image: setup  ## the read-only image (cached by content)
	@$(BIN)/pxeserver image build --images $(IMAGES)

demo: image  ## power on three blank machines, end with a cluster (KEEP=1 leaves it running)
	@$(BIN)/pxeserver lab --data examples/etcd-cluster --images $(IMAGES) $(if $(KEEP),--keep)

lint: build/packages-test .venv/done  ## style and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

test-fast: build/packages-test .venv/done  ## style, and what takes less than a minute
	@$(BIN)/ruff check --quiet .
	@HYPOTHESIS_PROFILE=quick $(BIN)/pytest -m "not long" $(QUICK) -n 2 --dist worksteal

test: lint image  ## everything
	@$(BIN)/pytest $(addprefix --ignore=tests/,$(APART)) -n 4 --dist worksteal
	@$(BIN)/pytest tests/running tests/crash --every-point -n 4 --dist worksteal
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-labs test-guests

# Labs all have one address, so there is one lab at a time; machines with networks of their own boot beside it.
test-labs:
	@$(BIN)/pytest tests/boot $(addprefix --ignore=,$(GUESTS)) --images $(IMAGES)

test-guests:
	@$(BIN)/pytest $(GUESTS) --images $(IMAGES)

bench: build/packages-bench .venv/done  ## how fast it is, beside its peers
	@$(BIN)/python -m benchmarks.run

fuzz: build/packages-test .venv/done  ## look long for what the loader, the language and the servers do not stand
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest tests/fuzz tests/language
	@$(BIN)/python -m tests.fuzz.packets 10000000

schemas: .venv/done  ## write schemas/ anew from the types
	@$(BIN)/provision schema > schemas/provision.schema.json
	@for file in group machine profile; do $(BIN)/pxeserver schema $$file > schemas/pxeserver-$$file.schema.json; done

lock: .venv/done  ## choose dependency versions anew, with hashes
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate \
	    --all-extras pyproject.toml .ci/build-requirements.in -o .ci/requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate \
	    pyproject.toml -o pxeserver/images/agent.lock

clean:  ## remove what the other targets made
	rm -rf build .venv

build/packages-demo: $(DEMO_PACKAGES) .ci/install-packages
	@.ci/install-packages $(DEMO_PACKAGES)
	@mkdir -p build && touch $@

build/packages-test: $(TEST_PACKAGES) .ci/install-packages
	@.ci/install-packages $(TEST_PACKAGES)
	@mkdir -p build && touch $@

build/packages-bench: $(BENCH_PACKAGES) .ci/install-packages
	@.ci/install-packages $(BENCH_PACKAGES)
	@mkdir -p build && touch $@

.venv/done: pyproject.toml .ci/requirements.lock | build/packages-demo
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	    --config-settings editable_mode=compat -e .
	@touch $@
