//! A document in another language: the same passages, unit by unit, with translations where there are some.
//!
//! Keeps the shape, so that each unit stands where its original does. Judges no translation.

use sha2::{Digest, Sha256};

use super::{Shown, Table, mirrored_name};
use crate::domain::Language;
use crate::knowledge::Document;
use crate::knowledge::passage::{Block, Passage, PassageId};

/// A passage is searched in another language when at least this share of its letters is translated.
const ENOUGH: f32 = 0.5;

/// The texts of a document that can be translated, each once, in its order: headings, sentences, items and cells with
/// words in them, and the words under which it is found.
pub fn texts(document: &Document) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let passages =
        document.passages.iter().flat_map(|passage| passage.headings.iter().cloned().chain(of_blocks(passage)));
    let all = passages.chain(document.topics.iter().cloned());
    all.filter(|text| has_words(text) && seen.insert(text.clone())).collect()
}

fn of_blocks(passage: &Passage) -> impl Iterator<Item = String> {
    passage.blocks.iter().flat_map(|block| match block {
        Block::Paragraph { sentences } => sentences.clone(),
        Block::List { items } => items.clone(),
        Block::Table { header, rows } => header.iter().chain(rows.iter().flatten()).cloned().collect(),
    })
}

/// A price or a time alone says the same everywhere.
fn has_words(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphabetic()).any(|word| word.chars().count() > 2)
}

/// The document with its translated passages; none where no passage is translated enough.
pub fn mirror(document: &Document, table: &Table, to: Language, hash: &str) -> Option<Document> {
    let mirror = Mirror { table, to };
    let passages: Vec<Passage> = document.passages.iter().filter_map(|passage| mirror.passage(passage)).collect();
    (!passages.is_empty()).then(|| Document {
        name: mirrored_name(&document.name, to),
        hash: hash.to_owned(),
        language: to,
        language_is_sure: true,
        group: document.group.clone(),
        topics: document.topics.iter().map(|topic| mirror.text(topic)).collect(),
        passages,
        left_out: Vec::new(),
    })
}

struct Mirror<'a> {
    table: &'a Table,
    to: Language,
}

impl Mirror<'_> {
    fn passage(&self, passage: &Passage) -> Option<Passage> {
        if self.share(passage) < ENOUGH {
            return None;
        }
        Some(Passage {
            id: id(passage.id, self.to),
            file: passage.file.clone(),
            line: passage.line,
            headings: passage.headings.iter().map(|heading| self.text(heading)).collect(),
            language: self.to,
            blocks: passage.blocks.iter().map(|block| self.block(block)).collect(),
            original: Some(Box::new(passage.clone())),
            is_draft: passage.headings.iter().cloned().chain(of_blocks(passage)).any(|text| self.is_draft(&text)),
        })
    }

    fn share(&self, passage: &Passage) -> f32 {
        let (mut all, mut translated) = (0, 0);
        for text in of_blocks(passage).filter(|text| has_words(text)) {
            let length = text.chars().count();
            all += length;
            translated += if self.table.contains_key(&text) { length } else { 0 };
        }
        if all == 0 { 1.0 } else { translated as f32 / all as f32 }
    }

    fn block(&self, block: &Block) -> Block {
        let texts = |texts: &[String]| texts.iter().map(|text| self.text(text)).collect();
        match block {
            Block::Paragraph { sentences } => Block::Paragraph { sentences: texts(sentences) },
            Block::List { items } => Block::List { items: texts(items) },
            Block::Table { header, rows } => {
                Block::Table { header: texts(header), rows: rows.iter().map(|row| texts(row)).collect() }
            }
        }
    }

    fn is_draft(&self, original: &str) -> bool {
        matches!(self.table.get(original), Some(Shown::Draft(_) | Shown::Beside(_)))
    }

    fn text(&self, original: &str) -> String {
        match self.table.get(original) {
            None => original.to_owned(),
            Some(Shown::Approved(translation) | Shown::Draft(translation)) => translation.clone(),
            Some(Shown::Beside(translation)) => format!("{original} ({translation})"),
        }
    }
}

fn id(original: PassageId, to: Language) -> PassageId {
    let digest = Sha256::digest(format!("{} {to}", original.0));
    PassageId(digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
}
