//! The parts of the engine one by one: products for each quantization and number of rows, attention, choosing a token,
//! tokenizing, the chat template. Prints medians and asserts nothing.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use atiende::llm::{ChatMessage, Engine, EngineOptions, LanguageModel, Role, greedy, log_probability};
use atiende::models::cache_folder;
use atiende_kernels::{
    Activations, Attention, Format, Kernels, Matrix, MatrixBuilder, PAGE_POSITIONS, Page, PageShape, Product, Queries,
    Sees,
};

const ROUNDS: usize = 9;

/// Each format in the shape in which models of half and of one and a half billion weights have it.
const MATRICES: [(&str, Format, usize, usize); 10] = [
    ("Q4_K", Format::Q4K, 8960, 1536),
    ("Q5_K", Format::Q5K, 8960, 1536),
    ("Q6_K", Format::Q6K, 1536, 8960),
    ("Q4_0", Format::Q4Zero, 4864, 896),
    ("Q4_1", Format::Q4One, 1536, 576),
    ("Q5_0", Format::Q5Zero, 4864, 896),
    ("Q5_1", Format::Q5One, 4864, 896),
    ("Q8_0", Format::Q8Zero, 32_768, 896),
    // Larger than any cache, as a whole model is: here the weights come from memory.
    ("Q4_K", Format::Q4K, 151_936, 1536),
    ("Q6_K", Format::Q6K, 151_936, 1536),
];

fn main() -> anyhow::Result<()> {
    let kernels = Kernels::new(2)?;
    println!("{}, {} threads", kernels.level().name(), kernels.threads());
    println!("\nproducts, billions of multiplications a second, by rows of activations");
    println!("{:>6} {:>14}{}", "", "shape", [1, 2, 4, 8, 16, 32, 128].map(|rows| format!("{rows:>8}")).concat());
    for (name, format, rows, width) in MATRICES {
        products(&kernels, name, &matrix(&kernels, format, rows, width)?);
    }
    attention(&kernels);
    choice();
    text()
}

/// The median of the seconds that something takes.
fn median(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .skip(1)
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

/// A matrix of some bytes; which ones does not matter for the time.
fn matrix(kernels: &Kernels, format: Format, rows: usize, width: usize) -> anyhow::Result<Matrix> {
    MatrixBuilder { format, rows, width }.build(kernels.pool(), |at, bytes: &mut [u8]| {
        bytes.iter_mut().enumerate().for_each(|(index, byte)| *byte = u8::try_from((at + index) % 59).unwrap_or(0));
        anyhow::Ok(())
    })
}

#[expect(clippy::cast_precision_loss, reason = "these are figures for people")]
fn products(kernels: &Kernels, name: &str, matrix: &Matrix) {
    print!("{name:>6} {:>14}", format!("{} × {}", matrix.rows(), matrix.width()));
    for rows in [1, 2, 4, 8, 16, 32, 128] {
        let values = vec![0.5; rows * matrix.width()];
        let mut into = vec![0.0; rows * matrix.rows()];
        let mut activations = Activations::default();
        let seconds = median(|| {
            kernels.quantize(&values, matrix.width(), &[matrix], &mut activations);
            kernels.multiply(&activations, &mut [Product { matrix, into: &mut into }]);
        });
        print!("{:>8.0}", (rows * matrix.rows() * matrix.width()) as f64 / seconds / 1e9);
    }
    println!();
}

fn attention(kernels: &Kernels) {
    let shape = PageShape { layers: 1, heads: 2, head: 128 };
    let attention = Attention { shape, layer: 0, heads: 12, scale: 0.1, sees: Sees::Past(None) };
    println!("\nattention of one layer, 12 heads of 128, µs");
    for (position, count) in [(500_usize, 1_usize), (500, 8), (512, 128), (4000, 1), (3968, 128)] {
        let pages: Vec<Arc<Page>> =
            (0..(position + count).div_ceil(PAGE_POSITIONS)).map(|_| Arc::new(Page::new(shape))).collect();
        let queries = vec![0.1; count * 12 * 128];
        let mut into = vec![0.0; queries.len()];
        let seconds = median(|| {
            let text = Queries { pages: &pages, row: 0, count, position };
            kernels.attend(&attention, &[text], &queries, &mut into);
        });
        println!("{count:>5} tokens from position {position:>5}: {:>8.0}", seconds * 1e6);
    }
}

/// What the worker does with the logits of one token: the most probable one with its probability when it writes, the
/// probability of one that is given when it scores.
fn choice() {
    // The vocabulary of Qwen. The largest logit comes late, and they rise and fall as a model's do.
    let logit = |at: u32| f32::from(u16::try_from(at.wrapping_mul(40_503) % 400).unwrap_or(0)) / 25.0;
    let mut logits: Vec<f32> = (0..151_936).map(logit).collect();
    logits[100_000] = 20.0;
    let greedy = median(|| _ = black_box(greedy(black_box(&logits))));
    let given = median(|| _ = black_box(log_probability(black_box(&logits), black_box(7))));
    println!("\nof the logits of 151,936 tokens, µs");
    println!("{:>32}: {:>8.0}", "the greedy choice", greedy * 1e6);
    println!("{:>32}: {:>8.0}", "the probability of a given token", given * 1e6);
}

/// Tokenizing and the chat template, with the small model that tests use.
fn text() -> anyhow::Result<()> {
    let folder = cache_folder(|name| std::env::var_os(name))?;
    let path = folder.join("smollm2-135m-instruct-q4_1.gguf");
    anyhow::ensure!(path.exists(), "{} is missing: run `make models`", path.display());
    let engine = Engine::start(EngineOptions::new(path))?;
    let words = "¿A qué hora abren los domingos? Closed on Mondays. ".repeat(40);
    let messages = [ChatMessage::new(Role::System, words.clone()), ChatMessage::new(Role::User, "hola")];
    let tokens = engine.count_tokens(&words);
    println!("\ntokenizing {tokens} tokens: {:.0} µs", 1e6 * median(|| _ = black_box(engine.count_tokens(&words))));
    println!(
        "chat template of {} bytes: {:.0} µs",
        words.len(),
        1e6 * median(|| _ = black_box(engine.render(&messages)))
    );
    Ok(())
}
