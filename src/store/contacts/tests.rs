use super::*;
use crate::store::Store;

fn phone(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::Phone, value).expect("not empty")
}

fn user(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::Bsuid, value).expect("not empty")
}

async fn check<T: Send + 'static>(work: impl FnOnce(&Connection) -> T + Send + 'static) -> T {
    let store = Store::in_memory().expect("opens");
    store.write(move |connection| Ok(work(connection))).await.expect("writes")
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[tokio::test]
async fn a_user_id_and_a_phone_that_came_together_are_one_person_from_then_on() {
    let (first, both, later) = check(|c| {
        (
            resolve(c, &[user("BR.1")], NOW).expect("resolves"),
            resolve(c, &[user("BR.1"), phone("5511")], NOW).expect("resolves"),
            resolve(c, &[phone("5511")], NOW).expect("resolves"),
        )
    })
    .await;
    assert_eq!(first, both);
    assert_eq!(first, later);
}

#[tokio::test]
async fn a_phone_that_was_passed_on_does_not_open_the_former_owners_history() {
    let (old, new, by_phone) = check(|c| {
        let old = resolve(c, &[user("BR.1"), phone("5511")], NOW).expect("resolves");
        let new = resolve(c, &[user("BR.2"), phone("5511")], NOW).expect("resolves");
        (old, new, resolve(c, &[phone("5511")], NOW).expect("resolves"))
    })
    .await;
    assert_ne!(old, new);
    assert_eq!(new, by_phone);
}

#[tokio::test]
async fn a_changed_identifier_keeps_the_person_and_may_be_reported_twice() {
    let (before, after) = check(|c| {
        let before = resolve(c, &[user("CO.1")], NOW).expect("resolves");
        let change =
            IdentityChange { message_id: None, previous: vec![user("CO.1")], current: vec![user("CO.2")], at: NOW };
        change_identity(c, &change).expect("changes");
        change_identity(c, &change).expect("changes again");
        (before, resolve(c, &[user("CO.2")], NOW).expect("resolves"))
    })
    .await;
    assert_eq!(before, after);
}
