use candle_core::Device;
use candle_core::quantized::GgmlDType;
use proptest::prelude::*;

use super::*;

fn convert_bytes(bytes: &[u8]) -> (tempfile::TempDir, Result<(), ConvertError>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("packed.bin"), bytes).expect("a file");
    let result = convert(&folder.path().join("packed.bin"), &folder.path().join("model.gguf"));
    (folder, result)
}

#[test]
fn a_converted_model_has_the_shapes_names_and_weights_of_the_packed_one() {
    let bytes = tiny::packed();
    let (folder, result) = convert_bytes(&bytes);
    result.expect("converts");
    let mut file = File::open(folder.path().join("model.gguf")).expect("a file");
    let content = gguf_file::Content::read(&mut file).expect("a GGUF");
    let source = Source::parse(&bytes).expect("parses");

    assert_eq!(content.tensor_infos.len(), 5 + 2 * 16);
    let mut dims = |name: &str| {
        let tensor = content.tensor(&mut file, name, &Device::Cpu).expect("a tensor");
        (tensor.shape().dims().to_vec(), tensor.dtype(), tensor.data().expect("data").to_vec())
    };
    let (shape, dtype, data) = dims("blk.1.ffn_down.weight");
    assert_eq!((shape, dtype), (vec![32, 64], GgmlDType::Q4_0));
    assert_eq!(data, source.tensor("l1.fo.w", &[32, 64]).expect("there").data().expect("data").to_vec());
    let (shape, dtype, data) = dims("token_embd_norm.bias");
    assert_eq!((shape, dtype), (vec![32], GgmlDType::F32));
    assert_eq!(data, source.tensor("emb.ln.b", &[32]).expect("there").data().expect("data").to_vec());
}

#[test]
fn a_converted_model_carries_the_metadata_that_other_programs_expect() {
    let (folder, result) = convert_bytes(&tiny::packed());
    result.expect("converts");
    let mut file = File::open(folder.path().join("model.gguf")).expect("a file");
    let metadata = gguf_file::Content::read(&mut file).expect("a GGUF").metadata;

    let number = |key: &str| metadata[key].to_u32().expect("a number");
    assert_eq!(metadata["general.architecture"].to_string().expect("text"), "bert");
    assert_eq!(number("bert.block_count"), 2);
    assert_eq!(number("bert.context_length"), 16);
    assert_eq!(number("bert.attention.head_count"), 2);
    assert_eq!(number("bert.pooling_type"), 1);
    assert_eq!(metadata["tokenizer.ggml.model"].to_string().expect("text"), "t5");
    assert_eq!(number("tokenizer.ggml.unknown_token_id"), 3);
    let types = metadata["tokenizer.ggml.token_type"].to_vec().expect("a list");
    let types: Vec<i32> = types.iter().map(|kind| kind.to_i32().expect("a number")).collect();
    assert_eq!(types[..5], [3, 3, 3, 2, 1]);
    assert_eq!(types[16..], [3, 5, 5], "the mask, then two rows without a piece");
    let tokens = metadata["tokenizer.ggml.tokens"].to_vec().expect("a list");
    assert_eq!(tokens[8].to_string().expect("text"), "▁pan");
    assert_eq!(tokens[18].to_string().expect("text"), "[PAD18]");
}

#[test]
fn another_file_is_refused_with_what_to_do() {
    let (folder, result) = convert_bytes(b"GGUF, but not really");
    let message = result.expect_err("refused").to_string();
    assert!(message.contains("packed.bin") && message.contains("E5S1") && message.contains("Delete"), "{message}");
    assert!(!folder.path().join("model.gguf").exists());
}

#[test]
fn a_missing_file_is_named() {
    let error = convert(Path::new("/nowhere/packed.bin"), Path::new("/nowhere/model.gguf")).expect_err("refused");
    assert!(error.to_string().starts_with("cannot read /nowhere/packed.bin"), "{error}");
}

#[test]
fn a_file_cut_short_anywhere_is_refused_and_leaves_nothing_behind() {
    let bytes = tiny::packed();
    for length in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        let (folder, result) = convert_bytes(&bytes[..length]);
        assert!(matches!(result, Err(ConvertError::Source { .. })), "{length} bytes");
        let files = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "only the packed file is there");
    }
}

#[test]
fn a_destination_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("packed.bin"), tiny::packed()).expect("a file");
    let destination = folder.path().join("missing/model.gguf");
    let error = convert(&folder.path().join("packed.bin"), &destination).expect_err("refused");
    assert!(matches!(error, ConvertError::Io { action: "write", .. }), "{error}");
}

#[test]
fn a_piece_outside_the_text_is_damage() {
    let mut bytes = tiny::packed();
    // The header takes 44 bytes, the tokenizer's own 28; the second offset follows.
    bytes[72 + 4..72 + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(Source::parse(&bytes), Err(SourceError::Damaged(_))));
}

proptest! {
    #[test]
    fn damaged_bytes_never_panic(changes in prop::collection::vec((0_usize..2_000, any::<u8>()), 1..8)) {
        let mut bytes = tiny::packed();
        for (place, value) in changes {
            bytes[place] = value;
        }
        if let Ok(source) = Source::parse(&bytes) {
            let _ = tensors(&source);
        }
    }
}
