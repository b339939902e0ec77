//! Cuts a file into passages: a section, a question with its answer, or a part of a long section.
//!
//! Cuts at the borders that the owner set (headings, rulers, blocks) before it cuts inside a block; loses nothing.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::faq;
use super::markdown::Element;
use super::passage::{Block, Passage, PassageId};
use crate::domain::Language;

/// About how many characters a passage should have at most.
const LONG: usize = 900;

/// A table up to this many characters stays whole: half a price list misleads.
const LONG_TABLE: usize = 1800;

/// What all passages of a file share.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file, relative to the knowledge folder.
    pub file: &'a str,
    /// The language.
    pub language: Language,
    /// The title from the front matter.
    pub title: Option<&'a str>,
}

/// The passages of a file, in its order.
pub fn passages(source: Source<'_>, elements: Vec<Element>) -> Vec<Passage> {
    let mut seen = HashMap::new();
    sections(source.title, elements)
        .into_iter()
        .flat_map(questions_apart)
        .flat_map(fit)
        .map(|section| passage(source, section, &mut seen))
        .collect()
}

#[derive(Clone, Debug, Default)]
struct Section {
    headings: Vec<String>,
    line: u32,
    blocks: Vec<(Block, u32)>,
    /// Whether its last heading is its own, and not that of what stands above.
    is_headed: bool,
}

fn sections(title: Option<&str>, elements: Vec<Element>) -> Vec<Section> {
    let has_own_title = title.is_some_and(|title| {
        !elements.iter().any(|element| matches!(element, Element::Heading { text, .. } if text.as_str() == title))
    });
    let root: Vec<String> = title.filter(|_| has_own_title).map(str::to_owned).into_iter().collect();
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut found = vec![Section { headings: root.clone(), line: 1, ..Section::default() }];
    for element in elements {
        match element {
            Element::Heading { level, text, line } => {
                let deeper = path.last().is_none_or(|(last, _)| level > *last);
                close(&mut found, deeper);
                path.retain(|(above, _)| *above < level);
                path.push((level, text));
                let headings = root.iter().cloned().chain(path.iter().map(|(_, text)| text.clone())).collect();
                found.push(Section { headings, line, blocks: Vec::new(), is_headed: true });
            }
            Element::Ruler => {
                let headings = found.last().map(|section| section.headings.clone()).unwrap_or_default();
                let line = found.last().map_or(1, |section| section.line);
                found.push(Section { headings, line, ..Section::default() });
            }
            Element::Body { block, line } => {
                if let Some(section) = found.last_mut() {
                    section.blocks.push((block, line));
                }
            }
        }
    }
    close(&mut found, false);
    found.retain(|section| !section.blocks.is_empty());
    found
}

/// A heading with nothing below it says something by itself: "We are closed in August".
fn close(found: &mut [Section], next_is_deeper: bool) {
    let Some(section) = found.last_mut() else { return };
    let says_all = section.is_headed && section.blocks.is_empty() && !next_is_deeper;
    if let Some(heading) = section.headings.last().filter(|_| says_all).cloned() {
        section.blocks.push((Block::Paragraph { sentences: vec![heading] }, section.line));
    }
}

fn questions_apart(section: Section) -> Vec<Section> {
    let Section { headings, line, blocks, .. } = section;
    faq::split(blocks)
        .into_iter()
        .map(|part| {
            let start = part.blocks.first().map_or(line, |(_, line)| *line);
            let mut headings = headings.clone();
            let mut blocks = part.blocks;
            if let Some(question) = part.question {
                if blocks.is_empty() {
                    blocks.push((Block::Paragraph { sentences: vec![question.clone()] }, start));
                }
                // A question does not stand under another: the one above has ended.
                if headings.last().is_some_and(|above| faq::is_question(above)) {
                    headings.pop();
                }
                headings.push(question);
            }
            Section { headings, line: start, blocks, is_headed: true }
        })
        .collect()
}

