//! The output while it is written: pieces, the markers that are open, and what begins each line.

use super::markers::{Pair, Piece, join};

/// The output of a walk.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What begins each line of the containers around: `> `, or the indentation of a list.
    pub(super) prefixes: Vec<&'static str>,
    pieces: Vec<Piece>,
    pairs: Vec<Pair>,
    /// The markers that are open, outermost first: WhatsApp's and the source's.
    open: Vec<Pair>,
    /// The pairs that stand in the output for [`Output::open`] on this line.
    open_pairs: Vec<usize>,
    /// For each element whether it opened a marker: bold within bold does not.
    opened: Vec<bool>,
}

impl Output {
    /// Where the next piece will stand.
    pub(super) fn position(&self) -> usize {
        self.pieces.len()
    }

    /// What was written since `position`.
    pub(super) fn words_from(&self, position: usize) -> String {
        join(&self.pieces[position..], &self.pairs)
    }

    /// Takes back what was written since `position`.
    pub(super) fn cut_from(&mut self, position: usize) {
        self.pieces.truncate(position);
    }

    /// Text within one line.
    pub(super) fn raw(&mut self, text: &str) {
        self.pieces.push(Piece::Text(text.to_owned()));
    }

    /// Text that may hold line breaks.
    pub(super) fn lines(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.newline();
            }
            self.raw(line);
        }
    }

    /// Puts an empty line before the next one.
    pub(super) fn empty_line(&mut self) {
        let prefix = self.prefixes.concat();
        self.raw(&format!("\n{}", prefix.trim_end()));
    }

    /// Starts a line; open markers are closed before it and opened again after it, for they end with the line.
    pub(super) fn newline(&mut self) {
        self.close_all();
        let prefix = self.prefixes.concat();
        self.raw(&format!("\n{prefix}"));
        self.open_all();
    }

    /// Opens WhatsApp's `marker`, written as `source`; within itself it opens nothing.
    pub(super) fn open_marker(&mut self, marker: char, source: &str) {
        let is_new = !self.open.iter().any(|pair| pair.marker == marker);
        self.opened.push(is_new);
        if is_new {
            self.open.push(Pair { marker, source: source.to_owned() });
            self.open_pair(self.open.len() - 1);
        }
    }

    /// Closes what the last [`Output::open_marker`] opened.
    pub(super) fn close_marker(&mut self) {
        if self.opened.pop() == Some(true) {
            self.open.pop();
            if let Some(pair) = self.open_pairs.pop() {
                self.close_pair(pair);
            }
        }
    }

    fn open_pair(&mut self, index: usize) {
        self.pairs.push(self.open[index].clone());
        self.open_pairs.push(self.pairs.len() - 1);
        self.pieces.push(Piece::Open(self.pairs.len() - 1));
    }

    /// A pair around nothing is taken back.
    fn close_pair(&mut self, pair: usize) {
        if self.pieces.last() == Some(&Piece::Open(pair)) {
            self.pieces.pop();
        } else {
            self.pieces.push(Piece::Close(pair));
        }
    }

    fn close_all(&mut self) {
        while let Some(pair) = self.open_pairs.pop() {
            self.close_pair(pair);
        }
    }

    fn open_all(&mut self) {
        for index in 0..self.open.len() {
            self.open_pair(index);
        }
    }
}
