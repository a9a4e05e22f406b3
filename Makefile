# make demo   sets up everything and runs the main job once, on embedded defaults
# make test   sets up everything and runs lint, types and all tests
# make setup  sets up everything, and the checks before each commit
# make docs   builds this documentation as a site: build/docs/index.html
# make dist   builds wheel and sdist, the same bytes from the same commit: dist/
SHELL := /bin/bash
BIN := .venv/bin
# parallel test processes: more than cores, because many tests wait for servers that they start
JOBS ?= $(shell echo $$(( $$(nproc) + 1 )))
LOCK = $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# folders of tests that can be run by themselves, the quick ones first; CONTRIBUTING.md says what each is and how long it takes
PARTS = unit punchcard contract rules people imports history integration web google appsscript browser stateful \
	e2e chaos site packaging benchmarks deploy stranger

.PHONY: demo test setup docs dist bench lint types $(PARTS) versions pictures lock audit clean help wordpress

help:
	@sed -n 's/^# //p' Makefile

demo: .venv/.ready
	$(BIN)/sheetsync demo --once

test: lint types .venv/.ready
	$(BIN)/pytest -n $(JOBS) --dist worksteal

# all that a developer needs, and the checks before each commit
setup: .venv/.ready
	$(BIN)/pre-commit install

docs: .venv/.ready
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

# times inside the archives are the commit's, so that everybody gets the same bytes
dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
dist: .venv/.ready
	rm -rf dist
	$(BIN)/hatchling build
	cd dist && sha256sum *.whl *.tar.gz | tee SHA256SUMS

# the two halves of `make test` that need no servers
lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
types: .venv/.ready
	$(BIN)/mypy

# tests in parts
$(PARTS): .venv/.ready
	$(BIN)/pytest -n $(JOBS) --dist worksteal tests/$@

# the quick tests with every other supported Python of this machine; takes some minutes for each
versions: .venv/.ready
	.ci/versions

# draw the pictures of the documentation anew; the browser tests do it
pictures: .venv/.ready
	SHEETSYNC_PICTURES=1 $(BIN)/pytest -q tests/browser

# everything beside its rivals; writes docs/performance.md; takes the better part of an hour
bench: .venv/.ready
	$(BIN)/python -m benchmarks

# a genuine WordPress on this machine, to try things by hand; see tests/wordpress/README.md
wordpress:
	tests/wordpress/run.sh

# pin what development and the image run on, with hashes
lock: .venv/.ready
	$(LOCK) --extra dev --output-file requirements-dev.lock pyproject.toml
	$(LOCK) --extra postgresql --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml

# known weaknesses of the pinned dependencies; needs the network
audit: .venv/.ready
	$(BIN)/pip-audit --strict --requirement requirements-dev.lock --require-hashes --disable-pip || \
		{ echo "A dependency has a known weakness, or the advisories could not be asked: see above." >&2; exit 1; }

.venv/.ready: pyproject.toml requirements-dev.lock tests/appsscript/package-lock.json .ci/setup
	.ci/setup

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis sheetsync-demo dist build
