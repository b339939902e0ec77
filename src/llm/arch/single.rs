//! A decoder that holds the keys and values of one text itself, behind [`Decoder`].

use anyhow::ensure;
use atiende_kernels::PageShape;

use super::Decoder;
use crate::llm::decoder::{Memory, Piece, Wanted};

/// A transformer with its keys and values: what it has read so far, it remembers by position.
pub(in crate::llm) trait OneText: Send {
    /// Reads `tokens`, the first of which stands at `position`, and gives the logits after the last of them.
    /// `position` is the number of tokens read since the start or the last [`OneText::rewind`]. After an error the
    /// memory is undefined until `rewind(0)`.
    fn forward(&mut self, tokens: &[u32], position: usize) -> anyhow::Result<Vec<f32>>;

    /// Forgets what stands at `length` and after it, and gives how much is still remembered: `length`, or less where
    /// the decoder cannot cut its memory there.
    fn rewind(&mut self, length: usize) -> usize;

    /// How many of `remaining` prompt tokens the next call to [`OneText::forward`] should take; at least one.
    fn chunk(&self, position: usize, remaining: usize) -> usize;

    /// How many tokens a piece of a text should have at most.
    fn longest_piece(&self) -> usize;

    /// How many threads compute.
    fn threads(&self) -> usize;

    /// The processor's instructions that are used.
    fn kernels(&self) -> &'static str;
}

/// A decoder of one text and what it has read.
pub(in crate::llm) struct Single<D> {
    decoder: D,
    tokens: Vec<u32>,
    /// Whether the decoder failed or panicked: what it remembers is undefined until it starts over.
    is_broken: bool,
}

impl<D: OneText> Single<D> {
    pub(in crate::llm) fn new(decoder: D) -> Self {
        Single { decoder, tokens: Vec::new(), is_broken: false }
    }

    /// Makes the decoder remember the beginning of `tokens`, as much of it as it can without reading anything.
    fn rewind(&mut self, tokens: &[u32]) -> usize {
        if self.is_broken {
            self.decoder.rewind(0);
            self.tokens.clear();
        }
        let shared = self.tokens.iter().zip(tokens).take_while(|(read, wanted)| read == wanted).count();
        let kept = self.decoder.rewind(shared);
        self.tokens.truncate(kept);
        kept
    }

    fn read_tokens(&mut self, tokens: &[u32]) -> anyhow::Result<Vec<f32>> {
        self.is_broken = true;
        let mut logits = Vec::new();
        let mut rest = tokens;
        while !rest.is_empty() {
            let take = self.decoder.chunk(self.tokens.len(), rest.len()).clamp(1, rest.len());
            let (chunk, after) = rest.split_at(take);
            logits = self.decoder.forward(chunk, self.tokens.len())?;
            self.tokens.extend_from_slice(chunk);
            rest = after;
        }
        self.is_broken = false;
        Ok(logits)
    }
}

impl<D: OneText> Decoder for Single<D> {
    fn texts(&self) -> usize {
        1
    }

    fn gives_all_logits(&self) -> bool {
        false
    }

    fn layers(&self) -> usize {
        0
    }

    fn chunk(&self) -> usize {
        self.decoder.longest_piece()
    }

    fn read(&mut self, pieces: &mut [Piece<'_>]) -> anyhow::Result<Vec<Vec<f32>>> {
        let [piece] = pieces else { anyhow::bail!("this decoder reads one text at a time") };
        let Wanted::Logits(count @ 0..=1) = piece.wanted else {
            anyhow::bail!("this decoder gives the logits after the last token only");
        };
        if self.is_broken || self.tokens != piece.memory.tokens() {
            let before = piece.memory.tokens().to_vec();
            let kept = self.rewind(&before);
            self.read_tokens(&before[kept..])?;
        }
        let logits = self.read_tokens(piece.tokens)?;
        piece.memory.advance(piece.tokens, None);
        let wanted = (count == 1).then_some(logits);
        ensure!(wanted.as_ref().is_none_or(|logits| !logits.is_empty()), "no logits came");
        Ok(wanted.into_iter().collect())
    }

    fn resume(&mut self, mut memory: Memory, length: usize) -> Memory {
        memory.cut(length);
        let kept = self.rewind(memory.tokens());
        memory.cut(kept);
        memory
    }

    fn forget(&mut self) {
        self.decoder.rewind(0);
        self.tokens.clear();
    }

    fn page_shape(&self) -> Option<PageShape> {
        None
    }

    fn bytes_a_token(&self) -> usize {
        0
    }

    fn threads(&self) -> usize {
        self.decoder.threads()
    }

    fn kernels(&self) -> &'static str {
        self.decoder.kernels()
    }
}
