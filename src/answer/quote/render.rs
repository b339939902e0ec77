//! Sets the chosen units as plain lines.

use super::choose::Unit;
use crate::knowledge::Passage;

/// The chosen units as lines: sentences of a paragraph on one, list items and rows on their own with a bullet.
pub fn render(passage: &Passage, units: &[Unit], chosen: &[usize]) -> String {
    let mut lines: Vec<String> = heading(passage, units, chosen).into_iter().collect();
    let items = chosen.iter().filter(|index| !units[**index].is_sentence).count();
    let mut last_block = None;
    for unit in chosen.iter().map(|index| &units[*index]) {
        match lines.last_mut() {
            Some(line) if unit.is_sentence && last_block == Some(unit.block) => {
                line.push_str(separator(line));
                line.push_str(&unit.text);
            }
            _ if !unit.is_sentence && items > 1 => lines.push(format!("• {}", unit.text)),
            _ => lines.push(unit.text.clone()),
        }
        last_block = Some(unit.block);
    }
    lines.join("\n")
}

/// Chinese and Japanese sentences follow each other without a space.
fn separator(line: &str) -> &'static str {
    if line.ends_with(['。', '！', '？']) { "" } else { " " }
}

/// Rows and items need to say what they are about. A heading that is a question would only echo the customer's, and a
/// line that introduces the list says it already.
fn heading(passage: &Passage, units: &[Unit], chosen: &[usize]) -> Option<String> {
    let first = &units[*chosen.first()?];
    let heading = passage.headings.last()?.trim();
    let is_question = heading.ends_with(['?', '？', '؟', ';']);
    (!first.is_sentence && !is_question && !heading.is_empty()).then(|| heading.to_owned())
}
