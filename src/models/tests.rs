//! Model files as an owner meets them: a folder and a source in, files and sentences out.

use std::io::Write;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::config::Models as Settings;

mod hub;
mod packages;

/// A library in a folder of its own, with one small model.
struct Shelf {
    folder: TempDir,
    library: Library,
    content: Vec<u8>,
}

impl Shelf {
    /// A model of three parts; `extra` are further lines of its entry.
    fn new(extra: &str) -> Shelf {
        let content: Vec<u8> = (0..30_000_u32).flat_map(u32::to_le_bytes).collect();
        let sha256 = hex::encode(Sha256::digest(&content));
        let entry = format!(
            "[[model]]\nid = \"small\"\nuse = \"llm\"\ndefault = true\nfile = \"small.gguf\"\nsize = {}\n\
             sha256 = \"{sha256}\"\nlicence = \"MIT\"\npackage = \"small-part{{n}}==1.0\"\n\
             member = \"small_part{{n}}/part{{nn}}.bin\"\nparts = 3\nnote = \"Small.\"\n{extra}\n",
            content.len()
        );
        let folder = tempfile::tempdir().unwrap();
        let models = manifest::parse(&entry).unwrap();
        let library = Library { folder: folder.path().join("models"), models };
        Shelf { folder, library, content }
    }

    fn file(&self) -> PathBuf {
        self.library.folder().join("small.gguf")
    }

