//! Invented businesses with what their customers ask: what the search model is taught with.
//!
//! A file a business: `# business: name | language | what it is`, then headings (`## Prices`), below them the owner's
//! sentences (`4. Large dog: 18 €`), and the questions (`? tr 4 büyük köpek ne kadar`), with the numbers of the sentences
//! that answer, apart by commas, or `-` where none does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A business.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Business {
    /// The file's name without its ending.
    pub name: String,
    /// The language of its sentences.
    pub language: String,
    /// What the owner wrote.
    pub units: Vec<Unit>,
    /// What customers ask.
    pub questions: Vec<Question>,
}

/// A sentence, list item or row of the owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Which section it stands in, from 0.
    pub section: usize,
    /// The heading of that section.
    pub heading: String,
    /// The words.
    pub text: String,
}

/// A question of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its language.
    pub language: String,
    /// The places of the units that answer; none where none does.
    pub answers: Vec<usize>,
    /// The words.
    pub text: String,
}

/// Every business of a folder (`*.txt`), by name.
///
/// # Errors
/// When the folder or a file cannot be read, or a line is wrong: the error names the file and the line.
pub fn read_all(folder: &Path) -> Result<Vec<Business>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    let mut paths: Vec<PathBuf> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "txt")).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Business> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Business { name, ..parse(&text).with_context(|| format!("{}", path.display()))? })
}

/// Reads a file's text.
fn parse(text: &str) -> Result<Business> {
    let mut business = Business::default();
    // The number that each unit was given, in order.
    let mut numbers: Vec<usize> = Vec::new();
    let (mut section, mut heading) = (0, String::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || format!("line {}: `{line}` is neither a heading nor a unit nor a question", index + 1);
        if let Some(about) = line.strip_prefix("# business:") {
            business.language = about.split('|').nth(1).with_context(wrong)?.trim().to_owned();
        } else if let Some(next) = line.strip_prefix("##") {
            section += usize::from(!heading.is_empty());
            heading = next.trim().to_owned();
        } else if let Some(rest) = line.strip_prefix("? ") {
            business.questions.push(question(rest, &numbers).with_context(wrong)?);
        } else {
            let (number, text) = line.split_once(". ").with_context(wrong)?;
            let number = number.trim().parse().with_context(wrong)?;
            ensure!(!numbers.contains(&number), "line {}: there is a unit {number} already", index + 1);
            numbers.push(number);
            business.units.push(Unit { section, heading: heading.clone(), text: text.trim().to_owned() });
        }
    }
    ensure!(!business.language.is_empty(), "the first line must be `# business: name | language | what it is`");
    ensure!(!business.units.is_empty() && !business.questions.is_empty(), "there is no unit or no question");
    Ok(business)
}

fn question(line: &str, numbers: &[usize]) -> Option<Question> {
    let mut fields = line.splitn(3, ' ');
    let (language, answers, text) = (fields.next()?, fields.next()?, fields.next()?.trim());
    let place = |number: &str| numbers.iter().position(|known| number.trim().parse() == Ok(*known));
    let answers = match answers {
        "-" => Vec::new(),
        answers => answers.split(',').map(place).collect::<Option<Vec<usize>>>()?,
    };
    (!text.is_empty()).then(|| Question { language: language.to_owned(), answers, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const KENNEL: &str = "# business: Demo | es | kennel\n## Horario\n1. Abrimos a las 9.\n\n## Precios\n2. Perro chico: 4 €\n\
                          3. Perro grande: 9 €\n? es 1 están?\n? tr 2,3 köpek ne kadar\n? en - do you take cats\n";

    #[test]
    fn a_business_is_read_with_its_sections_and_what_answers_what() {
        let business = parse(KENNEL).expect("it is sound");
        let sections: Vec<(usize, &str)> =
            business.units.iter().map(|unit| (unit.section, unit.heading.as_str())).collect();
        assert_eq!(sections, [(0, "Horario"), (1, "Precios"), (1, "Precios")]);
        let answers: Vec<&[usize]> = business.questions.iter().map(|question| question.answers.as_slice()).collect();
        assert_eq!(answers, [&[0][..], &[1, 2], &[]]);
        assert_eq!((business.language.as_str(), business.questions[1].language.as_str()), ("es", "tr"));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for wrong in ["? en 7 is there a seventh?", "? en", "a line of nothing", "x. one"] {
            let error = format!("{:#}", parse(&format!("{KENNEL}{wrong}\n")).expect_err("refused"));
            assert!(error.contains("line 11") && error.contains(wrong), "{error}");
        }
        let twice = format!("{:#}", parse(&format!("{KENNEL}3. Again.\n")).expect_err("refused"));
        assert!(twice.contains("line 11") && twice.contains("unit 3"), "{twice}");
        let nameless = format!("{:#}", parse("## Precios\n1. Uno.\n? es 1 cuanto\n").expect_err("refused"));
        assert!(nameless.contains("# business:"), "{nameless}");
    }

    #[test]
    fn the_repositorys_own_businesses_are_sound_and_many() {
        let all = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/search/businesses")).expect("sound");
        let languages: HashSet<&str> = all.iter().flat_map(|it| &it.questions).map(|it| it.language.as_str()).collect();
        assert!(all.len() >= 40 && languages.len() >= 20, "{} in {languages:?}", all.len());
        for business in all {
            let asked: HashSet<&str> = business.questions.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(asked.len(), business.questions.len(), "{}: a question stands there twice", business.name);
            let unanswered = business.questions.iter().filter(|it| it.answers.is_empty()).count();
            assert!(unanswered * 10 >= business.questions.len(), "{}", business.name);
        }
    }
}
