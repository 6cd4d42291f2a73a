# Steward: set up, build, try, measure, test. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup build demo chat serve test bench lint deb

export PATH := $(PATH):$(HOME)/.cargo/bin
PROGRAMS := $(or $(CARGO_TARGET_DIR),target)/release
STAND := $(PROGRAMS)/steward-stand

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## fetch what the build needs: ONNX Runtime, Rust crates
	@tests/prepare.sh

build: setup ## compile every program (release mode)
	@echo "build: compiling; the first time takes ten minutes on two cores" >&2
	@cargo build --release --workspace

# The recipes below replace their shell by the program, so that a signal which make passes on reaches it.
demo: build ## a scripted conversation with a simulated car
	@exec $(STAND) demo

chat: build ## talk to the simulated car yourself
	@exec $(STAND) chat

serve: build ## the same for other programs; prints the bus address when ready
	@exec $(STAND) serve

bench: build ## how long turns take, beside a bare D-Bus call and a bare model run
	@exec $(STAND) bench

test: ## everything: unit tests, end-to-end tests over D-Bus, utterances, house rules
	@tests/prepare.sh --tests
	@echo "test: compiling" >&2
	@cargo build --release --workspace
	@cargo test --release --workspace

deb: build ## a Debian package; prints where it lies
	@package/build.sh

lint: ## formatting and clippy, as strict as it gets
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets -- -D warnings