    /// Puts a file beside the models.
    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.library.folder().join(name);
        std::fs::create_dir_all(self.library.folder()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn state(&self) -> State {
        self.library.list().remove(0).state
    }

    /// Tools whose Python is a script that copies packages from `wheels/` and writes down what it was asked for.
    fn tools(&self) -> Tools {
        let home = self.folder.path().display();
        let script = format!(
            "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\nwhile [ \"$1\" != --dest ]; do shift; done\n\
             echo \"$3\" >> {home}/asked\ncp \"{home}/wheels/$3.whl\" \"$2\" || {{ echo 'ERROR: no network' >&2; exit 1; }}\n"
        );
        Tools { python: vec![self.script("python3", &script)], convert: |_, from, to| copy_converted(from, to) }
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let draft = path.with_extension("txt");
        std::fs::write(&draft, text).unwrap();
        // Another process makes the file that is run: a fork elsewhere in this one could hold it open for writing.
        let status = std::process::Command::new("install").args(["-m", "755"]).arg(draft).arg(&path).status();
        assert!(status.unwrap().success());
        path
    }

    /// Publishes the model's third `number`, from 1, as a package.
    fn publish(&self, number: usize) {
        let third = self.content.len() / 3;
        self.publish_bytes(number, &self.content[third * (number - 1)..third * number]);
    }

    fn publish_bytes(&self, number: usize, bytes: &[u8]) {
        let folder = self.folder.path().join("wheels");
        std::fs::create_dir_all(&folder).unwrap();
        let file = std::fs::File::create(folder.join(format!("small-part{number}==1.0.whl"))).unwrap();
        let mut archive = zip::ZipWriter::new(file);
        archive
            .start_file(format!("small_part{number}/part{number:02}.bin"), zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
        archive.finish().unwrap();
    }

    /// The packages that the script was asked for since the last call.
    fn asked(&self) -> Vec<String> {
        let path = self.folder.path().join("asked");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    async fn pull(&self) -> Result<(), PullError> {
        self.library.pull(&[], &self.tools(), &Silent).await
    }
}

fn copy_converted(from: &Path, to: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut bytes = std::fs::read(from)?;
    bytes.reverse();
    Ok(std::fs::write(to, bytes)?)
}

/// Keeps the notes.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Reporter for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn begin(&self, label: &str, _: u64, _: u64) {
        self.note(label);
    }
    fn progress(&self, _: u64) {}
    fn end(&self) {}
}

#[test]
fn the_cache_folder_follows_its_own_variable_then_xdg_then_home() {
    let folder = |pairs: &'static [(&str, &str)]| {
        cache_folder(move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    };
    let all = &[("ATIENDE_MODELS_DIR", "/m"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(folder(all), Ok(PathBuf::from("/m")));
    assert_eq!(folder(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Ok(PathBuf::from("/x/atiende/models")));
    assert_eq!(folder(&[("XDG_CACHE_HOME", "x"), ("HOME", "/h")]), Ok(PathBuf::from("/h/.cache/atiende/models")));
    assert_eq!(folder(&[]), Err(NoCacheFolder));
}

#[test]
fn each_state_of_a_file_is_told_with_its_remedy() {
    let shelf = Shelf::new("");
    let describe = || shelf.library.verify(&[], &Silent).unwrap().remove(0).describe();
    assert!(describe().contains("missing: run `atiende models pull small`"));
    shelf.put("small.gguf.part", b"abc");
    assert!(describe().contains("3 bytes downloaded so far"));
    shelf.put("small.gguf", b"abc");
    assert!(describe().contains("wrong size, 3 bytes"));
    shelf.put("small.gguf", &vec![7; shelf.content.len()]);
    assert!(describe().contains("checksum is wrong"));
    shelf.put("small.gguf", &shelf.content);
    assert_eq!(shelf.state(), State::Unverified);
    assert_eq!(describe(), "ok");
    assert_eq!(shelf.state(), State::Ready);
}

#[test]
fn a_file_is_read_once_before_loading_and_again_only_after_it_changed() {
    let shelf = Shelf::new("");
    let path = shelf.put("small.gguf", &shelf.content);
    let readings = |expected: usize| {
        let notes = Notes::default();
        let result = shelf.library.check_before_loading(&path, &notes);
        assert_eq!(notes.0.lock().unwrap().len(), expected);
        result
    };
    readings(1).unwrap();
    readings(0).unwrap();
    let mut damaged = shelf.content.clone();
    damaged[5] ^= 1;
    shelf.put("small.gguf", &damaged);
    let error = readings(1).unwrap_err().to_string();
    assert!(error.contains("small.gguf") && error.contains("pull small"), "{error}");
    let own = shelf.put("own.gguf", b"whatever");
    shelf.library.check_before_loading(&own, &Silent).unwrap();
}

#[test]
fn the_owners_only_file_wins_over_the_default() {
    let shelf = Shelf::new("");
    let own = shelf.folder.path().join("own");
    let settings = Settings { folder: own.clone(), ..Settings::default() };
    let resolve = |usage| shelf.library.resolve(usage, &settings).map_err(|error| error.to_string());

    assert!(resolve(Use::Llm).unwrap_err().contains("run `atiende models pull small`"));
    let default = shelf.put("small.gguf", &shelf.content);
    assert_eq!(resolve(Use::Llm), Ok(default));

    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("e5.gguf"), gguf::header("bert")).unwrap();
    std::fs::write(own.join("mine.gguf"), gguf::header("qwen3")).unwrap();
    assert_eq!(resolve(Use::Llm), Ok(own.join("mine.gguf")));
    assert_eq!(resolve(Use::Embedder), Ok(own.join("e5.gguf")));

    std::fs::write(own.join("another.GGUF"), gguf::header("llama")).unwrap();
    let error = resolve(Use::Llm).unwrap_err();
    assert!(error.contains("another.GGUF, mine.gguf") && error.contains("`llm` under [models]"), "{error}");

    std::fs::write(own.join("another.GGUF"), "half a file").unwrap();
    assert!(resolve(Use::Llm).unwrap_err().contains("another.GGUF is not a GGUF model"));
}

#[test]
fn a_configured_model_is_a_file_of_the_folder_or_a_known_name() {
    let shelf = Shelf::new("");
    let own = shelf.folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    for name in ["one.gguf", "two.gguf"] {
        std::fs::write(own.join(name), gguf::header("llama")).unwrap();
    }
    let resolve = |llm: &str| {
        let settings = Settings { llm: llm.to_owned(), folder: own.clone(), ..Settings::default() };
        shelf.library.resolve(Use::Llm, &settings).map_err(|error| error.to_string())
    };
    assert_eq!(resolve("two.gguf"), Ok(own.join("two.gguf")));
    assert_eq!(resolve("one"), Ok(own.join("one.gguf")));
    assert_eq!(resolve(own.join("one.gguf").to_str().unwrap()), Ok(own.join("one.gguf")));
    assert!(resolve("small").unwrap_err().contains("models pull small"));
    assert!(resolve("smal").unwrap_err().contains("did you mean `small`?"));
}
