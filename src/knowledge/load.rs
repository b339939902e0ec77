//! Reads the owner's folder: which files there are, what each says, what is broken in it.
//!
//! Only reads. Follows no link out of the folder. A broken file is reported and costs no other file anything.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::check::check;
use super::chunk::{self, Source};
use super::command::is_command;
use super::front_matter::{self, FrontMatter};
use super::identify::identify;
use super::markdown;
use super::passage::Passage;
use super::report::Problem;
use crate::domain::Language;

/// A larger file is no text that a person wrote.
const LARGEST_FILE: u64 = 2 * 1024 * 1024;

/// Stands where an answer has yet to be written: a file that holds it is not used, whatever its settings say.
pub const UNWRITTEN: &str = "<!-- Write the answer here, in full sentences that can stand alone. -->";

/// A markdown file as it lies in the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct RawFile {
    /// The name relative to the folder, with `/`.
    pub name: String,
    /// The text, or what keeps it from being read.
    pub text: Result<String, Problem>,
    /// Hash of the bytes, in hexadecimal digits.
    pub hash: String,
}

/// A file that was understood.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Document {
    /// The name relative to the folder, with `/`.
    pub name: String,
    /// Hash of the bytes, in hexadecimal digits.
    pub hash: String,
    /// The language.
    pub language: Language,
    /// Whether the file shows its language; else it has the one that was usual when it was read.
    pub language_is_sure: bool,
    /// What files that say the same in several languages share; the name itself when there is no such file.
    pub group: String,
    /// Further words that customers use for it.
    pub topics: Vec<String>,
    /// The passages; none for a draft.
    pub passages: Vec<Passage>,
    /// The lines of the passages that give orders to a machine and are left out.
    pub left_out: Vec<u32>,
}

/// Every markdown file of a folder, ordered by name.
pub fn read_folder(dir: &Path) -> std::io::Result<Vec<RawFile>> {
    let root = dir.canonicalize()?;
    let mut walk = Walk { root: root.clone(), seen: HashSet::from([root.clone()]), files: Vec::new() };
    walk.folder(&root, "")?;
    walk.files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(walk.files)
}

/// Whether a path names a file that belongs to the knowledge.
pub fn is_markdown(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    !is_hidden && matches!(extension.as_deref(), Some("md" | "markdown"))
}

struct Walk {
    root: PathBuf,
    seen: HashSet<PathBuf>,
    files: Vec<RawFile>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str) -> std::io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        // What lies here comes before what links point to, so that a file keeps its own name.
        entries.sort_by_key(|entry| (entry.path().is_symlink(), entry.file_name()));
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            // A link that leads nowhere, out of the folder, or to what was read already.
            let Ok(real) = entry.path().canonicalize() else { continue };
            if !real.starts_with(&self.root) || !self.seen.insert(real.clone()) {
                continue;
            }
            let relative = format!("{prefix}{name}");
            if real.is_dir() {
                // A folder without permission costs only itself.
                if let Err(fault) = self.folder(&real, &format!("{relative}/")) {
                    self.files.push(unreadable(&relative, &fault));
                }
            } else if is_markdown(&entry.path()) {
                self.files.push(read_file(&real, relative));
            }
        }
        Ok(())
    }
}

fn unreadable(name: &str, fault: &std::io::Error) -> RawFile {
    let message = format!("cannot be read ({fault}): check who may read it");
    RawFile { name: name.to_owned(), text: Err(Problem::new(name, 1, message)), hash: String::new() }
}

fn read_file(path: &Path, name: String) -> RawFile {
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(fault) => return unreadable(&name, &fault),
    };
    if size > LARGEST_FILE {
        let problem = Problem::new(&name, 1, "is larger than 2 MB: split it into several files");
        return RawFile { name, text: Err(problem), hash: format!("size {size}") };
    }
    match fs::read(path) {
        Ok(bytes) => {
            let hash = hex::encode(Sha256::digest(&bytes));
            let text = decode(bytes).map_err(|(line, message)| Problem::new(&name, line, message));
            RawFile { name, text, hash }
        }
        Err(fault) => unreadable(&name, &fault),
    }
}

