//! Search in a large folder, measured on the release build with the real search model: how long 10,000 passages take to
//! be indexed from nothing, and a question to be answered with its embedding.
//!
//! The passages are those of the example businesses, each many times with other headings and figures. Prints figures and
//! asserts none.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use atiende::app::library;
use atiende::config::Config;
use atiende::domain::Language;
use atiende::eval::case;
use atiende::eval::report::percentile;
use atiende::knowledge::embed::E5;
use atiende::knowledge::{Knowledge, Options, Passage, Query};
use atiende::models::Use;

const PASSAGES: usize = 10_000;
const A_FILE: usize = 50;
const HITS: usize = 50;
const BUSINESSES: [(&str, Language); 5] = [
    ("bikes", Language::De),
    ("dental", Language::En),
    ("florist", Language::Fr),
    ("pousada", Language::Pt),
    ("vet", Language::Es),
];

fn main() -> anyhow::Result<()> {
    let model = library()?.resolve(Use::Embedder, &Config::default().models)?;
    let folder = std::env::temp_dir().join(format!("atiende-search-{}", std::process::id()));
    let written = write(&folder)?;
    let began = Instant::now();
    let options = Options {
        dir: folder.clone(),
        translations: None,
        index_dir: None,
        embedder: Some(Arc::new(E5::open(&model)?)),
        examples: Default::default(),
    };
    let (knowledge, report) = Knowledge::open(options)?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "indexing from nothing: {written} passages written, {} indexed, {} texts embedded, {seconds:.0} s",
        report.passages, report.embedded
    );
    let mut times = search(&knowledge)?;
    times.sort_by(f64::total_cmp);
    let at = |share| percentile(&times, share);
    println!(
        "search with the question's embedding, ms: p50 {:.1}, p95 {:.1} ({} questions)",
        at(0.5),
        at(0.95),
        times.len()
    );
    if let Some(kilobytes) = peak_memory() {
        println!("memory at its most, search model and passages: {} MB", kilobytes / 1024);
    }
    std::fs::remove_dir_all(&folder).context("cannot remove the folder of the benchmark")
}

/// What the process took at its most, in kB; nothing where the system does not tell.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Writes the folder; how many passages it should have.
fn write(folder: &Path) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut written = 0;
    for round in 0.. {
        for (business, language) in BUSINESSES {
            let passages = passages(business)?;
            for (part, some) in passages.chunks(A_FILE).enumerate() {
                let room = PASSAGES - written;
                if room == 0 {
                    return Ok(written);
                }
                let some = &some[..some.len().min(room)];
                let name = format!("{business}-{round}-{part}.{language}.md");
                std::fs::write(folder.join(name), text(some, round))?;
                written += some.len();
            }
        }
    }
    Ok(written)
}

fn passages(business: &str) -> anyhow::Result<Vec<Arc<Passage>>> {
    let options = Options {
        dir: repository("tests/businesses").join(business),
        translations: None,
        index_dir: None,
        embedder: None,
        examples: Default::default(),
    };
    Ok(Knowledge::open(options)?.0.passages())
}

/// The passages under headings of their own, with other figures in each round.
fn text(passages: &[Arc<Passage>], round: usize) -> String {
    let mut text = String::new();
    for passage in passages {
        let body: String = passage.text().chars().map(|letter| turned(letter, round)).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "# {} {round}\n\n{body}\n\n", passage.heading());
    }
    text
}

fn turned(letter: char, round: usize) -> char {
    let digit = letter.to_digit(10).map(|digit| (digit as usize + round) % 10);
    digit.and_then(|digit| char::from_digit(digit as u32, 10)).unwrap_or(letter)
}

/// The time of each question, in milliseconds.
fn search(knowledge: &Knowledge) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for (business, language) in BUSINESSES {
        let file = repository("tests/cases").join(business).join("tuning.jsonl");
        let name = file.display().to_string();
        for case in case::read(&name, &std::fs::read_to_string(&file)?)? {
            let text = case.customer[0].clone();
            let began = Instant::now();
            knowledge.search(&Query { text, context: None, language }, HITS);
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    Ok(times)
}
