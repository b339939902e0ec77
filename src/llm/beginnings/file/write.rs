//! Beginnings to a file: beside the old one, which is replaced once the new one is on disk.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use atiende_kernels::{Page, PageShape};
use sha2::{Digest, Sha256};

use super::{Form, MAGIC, VERSION};
use crate::llm::beginnings::Lasting;

/// How many bytes were written.
pub(super) fn write(path: &Path, form: &Form, lasting: &[Lasting]) -> io::Result<u64> {
    let new = path.with_added_extension("new");
    let bytes = create(&new).and_then(|file| {
        let mut sink = Sink { file: BufWriter::new(file), checksum: Sha256::new(), bytes: 0 };
        write_all(&mut sink, form, lasting)?;
        sink.finish()
    });
    let bytes = bytes.and_then(|bytes| fs::rename(&new, path).map(|()| bytes));
    if bytes.is_err() {
        // It may never have been there.
        drop(fs::remove_file(&new));
    }
    bytes
}

/// A new file that only its owner can read. What an attempt before left in its place goes.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_all(sink: &mut Sink, form: &Form, lasting: &[Lasting]) -> io::Result<()> {
    let pages = Pages::of(lasting, form.shape);
    sink.put(MAGIC)?;
    sink.number(VERSION as usize)?;
    sink.put(&form.digest)?;
    sink.number(pages.in_order.len())?;
    sink.number(lasting.len())?;
    for Lasting { part, memory } in lasting {
        sink.number(part.tokens.len())?;
        sink.number(memory.depth().unwrap_or(form.shape.layers))?;
        sink.number(part.asked as usize)?;
        sink.number(usize::from(part.is_instruction))?;
        sink.number(usize::from(part.unused))?;
        part.tokens.iter().try_for_each(|token| sink.put(&token.to_le_bytes()))?;
        memory.pages().iter().try_for_each(|page| sink.number(pages.places[&Arc::as_ptr(page)]))?;
    }
    for used in &pages.in_order {
        let page = used.page.cut(form.shape, used.positions);
        sink.number(used.layers)?;
        let bits: Vec<u8> = page.bits(form.shape, used.layers).iter().flat_map(|bits| bits.to_le_bytes()).collect();
        sink.put(&bits)?;
    }
    Ok(())
}

/// The pages that beginnings share, each once, in the order in which they are met.
struct Pages<'a> {
    in_order: Vec<Used<'a>>,
    places: HashMap<*const Page, usize>,
}

/// A page, and as much of it as a beginning holds: what stands behind may be a customer's.
struct Used<'a> {
    page: &'a Page,
    positions: usize,
    layers: usize,
}

impl<'a> Pages<'a> {
    fn of(lasting: &'a [Lasting], shape: PageShape) -> Self {
        let mut pages = Pages { in_order: Vec::new(), places: HashMap::new() };
        for memory in lasting.iter().map(|lasting| &lasting.memory) {
            for (number, page) in memory.pages().iter().enumerate() {
                let place = *pages.places.entry(Arc::as_ptr(page)).or_insert_with(|| {
                    pages.in_order.push(Used { page, positions: 0, layers: 0 });
                    pages.in_order.len() - 1
                });
                let used = &mut pages.in_order[place];
                used.positions = used.positions.max(memory.positions(number));
                used.layers = used.layers.max(memory.depth().unwrap_or(shape.layers));
            }
        }
        pages
    }
}

/// A file with the checksum of what was written to it.
struct Sink {
    file: BufWriter<File>,
    checksum: Sha256,
    bytes: u64,
}

impl Sink {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn number(&mut self, number: usize) -> io::Result<()> {
        let number = u32::try_from(number).map_err(|_| io::Error::other("a number is larger than any of the file"))?;
        self.put(&number.to_le_bytes())
    }

    /// Ends the file, and waits until it is on disk.
    fn finish(mut self) -> io::Result<u64> {
        let checksum = self.checksum.finalize_reset();
        self.put(&checksum)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(self.bytes)
    }
}
