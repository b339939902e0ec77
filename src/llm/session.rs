//! A decoder together with what it has read: reading a prompt goes on from what is remembered, where it can.

use super::arch::Decoder;

/// Why reading ended early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Nobody wants the answer any more.
    Cancelled,
    /// The time is up.
    Deadline,
    /// The decoder failed.
    Failed(String),
}

/// A decoder, the tokens that it remembers, and the logits after them.
pub(super) struct Session {
    decoder: Box<dyn Decoder>,
    tokens: Vec<u32>,
    logits: Vec<f32>,
}

impl Session {
    pub(super) fn new(decoder: Box<dyn Decoder>) -> Self {
        Session { decoder, tokens: Vec::new(), logits: Vec::new() }
    }

    /// Makes `prompt`, which is never empty, what was read, and gives how many of its tokens were remembered.
    /// `check` is asked before every chunk; when it interrupts, what was read by then stays remembered.
    pub(super) fn read(
        &mut self,
        prompt: &[u32],
        check: &dyn Fn() -> Result<(), Interrupt>,
    ) -> Result<usize, Interrupt> {
        if self.tokens == prompt {
            return Ok(prompt.len());
        }
        let shared = self.tokens.iter().zip(prompt).take_while(|(read, wanted)| read == wanted).count();
        // The last token is read in any case: the logits after it are wanted.
        let kept = self.decoder.rewind(shared.min(prompt.len() - 1));
        self.tokens.truncate(kept);
        while self.tokens.len() < prompt.len() {
            check()?;
            let rest = &prompt[self.tokens.len()..];
            let take = self.decoder.chunk(self.tokens.len(), rest.len()).clamp(1, rest.len());
            self.forward(&rest[..take])?;
        }
        Ok(kept)
    }

    /// Reads one more token.
    pub(super) fn advance(&mut self, token: u32) -> Result<(), Interrupt> {
        self.forward(&[token])
    }

    fn forward(&mut self, tokens: &[u32]) -> Result<(), Interrupt> {
        match self.decoder.forward(tokens, self.tokens.len()) {
            Ok(logits) => {
                self.tokens.extend_from_slice(tokens);
                self.logits = logits;
                Ok(())
            }
            Err(error) => {
                self.forget();
                Err(Interrupt::Failed(format!("{error:#}")))
            }
        }
    }

    /// Starts over, whatever state the decoder is in.
    pub(super) fn forget(&mut self) {
        self.tokens.clear();
        self.logits.clear();
        self.decoder.rewind(0);
    }

    /// The logits after the last token that was read.
    pub(super) fn logits(&self) -> &[f32] {
        &self.logits
    }
}
