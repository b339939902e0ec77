//! Reads labelled sentences: film subtitles of the XED data set, and the customers' sentences of this repository.
//!
//! Reads only the paths it is given. What is drawn from XED depends on the seed alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// XED's numbers of emotions.
const ANGER: u8 = 1;
const ANTICIPATION: u8 = 2;
const DISGUST: u8 = 3;
const JOY: u8 = 5;
const TRUST: u8 = 8;

/// How long a subtitle is that looks like a message, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=160;

/// What a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Angry.
    Angry,
    /// About a problem, or thanks, or praise, without anger.
    Calm,
    /// Asks to speak with a person, perhaps indirectly.
    Person,
    /// An ordinary question, perhaps one that names persons.
    Ordinary,
}

/// A sentence with its language's name in the data and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// The data's name of the language: `br` is Portuguese as written in Brazil.
    pub language: String,
    /// What it is.
    pub kind: Kind,
    /// The words.
    pub text: String,
}

/// Why the data cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}. Name the folder or file with the labelled sentences")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error(
        "{path}, line {line}: write language, kind (angry, calm, person, ordinary) and sentence, with tabs between"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// The sentences of a file with `language<TAB>kind<TAB>sentence` a line.
///
/// # Errors
/// When the file cannot be read or a line is wrong.
pub fn examples(path: &Path) -> Result<Vec<Sentence>, DataError> {
    let wrong = |line: usize| DataError::Line { path: path.to_owned(), line: line + 1 };
    let lines = read(path)?;
    lines.lines().enumerate().map(|(index, line)| example(line).ok_or_else(|| wrong(index))).collect()
}

fn example(line: &str) -> Option<Sentence> {
    let mut fields = line.splitn(3, '\t');
    let (language, kind, text) = (fields.next()?, fields.next()?, fields.next()?);
    let kind = match kind {
        "angry" => Kind::Angry,
        "calm" => Kind::Calm,
        "person" => Kind::Person,
        "ordinary" => Kind::Ordinary,
        _ => return None,
    };
    Some(Sentence { language: language.to_owned(), kind, text: text.to_owned() })
}

/// As many angry as calm sentences of each language in an XED folder, at most `cap` of each.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn xed(folder: &Path, cap: usize, seed: u64) -> Result<Vec<Sentence>, DataError> {
    let unreadable = |source| DataError::Read { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths =
        entries.map(|entry| entry.map(|it| it.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tsv" || extension == "txt"));
    paths.sort();
    let mut sentences = Vec::new();
    for path in paths {
        let language = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read(&path)?;
        let mut seen = HashSet::new();
        let labelled = text.lines().filter_map(|line| subtitle(&language, line));
        let (mut angry, mut calm): (Vec<_>, Vec<_>) = labelled
            .filter(|sentence| seen.insert(sentence.text.clone()))
            .partition(|sentence| sentence.kind == Kind::Angry);
        shuffle(&mut angry, seed);
        shuffle(&mut calm, seed);
        // The file of neutral sentences has no angry ones to set against.
        let count = if angry.is_empty() { calm.len() } else { angry.len().min(calm.len()) };
        angry.truncate(count.min(cap));
        calm.truncate(count.min(cap));
        sentences.extend(angry);
        sentences.extend(calm);
    }
    Ok(sentences)
}

/// A line of XED that is clearly angry or clearly not: fear and sadness are neither. `number<TAB>sentence` is neutral.
fn subtitle(file: &str, line: &str) -> Option<Sentence> {
    let (first, second) = line.split_once('\t')?;
    let language = file.trim_end_matches("-neutral").to_owned();
    let (text, kind) = if file.ends_with("-neutral") {
        (second, Kind::Calm)
    } else {
        let labels = second.split(',').map(|label| label.trim().parse().ok()).collect::<Option<Vec<u8>>>()?;
        (first, kind(&labels)?)
    };
    let text = text.trim();
    LENGTHS.contains(&text.chars().count()).then(|| Sentence { language, kind, text: text.to_owned() })
}

fn kind(labels: &[u8]) -> Option<Kind> {
    let has = |wanted: [u8; 2]| labels.iter().any(|label| wanted.contains(label));
    if has([ANGER, DISGUST]) && !has([JOY, TRUST]) {
        return Some(Kind::Angry);
    }
    let is_calm = |label: &u8| [ANTICIPATION, JOY, TRUST].contains(label);
    (!labels.is_empty() && labels.iter().all(is_calm)).then_some(Kind::Calm)
}

/// Brings sentences into an order that looks like chance and is the same for the same seed.
pub fn shuffle(sentences: &mut [Sentence], seed: u64) {
    sentences.sort_by_cached_key(|sentence| place(&sentence.text, seed));
}

/// A number that looks like chance, the same for the same text and seed.
pub fn place(text: &str, seed: u64) -> u64 {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(text).finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(super) fn read(path: &Path) -> Result<String, DataError> {
    std::fs::read_to_string(path).map_err(|source| DataError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fear_and_sadness_are_no_anger_and_no_calm() {
        let kind = |line| subtitle("en", line).map(|sentence| sentence.kind);
        assert_eq!(kind("Get out of my house!\t1, 3"), Some(Kind::Angry));
        assert_eq!(kind("I trust you with this.\t8, 2"), Some(Kind::Calm));
        assert_eq!(kind("I am so afraid of him.\t4"), None);
        assert_eq!(kind("He died last winter.\t6, 1, 8"), None);
        assert_eq!(kind("phrase of a header\temotion"), None);
        assert_eq!(kind("Hey!\t1"), None);
        let neutral = subtitle("en-neutral", "9\tOne moment please.").expect("a sentence");
        assert_eq!((neutral.kind, neutral.language.as_str()), (Kind::Calm, "en"));
    }

    #[test]
    fn the_repositorys_own_sentences_are_sound_and_in_many_languages() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/feeling/examples.tsv");
        let sentences = examples(&path).expect("every line is sound");
        for kind in [Kind::Angry, Kind::Calm, Kind::Person, Kind::Ordinary] {
            let languages: HashSet<&str> =
                sentences.iter().filter(|sentence| sentence.kind == kind).map(|it| it.language.as_str()).collect();
            assert!(languages.len() >= 15, "{kind:?}: {languages:?}");
        }
        let texts: HashSet<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        assert_eq!(texts.len(), sentences.len(), "some sentence stands there twice");
    }
}
