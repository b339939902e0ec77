use proptest::prelude::*;

use super::*;

/// A question with good evidence, on an open window.
fn question() -> Features {
    Features { window_open: true, has_question: true, evidence: true, confidence: Some(0.9), ..Features::default() }
}

fn talk() -> Features {
    Features { window_open: true, ..Features::default() }
}

fn check(name: &str, features: Features, action: Action, reason: Reason) {
    let decision = decide(&features, &Thresholds::default());
    assert_eq!((decision.action, decision.reason), (action, reason), "{name}: {:?}", decision.trail);
}

#[test]
fn each_reason_has_its_case() {
    use Action::{Clarify, Decline, Escalate, Reply, Silent};
    let q = question;
    for (name, features, action, reason) in [
        ("clear answer", q(), Reply, Reason::Answered),
        ("person in charge", Features { person_in_charge: true, ..q() }, Silent, Reason::PersonInCharge),
        ("reaction", Features { kind: MessageKind::Event, ..talk() }, Silent, Reason::NothingToAnswer),
        ("wish", Features { wish_for_person: 0.9, ..q() }, Escalate, Reason::WishForPerson),
        ("wish, late", Features { wish_for_person: 0.9, window_open: false, ..q() }, Escalate, Reason::WishForPerson),
        ("no person", Features { wish_for_person: 0.9, no_person: true, ..q() }, Reply, Reason::Answered),
        ("delete", Features { delete_data: true, opt_out: true, ..q() }, Reply, Reason::DeleteData),
        ("opt-out", Features { opt_out: true, ..talk() }, Reply, Reason::OptOut),
        ("opt-out, late", Features { opt_out: true, window_open: false, ..talk() }, Silent, Reason::OptOut),
        ("opt-in", Features { opt_in: true, ..talk() }, Reply, Reason::OptIn),
        ("deletion confirmed", Features { delete_confirmed: true, ..talk() }, Reply, Reason::DeleteConfirmed),
        ("deletion refused", Features { delete_refused: true, ..talk() }, Reply, Reason::DeleteCancelled),
        ("order", Features { kind: MessageKind::ForAPerson, ..talk() }, Escalate, Reason::ForAPerson),
        ("welcome", Features { kind: MessageKind::Welcome, ..talk() }, Reply, Reason::Greeting),
        ("show data", Features { show_data: true, ..talk() }, Reply, Reason::ShowData),
        ("window closed", Features { window_open: false, ..q() }, Escalate, Reason::WindowClosed),
        ("greeting with a word", Features { greeting: true, evidence: false, ..q() }, Reply, Reason::Greeting),
        ("greeting and a question", Features { greeting: true, asks: true, ..q() }, Reply, Reason::Answered),
        ("thanks for the info", Features { thanks: true, ..q() }, Reply, Reason::Thanks),
        ("thanks, and a question", Features { thanks: true, asks: true, ..q() }, Reply, Reason::Answered),
        ("thanks, late", Features { window_open: false, thanks: true, ..talk() }, Silent, Reason::WindowClosed),
        ("bot?", Features { bot_question: true, negativity: 0.95, ..talk() }, Reply, Reason::BotQuestion),
        ("bot? and hours", Features { bot_question: true, ..q() }, Reply, Reason::Answered),
        ("angry", Features { negativity: 0.9, ..q() }, Escalate, Reason::NegativeMood),
        ("angry, no person", Features { negativity: 0.9, no_person: true, ..q() }, Reply, Reason::Answered),
        ("failed twice", Features { failed_turns: 2, ..q() }, Escalate, Reason::RepeatedFailure),
        ("failed, thanks", Features { failed_turns: 5, thanks: true, ..talk() }, Reply, Reason::Thanks),
        ("greeting", Features { greeting: true, ..talk() }, Reply, Reason::Greeting),
        ("goodbye", Features { goodbye: true, greeting: true, ..talk() }, Reply, Reason::Goodbye),
        ("emoji", talk(), Reply, Reason::SmallTalk),
        ("voice note", Features { kind: MessageKind::Sound, ..talk() }, Clarify, Reason::Unreadable),
        (
            "second picture",
            Features { kind: MessageKind::File, failed_turns: 1, ..talk() },
            Escalate,
            Reason::Unreadable,
        ),
        ("off topic", Features { off_topic: true, failed_turns: 1, ..q() }, Decline, Reason::OffTopic),
        ("nothing found", Features { evidence: false, ..q() }, Decline, Reason::NoEvidence),
        ("nothing again", Features { evidence: false, failed_turns: 1, ..q() }, Escalate, Reason::NoEvidence),
        (
            "nothing again, no person",
            Features { evidence: false, failed_turns: 4, no_person: true, ..q() },
            Decline,
            Reason::NoEvidence,
        ),
        ("ungrounded", Features { reply_problems: 1, ..q() }, Decline, Reason::Ungrounded),
        ("ambiguous", Features { confidence: Some(0.4), ambiguous: true, ..q() }, Clarify, Reason::Ambiguous),
        ("ambiguous, low", Features { confidence: Some(0.2), ambiguous: true, ..q() }, Decline, Reason::LowConfidence),
        ("low", Features { confidence: Some(0.4), ..q() }, Decline, Reason::LowConfidence),
        ("unknown confidence", Features { confidence: None, ..q() }, Decline, Reason::LowConfidence),
        ("broken confidence", Features { confidence: Some(f32::NAN), ..q() }, Decline, Reason::LowConfidence),
    ] {
        check(name, features, action, reason);
    }
}

