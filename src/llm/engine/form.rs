//! What keys and values depend on, to the last bit, as one digest: they are of use to nobody else.
//!
//! A file of a gigabyte is not read whole for that. Its table of contents is, which holds the vocabulary and every
//! figure of the model; and what its weights, the kernels and this program come to shows in the logits of the few
//! tokens that every model reads at its start.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::UNIX_EPOCH;

use atiende_kernels::PageShape;
use sha2::{Digest, Sha256};

use crate::llm::weights::WeightsFile;

/// Where a model comes from.
pub(super) struct Origin(Sha256);

impl Origin {
    /// Reads the file's table of contents; nothing when it cannot be read any more.
    pub(super) fn of(weights: &WeightsFile) -> Option<Self> {
        let mut digest = Sha256::new();
        let length = weights.file.metadata().ok()?.len();
        digest.update(length.to_le_bytes());
        let mut file = &weights.file;
        let mut contents = Vec::new();
        let place = file.stream_position().ok()?;
        file.rewind().ok()?;
        let read = file.take(weights.content.tensor_data_offset).read_to_end(&mut contents);
        (&weights.file).seek(SeekFrom::Start(place)).ok()?;
        read.ok()?;
        digest.update(contents);
        digest.update(program());
        Some(Origin(digest))
    }

    /// With what runs the model, and what the first tokens came to.
    pub(super) fn digest(self, kernels: &str, shape: PageShape, logits: &[f32]) -> [u8; 32] {
        let mut digest = self.0;
        digest.update(format!("{kernels} {shape:?} {}", logits.len()));
        logits.iter().for_each(|logit| digest.update(logit.to_bits().to_le_bytes()));
        digest.finalize().into()
    }
}

/// Tells programs apart, so that kernels that a new one brings are not given what those of another computed.
fn program() -> String {
    let file = std::env::current_exe().and_then(File::open).and_then(|file| file.metadata()).ok();
    let changed = file.as_ref().and_then(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    format!("{} {:?} {changed:?}", env!("CARGO_PKG_VERSION"), file.map(|file| file.len()))
}
