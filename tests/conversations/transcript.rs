//! Reads a transcript. `README.md` beside this file says how one is written.

/// One transcript.
#[derive(Debug, Default)]
pub struct Transcript {
    /// The folder of knowledge, below `tests/businesses`, or `knowledge` for the one that ships.
    pub business: String,
    /// The folder of translations made ahead, below `tests/translations`.
    pub translations: Option<String>,
    /// The local time at which it begins: `2026-11-23 10:00`.
    pub time: String,
    /// What the model answers: the start of its instruction or text that is looked for, and the answer.
    pub model: Vec<(String, String)>,
    /// The name that the customer shows.
    pub name: Option<String>,
    /// When a person answers: `monday 09:00-14:00`.
    pub hours: Vec<String>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// Something that happens, or that must hold.
#[derive(Debug)]
pub struct Step {
    /// The line in the file, from 1.
    pub line: usize,
    /// What.
    pub what: What,
}

/// What happens, or must hold.
#[derive(Debug)]
pub enum What {
    /// The customer writes these, in a row, before the bot answers.
    Writes(Vec<String>),
    /// The customer writes this in answer to their own first message.
    Quotes(String),
    /// The customer sends something without words.
    Sends(String),
    /// The customer taps an option with this id.
    Taps(String),
    /// A person does: `takes over`, `gives back`, or says something.
    Person(Person),
    /// The owner writes these words in place of others, in a file of the knowledge.
    Owner { file: String, old: String, new: String },
    /// So much time passes: `3 days`, `2 hours`, `10 minutes`.
    Passes(String),
    /// The last reply, or the state, must be like this.
    Expect { key: String, value: String },
}

/// What a person does.
#[derive(Debug)]
pub enum Person {
    /// Takes the conversation.
    Takes,
    /// Gives it back to the bot.
    Returns,
    /// Writes.
    Says(String),
}

/// Reads the text of a transcript.
pub fn parse(text: &str) -> Result<Transcript, String> {
    let mut transcript =
        Transcript { business: "knowledge".into(), time: "2026-11-23 10:00".into(), ..Default::default() };
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        let step = |what| Step { line: number, what };
        if line.is_empty() || line.starts_with('#') || line.starts_with("<!--") {
            continue;
        } else if let Some(rest) = line.strip_prefix("**Customer:**") {
            let words = rest.trim().to_owned();
            match transcript.steps.last_mut() {
                Some(Step { what: What::Writes(texts), .. }) => texts.push(words),
                _ => transcript.steps.push(step(What::Writes(vec![words]))),
            }
        } else if let Some(rest) = line.strip_prefix("**Customer quotes the first message:**") {
            transcript.steps.push(step(What::Quotes(rest.trim().to_owned())));
        } else if let Some(rest) = line.strip_prefix("**Customer sends:**") {
            transcript.steps.push(step(What::Sends(rest.trim().to_owned())));
        } else if let Some(rest) = line.strip_prefix("**Customer taps:**") {
            transcript.steps.push(step(What::Taps(rest.trim().to_owned())));
        } else if let Some(rest) = line.strip_prefix("**Person:**") {
            transcript.steps.push(step(What::Person(Person::Says(rest.trim().to_owned()))));
        } else if line == "**Person takes over**" {
            transcript.steps.push(step(What::Person(Person::Takes)));
        } else if line == "**Person gives back**" {
            transcript.steps.push(step(What::Person(Person::Returns)));
        } else if let Some(rest) = line.strip_prefix("**The owner changes ") {
            let change = owner(rest).ok_or_else(|| format!("line {number}: write `FILE:** old words → new words`"))?;
            transcript.steps.push(step(change));
        } else if let Some(rest) = line.strip_prefix("**Time passes:**") {
            transcript.steps.push(step(What::Passes(rest.trim().to_owned())));
        } else if let Some(rest) = line.strip_prefix('>') {
            let (key, value) = rest.split_once(':').unwrap_or((rest, ""));
            transcript.steps.push(step(What::Expect { key: key.trim().to_owned(), value: value.trim().to_owned() }));
        } else {
            header(&mut transcript, line).ok_or_else(|| format!("line {number}: `{line}` is not understood"))?;
        }
    }
    Ok(transcript)
}

/// `horario.md:** old words → new words`
fn owner(text: &str) -> Option<What> {
    let (file, words) = text.split_once(":**")?;
    let (old, new) = words.split_once("→")?;
    let [file, old, new] = [file, old, new].map(|text| text.trim().to_owned());
    Some(What::Owner { file, old, new })
}

fn header(transcript: &mut Transcript, line: &str) -> Option<()> {
    let (key, value) = line.split_once(':')?;
    let value = value.trim().to_owned();
    match key.trim() {
        "Business" => transcript.business = value,
        "Translations" => transcript.translations = Some(value),
        "Time" => transcript.time = value,
        "Name" => transcript.name = Some(value),
        "A person answers" => transcript.hours.push(value),
        "Model" => {
            let (asked, answer) = value.split_once("→")?;
            transcript.model.push((unquote(asked), unquote(answer)));
        }
        // Prose that tells why the conversation matters.
        "Why" => {}
        _ => return None,
    }
    Some(())
}

fn unquote(text: &str) -> String {
    text.trim().trim_matches(['"', '“', '”']).to_owned()
}