#[test]
fn what_is_no_question_has_its_case_too() {
    use Action::{Decline, Escalate, Reply};
    let q = question;
    for (name, features, action, reason) in [
        ("complaint", Features { complaint: true, evidence: false, ..q() }, Escalate, Reason::Complaint),
        ("complaint that is answered", Features { complaint: true, thanks: true, ..q() }, Reply, Reason::Answered),
        (
            "complaint, no person",
            Features { complaint: true, no_person: true, evidence: false, ..q() },
            Decline,
            Reason::NoEvidence,
        ),
        (
            "a joke",
            Features { asks_elsewhere: true, confidence: Some(0.4), failed_turns: 1, ..q() },
            Decline,
            Reason::OffTopic,
        ),
        ("a joke in so many words", Features { asks_elsewhere: true, ..talk() }, Decline, Reason::OffTopic),
        ("the weather", Features { small_talk: true, confidence: Some(0.1), ..q() }, Reply, Reason::SmallTalk),
        ("the weather, and a question", Features { small_talk: true, asks: true, ..q() }, Reply, Reason::Answered),
    ] {
        check(name, features, action, reason);
    }
}

#[test]
fn who_may_be_understood_by_a_choice_gets_one() {
    use Action::{Clarify, Decline, Escalate, Reply};
    let q = question;
    let offered = |on_offer, failed_turns| Features { on_offer: Some(on_offer), failed_turns, ..question() };
    for (name, features, action, reason) in [
        ("unsure, subjects", Features { confidence: Some(0.4), offers: true, ..q() }, Clarify, Reason::LowConfidence),
        ("none of them", offered(OnOffer::Refused, 1), Escalate, Reason::NoSubject),
        ("one of several", offered(OnOffer::Unsaid, 1), Clarify, Reason::Ambiguous),
        ("one of several, again", offered(OnOffer::Unsaid, 2), Escalate, Reason::RepeatedFailure),
        ("chosen after failures", offered(OnOffer::Chosen, 2), Reply, Reason::Answered),
        ("far off", Features { confidence: Some(0.2), offers: true, ..q() }, Decline, Reason::LowConfidence),
    ] {
        check(name, features, action, reason);
    }
}

#[test]
fn thresholds_move_the_decision() {
    let patient = Thresholds { max_failed_turns: 5, max_negativity: 1.0, ..Thresholds::default() };
    let features = Features { negativity: 0.9, failed_turns: 2, ..question() };
    assert_eq!(decide(&features, &patient).action, Action::Reply);
    let strict = Thresholds { min_confidence: 0.95, ..Thresholds::default() };
    assert_eq!(decide(&question(), &strict).reason, Reason::LowConfidence);
}

#[test]
fn who_is_upset_and_has_no_answer_coming_gets_a_person() {
    let upset = Features { negativity: 0.5, ..question() };
    let unanswered = Features { confidence: Some(0.2), ..upset.clone() };
    check("sure", upset.clone(), Action::Reply, Reason::Answered);
    check("low", unanswered.clone(), Action::Escalate, Reason::NegativeMood);
    let ambiguous = Features { confidence: Some(0.4), ambiguous: true, ..upset };
    check("asked back", ambiguous, Action::Clarify, Reason::Ambiguous);
    let alone = Features { no_person: true, ..unanswered.clone() };
    check("no person", alone, Action::Decline, Reason::LowConfidence);
    let furious = Features { negativity: 1.0, ..unanswered };
    let off = decide(&furious, &Thresholds { max_negativity: 1.0, ..Thresholds::default() });
    assert_eq!((off.action, off.reason), (Action::Decline, Reason::LowConfidence), "the owner has turned it off");
}

