use super::super::bert::Weights;
use super::super::tests::tiny_model;
use super::*;

fn lesson() -> Lesson {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Lesson {
        questions: texts(&["hello world", "good world", "hello hello"]),
        passages: texts(&["world", "hello", "a b c"]),
        answers: vec![vec![2], vec![0, 1], vec![]],
    }
}

fn student(path: &Path) -> Student {
    let mut state = 1u32;
    let mut chance = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    Student::open(path, 2, &mut chance).expect("a model")
}

#[test]
fn before_the_first_lesson_it_is_the_model_itself() -> Result<()> {
    let (_folder, path) = tiny_model();
    let lesson = lesson();
    let (tokenizer, model) = super::super::load_any(&path, Kernels::new(1)?, |_| Ok(None)).expect("a model");
    let vectors = |prefix: &str, texts: &[String]| {
        let ids: Vec<Vec<u32>> = texts.iter().map(|text| tokenizer.encode(&format!("{prefix}{text}"), 48)).collect();
        model.embed(&ids, Weights::Own).expect("vectors")
    };
    let (questions, passages) = (vectors(QUERY, &lesson.questions), vectors(PASSAGE, &lesson.passages));
    let cosines = student(&path).cosines(&lesson.questions, &lesson.passages)?;
    for (question, cosines) in questions.iter().zip(cosines) {
        for (passage, cosine) in passages.iter().zip(cosines) {
            let own: f32 = question.iter().zip(passage).map(|(one, other)| one * other).sum();
            assert!((own - cosine).abs() < 0.02, "{own} against {cosine}");
        }
    }
    Ok(())
}

#[test]
fn a_lesson_is_learnt_and_what_was_learnt_can_be_kept() -> Result<()> {
    let (_folder, path) = tiny_model();
    let mut student = student(&path);
    let lesson = lesson();
    let first = student.learn(&lesson, 0.02)?;
    let mut last = first;
    for _ in 0..60 {
        last = student.learn(&lesson, 0.02)?;
    }
    assert!(last < first * 0.7, "from {first} to {last}");
    let mut file = std::io::Cursor::new(Vec::new());
    student.adapter("by hand".into())?.write(&mut file)?;
    file.set_position(0);
    let adapter = Adapter::read(&mut file)?;
    let (tokenizer, model) =
        super::super::load_any(&path, Kernels::new(1)?, |_| Ok(Some(adapter.clone()))).expect("a model");
    let vector = |prefix: &str, text: &str, weights| {
        model.embed(&[tokenizer.encode(&format!("{prefix}{text}"), 48)], weights).expect("a vector").remove(0)
    };
    let cosine = |weights| {
        let (question, passage) =
            (vector(QUERY, &lesson.questions[1], weights), vector(PASSAGE, &lesson.passages[0], weights));
        question.iter().zip(&passage).map(|(one, other)| one * other).sum::<f32>()
    };
    let [own, adapted] = [Weights::Own, Weights::Adapted].map(cosine);
    let learnt = student.cosines(&lesson.questions[1..2], &lesson.passages[..1])?[0][0];
    assert!((adapted - learnt).abs() < 0.03 && (own - learnt).abs() > 0.03, "{own}, {adapted}, {learnt}");
    Ok(())
}

#[test]
fn an_empty_lesson_is_refused() {
    let (_folder, path) = tiny_model();
    assert!(student(&path).learn(&Lesson::default(), 0.02).is_err());
}

#[test]
fn every_text_has_its_own_mean() -> Result<()> {
    let spans = spans(&[vec![0, 2], vec![0, 5, 6, 2]]);
    assert_eq!(spans, [0..2, 2..6]);
    assert_eq!(means(&spans)?.to_vec2::<f32>()?[1], [0.0, 0.0, 0.25, 0.25, 0.25, 0.25]);
    Ok(())
}
