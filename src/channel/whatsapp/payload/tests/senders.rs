//! Who a message is from, and under which of their identifiers.

use super::*;

#[test]
fn messages_in_groups_are_not_taken_for_private_ones() {
    let events = fixture!("groups");
    let ChannelEvent::Account(group) = &events[0] else { panic!("a group message is not answered") };
    assert_eq!((group.field.as_str(), &group.body["group_id"]), ("messages", &json!("GROUP-5")));
    assert_eq!(events[1], event(message("TXT9", 2, text_content("y en privado"))));
    assert_eq!(events.len(), 2);
}

#[test]
fn senders_are_known_by_whatever_identifiers_there_are() {
    let sender = |id, offset, body, identifiers, name: Option<&str>, username: Option<&str>| InboundMessage {
        identifiers,
        name: name.map(str::to_owned),
        username: username.map(str::to_owned),
        ..message(id, offset, text_content(body))
    };
    let camino = vec![bsuid("CL.550011002200330044"), parent("CL.ENT.77")];
    let biel = vec![bsuid("ES.400500600700800900"), phone("34600000505")];
    let caio = vec![phone("5511987650099")];
    let expected = [
        sender("UID1", 1, "Hola", camino, Some("Camino Rey"), Some("camino.rey")),
        sender("UID2", 2, "vacío", vec![bsuid(NOA)], Some("Noa Vidal"), None),
        sender("UID3", 3, "solo teléfono", vec![phone("34600000404")], None, None),
        sender("UID4", 4, "soy Biel", biel, Some("Biel Roca"), Some("biel")),
        sender("UID5", 5, "soy Noa", noa(), Some("Noa Vidal"), None),
        sender("UID6", 6, "nono dígito", caio, Some("Caio Dias"), None),
    ];
    let mut events = fixture!("user_ids");
    let nobody = events.pop().unwrap();
    assert!(matches!(nobody, ChannelEvent::Account(kept) if kept.body["id"] == "wamid.UID7"));
    assert_eq!(events, expected.map(event));
}

#[test]
fn changed_numbers_and_user_ids_are_read_in_every_form() {
    let change = |id: Option<&str>, offset, previous, current| IdentityChange {
        message_id: id.map(|id| format!("wamid.{id}")),
        previous,
        current,
        at: at(offset),
    };
    let old = || phone("34600000101");
    let new = || phone("34600000909");
    let expected = [
        change(Some("SYS1"), 1, noa(), vec![bsuid("ES.999888777666555444"), new()]),
        change(Some("SYS2"), 2, vec![old()], vec![new()]),
        change(Some("SYS3"), 3, vec![bsuid("CL.550011002200330044")], vec![bsuid("CL.660011002200330044")]),
        change(
            None,
            6,
            vec![bsuid("CL.550011002200330044"), parent("CL.ENT.77")],
            vec![bsuid("CL.660011002200330044"), phone("34600000707"), parent("CL.ENT.78")],
        ),
    ];
    let (changes, others): (Vec<_>, Vec<_>) =
        fixture!("identity_changes").into_iter().partition(|event| matches!(event, ChannelEvent::IdentityChanged(_)));
    assert_eq!(changes, expected.map(ChannelEvent::IdentityChanged));
    assert_eq!(fields(&others), ["messages", "messages", "user_id_update"]);
}

#[test]
fn an_identifier_that_stays_does_not_end() {
    let body = json!({"entry": [{"changes": [{"field": "messages", "value": {"messages": [{
        "from": "34600000101", "from_user_id": NOA, "id": "wamid.S", "timestamp": "1790000000", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "34600000909", "user_id": NOA},
    }]}}]}]});
    let events = parse(body.to_string().as_bytes()).unwrap();
    let [ChannelEvent::IdentityChanged(change)] = &events[..] else { panic!("one change") };
    assert_eq!(change.previous, [phone("34600000101")]);
    assert_eq!(change.current, [bsuid(NOA), phone("34600000909")]);
}
