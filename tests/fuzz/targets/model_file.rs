//! A model file whose header was tampered with: other bytes in other places, cut short, or nothing like one.
#![no_main]

#[path = "shared.rs"]
mod shared;
#[path = "../../support/tiny_gguf.rs"]
mod tiny_gguf;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// What is changed: a place in the header, and the byte that stands there instead.
const CHANGE: usize = 3;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let sound = sound();
    let file = match sound.get(usize::from(*kind)) {
        Some(file) => changed(file, rest),
        None => rest.to_vec(),
    };
    std::fs::write(shared::path(), file).expect("the folder is writable");
    shared::load();
});

/// Sound files, one an architecture.
fn sound() -> &'static [Vec<u8>] {
    static SOUND: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let write = |architecture: &&str| {
            tiny_gguf::write(&shared::path(), architecture);
            std::fs::read(shared::path()).expect("it was just written")
        };
        tiny_gguf::ARCHITECTURES.iter().map(write).collect()
    })
}

/// The first two bytes say where the file ends, if they are not zero; then come the changes.
fn changed(file: &[u8], how: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let (end, changes) = how.split_at(how.len().min(2));
    for change in changes.chunks_exact(CHANGE) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        if let Some(byte) = file.get_mut(place) {
            *byte = change[2];
        }
    }
    if let [low, high] = *end
        && (low, high) != (0, 0)
    {
        file.truncate(usize::from(u16::from_le_bytes([low, high])));
    }
    file
}
