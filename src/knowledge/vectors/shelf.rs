//! Rows of bytes side by side, each with its scale and its tokens, as they lie in the file and are searched in it.
//!
//! The file is mapped and not read into memory: of a large folder the system holds what questions touch. It is never
//! changed: another one takes its name. Knows nothing of passages and embeds nothing.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::ops::{Deref, Range};
use std::path::Path;

use atiende_kernels::{Mapped, pack};
use sha2::{Digest, Sha256};

use crate::knowledge::embedder::DIMENSION;
use crate::knowledge::late::{Answer, WIDTH};

/// The first bytes of the file; the number changes with its layout or with what is embedded.
const MAGIC: &[u8; 8] = b"ATVEC\x00\x04\n";
/// The bytes of the checksum at the end.
const CHECKSUM: usize = 32;
/// What rows begin at a multiple of, so that each begins with a line of the processor's cache.
const LINE: usize = 64;

/// What a text is found by.
pub(super) type Key = [u8; 16];

/// A text as it is kept.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: Key,
    /// [`DIMENSION`] bytes, ...
    pub(super) row: &'a [u8],
    /// ... and what 1 in them stands for.
    pub(super) scale: f32,
    /// [`WIDTH`] bytes for each token.
    pub(super) tokens: &'a [u8],
}

/// The same on its own.
pub(super) struct Packed {
    row: Vec<u8>,
    scale: f32,
    tokens: Vec<u8>,
}

impl Packed {
    pub(super) fn new(text: &Answer) -> Self {
        let mut row = Vec::with_capacity(DIMENSION);
        let scale = pack(&text.vector, &mut row);
        Packed { row, scale, tokens: text.tokens.iter().map(|number| number.cast_unsigned()).collect() }
    }

    pub(super) fn entry(&self, key: Key) -> Entry<'_> {
        Entry { key, row: &self.row, scale: self.scale, tokens: &self.tokens }
    }
}

/// What was embedded, in the order in which it is searched.
pub(super) struct Shelf {
    bytes: Bytes,
    parts: Parts,
    places: HashMap<Key, u32>,
    /// Where the tokens of each begin among all tokens, and where the last ones end.
    tokens: Vec<u32>,
}

enum Bytes {
    Mapped(Mapped),
    Own(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(bytes) => bytes,
            Bytes::Own(bytes) => bytes,
        }
    }
}

/// Where in the bytes everything lies, for so many texts: keys, numbers of tokens, scales, rows, tokens.
#[derive(Clone, Copy)]
struct Parts {
    keys: usize,
    counts: usize,
    scales: usize,
    rows: usize,
    tokens: usize,
}

impl Parts {
    /// Nothing where they lie further than bytes can be counted.
    fn new(fingerprint: usize, texts: usize) -> Option<Self> {
        let keys = MAGIC.len() + 8 + fingerprint;
        let counts = keys.checked_add(texts.checked_mul(size_of::<Key>())?)?;
        let scales = counts.checked_add(texts)?;
        let rows = scales.checked_add(texts.checked_mul(4)?)?.checked_next_multiple_of(LINE)?;
        let tokens = rows.checked_add(texts.checked_mul(DIMENSION)?)?;
        Some(Parts { keys, counts, scales, rows, tokens })
    }
}

impl Shelf {
    /// Without anything.
    pub(super) fn empty() -> Self {
        Self::of("", &[])
    }

