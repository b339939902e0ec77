//! Who an element is about: its identifiers and the name that Meta sends beside it.
//!
//! Every identifier may be absent, and none is ever parsed, shortened or made up. Two identifiers are put together only
//! when the delivery itself says that they are one person's.

use std::collections::HashMap;

use serde_json::Value;

use crate::domain::{Identifier, IdentifierKind};

use super::json::{list, text};

/// The keys under which one kind of element carries a person's identifiers.
pub(super) struct Keys {
    /// Keys of the business-scoped user id.
    pub(super) bsuid: &'static [&'static str],
    /// Keys of the phone number.
    pub(super) phone: &'static [&'static str],
    /// Keys of the parent user id.
    pub(super) parent: &'static [&'static str],
}

/// How `contacts[]`, `user_preferences[]` and `user_id_update[]` name a person.
pub(super) const PERSON: Keys = Keys { bsuid: &["user_id"], phone: &["wa_id"], parent: &["parent_user_id"] };

/// How a message names its sender.
pub(super) const SENDER: Keys = Keys { bsuid: &["from_user_id"], phone: &["from"], parent: &["from_parent_user_id"] };

impl Keys {
    /// The identifiers in `element`: user id, then phone number, then parent user id, each at most once.
    pub(super) fn read(&self, element: &Value) -> Vec<Identifier> {
        let kinds = [
            (IdentifierKind::Bsuid, self.bsuid),
            (IdentifierKind::Phone, self.phone),
            (IdentifierKind::ParentBsuid, self.parent),
        ];
        let mut found = Vec::new();
        for (kind, keys) in kinds {
            let values = keys.iter().filter_map(|key| text(element, key));
            merge(&mut found, values.filter_map(|value| identifier(kind, value)));
        }
        found
    }
}

/// An identifier; a phone number loses its leading `+`.
pub(super) fn identifier(kind: IdentifierKind, value: &str) -> Option<Identifier> {
    let value = value.trim();
    Identifier::new(kind, if kind == IdentifierKind::Phone { value.trim_start_matches('+') } else { value })
}

/// Adds the identifiers that are not there yet and keeps the order of kinds.
pub(super) fn merge(into: &mut Vec<Identifier>, more: impl IntoIterator<Item = Identifier>) {
    for identifier in more {
        if !into.contains(&identifier) {
            into.push(identifier);
        }
    }
    into.sort_by_key(|identifier| identifier.kind);
}

/// One element of `contacts[]`.
struct Person<'a> {
    identifiers: Vec<Identifier>,
    name: Option<&'a str>,
    username: Option<&'a str>,
}

impl<'a> Person<'a> {
    fn of(contact: &'a Value) -> Self {
        let profile = contact.get("profile").unwrap_or(&Value::Null);
        let username = text(profile, "username").or_else(|| text(contact, "username"));
        Person {
            identifiers: PERSON.read(contact),
            name: text(profile, "name").map(str::trim),
            username: username.map(|name| name.trim().trim_start_matches('@')).filter(|name| !name.is_empty()),
        }
    }

    fn has(&self, wanted: &Identifier) -> bool {
        self.identifiers.contains(wanted)
    }

    /// Whether nothing speaks against this being the person with these identifiers.
    fn may_be(&self, identifiers: &[Identifier]) -> bool {
        identifiers.iter().all(|theirs| {
            let mut same_kind = self.identifiers.iter().filter(|own| own.kind == theirs.kind).peekable();
            same_kind.peek().is_none() || same_kind.any(|own| own == theirs || phones_look_alike(own, theirs))
        })
    }
}

/// Brazil, Mexico and Argentina have digits that come and go between the country code and the last eight.
fn phones_look_alike(left: &Identifier, right: &Identifier) -> bool {
    let tail = |identifier: &Identifier| identifier.value.chars().rev().take(8).collect::<String>();
    left.kind == IdentifierKind::Phone && right.kind == IdentifierKind::Phone && tail(left) == tail(right)
}

/// Everyone whom a change names in `contacts[]`.
pub(super) struct People<'a> {
    people: Vec<Person<'a>>,
    by_identifier: HashMap<Identifier, usize>,
}

/// The sender or recipient of one element.
pub(super) struct Found<'a> {
    /// Every identifier that the delivery gives for this person.
    pub(super) identifiers: Vec<Identifier>,
    /// The name the person shows.
    pub(super) name: Option<&'a str>,
    /// The user name without `@`.
    pub(super) username: Option<&'a str>,
}

