//! What is written is read again; whatever else lies in the file's place is of no use and does no harm.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use atiende_kernels::{Page, PageShape};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::own::OwnPart;
use super::{BeginningsFile, Form};
use crate::llm::beginnings::Lasting;
use crate::llm::decoder::Memory;

const SHAPE: PageShape = PageShape { layers: 2, heads: 1, head: 16 };

fn file(path: &Path) -> BeginningsFile {
    let form = Form { digest: [7; 32], shape: SHAPE, vocabulary: 100, context: 200 };
    BeginningsFile { path: path.to_owned(), form }
}

/// A page that is full of numbers.
fn page(seed: u16) -> Arc<Page> {
    let mut page = Page::new(SHAPE);
    for layer in 0..SHAPE.layers {
        for position in 0..32u16 {
            let number = f32::from(seed + position) + 0.25;
            page.put(SHAPE, layer, usize::from(position), &[number; 16], &[-number; 16]);
        }
    }
    Arc::new(page)
}

fn lasting(tokens: &[u32], pages: &[Arc<Page>], depth: Option<usize>) -> Lasting {
    let part = OwnPart { tokens: tokens.to_vec(), is_instruction: depth.is_none(), asked: 3, unused: 1 };
    Lasting { part, memory: Memory::from_parts(tokens.to_vec(), pages.to_vec(), depth) }
}

/// An instruction, and two passages behind it of which one is read through fewer layers; they share a page.
fn example() -> Vec<Lasting> {
    let shared = page(1);
    vec![
        lasting(&[3; 32], std::slice::from_ref(&shared), None),
        lasting(&[3; 50], &[shared.clone(), page(100)], None),
        lasting(&[3; 40], &[shared, page(200)], Some(1)),
    ]
}

/// What was read, with the bits of every page.
fn contents(kept: &[Lasting]) -> Vec<(OwnPart, Option<usize>, Vec<Vec<u16>>)> {
    let bits = |lasting: &Lasting| lasting.memory.pages().iter().map(|page| page.bits(SHAPE, 2).to_vec()).collect();
    kept.iter().map(|lasting| (lasting.part.clone(), lasting.memory.depth(), bits(lasting))).collect()
}

fn written() -> (tempfile::TempDir, BeginningsFile, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder.path().join("a.beginnings"));
    file.write(&example());
    let bytes = fs::read(&file.path).unwrap();
    (folder, file, bytes)
}

/// The same bytes with the checksum that belongs to them.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len().saturating_sub(32));
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

#[test]
fn what_was_written_is_read_again_with_what_is_shared_once() {
    let (_folder, file, bytes) = written();
    let (kept, expected) = (file.read(100), example());
    assert_eq!(kept.len(), 3);
    for (kept, expected) in kept.iter().zip(&expected) {
        assert_eq!((&kept.part, kept.memory.depth()), (&expected.part, expected.memory.depth()));
        assert_eq!(kept.memory.tokens(), expected.memory.tokens());
        for (number, (page, written)) in kept.memory.pages().iter().zip(expected.memory.pages()).enumerate() {
            let layers = expected.memory.depth().unwrap_or(2);
            let written = written.cut(SHAPE, expected.memory.positions(number));
            assert_eq!(page.bits(SHAPE, layers), written.bits(SHAPE, layers));
        }
    }
    assert!(Arc::ptr_eq(&kept[0].memory.pages()[0], &kept[2].memory.pages()[0]));
    // Two pages in both layers, and one in one.
    let numbers = 2 * (2 * SHAPE.numbers_in(2) + SHAPE.numbers_in(1));
    assert!((numbers..numbers + 1000).contains(&bytes.len()), "{}", bytes.len());
}

