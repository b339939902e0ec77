//! Deliveries that no sane sender makes: whatever comes is read, kept or refused.

use super::*;

/// JSON in which the keys and words that the parser looks for turn up in odd places.
fn odd_json() -> impl Strategy<Value = Value> {
    let one_of = |words: &'static str| proptest::sample::select(words.split_whitespace().collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        one_of(WORDS).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 96, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((one_of(KEYS), inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in odd_json()) {
        let is_object = value.is_object();
        prop_assert_eq!(parse(value.to_string().as_bytes()).is_ok(), is_object);
    }

    #[test]
    fn people_always_have_an_identifier(value in odd_json(), field in "[a-z_]{0,12}|messages|user_id_update") {
        let body = json!({"entry": [{"changes": [{"field": field, "value": value}]}]}).to_string();
        let events = parse(body.as_bytes()).unwrap();
        let senders = events.iter().filter_map(|event| match event {
            ChannelEvent::Message(message) => Some(&message.identifiers),
            ChannelEvent::PersonWrote(wrote) => Some(&wrote.identifiers),
            ChannelEvent::Preference(preference) => Some(&preference.identifiers),
            ChannelEvent::IdentityChanged(change) => Some(&change.previous),
            _ => None,
        });
        prop_assert!(senders.into_iter().all(|identifiers| !identifiers.is_empty()));
    }

    #[test]
    fn any_element_of_messages_is_kept(elements in proptest::collection::vec(odd_json(), 0..5)) {
        let value = json!({"messages": elements});
        let body = json!({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).to_string();
        prop_assert_eq!(parse(body.as_bytes()).unwrap().len(), elements.len());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\\\u\"{}d8-f:,é]{0,60}") {
        let _ = parse(&bytes);
        let _ = parse(text.as_bytes());
    }
}
