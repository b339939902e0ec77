//! The transcripts beside this file are the specification: each is run through the real inbox, turn, commit and outbox.
//!
//! Only the channel, the clock and the language model are stood in for; search uses the real embedder and index.

mod owner;
mod runner;
mod stage;
mod transcript;

use std::path::Path;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of transcripts is there")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_name().is_some_and(|name| name != "README.md"))
        .collect();
    files.sort();
    assert!(files.len() >= 60, "only {} transcripts were found in {}", files.len(), folder.display());
    let trials = files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(name, move || {
                let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
                let transcript = transcript::parse(&text)?;
                runner::run(&transcript).map_err(Into::into)
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
