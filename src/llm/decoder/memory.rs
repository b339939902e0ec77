//! What is remembered of one text: its tokens, and its keys and values in pages that texts with the same beginning
//! share.

use std::sync::Arc;

use atiende_kernels::{PAGE_POSITIONS, Page, PageShape};

/// The keys and values of a text. A copy costs nothing until one of the two goes on.
#[derive(Clone, Default)]
pub(in crate::llm) struct Memory {
    tokens: Vec<u32>,
    /// None where the decoder keeps keys and values by itself.
    pages: Vec<Arc<Page>>,
    /// How many layers it was read through; all of them where there is none.
    depth: Option<usize>,
}

impl Memory {
    /// How many tokens are remembered.
    pub(in crate::llm) fn length(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens that are remembered.
    pub(in crate::llm) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// A memory of tokens and the pages that hold their keys and values, in the first `depth` layers.
    pub(in crate::llm) fn from_parts(tokens: Vec<u32>, pages: Vec<Arc<Page>>, depth: Option<usize>) -> Self {
        Memory { tokens, pages, depth }
    }

    /// Forgets what stands at `length` and after it.
    pub(in crate::llm) fn cut(&mut self, length: usize) {
        self.tokens.truncate(length);
        self.pages.truncate(self.length().div_ceil(PAGE_POSITIONS));
    }

    /// How many positions of a page it holds.
    pub(in crate::llm) fn positions(&self, page: usize) -> usize {
        self.length().saturating_sub(page * PAGE_POSITIONS).min(PAGE_POSITIONS)
    }

    /// Lets go of what others left in its last page behind its own positions.
    pub(in crate::llm) fn let_go_of_others(&mut self, shape: PageShape) {
        let length = self.length();
        if !length.is_multiple_of(PAGE_POSITIONS)
            && let Some(last) = self.pages.last_mut()
        {
            *last = Arc::new(last.cut(shape, length % PAGE_POSITIONS));
        }
    }

    /// How many layers it was read through; all of them where there is none.
    pub(in crate::llm) fn depth(&self) -> Option<usize> {
        self.depth
    }

    /// Whether what is remembered is enough to read on through so many layers.
    pub(in crate::llm) fn serves(&self, depth: Option<usize>) -> bool {
        self.depth.is_none_or(|own| depth.is_some_and(|depth| depth <= own))
    }

    pub(in crate::llm) fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// Makes sure that the next `count` positions have pages that nobody else looks at.
    pub(super) fn make_room(&mut self, shape: PageShape, count: usize) {
        let length = self.length();
        self.pages.truncate(length.div_ceil(PAGE_POSITIONS));
        if !length.is_multiple_of(PAGE_POSITIONS)
            && let Some(last) = self.pages.last_mut()
        {
            Arc::make_mut(last);
        }
        let wanted = (length + count).div_ceil(PAGE_POSITIONS);
        self.pages.resize_with(wanted, || Arc::new(Page::new(shape)));
    }

    /// Writes the keys and values of the next positions, for which there is room.
    pub(super) fn put(&mut self, shape: PageShape, layer: usize, keys: &[f32], values: &[f32]) {
        let width = shape.heads * shape.head;
        let length = self.length();
        for (at, (keys, values)) in keys.chunks_exact(width).zip(values.chunks_exact(width)).enumerate() {
            let position = length + at;
            let page = Arc::get_mut(&mut self.pages[position / PAGE_POSITIONS]);
            let page = page.expect("`make_room` made the page this text's own. This is a bug.");
            page.put(shape, layer, position % PAGE_POSITIONS, keys, values);
        }
    }

    /// Says that these tokens were read, through so many layers.
    pub(in crate::llm) fn advance(&mut self, tokens: &[u32], depth: Option<usize>) {
        self.depth = self.depth.or(depth).min(depth.or(self.depth));
        self.tokens.extend_from_slice(tokens);
    }
}
