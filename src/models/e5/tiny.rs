//! A packed model of a few kilobytes, made up for tests: the same format, tiny sizes, weights from a fixed sequence.

/// The pieces after the four special tokens, with their scores.
pub const PIECES: [(&str, f32); 12] = [
    ("▁", -3.0),
    ("▁query", -4.0),
    ("▁passage", -4.5),
    (":", -2.0),
    ("▁pan", -5.0),
    ("▁panadería", -6.0),
    ("adería", -7.0),
    ("a", -6.5),
    ("b", -6.6),
    ("中", -8.0),
    ("中国", -8.5),
    ("▁é", -9.0),
];

/// Normalisation: tabs and no-break spaces become spaces, control characters vanish, wide letters become narrow ones.
pub const RULES: [(char, &str); 6] =
    [('\u{1}', ""), ('\t', " "), ('\u{a0}', " "), ('ａ', "a"), ('ｂ', "b"), ('㎞', "km")];

const HIDDEN: u32 = 32;
const LAYERS: u32 = 2;
const HEADS: u32 = 2;
const INNER: u32 = 64;
const POSITIONS: u32 = 16;
const TOKEN_TYPES: u32 = 2;
/// Two rows more than there are pieces, as in the real file.
const VOCABULARY: u32 = 4 + 12 + 1 + 2;

/// The bytes of the file.
pub fn packed() -> Vec<u8> {
    let mut tensors = Tensors::default();
    tensors.quantized("emb.word", VOCABULARY * HIDDEN);
    tensors.floats("emb.pos", POSITIONS * HIDDEN, 0.0);
    tensors.floats("emb.type", TOKEN_TYPES * HIDDEN, 0.0);
    tensors.norm("emb.ln");
    for layer in 0..LAYERS {
        for (name, outputs, inputs) in [
            ("q", HIDDEN, HIDDEN),
            ("k", HIDDEN, HIDDEN),
            ("v", HIDDEN, HIDDEN),
            ("ao", HIDDEN, HIDDEN),
            ("fi", INNER, HIDDEN),
            ("fo", HIDDEN, INNER),
        ] {
            tensors.quantized(&format!("l{layer}.{name}.w"), outputs * inputs);
            tensors.floats(&format!("l{layer}.{name}.b"), outputs, 0.0);
        }
        tensors.norm(&format!("l{layer}.aln"));
        tensors.norm(&format!("l{layer}.oln"));
    }
    let mut file = header();
    tensors.append_to(&mut file);
    file
}

fn header() -> Vec<u8> {
    let mut file = b"E5S1".to_vec();
    for word in [1, HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TOKEN_TYPES] {
        file.extend(word.to_le_bytes());
    }
    file.extend(1e-12_f32.to_le_bytes());
    file.extend(32_u32.to_le_bytes());
    let special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)];
    let pieces: Vec<_> = special.into_iter().chain(PIECES).chain([("<mask>", 0.0)]).collect();
    for word in [pieces.len() as u32, 0, 2, 1, 3] {
        file.extend(word.to_le_bytes());
    }
    let text: String = pieces.iter().map(|(piece, _)| *piece).collect();
    file.extend((text.len() as u64).to_le_bytes());
    let mut end = 0_u32;
    file.extend(end.to_le_bytes());
    for (piece, _) in &pieces {
        end += piece.len() as u32;
        file.extend(end.to_le_bytes());
    }
    pieces.iter().for_each(|(_, score)| file.extend(score.to_le_bytes()));
    file.extend(text.bytes());
    let mut rules = Vec::new();
    for (from, to) in RULES {
        rules.extend(u32::from(from).to_le_bytes());
        rules.push(to.chars().count() as u8);
        to.chars().for_each(|to| rules.extend(u32::from(to).to_le_bytes()));
    }
    file.extend((RULES.len() as u32).to_le_bytes());
    file.extend((rules.len() as u32).to_le_bytes());
    file.extend(rules);
    file
}

#[derive(Default)]
struct Tensors {
    /// Name, type, elements, data.
    entries: Vec<(String, u8, u32, Vec<u8>)>,
    state: u32,
}

impl Tensors {
    /// The next number of a fixed sequence.
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state >> 16
    }

    fn quantized(&mut self, name: &str, elements: u32) {
        let mut data = Vec::new();
        for _ in 0..elements / 32 {
            // The scale 2^-6 as a 16-bit float, then 32 weights of 4 bits.
            data.extend(0x2400_u16.to_le_bytes());
            (0..16).for_each(|_| data.push(self.next() as u8));
        }
        self.entries.push((name.to_owned(), 1, elements, data));
    }

    fn floats(&mut self, name: &str, elements: u32, around: f32) {
        let data = (0..elements).flat_map(|_| (around + (self.next() as f32 / 65_536.0 - 0.5) * 0.1).to_le_bytes());
        let data = data.collect();
        self.entries.push((name.to_owned(), 0, elements, data));
    }

    fn norm(&mut self, name: &str) {
        self.floats(&format!("{name}.w"), HIDDEN, 1.0);
        self.floats(&format!("{name}.b"), HIDDEN, 0.0);
    }

    fn append_to(self, file: &mut Vec<u8>) {
        let directory: usize = self.entries.iter().map(|(name, ..)| 2 + name.len() + 1 + 4 + 8 + 8).sum();
        let mut offset = file.len() + 4 + directory;
        file.extend((self.entries.len() as u32).to_le_bytes());
        for (name, dtype, elements, data) in &self.entries {
            file.extend((name.len() as u16).to_le_bytes());
            file.extend(name.bytes());
            file.push(*dtype);
            file.extend(elements.to_le_bytes());
            file.extend((offset as u64).to_le_bytes());
            file.extend((data.len() as u64).to_le_bytes());
            offset += data.len();
        }
        self.entries.into_iter().for_each(|(.., data)| file.extend(data));
    }
}
