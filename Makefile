# `make rehearse` is the main job, `make test` the tests; both install what they need, once.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PROFILE ?= quick
EXPERIMENTS ?= 1
PYTHON := .venv/bin/python
export UV := $(firstword $(wildcard .tools/uv/bin/uv) $(shell command -v uv 2>/dev/null))
export UV_SYSTEM_CERTS ?= 1
# Regions, load tests and previews start many interpreters: without bytecode each compiles its libraries.
unexport PYTHONDONTWRITEBYTECODE
APP_FILES := $(shell find app -type f -not -path '*/__pycache__/*' 2>/dev/null)

CONTAINER ?= $(firstword $(foreach name,docker podman,$(shell command -v $(name) 2>/dev/null)))

.PHONY: help image worker-image setup variables rehearse prove test unit examples conformance slow bench tools lint pictures preview format revision stop doctor clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.venv/.stamp: pyproject.toml uv.lock toolchain/bootstrap
	@toolchain/bootstrap
	@touch $@

.tools/.stamp: .venv/.stamp toolchain/artillery/package-lock.json toolchain/pulumi-engine/go.sum $(wildcard toolchain/*.py) $(APP_FILES)
	@$(PYTHON) -m toolchain setup
	@touch $@

setup: .tools/.stamp ## Install the toolchain (the other targets do so when needed)

# Told before anything is installed; `make` itself ends with 2, and names this 4.
variables: export PROFILE := $(PROFILE)
variables: export EXPERIMENTS := $(EXPERIMENTS)
variables: export LIMITS := $(LIMITS)
variables:
	@case "$$PROFILE" in quick|seed|smoke) ;; *) \
		echo "error: PROFILE=$$PROFILE is not a load profile; choose quick, seed or smoke" >&2; exit 4;; esac
	@case "$$EXPERIMENTS" in 0|1|no|yes|'') ;; *) \
		echo "error: EXPERIMENTS=$$EXPERIMENTS is neither 1 nor 0" >&2; exit 4;; esac
	@case "$$LIMITS" in 0|1|no|yes|'') ;; *) \
		echo "error: LIMITS=$$LIMITS is neither 1 nor 0" >&2; exit 4;; esac

rehearse: variables setup ## Load both stacks, make parts of the HA stack fail, print the verdicts (PROFILE=quick|seed, EXPERIMENTS=0)
	@$(PYTHON) -m rehearsal run --profile $(PROFILE) $(if $(filter-out 0 no,$(EXPERIMENTS)),--experiments)

prove: variables setup ## Run every failure experiment on both stacks under load, and write one page
	@$(PYTHON) -m rehearsal prove --profile $(PROFILE)

test: setup ## Run the tests: fast, simulation, browser, engine, region, end to end, one example
	@$(PYTHON) -m toolchain browser
	@$(PYTHON) -m pytest -n auto --dist loadgroup --reruns 1 -m "not examples and not slow"

examples: setup ## Test the example services on both stacks of a local region, each on its instance types
	@$(PYTHON) -m pytest -s -m examples

conformance: setup ## Test the region against AWS's documented behavior; takes many minutes
	@$(PYTHON) -m pytest tests/conformance

slow: setup ## Run the other slow tests (experiments, kills, deployments, documented commands, workers, generators); takes an hour
	@$(PYTHON) -m pytest -m "slow and not conformance"

unit: .venv/.stamp ## Run the fast tests, which need only Python
	@$(PYTHON) -m pytest -n auto -m "not slow and not moto and not simulation and not browser and not engine and not region and not e2e"

bench: setup ## Benchmark previews, updates, an idle region, the sample service, machines, statistics and the load generator
	@$(PYTHON) -m benchmarks.bench

tools: variables setup ## Compare the load generators on a server with known latencies; LIMITS=1: find this computer's limit
	@for tool in k6 locust jmeter; do $(PYTHON) -m toolchain tool $$tool || true; done
	@$(PYTHON) -m benchmarks.generators $(if $(filter-out 0 no,$(LIMITS)),--limits)

lint: setup ## Check formatting, lint, types, import contracts and workflows
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/basedpyright
	@PYTHONPATH=.:policies .venv/bin/lint-imports
	@$(PYTHON) -m toolchain actionlint

preview: setup ## Preview both stacks with the policy pack on a local region, and print the policy report
	@$(PYTHON) -m rehearsal preview

format: .venv/.stamp ## Format the code and fix what the linter can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

revision: .venv/.stamp ## Build the sample service's CodeDeploy revision
	@$(PYTHON) -m toolchain revision

pictures: setup ## Recreate the pictures in docs/images from the last `make rehearse`
	@$(PYTHON) -m docgen.pictures

image: ## Build the container image "haproof" with docker or podman (container/README.md)
	@[ -n "$(CONTAINER)" ] || { echo "error: neither docker nor podman is installed" >&2; exit 4; }
	@$(CONTAINER) build --file container/Containerfile --tag haproof .

worker-image: ## Build the image of a load test worker on Fargate (docs/workers.md), for arm64
	@[ -n "$(CONTAINER)" ] || { echo "error: neither docker nor podman is installed" >&2; exit 4; }
	@$(CONTAINER) build --platform linux/arm64 --file container/worker.Containerfile --tag haproof-worker .

doctor: .venv/.stamp ## Show which tools would be used, which are missing, and what regions left behind
	@$(PYTHON) -m toolchain doctor

stop: .venv/.stamp ## Stop the local region and everything it started
	@$(PYTHON) -m rehearsal stop

clean: ## Remove everything that was installed or measured
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m rehearsal stop --remove || true; fi
	rm -rf .tools .venv .rehearsal
