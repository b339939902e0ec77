//! `[models]`: which models run, and how.

use std::path::PathBuf;

use super::section::{Check, require, section};

section! {
    /// Which models run, and how. The defaults suit a server with 2 cores and 4 GB of memory.
    pub struct Models in "models" {
        /// The language model: a name from `atiende models list`, or a GGUF file in the folder below. Empty: the only
        /// GGUF in that folder, else the default. With less than 2 GB of free memory take "qwen2.5-coder-0.5b".
        llm: String = String::new(),
        /// The model that finds passages by meaning, in the same way. Empty is right for nearly everybody.
        embedder: String = String::new(),
        /// Where you put GGUF files of your own.
        folder: PathBuf = PathBuf::from("models"),
        /// How many tokens a question may take with its passages and answer. More needs more memory.
        context: usize = 4096,
        /// How many pieces of work may wait for the model at once. Beyond that, turns go on without it: the owner's
        /// sentences are sent as they stand.
        max_queue: usize = 16,
        /// How many threads the language model computes on. 0: one for each processor. Models that do not run on the
        /// project's own kernels take theirs from the environment's CANDLE_NUM_THREADS.
        threads: usize = 0,
        /// How many megabytes the beginnings of prompts may take in memory that the model has read: what most prompts
        /// begin with, and the passages that customers ask about most, are then not read again, nor after a restart:
        /// for that a file of at most this size lies beside the database, which holds nothing that customers wrote.
        remembered_mb: usize = 256,
        /// Whether a language model judges doubtful answers and translates. Without it the bot needs far less memory; it
        /// declines more, and customers of other languages read your own sentences with a line that says so.
        use_llm: bool = true,
    }
}

impl Check for Models {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let context = (512..=131_072).contains(&self.context);
        require(&mut problems, "context", context, "expected a number from 512 to 131072");
        require(&mut problems, "max_queue", (1..=4096).contains(&self.max_queue), "expected a number from 1 to 4096");
        require(&mut problems, "threads", self.threads <= 256, "expected a number from 0 to 256");
        let remembered = self.remembered_mb <= 65_536;
        require(&mut problems, "remembered_mb", remembered, "expected a number of megabytes, at most 65536");
        problems
    }
}
