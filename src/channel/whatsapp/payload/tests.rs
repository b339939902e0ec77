use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::event::{
    ChannelError, DeliveryStatus, ErrorMeaning, IdentityChange, PersonWrote, Preference, StatusEvent,
};
use crate::domain::{Content, Identifier, IdentifierKind, InboundMessage, MediaKind};

const ACCOUNT: &str = "440011223344";
const NOA: &str = "ES.100200300400500601";

/// The events of a delivery under `tests/fixtures/whatsapp`.
macro_rules! fixture {
    ($name:literal) => {
        parse(include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/whatsapp/", $name, ".json"))).unwrap()
    };
}

// They use the macro, so they stand after it.
mod hostile;
mod senders;

fn bsuid(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::Bsuid, value).unwrap()
}

fn phone(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::Phone, value).unwrap()
}

fn parent(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::ParentBsuid, value).unwrap()
}

fn noa() -> Vec<Identifier> {
    vec![bsuid(NOA), phone("34600000101")]
}

/// The moment `offset` seconds into the fixtures' day.
fn at(offset: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + offset).unwrap()
}

fn message(id: &str, offset: i64, content: Content) -> InboundMessage {
    InboundMessage {
        account: ACCOUNT.into(),
        message_id: format!("wamid.{id}"),
        identifiers: noa(),
        name: Some("Noa Vidal".into()),
        username: None,
        sent_at: at(offset),
        content,
        reply_to: None,
        forwarded: false,
        referral: None,
    }
}

fn event(message: InboundMessage) -> ChannelEvent {
    ChannelEvent::Message(Box::new(message))
}

fn text_content(body: &str) -> Content {
    Content::Text { body: body.into() }
}

fn named(name: &str) -> Content {
    Content::Unsupported { name: name.into() }
}

fn contents(events: &[ChannelEvent]) -> Vec<Content> {
    let content = |event: &ChannelEvent| match event {
        ChannelEvent::Message(message) => Some(message.content.clone()),
        _ => None,
    };
    events.iter().filter_map(content).collect()
}

fn fields(events: &[ChannelEvent]) -> Vec<&str> {
    let mut found = Vec::new();
    for event in events {
        if let ChannelEvent::Account(account) = event {
            found.push(account.field.as_str());
        }
    }
    found
}

#[test]
fn texts_are_read_with_sender_name_and_time() {
    let expected = [
        event(message("TXT1", 1, text_content("¿Tenéis tornillos de 8 mm? 🔩\nGracias"))),
        event(message("TXT2", 2, text_content(""))),
        event(message("TXT3", 3, named("text"))),
    ];
    assert_eq!(fixture!("text"), expected);
}

#[test]
fn every_kind_of_file_is_read() {
    let file = |media, id: Option<&str>, mime: Option<&str>, caption: Option<&str>, filename: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Content::Media { media, id: owned(id), mime: owned(mime), caption: owned(caption), filename: owned(filename) }
    };
    let id = |last: u8| format!("90010020030000{last}");
    let simple = |media, last: u8, mime| file(media, Some(&id(last)), Some(mime), None, None);
    let expected = [
        file(MediaKind::Image, Some(&id(1)), Some("image/jpeg"), Some("¿Cuánto vale este?"), None),
        simple(MediaKind::Video, 2, "video/mp4"),
        file(
            MediaKind::Document,
            Some(&id(3)),
            Some("application/pdf"),
            Some("lo firmado"),
            Some("presupuesto año.pdf"),
        ),
        simple(MediaKind::VoiceNote, 4, "audio/ogg; codecs=opus"),
        simple(MediaKind::Audio, 5, "audio/mpeg"),
        simple(MediaKind::Audio, 6, "audio/mpeg"),
        simple(MediaKind::Sticker, 7, "image/webp"),
        file(MediaKind::Video, None, None, None, None),
    ];
    assert_eq!(contents(&fixture!("media")), expected);
}

#[test]
fn places_and_contact_cards_are_read() {
    let place = |label: Option<&str>| Content::Location {
        latitude: 41.3874,
        longitude: 2.1686,
        label: label.map(str::to_owned),
    };
    let own = Content::Contacts { names: vec![], own_phone: Some("34600000101".into()) };
    let expected = [
        place(None),
        place(Some("Mercado Central, Calle Mayor 3")),
        named("location"),
        Content::Contacts { names: vec!["Pau Serra".into(), "Ona Mas".into()], own_phone: None },
        own.clone(),
        own,
    ];
    assert_eq!(contents(&fixture!("location_and_contacts")), expected);
}

