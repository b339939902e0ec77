//! A file to beginnings, of which nothing is believed.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use atiende_kernels::{PAGE_POSITIONS, Page};
use sha2::{Digest, Sha256};

use super::super::own::{MOST, OwnPart};
use super::{DIGEST, Form, MAGIC, Unusable, VERSION};
use crate::llm::beginnings::Lasting;
use crate::llm::decoder::Memory;

/// A beginning whose pages are still to be read.
struct Outline {
    part: OwnPart,
    layers: usize,
    /// Their numbers.
    pages: Vec<usize>,
}

/// The beginnings whose pages are all among the first `most_pages`; most pages are those of the most useful.
pub(super) fn read(path: &Path, form: &Form, most_pages: usize) -> Result<Vec<Lasting>, Unusable> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Unusable::Damaged("it is no file"));
    }
    let file = File::open(path)?;
    let left = file.metadata()?.len();
    let mut source = Source { file: BufReader::new(file), checksum: Sha256::new(), left };
    let count = read_head(&mut source, form)?;
    let outlines = read_outlines(&mut source, form, count)?;
    let pages = read_pages(&mut source, form, count, most_pages)?;
    source.finish()?;
    let whole = outlines.into_iter().map(|outline| assemble(outline, &pages, form));
    Ok(whole.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// How many pages there are.
fn read_head(source: &mut Source, form: &Form) -> Result<usize, Unusable> {
    if source.array()? != *MAGIC {
        return Err(Unusable::Damaged("it begins like another kind of file"));
    }
    if source.number()? != VERSION as usize || source.array()? != form.digest {
        return Err(Unusable::Foreign);
    }
    let count = source.number()?;
    if count as u64 > source.left / 4 {
        return Err(Unusable::Damaged("it is too short for its pages"));
    }
    Ok(count)
}

fn read_outlines(source: &mut Source, form: &Form, pages: usize) -> Result<Vec<Outline>, Unusable> {
    let count = source.number()?;
    if count > MOST {
        return Err(Unusable::Damaged("it has too many beginnings"));
    }
    (0..count).map(|_| read_outline(source, form, pages)).collect()
}

fn read_outline(source: &mut Source, form: &Form, pages: usize) -> Result<Outline, Unusable> {
    let (length, layers) = (source.number()?, source.number()?);
    if length == 0 || length > form.context || !(1..=form.shape.layers).contains(&layers) {
        return Err(Unusable::Damaged("a beginning has impossible figures"));
    }
    let asked = u32::try_from(source.number()?).unwrap_or(u32::MAX);
    let is_instruction = source.number()? != 0;
    let unused = u8::try_from(source.number()?).unwrap_or(u8::MAX);
    let tokens = source.numbers(length, form.vocabulary)?;
    let tokens = tokens.into_iter().filter_map(|token| u32::try_from(token).ok()).collect();
    let pages = source.numbers(length.div_ceil(PAGE_POSITIONS), pages)?;
    Ok(Outline { part: OwnPart { tokens, is_instruction, asked, unused }, layers, pages })
}

/// The first pages, each with its layers; the others are only looked at.
fn read_pages(
    source: &mut Source,
    form: &Form,
    count: usize,
    most: usize,
) -> Result<Vec<(usize, Arc<Page>)>, Unusable> {
    let mut pages = Vec::new();
    for number in 0..count {
        let layers = source.number()?;
        if !(1..=form.shape.layers).contains(&layers) {
            return Err(Unusable::Damaged("a page has impossible layers"));
        }
        let mut bytes = vec![0; 2 * form.shape.numbers_in(layers)];
        source.fill(&mut bytes)?;
        if number < most {
            let bits = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            let page = Page::from_bits(form.shape, layers, bits).ok_or(Unusable::Damaged("a page is none"))?;
            pages.push((layers, Arc::new(page)));
        }
    }
    Ok(pages)
}

/// Nothing where one of its pages was not taken in.
fn assemble(outline: Outline, pages: &[(usize, Arc<Page>)], form: &Form) -> Result<Option<Lasting>, Unusable> {
    let Outline { part, layers, pages: numbers } = outline;
    let Some(held) = numbers.iter().map(|number| pages.get(*number)).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    if held.iter().any(|(deep, _)| *deep < layers) {
        return Err(Unusable::Damaged("a beginning has more layers than its pages"));
    }
    let held = held.into_iter().map(|(_, page)| page.clone()).collect();
    let depth = Some(layers).filter(|layers| *layers < form.shape.layers);
    let memory = Memory::from_parts(part.tokens.clone(), held, depth);
    Ok(Some(Lasting { part, memory }))
}

/// A file of which so many bytes are left, with the checksum of those that were read.
struct Source {
    file: BufReader<File>,
    checksum: Sha256,
    left: u64,
}

impl Source {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Unusable> {
        let left = self.left.checked_sub(bytes.len() as u64).ok_or(Unusable::Damaged("it ends too early"))?;
        match self.file.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Unusable::Damaged("it ends too early"));
            }
            read => read?,
        }
        self.left = left;
        self.checksum.update(&*bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unusable> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize, Unusable> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// So many numbers, each below `bound`.
    fn numbers(&mut self, count: usize, bound: usize) -> Result<Vec<usize>, Unusable> {
        if count as u64 > self.left / 4 {
            return Err(Unusable::Damaged("it ends too early"));
        }
        let number = |source: &mut Source| match source.number()? {
            number if number < bound => Ok(number),
            _ => Err(Unusable::Damaged("a token or a page is none")),
        };
        (0..count).map(|_| number(self)).collect()
    }

    /// Whether everything was what was written.
    fn finish(mut self) -> Result<(), Unusable> {
        let expected: [u8; DIGEST] = self.checksum.finalize_reset().into();
        if self.array()? != expected {
            return Err(Unusable::Damaged("its checksum is wrong"));
        }
        if self.left > 0 {
            return Err(Unusable::Damaged("something follows its end"));
        }
        Ok(())
    }
}
