//! Tables as lines: WhatsApp has no columns, and a phone no room for them.

/// A table while it is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

/// A line of the table as shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The words over the columns, shown in bold.
    Header(String),
    /// A row, shown as an item of a list.
    Row(String),
}

impl Table {
    /// Starts a row; the first is the header.
    pub(super) fn begin_row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Adds a cell to the row.
    pub(super) fn cell(&mut self, text: String) {
        if let Some(row) = self.rows.last_mut() {
            row.push(text);
        }
    }

    /// The table as lines. With up to two columns the header is a line of its own; with more, each cell carries the
    /// words over its column.
    pub(super) fn lines(&self) -> Vec<Line> {
        let Some((header, rows)) = self.rows.split_first() else { return Vec::new() };
        let is_wide = header.len() > 2;
        let heading = if is_wide { None } else { line(header, &[]).map(Line::Header) };
        let labels: &[String] = if is_wide { header } else { &[] };
        let alone = rows.is_empty().then(|| line(header, &[]).map(Line::Row)).flatten().filter(|_| is_wide);
        heading.into_iter().chain(alone).chain(rows.iter().filter_map(|row| line(row, labels).map(Line::Row))).collect()
    }
}

/// `first: second`, or `first: label second, label third`.
fn line(row: &[String], labels: &[String]) -> Option<String> {
    let labelled = |(index, cell): (usize, &String)| match labels.get(index).filter(|label| !label.is_empty()) {
        Some(label) if index > 0 => format!("{label} {cell}"),
        _ => cell.clone(),
    };
    let mut cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(labelled);
    let first = cells.next()?;
    let others = cells.collect::<Vec<_>>().join(", ");
    Some(if others.is_empty() { first } else { format!("{}: {others}", first.trim_end_matches(':')) })
}