#[test]
fn what_others_left_behind_a_beginning_is_not_written() {
    let (_folder, file, bytes) = written();
    let mut others = example();
    let mut other = (*page(100)).clone();
    for layer in 0..2 {
        (18..32).for_each(|position| other.put(SHAPE, layer, position, &[9.0; 16], &[8.0; 16]));
    }
    let pages = [others[0].memory.pages()[0].clone(), Arc::new(other)];
    others[1] = lasting(&[3; 50], &pages, None);
    file.write(&others);
    assert_eq!(fs::read(&file.path).unwrap(), bytes);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it_whatever_lay_in_its_place() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder.path().join("a.beginnings"));
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("a.beginnings.new")).unwrap();
    fs::write(&file.path, "before").unwrap();
    fs::set_permissions(&file.path, fs::Permissions::from_mode(0o644)).unwrap();
    file.write(&example());
    assert_eq!(fs::metadata(&file.path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    assert_eq!(file.read(100).len(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_place_that_cannot_be_written_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = file(&folder.path().join("missing/a.beginnings"));
    missing.write(&example());
    assert!(missing.read(100).is_empty());
    // A folder in the file's place cannot be replaced, and is no file.
    let taken = file(&folder.path().join("a.beginnings"));
    fs::create_dir(&taken.path).unwrap();
    fs::write(taken.path.join("mine"), "mine").unwrap();
    taken.write(&example());
    assert!(taken.read(100).is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn no_more_pages_are_taken_in_than_there_is_room_for() {
    let (_folder, file, _) = written();
    let lengths = |most| file.read(most).iter().map(|kept| kept.memory.length()).collect::<Vec<_>>();
    assert_eq!([lengths(0), lengths(1)], [vec![], vec![32]]);
    assert_eq!([lengths(2), lengths(3)], [vec![32, 50], vec![32, 50, 40]]);
}

#[test]
fn the_file_of_another_model_vocabulary_or_context_is_of_no_use() {
    let (_folder, file, _) = written();
    let with = |change: fn(&mut Form)| {
        let mut other = file.clone();
        change(&mut other.form);
        other.read(100).len()
    };
    assert_eq!(with(|_| ()), 3);
    assert_eq!(with(|form| form.digest[31] ^= 1), 0);
    assert_eq!(with(|form| form.vocabulary = 3), 0);
    assert_eq!(with(|form| form.context = 49), 0);
    assert_eq!(with(|form| form.shape.layers = 1), 0);
    assert_eq!(with(|form| form.shape.head = 32), 0);
}

#[test]
fn numbers_that_are_none_are_refused_even_with_the_right_checksum() {
    let (_folder, file, mut bytes) = written();
    let last = bytes.len() - 34;
    bytes[last..last + 2].copy_from_slice(&0x7C00u16.to_le_bytes());
    fs::write(&file.path, with_checksum(bytes)).unwrap();
    assert!(file.read(100).is_empty());
}

proptest! {
    #[test]
    fn a_file_with_a_changed_byte_or_without_its_end_is_of_no_use(
        place in any::<prop::sample::Index>(), change in 1..=u8::MAX, cut in any::<prop::sample::Index>(),
    ) {
        let (_folder, file, bytes) = written();
        let mut changed = bytes.clone();
        changed[place.index(bytes.len())] ^= change;
        fs::write(&file.path, changed).unwrap();
        prop_assert!(file.read(100).is_empty());
        fs::write(&file.path, &bytes[..cut.index(bytes.len())]).unwrap();
        prop_assert!(file.read(100).is_empty());
        fs::write(&file.path, [&bytes[..], &[0]].concat()).unwrap();
        prop_assert!(file.read(100).is_empty());
    }

    #[test]
    fn whatever_has_a_right_checksum_is_possible_or_refused(
        places in prop::collection::vec((0usize..700, any::<u32>()), 1..4), small in any::<bool>(),
    ) {
        let (_folder, file, mut bytes) = written();
        for (place, number) in places {
            // The counts and tokens stand at the beginning; small numbers come further.
            let number = if small { number % 300 } else { number };
            let place = 44 + place / 4 * 4;
            bytes[place..place + 4].copy_from_slice(&number.to_le_bytes());
        }
        fs::write(&file.path, with_checksum(bytes)).unwrap();
        for kept in file.read(100) {
            prop_assert!((1..=200).contains(&kept.memory.length()));
            prop_assert_eq!(kept.memory.pages().len(), kept.memory.length().div_ceil(32));
            prop_assert!(kept.memory.tokens().iter().all(|token| *token < 100));
            prop_assert_eq!(kept.memory.tokens(), kept.part.tokens.as_slice());
            prop_assert!(kept.memory.depth().is_none_or(|depth| depth == 1));
        }
    }

    #[test]
    fn any_bytes_are_of_no_use(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder.path().join("a.beginnings"));
        fs::write(&file.path, bytes).unwrap();
        prop_assert!(file.read(100).is_empty());
    }
}

#[test]
fn what_is_read_and_written_again_is_the_same_to_the_last_byte() {
    let (_folder, file, bytes) = written();
    let kept = file.read(100);
    file.write(&kept);
    assert_eq!(fs::read(&file.path).unwrap(), bytes);
    assert_eq!(contents(&file.read(100)), contents(&kept));
}
