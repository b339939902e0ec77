use std::fs;

use proptest::prelude::*;

use super::*;
use crate::models::e5;

/// A converted tiny model, and the folder that holds it for as long as it is kept.
pub(super) fn tiny_model() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let packed = folder.path().join("packed.bin");
    let path = folder.path().join("model.gguf");
    fs::write(&packed, e5::tiny::packed()).expect("a file");
    e5::convert(&packed, &path).expect("converts");
    (folder, path)
}

#[test]
fn a_missing_model_is_named_with_the_command_that_fetches_it() {
    let message = E5::open(Path::new("/nowhere/model.gguf")).expect_err("refused").to_string();
    assert!(message.contains("/nowhere/model.gguf") && message.contains("atiende models"), "{message}");
}

#[test]
fn a_foreign_file_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.gguf");
    fs::write(&path, "no model at all").expect("a file");
    assert!(matches!(E5::open(&path), Err(OpenError::Unsuitable { .. })));
}

#[test]
fn a_model_with_vectors_of_another_length_is_refused() {
    let (_folder, path) = tiny_model();
    let message = E5::open(&path).expect_err("refused").to_string();
    assert!(message.contains("32 numbers instead of 384"), "{message}");
}

#[test]
fn a_model_cut_short_is_refused() {
    let (_folder, path) = tiny_model();
    let bytes = fs::read(&path).expect("a file");
    for length in (0..bytes.len()).step_by(1_500) {
        fs::write(&path, &bytes[..length]).expect("a file");
        assert!(load(&path, Kernels::new(1).expect("a thread")).is_err(), "{length} bytes");
    }
}

proptest! {
    #[test]
    fn packs_keep_every_text_in_order_and_stay_small(lengths in prop::collection::vec(2_usize..600, 0..40)) {
        let texts: Vec<Vec<u32>> = (0_u32..).zip(&lengths).map(|(text, length)| vec![text; *length]).collect();
        let packs = packs(texts.clone());
        for pack in &packs {
            let tokens: usize = pack.iter().map(Vec::len).sum();
            prop_assert!(tokens <= PACK_TOKENS || pack.len() == 1);
        }
        prop_assert_eq!(packs.concat(), texts);
    }
}
