//! The word index: BM25 over headings and bodies, on disk or in memory.
//!
//! Holds words, not meanings, and no text to show. A damaged index is thrown away and built again.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use tantivy::collector::TopDocs;
use tantivy::query::{
    BooleanQuery, BoostQuery, DfaWrapper, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::passage::PassageId;
use super::prepare::{Prepared, fields};

/// A word in a passage's own heading says more about it than one in its body.
const HEADING_BOOST: f32 = 2.0;

/// What all passages of a file share tells files apart, not passages.
const OUTER_BOOST: f32 = 0.6;

/// What a word adds that stands in a second field too: it is still one word of the question.
const SECOND_FIELD: f32 = 0.3;

/// What the writer may use while it indexes, in bytes: the least that the library takes is 15 MB.
const WRITER_MEMORY: usize = 20_000_000;

/// At most this many words that a misspelt one may stand for.
const MOST_VARIANTS: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Columns {
    file: Field,
    id: Field,
    heading: Field,
    outer: Field,
    body: Field,
    plain: Field,
    ear: Field,
}

/// The index, to be written by one thread at a time.
pub struct WordIndex {
    index: Index,
    reader: IndexReader,
    columns: Columns,
}

/// The index as it was at one moment: later writes do not touch it.
pub struct Words {
    searcher: Searcher,
    columns: Columns,
}

/// One word of a question: the ways of writing it that the index knows, and how much it counts.
#[derive(Clone, Debug)]
pub struct QueryWord {
    /// The terms with their weights, 0 to 1.
    pub terms: Vec<(LookUp, f32)>,
    /// How much the word counts against the others, 0 to 1.
    pub weight: f32,
}

/// Where a term is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LookUp {
    /// Among the stems of a language.
    Stem(String),
    /// Among the sounds of a language.
    Ear(String),
    /// Among the words of every language.
    Plain(String),
}

impl LookUp {
    /// The term itself.
    pub fn key(&self) -> &str {
        match self {
            LookUp::Stem(key) | LookUp::Ear(key) | LookUp::Plain(key) => key,
        }
    }
}

fn schema() -> (Schema, Columns) {
    let mut builder = Schema::builder();
    let indexing =
        TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
    let words = TextOptions::default().set_indexing_options(indexing);
    let columns = Columns {
        file: builder.add_text_field("file", STRING),
        id: builder.add_u64_field("id", FAST),
        heading: builder.add_text_field("heading", words.clone()),
        outer: builder.add_text_field("outer", words.clone()),
        body: builder.add_text_field("body", words.clone()),
        plain: builder.add_text_field("plain", words.clone()),
        ear: builder.add_text_field("ear", words),
    };
    (builder.build(), columns)
}

impl WordIndex {
    /// An empty index in memory.
    pub fn in_memory() -> tantivy::Result<Self> {
        Self::new(Index::create_in_ram(schema().0))
    }

    /// The index in a folder; one that is damaged, or of another version of the program, is replaced by an empty one.
    pub fn in_folder(folder: &Path) -> tantivy::Result<Self> {
        if let Some(sound) = Self::existing(folder) {
            return Ok(sound);
        }
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        Self::new(Index::create_in_dir(folder, schema().0)?)
    }

    fn existing(folder: &Path) -> Option<Self> {
        // The library panics on a file cut short, which a full disk or a power cut leaves behind.
        std::panic::catch_unwind(|| {
            let index = Index::open_in_dir(folder).ok()?;
            let is_sound = index.schema() == schema().0 && index.validate_checksum().ok()?.is_empty();
            if is_sound { Self::new(index).ok() } else { None }
        })
        .ok()
        .flatten()
    }