    /// Of texts in the order in which they are searched, computed by what the fingerprint names.
    pub(super) fn of(fingerprint: &str, entries: &[Entry<'_>]) -> Self {
        let tokens: usize = entries.iter().map(|entry| entry.tokens.len()).sum();
        let texts = entries.len();
        let mut bytes = Vec::with_capacity(tokens + texts * (DIMENSION + 24) + fingerprint.len() + 256);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(fingerprint.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(texts as u32).to_le_bytes());
        bytes.extend_from_slice(fingerprint.as_bytes());
        entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.key));
        bytes.extend(entries.iter().map(|entry| (entry.tokens.len() / WIDTH) as u8));
        entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.scale.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(LINE), 0);
        entries.iter().for_each(|entry| bytes.extend_from_slice(entry.row));
        entries.iter().for_each(|entry| bytes.extend_from_slice(entry.tokens));
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        Self::read(Bytes::Own(bytes), fingerprint).expect("what was written here can be read")
    }

    /// What a file holds; nothing when it is missing, damaged or of another fingerprint.
    pub(super) fn open(path: &Path, fingerprint: &str) -> Option<Self> {
        let bytes = Bytes::Mapped(Mapped::of(&File::open(path).ok()?).ok()?);
        let (content, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
        (Sha256::digest(content)[..] == *checksum).then_some(())?;
        Self::read(bytes, fingerprint)
    }

    fn read(bytes: Bytes, fingerprint: &str) -> Option<Self> {
        let (length, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let (texts, rest) = rest.split_first_chunk::<4>()?;
        let (length, texts) = (u32::from_le_bytes(*length) as usize, u32::from_le_bytes(*texts) as usize);
        (rest.get(..length)? == fingerprint.as_bytes()).then_some(())?;
        let parts = Parts::new(length, texts)?;
        let (keys, _) = bytes.get(parts.keys..parts.counts)?.as_chunks::<16>();
        let places = (0..).zip(keys).map(|(place, key)| (*key, place)).collect();
        let mut tokens = vec![0u32];
        for count in bytes.get(parts.counts..parts.scales)? {
            tokens.push(tokens.last()?.checked_add(u32::from(*count))?);
        }
        let end = parts.tokens.checked_add(*tokens.last()? as usize * WIDTH)?;
        (bytes.len() == end + CHECKSUM).then_some(Shelf { bytes, parts, places, tokens })
    }

    /// Puts it in the place of a file, and is searched there from now on.
    pub(super) fn move_to(&mut self, path: &Path) -> std::io::Result<()> {
        let unfinished = path.with_extension("new");
        // What a crash left is another file: one that somebody may be looking at is never written to.
        if let Err(fault) = fs::remove_file(&unfinished)
            && fault.kind() != ErrorKind::NotFound
        {
            return Err(fault);
        }
        // Opened as it is read later: a file that is renamed stays the same file.
        let mut file = File::options().read(true).write(true).create_new(true).open(&unfinished)?;
        file.write_all(&self.bytes)?;
        fs::rename(&unfinished, path)?;
        let mapped = Mapped::of(&file)?;
        if mapped.len() == self.bytes.len() {
            self.bytes = Bytes::Mapped(mapped);
        }
        Ok(())
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.tokens.len() - 1
    }

    /// Where a text is.
    pub(super) fn place(&self, key: &Key) -> Option<u32> {
        self.places.get(key).copied()
    }

    /// The row at a place, and its scale.
    pub(super) fn row(&self, place: u32) -> (&[u8], f32) {
        let place = place as usize;
        let scale = self.part(self.parts.scales + place * 4..self.parts.scales + place * 4 + 4);
        let scale = scale.first_chunk().map_or(0.0, |bytes| f32::from_le_bytes(*bytes));
        (self.part(self.parts.rows + place * DIMENSION..self.parts.rows + (place + 1) * DIMENSION), scale)
    }

    /// The tokens at a place: [`WIDTH`] signed bytes for each.
    pub(super) fn tokens(&self, place: u32) -> &[u8] {
        let place = place as usize;
        let of = |at: usize| self.parts.tokens + self.tokens[at] as usize * WIDTH;
        self.part(of(place)..of(place + 1))
    }

    /// All texts.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.places.iter().map(|(key, place)| self.entry(*key, *place))
    }

    /// The text at a place, which has this key.
    pub(super) fn entry(&self, key: Key, place: u32) -> Entry<'_> {
        let (row, scale) = self.row(place);
        Entry { key, row, scale, tokens: self.tokens(place) }
    }

    fn part(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    fn packed(place: u8) -> Packed {
        let vector = (0..DIMENSION).map(|at| if at == usize::from(place) { 1.0 } else { 0.25 }).collect();
        Packed::new(&Answer { vector, tokens: vec![place.cast_signed(); WIDTH * usize::from(place)].into() })
    }

    fn shelf(count: u8) -> Shelf {
        let packed: Vec<Packed> = (0..count).map(packed).collect();
        let entries: Vec<Entry<'_>> = (0..).zip(&packed).map(|(place, packed)| packed.entry([place; 16])).collect();
        Shelf::of("name", &entries)
    }

    fn assert_holds(shelf: &Shelf, count: u8) {
        assert_eq!(shelf.len(), usize::from(count));
        for place in 0..count {
            let (found, packed) = (shelf.place(&[place; 16]).expect("it is there"), packed(place));
            assert_eq!(shelf.row(found), (packed.row.as_slice(), packed.scale));
            assert_eq!(shelf.tokens(found), packed.tokens);
        }
        assert_eq!(shelf.place(&[count; 16]), None);
    }

    #[test]
    fn what_is_put_on_it_is_found_in_memory_and_in_the_file() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("vectors.bin");
        let mut shelf = shelf(5);
        assert_holds(&shelf, 5);
        shelf.move_to(&path).expect("it is written");
        assert_holds(&shelf, 5);
        assert_holds(&Shelf::open(&path, "name").expect("it is read"), 5);
        assert!(Shelf::open(&path, "other").is_none());
        assert_holds(&Shelf::empty(), 0);
    }

    #[test]
    fn what_a_crash_left_is_in_nobodys_way_and_what_cannot_be_written_stays_in_memory() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("vectors.bin");
        fs::write(path.with_extension("new"), b"half").expect("it is written");
        let mut shelf = shelf(2);
        shelf.move_to(&path).expect("it is written");
        assert_holds(&Shelf::open(&path, "name").expect("it is read"), 2);
        assert!(shelf.move_to(&folder.path().join("missing").join("vectors.bin")).is_err());
        assert_holds(&shelf, 2);
    }

    #[test]
    fn one_that_is_replaced_is_still_what_it_was() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("vectors.bin");
        let mut before = shelf(3);
        before.move_to(&path).expect("it is written");
        shelf(7).move_to(&path).expect("it is written");
        assert_holds(&before, 3);
        assert_holds(&Shelf::open(&path, "name").expect("it is read"), 7);
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_no_shelf_and_no_panic(at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), bit in 0u8..8) {
            let whole = shelf(3).bytes.to_vec();
            let folder = TempDir::new().expect("a folder");
            let path = folder.path().join("vectors.bin");
            let mut bytes = whole.clone();
            bytes[at.index(whole.len())] ^= 1 << bit;
            fs::write(&path, &bytes).expect("it is written");
            prop_assert!(Shelf::open(&path, "name").is_none());
            // Without the checksum, too, whatever the sizes say.
            if let Some(shelf) = Shelf::read(Bytes::Own(bytes), "name") {
                prop_assert_eq!(shelf.len(), 3);
            }
            fs::write(&path, &whole[..cut.index(whole.len())]).expect("it is written");
            prop_assert!(Shelf::open(&path, "name").is_none());
        }
    }
}