#[test]
fn names_are_stable_where_they_are_stored() {
    let decision = decide(&Features { wish_for_person: 1.0, ..question() }, &Thresholds::default());
    let stored = serde_json::to_value(&decision).expect("a decision is plain data");
    assert_eq!(stored["action"], "escalate");
    assert_eq!(stored["reason"], "wish_for_person");
    assert_eq!(stored["trail"][1], "wish for a person 1.00 of 0.50");
}

fn kinds() -> impl Strategy<Value = MessageKind> {
    proptest::sample::select(vec![MessageKind::Words, MessageKind::Sound, MessageKind::File, MessageKind::Event])
}

prop_compose! {
    fn any_features()(
        kind in kinds(),
        flags in proptest::array::uniform22(any::<bool>()),
        on_offer in proptest::option::of(proptest::sample::select(vec![OnOffer::Chosen, OnOffer::Refused, OnOffer::Unsaid])),
        wish_for_person in 0.0f32..=1.0,
        negativity in 0.0f32..=1.0,
        failed_turns in 0u32..6,
        confidence in proptest::option::of(0.0f32..=1.0),
        reply_problems in 0usize..3,
    ) -> Features {
        Features {
            kind,
            person_in_charge: flags[0],
            window_open: flags[1],
            delete_confirmed: flags[2],
            no_person: flags[3],
            opt_out: flags[4],
            opt_in: flags[5],
            delete_data: flags[6],
            show_data: flags[7],
            bot_question: flags[8],
            greeting: flags[9],
            thanks: flags[10],
            goodbye: flags[11],
            has_question: flags[12],
            off_topic: flags[13],
            complaint: flags[18],
            small_talk: flags[19],
            asks_elsewhere: flags[20],
            evidence: flags[14],
            ambiguous: flags[15],
            offers: flags[21],
            on_offer,
            asks: flags[17],
            delete_refused: flags[16],
            wish_for_person,
            negativity,
            failed_turns,
            confidence,
            reply_problems,
        }
    }
}

proptest! {
    #[test]
    fn a_person_in_charge_is_never_talked_over(features in any_features()) {
        let features = Features { person_in_charge: true, ..features };
        prop_assert_eq!(decide(&features, &Thresholds::default()).action, Action::Silent);
    }

    #[test]
    fn an_explicit_wish_always_brings_in_a_person(features in any_features()) {
        let is_heard = !features.person_in_charge && features.kind != MessageKind::Event;
        let features = Features { wish_for_person: 0.8, no_person: false, ..features };
        let action = decide(&features, &Thresholds::default()).action;
        prop_assert_eq!(action == Action::Escalate, is_heard);
    }

    #[test]
    fn an_answer_is_sure_grounded_and_allowed(features in any_features()) {
        let thresholds = Thresholds::default();
        let decision = decide(&features, &thresholds);
        if decision.reason == Reason::Answered {
            prop_assert!(features.reply_problems == 0 && features.evidence);
            prop_assert!(features.confidence.is_some_and(|confidence| confidence >= thresholds.min_confidence));
        }
        if matches!(decision.action, Action::Reply | Action::Clarify | Action::Decline) {
            prop_assert!(features.window_open && !features.person_in_charge);
        }
    }

    #[test]
    fn a_question_is_never_met_with_silence(features in any_features()) {
        let features = Features { has_question: true, person_in_charge: false, kind: MessageKind::Words, ..features };
        let decision = decide(&features, &Thresholds::default());
        // What is done without a word once the window has closed: it needs none.
        let is_handled = matches!(
            decision.reason,
            Reason::OptOut
                | Reason::OptIn
                | Reason::DeleteData
                | Reason::DeleteConfirmed
                | Reason::DeleteCancelled
                | Reason::ShowData
        );
        prop_assert!(decision.action != Action::Silent || is_handled);
    }

    #[test]
    fn more_confidence_never_takes_an_answer_away(features in any_features(), low in 0.0f32..1.0, more in 0.0f32..1.0) {
        let thresholds = Thresholds::default();
        let of = |confidence| decide(&Features { confidence: Some(confidence), ..features.clone() }, &thresholds).action;
        prop_assert!(of(low) != Action::Reply || of((low + more).min(1.0)) == Action::Reply);
    }
}
