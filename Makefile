# Everything a contributor runs. `make` alone explains itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
RUNS   := $(VENV)/.runs
DRAWS  := .cache/pictures/.ready
COMMA  := ,

IMAGE    ?= oran-mano-exporter
BASE     ?=
PIP_CONF ?=
VERSION  := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' exporter/__init__.py)
BUILDER  ?= $(notdir $(shell command -v docker || command -v buildah))
NOTHING_BUILDS = $(error neither docker nor buildah is there: apt-get install buildah)

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit integration alerts bundle chart tools image image-test docs format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNS) ## Start a simulated API and the exporter, show what is probed (other ports: docs/demo.md)
	@MAKE_TARGET=$@ $(BIN)/python -m exporter demo $(ARGS)

.PHONY: demo-stack
demo-stack: $(RUNS) ## The demo with a Prometheus and an Alertmanager beside it: see alerts fire
	@$(BIN)/python -m tests.support.fetching $@
	@MAKE_TARGET=$@ $(BIN)/python -m tests.demo.stack $(ARGS)

test: ## Run every check and every test, and print how long all of it took
	@start=$$(date +%s); $(MAKE) --no-print-directory lint types unit contributing bundle chart integration bench-small alerts starved image-test && \
	  echo "all passed in $$(( $$(date +%s) - start )) s"

lint: $(READY) ## Style, and the layers of docs/architecture.md
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(READY) ## Strict type checking
	$(BIN)/mypy

unit: $(READY) ## Tests without other servers: seconds
	$(BIN)/pytest tests/unit -n auto $(ARGS)

integration: $(READY) tools ## Tests against a real Prometheus, Prism and the demo: minutes
	$(BIN)/pytest tests/integration tests/e2e --ignore tests/e2e/test_alerts.py --ignore tests/e2e/test_starved.py \
	  -n 6 --dist worksteal $(ARGS)  # most of them wait: none shall stand behind another that does

alerts: $(READY) tools ## Every scenario of the API raises its alerts and no others: alone, as it judges times
	$(BIN)/pytest tests/e2e/test_alerts.py $(ARGS)

.PHONY: starved
starved: $(READY) ## Half a minute short of CPU does no lasting harm: alone, as it judges times; minutes
	$(BIN)/pytest tests/e2e/test_starved.py $(ARGS)

bundle: $(READY) tools ## Rules, runbooks and dashboards: promtool's cases, every expression
	@$(BIN)/python -m tests.support.fetching bundle
	$(BIN)/pytest tests/bundle -n auto $(ARGS)

.PHONY: promtool-3
promtool-3: $(READY) ## Build the promtool of Prometheus 3 with Go, for `make bundle`: minutes, once
	@$(BIN)/python -m tests.support.fetching $@

chart: $(READY) tools ## The Helm chart: by Helm and by its engine, held against the schemas of Kubernetes
	$(BIN)/pytest tests/chart -n 4 $(ARGS)

.PHONY: contributing
contributing: $(READY) tools ## The examples of docs/contributing, each applied to a copy of the tree: half a minute
	$(BIN)/pytest tests/contributing -n auto $(ARGS)

tools: $(READY) ## Fetch the servers that tests need into .cache/tools (no root needed)
	@$(BIN)/python -m tests.support.fetching
	@$(BIN)/python -m tests.image.ingredients || true  # without root there is no image, and its test says so

image: ## Build the container image (BASE=, IMAGE=, PLATFORM=, PUSH=yes and more: docs/install/container.md)
	@BUILDER=$(or $(BUILDER),$(NOTHING_BUILDS)) IMAGE=$(IMAGE) VERSION=$(VERSION) BASE=$(BASE) \
	  PIP_CONF=$(PIP_CONF) sh tools/image.sh

image-test: $(READY) tools ## Build the image without a registry and run it as a cluster would: as root, a minute
	$(BIN)/pytest tests/image $(ARGS)

.PHONY: bench
bench: $(READY) ## Measure what the exporter costs beside three peers, into docs/performance.md: 15 minutes
	@$(BIN)/python -m tests.support.fetching bench
	@$(BIN)/python -m tests.bench.run $(ARGS)

.PHONY: bench-quick
bench-quick: $(READY) ## The same, shorter and less of it: under three minutes
	@$(BIN)/python -m tests.support.fetching bench
	@$(BIN)/python -m tests.bench.run --scale quick $(ARGS)

.PHONY: bench-small
bench-small: $(READY) ## All of it with a few targets: its figures mean nothing, but its sums are right
	@$(BIN)/python -m tests.support.fetching bench
	@$(BIN)/python -m tests.bench.run --scale small --print-only $(ARGS)

.PHONY: bench-share
bench-share: $(READY) ## Measure how many surfaces a tenth of a core carries: half a minute
	@$(BIN)/python -m tests.support.fetching bench
	@$(BIN)/python -m tests.bench.share $(ARGS)

.PHONY: bench-rules
bench-rules: $(READY) ## Measure what the rules cost a Prometheus with 15, 210, 1500 surfaces: ten minutes
	@$(BIN)/python -m tests.support.fetching bench
	@$(BIN)/python -m tests.bench.rules $(ARGS)

.PHONY: bench-weight
bench-weight: $(READY) ## Measure what is loaded when and what it weighs: half a minute
	@$(BIN)/python -m tests.bench.weight

docs: $(READY) ## Write the generated pages again
	$(BIN)/python -m exporter.metrics.reference > docs/metrics.md
	$(BIN)/python -m exporter.report.reasons_reference > docs/reasons.md
	$(BIN)/python -m tests.chart.values_reference
	$(BIN)/python -m tools.schemas

.PHONY: dashboards
dashboards: $(READY) ## Write the Grafana dashboards again, from tools/dashboards
	$(BIN)/python -m tools.dashboards

.PHONY: rules
LABELS ?= cluster, namespace
RUNBOOKS ?= docs/runbooks
rules: $(READY) ## Write the rules and routes with other labels of a place (LABELS="region,cluster" OUT=folder)
	@$(BIN)/python -m tools.rules --labels "$(LABELS)" --runbooks "$(RUNBOOKS)" --out "$(or $(OUT),$(error OUT= is a folder to write to))"

.PHONY: pictures
pictures: $(DRAWS) tools ## Draw every dashboard from real data, to look at: minutes (ARGS="--targets 60")
	@PYTHONPATH=$(dir $(DRAWS)) $(BIN)/python -m tools.pictures $(ARGS)

format: $(READY) ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## Resolve the dependencies again into requirements/
	$(BIN)/pip install --quiet 'uv>=0.13,<1'
	for set in "runtime pyproject.toml" "speed pyproject.toml --extra speed" "dev pyproject.toml --group dev" "image --group image" "chart --group chart" "helm --group helm --no-deps" "pictures --group pictures"; do set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --no-emit-find-links $$@ -o requirements/$$name.txt; done

clean: ## Remove what these commands made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(RUNS): requirements/runtime.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'Making the virtual environment $(VENV) (once)'
	@$(PYTHON) -m venv $(VENV) || \
	  { echo 'python3 cannot make a virtual environment: apt-get install python3-venv'; exit 1; }
	@$(BIN)/python tools/install.py requirements/runtime.txt
	@touch $@

$(DRAWS): requirements/pictures.txt | $(READY)
	@echo 'Fetching what draws (once)'
	@rm -rf $(@D)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --target $(@D) -r $<
	@touch $@

$(READY): requirements/dev.txt pyproject.toml | $(RUNS)
	@$(BIN)/python tools/install.py requirements/dev.txt
	@echo 'Installing this project'
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
