# What developers and owners run. `make test` installs what the tests need and runs them all.

.PHONY: test test-arm models check bench bench-peers dist eval fuzz

test: models
	cargo test --locked

# The default models and the small ones that the tests load; what is there already is only looked at.
models:
	cargo run --locked --quiet -- models pull
	cargo run --locked --quiet -- models pull smollm2-135m

# The kernels' tests as 64-bit ARM runs them, on another processor: needs `rustup target add aarch64-unknown-linux-gnu`, and
# of the system's packages gcc-aarch64-linux-gnu and qemu-user.
test-arm:
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu" \
	cargo test --locked --release --package atiende-kernels --target aarch64-unknown-linux-gnu

check:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Every figure of quality, with the default model and with the smaller one. XQUAD=DIR adds search between languages.
eval:
	cargo run --locked --quiet -- models pull
	cargo run --locked --quiet -- models pull qwen2.5-coder-0.5b
	cargo run --locked --release --quiet -- eval-suite tests/cases/suite.toml
	ATIENDE_MODELS__LLM=qwen2.5-coder-0.5b cargo run --locked --release --quiet -- eval-suite tests/cases/suite.toml
	$(if $(XQUAD),cargo run --locked --release --quiet -- eval-xquad $(XQUAD))

# One program for other machines of this kind: on x86-64 any with AVX2 (2013 and later), on ARM any of 64 bits; the language
# model's kernels look for more when they start.
DIST_FLAGS = $(if $(filter x86_64,$(shell uname -m)),-C target-cpu=x86-64-v3)
dist:
	RUSTFLAGS="$(DIST_FLAGS)" cargo build --locked --release --target-dir target/dist
	@echo "target/dist/release/atiende"

# The engine beside llama.cpp, which npm brings. THREADS=2 is what a small server has.
bench-peers:
	cargo run --locked --quiet -- models pull
	cargo run --locked --quiet -- models pull qwen2.5-coder-0.5b
	npm ci --ignore-scripts --no-fund --no-audit --prefix benches/peers
	cargo bench --locked --bench peers

bench:
	cargo bench --locked --bench parts --bench pipeline --bench search

# Hostile model files, by libFuzzer: needs a nightly compiler and `cargo install cargo-fuzz`. SECONDS=600 for each target.
SECONDS = 60
fuzz:
	for target in model_file template; do \
	  mkdir -p target/fuzz-corpus/$$target; \
	  cargo +nightly fuzz run --fuzz-dir tests/fuzz $$target target/fuzz-corpus/$$target \
	    $$(ls -d tests/fuzz/seeds/$$target 2>/dev/null) -- -max_total_time=$(SECONDS) -rss_limit_mb=3000 || exit 1; \
	done