    fn new(index: Index) -> tantivy::Result<Self> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(WordIndex { index, reader, columns: schema().1 })
    }

    /// What the last update said it brought the index to.
    pub fn version(&self) -> Option<String> {
        self.index.load_metas().ok()?.payload
    }

    /// Takes the `gone` files out and puts the given ones in; `None` for `gone` empties the index first.
    pub fn update<'a>(
        &self,
        gone: Option<&HashSet<String>>,
        come: impl Iterator<Item = &'a Prepared>,
        version: &str,
    ) -> tantivy::Result<()> {
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, WRITER_MEMORY)?;
        match gone {
            None => {
                writer.delete_all_documents()?;
            }
            Some(names) => names.iter().for_each(|name| {
                writer.delete_term(Term::from_field_text(self.columns.file, name));
            }),
        }
        for prepared in come {
            for passage in &prepared.passages {
                let words = fields(&prepared.document, passage);
                let mut document = TantivyDocument::new();
                document.add_text(self.columns.file, &prepared.document.name);
                document.add_u64(self.columns.id, passage.id.0);
                document.add_text(self.columns.heading, words.heading);
                document.add_text(self.columns.outer, words.outer);
                document.add_text(self.columns.body, words.body);
                document.add_text(self.columns.plain, words.plain);
                document.add_text(self.columns.ear, words.ear);
                writer.add_document(document)?;
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(version);
        commit.commit()?;
        writer.wait_merging_threads()
    }

    /// The index as it is now.
    pub fn words(&self) -> tantivy::Result<Words> {
        self.reader.reload()?;
        Ok(Words { searcher: self.reader.searcher(), columns: self.columns })
    }
}

impl Words {
    /// The stems within one or two slips of the pen of a stem's key (`es:horari`), for words that the index lacks.
    pub fn similar(&self, key: &str) -> Vec<String> {
        let word = key.split_once(':').map_or(key, |(_, word)| word);
        let slips = match word.chars().count() {
            0..=3 => return Vec::new(),
            4..=8 => 1,
            _ => 2,
        };
        let query = FuzzyTermQuery::new(Term::from_field_text(self.columns.body, key), slips, true);
        // What takes time is to make it, and it is the same for every field.
        let Ok(slipped) = query.automaton() else { return Vec::new() };
        let mut found = HashSet::new();
        for field in [self.columns.heading, self.columns.outer, self.columns.body] {
            // A segment that cannot be read offers no variants; the search itself reports it.
            let _ = self.collect_similar(field, &slipped, &mut found);
        }
        let mut found: Vec<String> = found.into_iter().filter(|similar| is_alike(key, similar)).collect();
        found.sort_by_key(|similar| (strsim::osa_distance(key, similar), similar.clone()));
        found.truncate(MOST_VARIANTS);
        found
    }

