//! From the bytes of tokens to text that can be shown: whole characters, nothing that a stop string would take back, no
//! more sentences than were asked for.

#[cfg(test)]
mod tests;

/// What ends a sentence by itself, ...
const ENDS: [char; 6] = ['。', '！', '？', '؟', '।', '۔'];
/// ... and what does before white space: a point also stands in 10.5 and in a link.
const ENDS_BEFORE_SPACE: [char; 4] = ['.', '!', '?', '…'];

/// Gathers an answer and says what of it may be shown already.
pub(super) struct TextStream {
    text: String,
    /// Bytes of a character that is not whole yet.
    partial: Vec<u8>,
    stops: Vec<String>,
    /// How many more sentences there may be; any number where there is no limit.
    sentences: Option<usize>,
    /// Up to where sentences were counted, in bytes.
    counted: usize,
    /// Where the text after the given beginning starts; stops are looked for from here.
    generated: usize,
    /// How much of `text` was shown or is white space at its front, in bytes.
    shown: usize,
}

impl TextStream {
    /// An answer that begins with `prefix` and ends before the first of `stops`, or with so many `sentences`; empty stops
    /// are left out.
    pub(super) fn new(prefix: &str, stops: Vec<String>, sentences: Option<usize>) -> Self {
        let stops = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        let generated = prefix.len();
        TextStream {
            text: prefix.to_owned(),
            partial: Vec::new(),
            stops,
            sentences,
            counted: generated,
            generated,
            shown: 0,
        }
    }

    /// Takes the bytes of one token; true when a stop came up or the last sentence ended, after which nothing more may be
    /// pushed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let before = self.text.len();
        self.partial.extend_from_slice(bytes);
        self.take_whole_characters();
        let longest = self.stops.iter().map(String::len).max().unwrap_or_default();
        let mut from = before.saturating_sub(longest).max(self.generated);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        let found = self.stops.iter().filter_map(|stop| self.text[from..].find(stop.as_str())).min();
        if let Some(at) = found {
            self.text.truncate(from + at);
            self.partial.clear();
        }
        found.is_some() || self.ends_with_its_last_sentence()
    }

    /// Counts the sentences that have ended since the last time, and cuts the text after the last one that there may be.
    fn ends_with_its_last_sentence(&mut self) -> bool {
        let Some(mut left) = self.sentences else { return false };
        let mut letters = self.text[self.counted..].char_indices().peekable();
        let mut end = None;
        while let Some((at, letter)) = letters.next() {
            let after = self.counted + at + letter.len_utf8();
            let mut before_space = || letters.peek().is_some_and(|(_, next)| next.is_whitespace());
            let numbers = letter == '.' && numbers_an_item(&self.text[..after - 1]);
            let ends = ENDS.contains(&letter) || ENDS_BEFORE_SPACE.contains(&letter) && before_space() && !numbers;
            if ends {
                left = left.saturating_sub(1);
                end = Some(after);
                if left == 0 {
                    break;
                }
            }
        }
        self.sentences = Some(left);
        if let Some(end) = end {
            self.counted = end;
        }
        if left == 0 {
            self.text.truncate(self.counted);
            self.partial.clear();
        }
        left == 0
    }

    /// Moves what is whole from `partial` to `text`; bytes that are no UTF-8 become U+FFFD.
    fn take_whole_characters(&mut self) {
        let mut rest = self.partial.as_slice();
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    rest = &[];
                    break;
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at(error.valid_up_to());
            self.text.push_str(&String::from_utf8_lossy(valid));
            rest = after;
            let Some(invalid) = error.error_len() else { break };
            self.text.push(char::REPLACEMENT_CHARACTER);
            rest = &rest[invalid..];
        }
        self.partial = rest.to_vec();
    }

    /// What may be shown now and was not shown yet; empty when there is nothing.
    pub(super) fn piece(&mut self) -> &str {
        let held = self.text.len() - self.held_back();
        self.show_until(held)
    }

    /// The rest, when the answer is over.
    pub(super) fn last_piece(&mut self) -> &str {
        self.show_until(self.text.len())
    }

    /// The answer so far, trimmed at both ends; a character that never became whole is left out.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// White space at the end is kept back: at the very end it is trimmed.
    fn show_until(&mut self, end: usize) -> &str {
        self.shown = self.shown.max(self.text.len() - self.text.trim_start().len());
        let end = self.text[..end].trim_end().len();
        let from = self.shown.min(end);
        self.shown = self.shown.max(end);
        &self.text[from..end]
    }

    /// How many bytes at the end could be the beginning of a stop.
    fn held_back(&self) -> usize {
        let generated = &self.text[self.generated..];
        let longest_beginning = |stop: &String| {
            let beginnings = stop.char_indices().map(|(end, _)| &stop[..end]).rev();
            beginnings.into_iter().find(|beginning| generated.ends_with(beginning)).map_or(0, str::len)
        };
        self.stops.iter().map(longest_beginning).max().unwrap_or_default()
    }
}

/// Whether a point behind this text would number an item: "3." at the beginning of a line.
fn numbers_an_item(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    !line.is_empty() && line.chars().all(|letter| letter.is_ascii_digit())
}