#[test]
fn taps_and_forms_are_read() {
    let choice = |id: &str, title: &str| Content::Choice { id: id.into(), title: title.into() };
    let form = |response: Option<&str>| Content::Form { response: response.map(str::to_owned) };
    let expected = [
        choice("person", "Hablar con alguien"),
        choice("faq:hours", "Horario"),
        form(Some(r#"{"flow_token":"t-1","talla":"M"}"#)),
        form(Some("{broken")),
        form(None),
        named("call_permission_reply"),
        named("interactive"),
        choice("CONFIRM_12", "Confirmo"),
        choice("Cancelar", "Cancelar"),
    ];
    let events = fixture!("interactive");
    assert_eq!(contents(&events), expected);
    let ChannelEvent::Message(first) = &events[0] else { panic!("a tap is a message") };
    assert_eq!(first.reply_to.as_deref(), Some("wamid.OURS1"));
    let ChannelEvent::Account(last) = &events[9] else { panic!("an error beside messages is kept") };
    assert_eq!(last.body["errors"][0]["code"], 131_000);
}

#[test]
fn orders_reactions_edits_and_unknown_types_are_read() {
    let reaction =
        |emoji: Option<&str>| Content::Reaction { message_id: "wamid.OURS1".into(), emoji: emoji.map(str::to_owned) };
    let edit = |id: &str, body: &str| Content::Edit { message_id: id.into(), body: Some(body.into()) };
    let items = vec![("TOR-8".to_owned(), 2.0), ("TAC-8".to_owned(), 1.5)];
    let expected = [
        Content::Order { items, note: Some("con factura".into()) },
        reaction(Some("👍🏽")),
        reaction(None),
        reaction(None),
        Content::Welcome,
        edit("wamid.TXT1", "¿Tenéis tornillos de 10 mm?"),
        edit("wamid.IMG1", "este otro"),
        Content::Revoke { message_id: "wamid.TXT1".into() },
        named("poll"),
        named("unsupported"),
        named("hologram"),
        named("unknown"),
    ];
    let events = fixture!("order_reaction_edit");
    assert_eq!(contents(&events), expected);
    assert_eq!(events.len(), expected.len());
}

#[test]
fn quotes_forwards_and_advertisements_are_read() {
    let base = |id, offset, body| message(id, offset, text_content(body));
    let referral = json!({"source_url": "https://fb.me/robles", "source_type": "ad", "source_id": "120000000000000777",
        "headline": "Semana del taladro", "media_type": "image", "ctwa_clid": "Abc-123"});
    let expected = [
        InboundMessage { reply_to: Some("wamid.OURS1".into()), ..base("CTX1", 1, "este") },
        InboundMessage { forwarded: true, ..base("CTX2", 2, "reenviado") },
        InboundMessage { forwarded: true, ..base("CTX3", 3, "cadena") },
        InboundMessage { reply_to: Some("wamid.CAT1".into()), ..base("CTX4", 4, "¿queda?") },
        InboundMessage { referral: Some(referral), ..base("CTX5", 5, "Vi el anuncio") },
    ];
    assert_eq!(fixture!("context_and_referral"), expected.map(event));
}

fn status(id: &str, offset: i64, status: DeliveryStatus, identifiers: Vec<Identifier>) -> StatusEvent {
    StatusEvent {
        account: ACCOUNT.into(),
        message_id: format!("wamid.{id}"),
        status,
        at: at(offset),
        callback: None,
        errors: vec![],
        pricing: None,
        identifiers,
    }
}

fn failure(code: i64, details: &str) -> ChannelError {
    ChannelError { code, details: details.into(), meaning: ErrorMeaning::ThisMessage }
}

#[test]
fn statuses_are_read_with_errors_of_every_shape() {
    let with_parent = || vec![bsuid(NOA), phone("34600000101"), parent("ES.ENT.900")];
    let expected = [
        StatusEvent {
            callback: Some("81".into()),
            pricing: Some("service".into()),
            ..status("OUT1", 1, DeliveryStatus::Sent, noa())
        },
        status("OUT1", 2, DeliveryStatus::Delivered, noa()),
        status("OUT1", 3, DeliveryStatus::Read, with_parent()),
        status("OUTV", 4, DeliveryStatus::Read, with_parent()),
        StatusEvent {
            callback: Some("82".into()),
            errors: vec![failure(131_047, "More than 24 hours have passed.")],
            ..status("OUT2", 5, DeliveryStatus::Failed, vec![phone("34600000101")])
        },
        StatusEvent {
            errors: vec![failure(131_026, "Could not be received"), failure(-1, "Odd")],
            ..status("OUT3", 6, DeliveryStatus::Failed, vec![bsuid("ES.700800900100200300")])
        },
        StatusEvent {
            errors: vec![failure(131_049, "Held back")],
            ..status("OUT4", 7, DeliveryStatus::Sent, vec![phone("34600000101")])
        },
        status("OUTG", 8, DeliveryStatus::Delivered, vec![bsuid("ES.300300300300300300"), phone("34600000303")]),
    ];
    let mut events = fixture!("statuses");
    let unknown = events.pop().unwrap();
    assert!(matches!(unknown, ChannelEvent::Account(kept) if kept.body["status"] == "teleported"));
    assert_eq!(events, expected.map(ChannelEvent::Status));
}

#[test]
fn errors_and_clicks_without_a_message_are_kept_for_the_owner() {
    let events = fixture!("errors_and_actions");
    assert_eq!(fields(&events), ["messages"; 3]);
    let ChannelEvent::Account(first) = &events[0] else { panic!("not a message") };
    assert_eq!(first.body["errors"][0]["code"], 130_429);
    assert_eq!(first.body["metadata"]["phone_number_id"], ACCOUNT);
}

#[test]
fn preferences_and_echoes_are_read_and_other_fields_kept() {
    let preference = |identifiers, value: &str, offset| Preference {
        account: ACCOUNT.into(),
        identifiers,
        category: "marketing_messages".into(),
        value: value.into(),
        at: at(offset),
    };
    let wrote = |identifiers, id: &str, content, offset| PersonWrote {
        account: ACCOUNT.into(),
        identifiers,
        message_id: format!("wamid.{id}"),
        content,
        at: at(offset),
    };
    let events = fixture!("other_fields");
    let expected = [
        ChannelEvent::Preference(preference(noa(), "stop", 1)),
        ChannelEvent::Preference(preference(vec![phone("34600000404")], "resume", 2)),
        ChannelEvent::PersonWrote(wrote(noa(), "ECH1", text_content("Hola Noa, soy Marta"), 3)),
        ChannelEvent::PersonWrote(wrote(
            vec![phone("34600000101")],
            "ECH2",
            Content::Revoke { message_id: "wamid.ECH1".into() },
            4,
        )),
    ];
    assert_eq!(events[..4], expected);
    let kept = [
        "smb_message_echoes",
        "account_update",
        "phone_number_quality_update",
        "business_capability_update",
        "smb_app_state_sync",
        "history",
        "history",
        "calls",
        "a_field_of_next_year",
    ];
    assert_eq!(fields(&events[4..]), kept);
    assert!(matches!(&events[5], ChannelEvent::Account(kept) if kept.body["event"] == "ACCOUNT_RESTRICTION"));
}

#[test]
fn odd_elements_cost_nothing_but_themselves() {
    let events = fixture!("drift");
    assert_eq!(events[0], event(message("DRF1", 1, text_content("hola"))));
    let texts = [text_content("hola"), text_content("sin campo"), text_content("uno solo")];
    assert_eq!(contents(&events), texts);
    let kept = ["messages"; 8].into_iter().chain(["unknown"; 3]);
    let mut found = fields(&events);
    found.sort_unstable();
    assert_eq!(found, kept.collect::<Vec<_>>());
}

#[test]
fn deliveries_of_other_channels_are_kept_whole() {
    let events = fixture!("other_channel");
    let [ChannelEvent::Account(kept)] = &events[..] else { panic!("one event") };
    assert_eq!((kept.field.as_str(), &kept.body["object"]), ("unknown", &json!("instagram")));
    assert_eq!(fields(&parse(b"{}").unwrap()), ["unknown"]);
    assert_eq!(parse(br#"{"object":"whatsapp_business_account","entry":[]}"#).unwrap(), []);
}

#[test]
fn only_a_body_that_is_no_json_object_is_an_error() {
    assert!(matches!(parse(b"<html>"), Err(PayloadError::NotJson { line: 1, column: 1 })));
    assert!(matches!(parse(b""), Err(PayloadError::NotJson { .. })));
    assert!(matches!(parse(b"[]"), Err(PayloadError::NotAnObject)));
    assert!(matches!(parse(b"null"), Err(PayloadError::NotAnObject)));
}

#[test]
fn half_an_emoji_does_not_cost_the_delivery() {
    let body = br#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[
        {"from":"34600000101","id":"wamid.E","type":"text","text":{"body":"bien \ud83d"}}]}}]}]}"#;
    let events = parse(body).unwrap();
    assert_eq!(contents(&events), [text_content("bien \u{fffd}")]);
    let ChannelEvent::Message(read) = &events[0] else { panic!("a message") };
    assert_eq!(read.sent_at, Timestamp::UNIX_EPOCH);
}

#[test]
fn a_delivery_of_a_thousand_people_names_each() {
    let number = |index: usize| format!("3460000{index:04}");
    let contacts: Vec<_> =
        (0..1000).map(|index| json!({"profile": {"name": format!("P{index}")}, "wa_id": number(index)})).collect();
    let messages: Vec<_> = (0..1000)
        .map(|index| json!({"from": number(index), "id": index, "type": "text", "text": {"body": "x".repeat(2000)}}))
        .collect();
    let body = json!({"entry": [{"changes": [{"field": "messages", "value": {
        "contacts": contacts, "messages": messages}}]}]});
    let events = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(events.len(), 1000);
    for (index, event) in events.iter().enumerate() {
        let ChannelEvent::Message(message) = event else { panic!("a message") };
        assert_eq!(message.name, Some(format!("P{index}")));
    }
}

const WORDS: &str = "messages statuses text system edit interactive button_reply contacts user_preferences \
    smb_message_echoes user_id_update failed group 1790000000";

const KEYS: &str = "entry changes field value metadata contacts profile messages statuses errors message_echoes \
    user_preferences user_id_update id type from from_user_id timestamp text body system edit message interactive \
    phones previous current status wa_id user_id";