/// Cuts a section that is too long.
fn fit(section: Section) -> Vec<Section> {
    let pieces =
        section.blocks.into_iter().flat_map(|(block, line)| cut(block).into_iter().map(move |piece| (piece, line)));
    let mut groups: Vec<Vec<(Block, u32)>> = vec![Vec::new()];
    let mut size = 0;
    for (piece, line) in pieces {
        let length = length(&piece);
        if size > 0 && size + length > LONG {
            // What leads in to a list or a table goes with it.
            let lead = groups.last_mut().and_then(|group| take_lead(group, &piece));
            size = lead.as_ref().map_or(0, |(block, _)| self::length(block));
            groups.push(lead.into_iter().collect());
        }
        size += length;
        if let Some(group) = groups.last_mut() {
            group.push((piece, line));
        }
    }
    groups
        .into_iter()
        .filter(|blocks| !blocks.is_empty())
        .map(|blocks| Section {
            headings: section.headings.clone(),
            line: blocks.first().map_or(section.line, |(_, line)| *line),
            blocks,
            is_headed: section.is_headed,
        })
        .collect()
}

fn take_lead(group: &mut Vec<(Block, u32)>, next: &Block) -> Option<(Block, u32)> {
    let leads = matches!(group.last(), Some((Block::Paragraph { sentences }, _))
        if sentences.last().is_some_and(|last| last.ends_with([':', '：'])));
    (leads && group.len() > 1 && !matches!(next, Block::Paragraph { .. })).then(|| group.pop()).flatten()
}

fn length(block: &Block) -> usize {
    block.units().iter().map(|unit| unit.chars().count() + 1).sum()
}

/// Cuts a block that is too long by itself, a table with its header on each part.
fn cut(block: Block) -> Vec<Block> {
    let limit = if matches!(block, Block::Table { .. }) { LONG_TABLE } else { LONG };
    if length(&block) <= limit {
        return vec![block];
    }
    match block {
        Block::Paragraph { sentences } => groups(sentences, |text| text.chars().count())
            .into_iter()
            .map(|sentences| Block::Paragraph { sentences })
            .collect(),
        Block::List { items } => {
            groups(items, |text| text.chars().count()).into_iter().map(|items| Block::List { items }).collect()
        }
        Block::Table { header, rows } => {
            let row_length = |row: &Vec<String>| row.iter().map(|cell| cell.chars().count() + 3).sum();
            groups(rows, row_length).into_iter().map(|rows| Block::Table { header: header.clone(), rows }).collect()
        }
    }
}

fn groups<T>(items: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut size = 0;
    for item in items {
        let more = length(&item) + 1;
        match groups.last_mut() {
            Some(group) if size + more <= LONG => group.push(item),
            _ => {
                size = 0;
                groups.push(vec![item]);
            }
        }
        size += more;
    }
    groups
}

fn passage(source: Source<'_>, section: Section, seen: &mut HashMap<u64, u32>) -> Passage {
    let Section { headings, line, blocks, .. } = section;
    let mut passage = Passage {
        id: PassageId(0),
        file: source.file.to_owned(),
        line,
        headings,
        language: source.language,
        blocks: blocks.into_iter().map(|(block, _)| block).collect(),
        original: None,
        is_draft: false,
    };
    let content = hash(&passage, 0);
    let repeated = seen.entry(content).or_insert(0);
    passage.id = PassageId(hash(&passage, *repeated));
    *repeated += 1;
    passage
}

