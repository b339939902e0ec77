//! The decoder against candle's stock one, on the files that `atiende models pull` lays down.
//!
//! Activations are rounded to eight bits in both, so that the smallest difference in the order of a sum grows from
//! layer to layer. The stock decoder itself gives other logits for a text that it reads at once than for the same text
//! token by token: that is the tolerance. Of a token for which the own decoder has another, the stock one must itself be
//! no surer than that.

use atiende_kernels::Kernels;

use super::{distance, greedy, read, read_stock};
use crate::llm::arch::{self, Architecture, Decoder, DecoderChoice};
use crate::llm::decoder::{Memory, Transformer};
use crate::llm::tokenizer::{Tokenizer, Vocabulary};
use crate::llm::weights::WeightsFile;
use crate::models::cache_folder;

/// What a bakery's customers ask, in their languages and spelling.
const QUESTIONS: [&str; 20] = [
    "¿A qué hora abren los martes?",
    "abren el domingo??",
    "What time do you open on Saturday?",
    "do u have gluten free bread",
    "Que horas vocês abrem amanhã?",
    "quanto custa a ensaimada?",
    "À quelle heure fermez-vous ?",
    "Wann haben Sie geöffnet?",
    "Quanto costa un croissant?",
    "hola, hacen tartas de cumpleaños?",
    "where r u located",
    "¿Puedo pagar con tarjeta?",
    "Aceitam Pix?",
    "Is the ensaimada vegan?",
    "cuanto sale un cafe con leche",
    "Можно заказать торт?",
    "何時に開きますか",
    "Translate to English: Cerramos los domingos.",
    "Answer yes or no: are you open on Sundays?",
    "Repite el horario en una frase.",
];

const FACTS: &str = "Eres el asistente de una panadería. Responde con estos datos. De lunes a sábado de 8:00 a 14:00. \
                     Domingos cerrado. Ensaimada: 2,50 €. Café con leche: 1,80 €.";

/// New tokens after each prompt.
const NEW: usize = 4;

/// Of the tokens, how many have to be the stock decoder's: it agrees with itself on about as many.
const SHARE: f64 = 0.93;

struct Pair {
    tokenizer: Tokenizer,
    own: Transformer,
    stock: Box<dyn Decoder>,
}

impl Pair {
    fn load(file: &str, architecture: Architecture) -> Self {
        let path = cache_folder(|name| std::env::var_os(name)).unwrap().join(file);
        assert!(path.exists(), "this test needs {}: run `atiende models pull` first", path.display());
        let weights = WeightsFile::open(&path).unwrap();
        let tokenizer = Vocabulary::read(weights.metadata()).and_then(Tokenizer::new).unwrap();
        let own = Transformer::load(architecture, &weights, 4096, Kernels::new(2).unwrap()).unwrap();
        let stock = arch::load(DecoderChoice::Stock, architecture, weights, 4096, 2).unwrap();
        Pair { tokenizer, own, stock }
    }

    /// Greedy decoding by the stock decoder, with the own one beside it. Gives how many of the own one's tokens would
    /// have been the same, and by how much the stock one preferred its own token where they differ, at most.
    fn same(&mut self, question: &str) -> (usize, f32) {
        let prompt = self.tokenizer.encode_text(&format!("{FACTS} {question}")).unwrap();
        let mut memory = Memory::default();
        let mut ours = read(&mut self.own, &mut memory, &prompt).pop().unwrap();
        let mut stock_memory = Memory::default();
        let mut theirs = read_stock(self.stock.as_mut(), &mut stock_memory, &prompt);
        let (mut same, mut lead) = (0, 0.0f32);
        for _ in 0..NEW {
            let (token, own) = (greedy(&theirs), greedy(&ours));
            same += usize::from(token == own);
            lead = lead.max(theirs[token as usize] - theirs[own as usize]);
            ours = read(&mut self.own, &mut memory, &[token]).pop().unwrap();
            theirs = read_stock(self.stock.as_mut(), &mut stock_memory, &[token]);
        }
        (same, lead)
    }

    /// How far the own logits after a prompt are from the stock ones, those from themselves when they are computed token by
    /// token, and the furthest of these differences.
    fn distances(&mut self, question: &str) -> (f32, f32, f32) {
        let prompt = self.tokenizer.encode_text(&format!("{FACTS} {question}")).unwrap();
        let ours = read(&mut self.own, &mut Memory::default(), &prompt).pop().unwrap();
        let at_once = read_stock(self.stock.as_mut(), &mut Memory::default(), &prompt);
        let (mut memory, mut one_by_one) = (Memory::default(), Vec::new());
        for token in &prompt {
            one_by_one = read_stock(self.stock.as_mut(), &mut memory, &[*token]);
        }
        let furthest = one_by_one.iter().zip(&at_once).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        (distance(&ours, &at_once), distance(&one_by_one, &at_once), furthest)
    }
}

fn check(file: &str, architecture: Architecture) {
    let mut pair = Pair::load(file, architecture);
    let counted: Vec<(usize, f32)> = QUESTIONS.iter().map(|question| pair.same(question)).collect();
    let same: usize = counted.iter().map(|(same, _)| same).sum();
    let lead = counted.iter().map(|(_, lead)| *lead).fold(0.0, f32::max);
    let all = QUESTIONS.len() * NEW;
    let distances: Vec<(f32, f32, f32)> = QUESTIONS[..2].iter().map(|question| pair.distances(question)).collect();
    println!("{file}: {same} of {all} tokens are the same, others by {lead} at most; distances {distances:?}");
    #[expect(clippy::cast_precision_loss, reason = "there are some hundred tokens")]
    let share = same as f64 / all as f64;
    assert!(share >= SHARE, "{file}: only {same} of {all} tokens are the same");
    let (ours, theirs) = distances.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    assert!(ours < 2.0 * theirs, "{file}: the logits are {ours} apart, where the stock ones vary by {theirs}");
    let furthest = distances.iter().map(|(_, _, furthest)| *furthest).fold(0.0, f32::max);
    assert!(
        lead <= 2.0 * furthest,
        "{file}: a token for which the stock decoder leads by {lead}, and varies by {furthest}"
    );
}

/// One after the other: the stock decoder's threads spin, and two at once would take many times as long.
#[test]
fn real_models_write_what_they_write_with_the_stock_decoder() {
    check("smollm2-135m-instruct-q4_1.gguf", Architecture::Llama);
    check("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", Architecture::Qwen2);
}