    fn collect_similar(&self, field: Field, slipped: &DfaWrapper, found: &mut HashSet<String>) -> tantivy::Result<()> {
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(field)?;
            let mut stream = inverted.terms().search(slipped).into_stream()?;
            while stream.advance() {
                if let Ok(term) = std::str::from_utf8(stream.key()) {
                    found.insert(term.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The best passages by BM25 with their raw scores.
    pub fn find(&self, words: &[QueryWord], limit: usize) -> tantivy::Result<HashMap<PassageId, f32>> {
        let clauses: Vec<(Occur, Box<dyn Query>)> = words
            .iter()
            .map(|word| {
                let ways =
                    word.terms.iter().flat_map(|(term, weight)| self.clauses(term, weight * word.weight)).collect();
                let best: Box<dyn Query> = Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, SECOND_FIELD));
                (Occur::Should, best)
            })
            .collect();
        if clauses.is_empty() {
            return Ok(HashMap::new());
        }
        let found =
            self.searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(limit.max(1)).order_by_score())?;
        let mut scores = HashMap::new();
        for (score, address) in found {
            let ids = self.searcher.segment_reader(address.segment_ord).fast_fields().u64("id")?;
            if let Some(id) = ids.first(address.doc_id) {
                scores.insert(PassageId(id), score);
            }
        }
        Ok(scores)
    }

    fn clauses(&self, term: &LookUp, weight: f32) -> Vec<Box<dyn Query>> {
        let fields = match term {
            LookUp::Stem(_) => {
                vec![(self.columns.heading, HEADING_BOOST), (self.columns.outer, OUTER_BOOST), (self.columns.body, 1.0)]
            }
            LookUp::Ear(_) => vec![(self.columns.ear, 1.0)],
            LookUp::Plain(_) => vec![(self.columns.plain, 1.0)],
        };
        fields
            .into_iter()
            .map(|(field, boost)| {
                let query = TermQuery::new(Term::from_field_text(field, term.key()), IndexRecordOption::WithFreqs);
                let boosted: Box<dyn Query> = Box::new(BoostQuery::new(Box::new(query), boost * weight));
                boosted
            })
            .collect()
    }
}

/// Slips leave the language mark and nearly always the first letter alone, and digits are never near each other.
fn is_alike(key: &str, similar: &str) -> bool {
    let (Some((language, word)), Some((other_language, other))) = (key.split_once(':'), similar.split_once(':')) else {
        return false;
    };
    let has_digit = |text: &str| text.contains(|character: char| character.is_ascii_digit());
    language == other_language && !has_digit(word) && !has_digit(other) && other.chars().count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::knowledge::load::{Document, RawFile, understand};
    use tempfile::TempDir;

    fn prepared(name: &str, text: &str) -> Prepared {
        let raw = RawFile { name: name.to_owned(), text: Ok(text.to_owned()), hash: text.to_owned() };
        let document: Document = understand(&raw, Language::Es).unwrap();
        Prepared::new(Document { language: Language::Es, ..document })
    }

    fn word(key: &str) -> Vec<QueryWord> {
        vec![QueryWord { terms: vec![(LookUp::Stem(key.to_owned()), 1.0)], weight: 1.0 }]
    }

    fn count(index: &WordIndex, key: &str) -> usize {
        index.words().unwrap().find(&word(key), 10).unwrap().len()
    }

    #[test]
    fn files_come_and_go_and_an_older_view_stays_as_it_was() {
        let index = WordIndex::in_memory().unwrap();
        let (bread, cake) = (prepared("a.es.md", "pan"), prepared("b.es.md", "tarta"));
        index.update(None, [&bread, &cake].into_iter(), "1").unwrap();
        let before = index.words().unwrap();
        let gone = HashSet::from(["a.es.md".to_owned()]);
        index.update(Some(&gone), std::iter::empty(), "2").unwrap();
        assert_eq!((count(&index, "es:pan"), count(&index, "es:tart")), (0, 1));
        assert_eq!(before.find(&word("es:pan"), 10).unwrap().len(), 1);
        assert_eq!(index.version().as_deref(), Some("2"));
    }

    #[test]
    fn a_heading_counts_more_than_a_body() {
        let index = WordIndex::in_memory().unwrap();
        let file = prepared("x.es.md", "# Pan\n\nAquí lo tenemos todo hoy.\n\n# Bollos\n\nNo es pan pero casi todo.");
        index.update(None, [&file].into_iter(), "1").unwrap();
        let scores = index.words().unwrap().find(&word("es:pan"), 10).unwrap();
        assert!(scores[&file.passages[0].id] > scores[&file.passages[1].id]);
    }

    #[test]
    fn similar_words_are_of_the_same_language_and_never_numbers() {
        let index = WordIndex::in_memory().unwrap();
        let file = prepared("x.es.md", "galletas croissant 12345");
        index.update(None, [&file].into_iter(), "1").unwrap();
        let words = index.words().unwrap();
        assert_eq!(words.similar("es:galet"), ["es:gallet"]);
        assert!(words.similar("en:gallet").is_empty());
        assert!(words.similar("es:12346").is_empty());
        assert!(words.similar("es:pan").is_empty());
    }

    #[test]
    fn a_damaged_index_is_replaced_by_an_empty_one() {
        let dir = TempDir::new().unwrap();
        let folder = dir.path().join("words");
        let file = prepared("a.es.md", "pan");
        let index = WordIndex::in_folder(&folder).unwrap();
        index.update(None, [&file].into_iter(), "1").unwrap();
        drop(index);
        assert_eq!(WordIndex::in_folder(&folder).unwrap().version().as_deref(), Some("1"));
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "store" || extension == "idx") {
                fs::write(entry.path(), b"damaged").unwrap();
            }
        }
        let index = WordIndex::in_folder(&folder).unwrap();
        assert_eq!(index.version(), None);
        index.update(None, [&file].into_iter(), "2").unwrap();
        assert_eq!(count(&index, "es:pan"), 1);
    }
}
