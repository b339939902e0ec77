//! A passage: the smallest part of a file that makes sense by itself, with the path of headings above it.

use serde::{Deserialize, Serialize};

use crate::domain::Language;

/// Identifies a passage by its content: the same words at the same place keep their id across re-indexing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PassageId(pub u64);

/// A part of a knowledge file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The id.
    pub id: PassageId,
    /// The file, relative to the knowledge folder, with `/`.
    pub file: String,
    /// The line in the file at which it starts, from 1.
    pub line: u32,
    /// The headings above it, outermost first; for a question-and-answer pair the question comes last.
    pub headings: Vec<String>,
    /// The language it is written in: from the front matter, else identified.
    pub language: Language,
    /// What it says, in order.
    pub blocks: Vec<Block>,
    /// What this translates, unit by unit; none for the owner's own words.
    #[serde(default)]
    pub original: Option<Box<Passage>>,
    /// Whether a part of such a translation was read by nobody.
    #[serde(default)]
    pub is_draft: bool,
}

/// A part of a passage. Inline markup is kept as the owner wrote it, images and comments are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// Running text, cut into sentences.
    Paragraph {
        /// The sentences in order.
        sentences: Vec<String>,
    },
    /// A list, one string an item (a nested item is `parent: item`).
    List {
        /// The items in order.
        items: Vec<String>,
    },
    /// A table.
    Table {
        /// The cells of the header.
        header: Vec<String>,
        /// The cells of each row, as many as the header has.
        rows: Vec<Vec<String>>,
    },
}

impl Block {
    /// The block's units: what can be quoted by itself. A table row reads `cell — header: cell, header: cell`.
    pub fn units(&self) -> Vec<String> {
        match self {
            Block::Paragraph { sentences } => sentences.clone(),
            Block::List { items } => items.clone(),
            Block::Table { header, rows } => rows.iter().map(|row| table_row(header, row)).collect(),
        }
    }
}

fn table_row(header: &[String], row: &[String]) -> String {
    let Some((first, rest)) = row.split_first() else { return String::new() };
    let cells: Vec<String> = rest
        .iter()
        .enumerate()
        .filter(|(_, cell)| !is_blank(cell))
        .map(|(index, cell)| match header.get(index + 1).filter(|name| !name.is_empty()) {
            // With two columns the header adds nothing that the heading above does not say.
            Some(name) if header.len() > 2 => format!("{name}: {cell}"),
            _ => cell.clone(),
        })
        .collect();
    if cells.is_empty() { first.clone() } else { format!("{first} — {}", cells.join(", ")) }
}

/// Owners write a dash where a cell has nothing to say.
fn is_blank(cell: &str) -> bool {
    cell.trim().chars().all(|letter| matches!(letter, '-' | '–' | '—'))
}

impl Passage {
    /// Every unit of every block, in order.
    pub fn units(&self) -> Vec<String> {
        self.blocks.iter().flat_map(Block::units).collect()
    }

    /// The passage as plain lines without its headings, a unit of a list or table a line.
    pub fn text(&self) -> String {
        let blocks: Vec<String> = self
            .blocks
            .iter()
            .map(|block| match block {
                Block::Paragraph { sentences } => sentences.join(" "),
                Block::List { .. } | Block::Table { .. } => {
                    block.units().iter().map(|unit| format!("- {unit}")).collect::<Vec<_>>().join("\n")
                }
            })
            .collect();
        blocks.join("\n")
    }

    /// The headings joined by ` > `.
    pub fn heading(&self) -> String {
        self.headings.join(" > ")
    }
}