fn decode(bytes: Vec<u8>) -> Result<String, (u32, String)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
        return Err((1, "is saved as UTF-16 or is not text: save it again with the encoding UTF-8".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|fault| {
        let valid = fault.utf8_error().valid_up_to();
        let line = fault.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        (line, "holds a character that is not UTF-8 here: save the file again with the encoding UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Understands a file. `usual` is the language of a file that shows none.
pub fn understand(raw: &RawFile, usual: Language) -> Result<Document, Vec<Problem>> {
    let text = raw.text.as_ref().map_err(|problem| vec![problem.clone()])?;
    let (front, body, above) =
        front_matter::split(text).map_err(|fault| vec![Problem::new(&raw.name, fault.line, fault.message)])?;
    if let Some(line) = body.lines().position(|line| line.trim() == UNWRITTEN).filter(|_| !front.draft) {
        let message = "an answer has yet to be written here: write it and take this line out";
        return Err(vec![Problem::new(&raw.name, above + line as u32 + 1, message)]);
    }
    let faults = check(body);
    if !faults.is_empty() {
        return Err(faults
            .into_iter()
            .map(|fault| Problem::new(&raw.name, fault.line + above, fault.message))
            .collect());
    }
    let shown = language(raw, &front, body);
    let language = shown.unwrap_or(usual);
    let source = Source { file: &raw.name, language, title: front.title.as_deref() };
    let mut passages = if front.draft { Vec::new() } else { chunk::passages(source, markdown::read(body, above + 1)) };
    let is_order =
        |passage: &Passage| is_command(&passage.text()) || passage.headings.iter().any(|heading| is_command(heading));
    let left_out = passages.iter().filter(|passage| is_order(passage)).map(|passage| passage.line).collect();
    passages.retain(|passage| !is_order(passage));
    let group = group(&raw.name, front.translates.as_deref());
    Ok(Document {
        name: raw.name.clone(),
        hash: raw.hash.clone(),
        language,
        language_is_sure: shown.is_some(),
        group,
        topics: front.topics,
        passages,
        left_out,
    })
}

fn language(raw: &RawFile, front: &FrontMatter, body: &str) -> Option<Language> {
    front.language.or_else(|| suffix(&raw.name).map(|(_, language)| language)).or_else(|| identify(body))
}

/// What files that say the same in several languages have in common: `hours` of `hours.es.md` and `hours.en.md`.
fn group(name: &str, translates: Option<&str>) -> String {
    let name = translates.unwrap_or(name);
    suffix(name).map_or_else(|| without_extension(name).to_owned(), |(stem, _)| stem.to_owned())
}

fn without_extension(name: &str) -> &str {
    name.strip_suffix(".md").or_else(|| name.strip_suffix(".markdown")).unwrap_or(name)
}

/// The stem and language of `hours.es.md`, `hours_es.md` or `hours-es.md`.
fn suffix(name: &str) -> Option<(&str, Language)> {
    let bare = without_extension(name);
    let (stem, code) = bare.rsplit_once(['.', '_', '-'])?;
    let is_code = code.len() == 2 && !stem.is_empty() && !stem.ends_with('/');
    Some((stem, code.parse().ok().filter(|_| is_code)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder(files: &[(&str, &[u8])]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        dir
    }

    fn names(dir: &TempDir) -> Vec<String> {
        read_folder(dir.path()).unwrap().into_iter().map(|file| file.name).collect()
    }

    fn problem(bytes: &[u8]) -> Problem {
        let dir = folder(&[("a.md", bytes)]);
        understand(&read_folder(dir.path()).unwrap()[0], Language::Es).unwrap_err().remove(0)
    }

    #[test]
    fn markdown_is_found_in_folders_below_and_hidden_files_are_not() {
        let dir =
            folder(&[("b.md", b"x"), ("sub/a.MARKDOWN", b"x"), (".git/c.md", b"x"), (".d.md", b"x"), ("e.txt", b"x")]);
        assert_eq!(names(&dir), ["b.md", "sub/a.MARKDOWN"]);
        assert!(read_folder(&dir.path().join("missing")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder_or_round_in_circles() {
        use std::os::unix::fs::symlink;
        let outside = folder(&[("secret.md", b"x")]);
        let dir = folder(&[("a.md", b"x"), ("sub/b.md", b"x"), (".data/c.md", b"x")]);
        symlink(outside.path().join("secret.md"), dir.path().join("secret.md")).unwrap();
        symlink(outside.path(), dir.path().join("outside")).unwrap();
        symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
        symlink(dir.path().join(".data/c.md"), dir.path().join("c.md")).unwrap();
        symlink(dir.path().join("a.md"), dir.path().join("0.md")).unwrap();
        assert_eq!(names(&dir), ["a.md", "c.md", "sub/b.md"]);
    }

    #[test]
    fn what_is_not_utf8_is_named_with_its_line() {
        assert_eq!(problem(b"uno\ndos \xf1o\n").line, 2);
        assert!(problem(b"\xff\xfeh\0o\0").message.contains("UTF-16"));
        let large = problem(&vec![b'a'; LARGEST_FILE as usize + 1]);
        assert!(large.message.contains("2 MB"), "{large}");
    }

    #[test]
    fn a_byte_order_mark_and_foreign_line_ends_do_no_harm() {
        let dir = folder(&[("a.md", "\u{feff}---\r\nlanguage: es\r\n---\r\n# Pan\r\n\r\nRico.\r\n".as_bytes())]);
        let document = understand(&read_folder(dir.path()).unwrap()[0], Language::En).unwrap();
        assert_eq!(document.language, Language::Es);
        assert_eq!((document.passages[0].line, document.passages[0].text()), (6, "Rico.".to_owned()));
    }

    #[test]
    fn faults_count_their_lines_from_the_top_of_the_file() {
        assert_eq!(problem(b"---\ntitle: x\n---\nhola\n```\n").line, 5);
        assert_eq!(problem(b"---\nlanguage: zz\n---\n").line, 2);
    }

    #[test]
    fn language_comes_from_settings_then_the_name_then_the_words() {
        let dir = folder(&[
            ("a.en.md", b"---\nlanguage: fr\n---\nx"),
            ("b.en.md", b"Abrimos de lunes a viernes por la noche."),
            ("c.md", b"Abrimos de lunes a viernes por la noche y los domingos."),
            ("d.md", b"1"),
        ]);
        let languages: Vec<Language> = read_folder(dir.path())
            .unwrap()
            .iter()
            .map(|raw| understand(raw, Language::Pt).unwrap().language)
            .collect();
        assert_eq!(languages, [Language::Fr, Language::En, Language::Es, Language::Pt]);
    }

    #[test]
    fn drafts_have_no_passages_and_translations_share_a_group() {
        let dir = folder(&[
            ("sub/hours.es.md", b"x"),
            ("sub/hours_en.md", b"y"),
            ("z.md", b"---\ntranslates: sub/hours.es.md\ndraft: true\n---\nz"),
        ]);
        let documents: Vec<Document> =
            read_folder(dir.path()).unwrap().iter().map(|raw| understand(raw, Language::Es).unwrap()).collect();
        assert!(documents.iter().all(|document| document.group == "sub/hours"));
        assert!(documents[2].passages.is_empty());
        assert_eq!(group("sub/no-es-esto.md", None), "sub/no-es-esto");
    }
}