impl<'a> People<'a> {
    /// Reads `contacts[]` of a change's value.
    pub(super) fn of(value: &'a Value) -> Self {
        let people: Vec<_> = list(value, "contacts").iter().map(Person::of).collect();
        let mut by_identifier = HashMap::new();
        for (index, person) in people.iter().enumerate() {
            for identifier in &person.identifiers {
                by_identifier.entry(identifier.clone()).or_insert(index);
            }
        }
        People { people, by_identifier }
    }

    /// The person with these identifiers, with the name and the further identifiers from `contacts[]`.
    ///
    /// A contact belongs to an element when they share an identifier. A lone contact that shares none lends its name
    /// unless its identifiers contradict, and its identifiers only to an element that has none of its own.
    pub(super) fn find(&self, mut identifiers: Vec<Identifier>) -> Found<'_> {
        let shared = identifiers.iter().find_map(|identifier| self.by_identifier.get(identifier));
        let lone = (self.people.len() == 1).then_some(&0);
        let Some(person) = shared.or(lone).and_then(|index| self.people.get(*index)) else {
            return Found { identifiers, name: None, username: None };
        };
        let contradicts = person.identifiers.iter().any(|own| own.kind == IdentifierKind::Bsuid)
            && identifiers.iter().any(|theirs| theirs.kind == IdentifierKind::Bsuid && !person.has(theirs));
        if contradicts || (shared.is_none() && !person.may_be(&identifiers)) {
            return Found { identifiers, name: None, username: None };
        }
        if shared.is_some() || identifiers.is_empty() {
            merge(&mut identifiers, person.identifiers.iter().cloned());
        }
        Found { identifiers, name: person.name, username: person.username }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(values: &[(IdentifierKind, &str)]) -> Vec<Identifier> {
        values.iter().map(|(kind, value)| Identifier::new(*kind, value).unwrap()).collect()
    }

    #[test]
    fn each_element_finds_its_own_contact() {
        let value = json!({"contacts": [
            {"profile": {"name": "Noa"}, "wa_id": "34600000101", "user_id": "ES.100200300"},
            {"profile": {"name": "Biel", "username": "@biel.r"}, "user_id": "ES.400500600"},
        ]});
        let people = People::of(&value);
        let noa = people.find(ids(&[(IdentifierKind::Phone, "34600000101")]));
        assert_eq!(noa.name, Some("Noa"));
        assert_eq!(
            noa.identifiers,
            ids(&[(IdentifierKind::Bsuid, "ES.100200300"), (IdentifierKind::Phone, "34600000101")])
        );
        let biel = people.find(ids(&[(IdentifierKind::Bsuid, "ES.400500600")]));
        assert_eq!((biel.name, biel.username), (Some("Biel"), Some("biel.r")));
        assert_eq!(people.find(ids(&[(IdentifierKind::Phone, "34600000999")])).name, None);
    }

    #[test]
    fn a_lone_contact_lends_its_name_unless_it_is_someone_else() {
        let value = json!({"contacts": [{"profile": {"name": "Caio"}, "wa_id": "551187650001"}]});
        let people = People::of(&value);
        let with_ninth_digit = ids(&[(IdentifierKind::Phone, "5511987650001")]);
        assert_eq!(people.find(with_ninth_digit.clone()).name, Some("Caio"));
        assert_eq!(people.find(with_ninth_digit.clone()).identifiers, with_ninth_digit);
        assert_eq!(people.find(ids(&[(IdentifierKind::Bsuid, "BR.1")])).name, Some("Caio"));
        assert_eq!(people.find(vec![]).identifiers, ids(&[(IdentifierKind::Phone, "551187650001")]));
        assert_eq!(people.find(ids(&[(IdentifierKind::Phone, "34600000101")])).name, None);
    }

    #[test]
    fn one_phone_number_with_two_user_ids_is_not_one_person() {
        let value = json!({"contacts": [{"profile": {"name": "Old"}, "wa_id": "34600000101", "user_id": "ES.1"}]});
        let sender = ids(&[(IdentifierKind::Bsuid, "ES.2"), (IdentifierKind::Phone, "34600000101")]);
        let people = People::of(&value);
        let found = people.find(sender.clone());
        assert_eq!((found.name, found.identifiers), (None, sender));
    }
}