fn hash(passage: &Passage, repetition: u32) -> u64 {
    let mut hasher = Sha256::new();
    for part in [passage.file.as_str(), &passage.heading(), &passage.text()] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.update(repetition.to_le_bytes());
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::markdown::read;
    use proptest::prelude::*;

    fn cut_up(body: &str) -> Vec<Passage> {
        passages(Source { file: "a.md", language: Language::Es, title: None }, read(body, 1))
    }

    #[test]
    fn passages_keep_the_path_of_headings_and_their_line() {
        let found = cut_up("Hola.\n\n# Pan\n\nUno.\n\n## Blanco\n\nDos.\n\n## Negro\n\nTres.\n\n# Café\n\nCuatro.");
        let paths: Vec<String> = found.iter().map(Passage::heading).collect();
        assert_eq!(paths, ["", "Pan", "Pan > Blanco", "Pan > Negro", "Café"]);
        assert_eq!(found.iter().map(|passage| passage.line).collect::<Vec<_>>(), [1, 5, 9, 13, 17]);
    }

    #[test]
    fn questions_become_passages_of_their_own() {
        let found = cut_up(
            "# Dudas\n\n## ¿Hay wifi?\n\nSí.\n\n## Otras\n\n**¿Perros?** Fuera.\n\n**P:** ¿Niños?\n\n**R:** Siempre.",
        );
        let told: Vec<(String, String)> = found.iter().map(|passage| (passage.heading(), passage.text())).collect();
        assert_eq!(told[0], ("Dudas > ¿Hay wifi?".to_owned(), "Sí.".to_owned()));
        assert_eq!(told[1], ("Dudas > Otras > ¿Perros?".to_owned(), "Fuera.".to_owned()));
        assert_eq!(told[2], ("Dudas > Otras > ¿Niños?".to_owned(), "Siempre.".to_owned()));
    }

    #[test]
    fn a_question_takes_the_place_of_one_above() {
        let found = cut_up("# Dudas\n\n## ¿Hay wifi?\n\nSí.\n\n**¿Perros?** Fuera.");
        assert_eq!(found.iter().map(Passage::heading).collect::<Vec<_>>(), ["Dudas > ¿Hay wifi?", "Dudas > ¿Perros?"]);
    }

    #[test]
    fn a_heading_with_nothing_below_it_is_a_passage() {
        let found = cut_up("# Avisos\n\n## Cerramos en agosto\n\n## Volvemos en septiembre\n");
        let told: Vec<String> = found.iter().map(Passage::text).collect();
        assert_eq!(told, ["Cerramos en agosto", "Volvemos en septiembre"]);
    }

    #[test]
    fn the_title_of_the_front_matter_stands_above_all() {
        let source = Source { file: "a.md", language: Language::Es, title: Some("Envíos") };
        assert_eq!(passages(source, read("Gratis.", 1))[0].headings, ["Envíos"]);
        assert_eq!(passages(source, read("# Envíos\n\nGratis.", 1))[0].headings, ["Envíos"]);
    }

    #[test]
    fn a_long_section_is_cut_at_blocks_and_a_lead_goes_with_its_list() {
        let paragraph = "Esto es una frase de relleno. ".repeat(25);
        let found = cut_up(&format!("# A\n\n{paragraph}\n\nTenemos:\n\n- {}\n- fin", "pan ".repeat(60)));
        assert_eq!(found.len(), 2);
        assert!(found[1].text().starts_with("Tenemos:\n- pan"));
    }

    #[test]
    fn a_table_stays_whole_until_it_is_very_long_and_then_repeats_its_header() {
        let row = format!("| {} | 1 € |\n", "x".repeat(40));
        let table = |rows: usize| format!("| Pan | Precio |\n|---|---|\n{}", row.repeat(rows));
        assert_eq!(cut_up(&table(30)).len(), 1);
        let parts = cut_up(&table(60));
        assert!(parts.len() > 2);
        for part in parts {
            assert!(matches!(&part.blocks[0], Block::Table { header, .. } if header[1] == "Precio"));
        }
    }

    #[test]
    fn ids_follow_the_content_and_tell_repetitions_apart() {
        let first = cut_up("# A\n\nUno.\n\n---\n\nUno.\n\n# B\n\nDos.");
        let second = cut_up("# B\n\nDos.\n\n# A\n\nUno.");
        assert_ne!(first[0].id, first[1].id);
        assert_eq!(first[0].id, second[1].id);
        assert_eq!(first[2].id, second[0].id);
    }

    proptest! {
        #[test]
        fn every_word_reaches_a_passage(
            parts in prop::collection::vec(("[a-z]{3,9}", 1usize..120, 0u8..4), 1..6),
        ) {
            let mut body = String::new();
            for (index, (word, count, kind)) in parts.iter().enumerate() {
                let word = format!("{word}{index}");
                match kind {
                    0 => body += &format!("# {word}\n\n"),
                    1 => body += &format!("{}\n\n", format!("Frase con {word}. ").repeat(*count)),
                    2 => body += &format!("{}\n", format!("- {word} en lista\n").repeat(*count)),
                    _ => body += &format!("| a | b |\n|---|---|\n{}\n", format!("| {word} | celda |\n").repeat(*count)),
                }
            }
            let found = cut_up(&body);
            let all: String = found.iter().map(|passage| format!("{} {} ", passage.heading(), passage.text())).collect();
            for (index, (word, count, kind)) in parts.iter().enumerate() {
                let expected = if *kind == 0 { 1 } else { *count };
                let word = format!("{word}{index}");
                prop_assert!(all.matches(&word).count() >= expected);
            }
            prop_assert!(found.iter().all(|passage| passage.text().chars().count() <= LONG_TABLE + LONG));
        }
    }
}
