# Run `make` for the list of targets. Everything builds without the workspace file,
# as it does for users.
export GOWORK := off

GO       ?= go
# A number of inputs: a duration fails now and then before Go 1.27, as it ends (go.dev/issue/75804).
FUZZTIME ?= 100000x
BENCHFLAGS ?=

GOLANGCI_VERSION := v2.15.0
GOLANGCI ?= bin/golangci-lint-$(GOLANGCI_VERSION)

# Modules below this one, each with requirements of its own.
MODULES := $(patsubst ./%/go.mod,%,$(shell find . -name go.mod -not -path './go.mod' -not -path '*/node_modules/*'))

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
.PHONY: help demo test check architecture fmt-check vet lint race modules generate generate-check tidy-check fuzz soak powercut bench e2e cover

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 20

demo: ## get a token from an authority inside the program: no network, no registration
	@$(GO) run ./examples/quickstart

test: ## run the tests of the core; needs Go and nothing else
	CGO_ENABLED=0 $(GO) test ./...

check: generate-check tidy-check fmt-check vet lint architecture race modules ## all that CI checks, except e2e
	@$(MAKE) fuzz FUZZTIME=20000x
	@$(MAKE) bench BENCHFLAGS='-rounds 1 -time 20ms -max 1000'
	@echo "check: everything passed"

architecture: ## check who imports whom, and the ledger of dependencies
	$(GO) test -run 'Architecture|Checker' .

fmt-check:
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...

lint: $(GOLANGCI) ## run golangci-lint, at its pinned version, in every module
	@for dir in . $(MODULES); do \
		(cd $$dir && $(abspath $(GOLANGCI)) run --build-tags e2e,powercut ./...) || exit 1; \
	done

bin/golangci-lint-$(GOLANGCI_VERSION):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

race: ## run the tests of the core under the race detector, in random order; needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -shuffle=on ./...

modules: ## vet and test every nested module
	@for dir in $(MODULES); do \
		echo "module $$dir"; (cd $$dir && $(GO) vet ./... && $(GO) test ./...) || exit 1; \
	done

generate: ## renew generated code
	$(GO) generate ./...

generate-check: ## fail when generated code is not what `make generate` writes
	@before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	cp -R mocks "$$before"; \
	$(MAKE) generate; \
	diff -ru "$$before/mocks" mocks || { echo "mocks were out of date and have been renewed: commit them"; exit 1; }

tidy-check: ## fail when a go.mod or go.sum is not what `go mod tidy` writes
	@for dir in . $(MODULES); do (cd $$dir && $(GO) mod tidy -diff) || exit 1; done

fuzz: ## run every fuzz target with FUZZTIME inputs (100000x)
	@grep -rEo --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]+' . | sort | \
	while IFS=: read -r file declaration; do \
		target=$${declaration#func }; echo "$$target in $$(dirname $$file)"; \
		(cd "$$(dirname "$$file")" && $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
	done

soak: ## torture the cache file for a quarter of an hour: many writers, kills, errors, damage, power cuts
	KEYPORT_SOAK=1 $(GO) test -v -count=1 -timeout 60m ./domain/unified ./adapters/cachefile | grep -vE '^(=== | *--- PASS)'
	@$(MAKE) powercut

powercut: ## cut the power of real file systems that have the cache file, POWERCUT_CUTS (60) times each; needs Linux, root, loop devices and FUSE
	bash e2e/powercut/install
	cd e2e && $(GO) vet -tags powercut ./powercut && unshare --mount $(GO) test -tags powercut -count=1 -timeout 30m -v ./powercut | grep -vE '^(=== | *--- PASS)'

bench: ## measure side by side with other libraries; some minutes
	cd benchmarks && $(GO) run . $(BENCHFLAGS)

e2e: ## run against a certified OpenID server, a real browser and key store, and other MSALs; needs Node.js and Chromium
	bash e2e/install
	cd e2e && $(GO) vet -tags e2e ./... && $(GO) test -tags e2e -count=1 ./...
	cd adapters/keyring && $(GO) vet -tags e2e ./... && $(GO) test -tags e2e -count=1 ./...

cover: ## coverage of each package and in total, without mocks and examples
	@packages=$$($(GO) list ./... | grep -vE '/(mocks|examples/.*)$$'); \
	$(GO) test -coverprofile=coverage.out $$packages; \
	$(GO) tool cover -func=coverage.out | tail -n 1; \
	echo "line by line: $(GO) tool cover -html=coverage.out"
