# What developers and owners run. `make test` installs what the tests need and runs them all.

.PHONY: test models check bench

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

bench:
	cargo bench --locked
