//! Memory for what is read at every token or question, and reading it as fast as the machine can: the limit that decoding
//! is measured against.

use std::alloc::{Layout, handle_alloc_error};
use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::{Mmap, MmapMut};

/// Bytes that begin with a page, where the system can in pages of 2 MB: a processor has to look up where each page lies,
/// and with a model's weights in small ones it does little else.
pub(super) struct Pages(MmapMut);

impl Pages {
    /// So many zeros; ends the program where there is no memory, as `Vec` does.
    pub(super) fn zeroed(bytes: usize) -> Self {
        let Ok(pages) = MmapMut::map_anon(bytes) else {
            handle_alloc_error(Layout::array::<u8>(bytes).unwrap_or(Layout::new::<u8>()));
        };
        // Where the system has no large pages, small ones do.
        #[cfg(target_os = "linux")]
        drop(pages.advise(memmap2::Advice::HugePage));
        Pages(pages)
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// A file's bytes without a copy of them: the system holds what is read of them, and may let go of it.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl Mapped {
    /// Of a whole file, which nobody may write to as long as this is there; it may be deleted, or another may take its name.
    ///
    /// # Errors
    ///
    /// When the system cannot map it.
    pub fn of(file: &File) -> io::Result<Self> {
        // SAFETY: Atiende never writes to a file that has its final name: it writes another one and renames it. Whoever may
        // write to the files of a running program could change its memory by other ways.
        Ok(Mapped(unsafe { Mmap::map(file) }?))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// How far ahead lines are fetched.
const AHEAD: usize = 4096;

/// Reads every cache line of some numbers, and gives a sum that needs all of them.
pub fn read_all(numbers: &[u64]) -> u64 {
    let (lines, rest) = numbers.as_chunks::<8>();
    let mut sums = [0u64; 4];
    for (at, line) in lines.iter().enumerate() {
        prefetch(line.as_ptr().cast::<u8>().wrapping_add(AHEAD));
        sums[at % 4] = sums[at % 4].wrapping_add(line[0]);
    }
    sums.iter().chain(rest).fold(0, |sum, number| sum.wrapping_add(*number))
}

#[cfg(target_arch = "x86_64")]
fn prefetch(from: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every processor of this kind has the instruction, and it never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
fn prefetch(_: *const u8) {}
