# What people do with this project. `make` alone lists it.
# ARGS is handed on to the program: make run ARGS="--port 8080"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ARGS ?=

.PHONY: help run demo node dev lint fmt test bench book fuzz deny static dist test-image test-dist setup

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: node ## Build and start the gateway on http://127.0.0.1:3000
	@cargo run --release -- $(ARGS)

demo: node ## The same with a built-in fake Ollama, for a machine without one
	@cargo run --release -- demo $(ARGS)

# Without it the panel is left out, which cargo says; all else works.
node:
	@scripts/node.sh || true

dev: ## Run a debug build; build and start again whenever a source file changes
	@scripts/dev.sh $(ARGS)

lint: ## Formatting, clippy, rustdoc and the syntax of scripts; any warning is an error
	@scripts/lint.sh

fmt: ## Format the code
	@cargo fmt --all

test: setup ## Install what tests need, lint, run every test, print the counts
	@scripts/test.sh

bench: setup ## Measure CPU a request and an event beside nginx (ARGS=--quick: a minute and a half)
	@cargo run --release -p bench -- $(ARGS)

book: ## Make a site of the pages in target/book/html (installs mdBook, a few minutes)
	@scripts/book.sh

fuzz: ## Fuzz each target of crates/wire for 10 s (SECONDS_EACH=60 for longer)
	@scripts/fuzz.sh

deny: ## Check licences, bans and sources of all dependencies (installs cargo-deny)
	@scripts/tool.sh cargo-deny 0.20.2 check --hide-inclusion-graph licenses bans sources

static: ## Build the program with no library of the system in it: target/*/release/ollama2openai
	@scripts/static.sh

dist: ## Make a release in dist/: archive, Debian package (installs cargo-deb), checksums
	@scripts/dist.sh

test-dist: ## Make it, unpack it, and look at what is in it
	@tests/dist/run.sh

test-image: ## Build the container image with buildah (installs it) and start it with nothing but what it needs
	@scripts/setup-image.sh
	@tests/image/run.sh

setup: ## Install what a bare Debian lacks for `make test`; nothing when all is there
	@scripts/setup.sh
