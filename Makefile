# What developers and owners run. `make test` installs what the tests need and runs them all.

.PHONY: test models check bench bench-peers dist eval

test: models
	cargo test --locked

# The default models and the small ones that the tests load; what is there already is only looked at.
models:
	cargo run --locked --quiet -- models pull
	cargo run --locked --quiet -- models pull smollm2-135m

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

# One program for other machines of this kind: any with AVX2 (2013 and later); the language model's kernels look for more
# when they start.
dist:
	RUSTFLAGS="-C target-cpu=x86-64-v3" cargo build --locked --release --target-dir target/dist
	@echo "target/dist/release/atiende"

# The engine beside llama.cpp, which npm brings. THREADS=2 is what a small server has.
bench-peers:
	cargo run --locked --quiet -- models pull
	cargo run --locked --quiet -- models pull qwen2.5-coder-0.5b
	npm ci --ignore-scripts --no-fund --no-audit --prefix benches/peers
	cargo bench --locked --bench peers

bench:
	cargo bench --locked --bench parts --bench pipeline --bench search
