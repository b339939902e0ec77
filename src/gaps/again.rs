//! Asks the questions again, of the knowledge as it is now, through the same turn that customers get.

use std::sync::Arc;

use crate::clock::Clock;
use crate::conversation::Assistant;
use crate::conversation::session::Session;
use crate::decide::{Action, Reason};
use crate::domain::Language;
use crate::store::StoreError;

use super::{Asked, Gap};

/// Asks every example of a gap again and notes which are answered by now.
pub async fn ask_again(gap: &mut Gap, assistant: &Arc<Assistant>, clock: &Arc<dyn Clock>) -> Result<(), StoreError> {
    for example in &mut gap.examples {
        example.answered_in = answered_in(&example.asked, assistant, clock).await?;
    }
    Ok(())
}

/// The language in which a customer who asks this now gets an answer; nothing for one who gets none.
async fn answered_in(
    asked: &Asked,
    assistant: &Arc<Assistant>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Language>, StoreError> {
    let mut session = Session::new(assistant.clone(), clock.clone())?;
    let mut last = None;
    for message in asked.messages() {
        last = Some(session.say(&message).await?);
    }
    let is_answer = |turn: &crate::conversation::Turn| (turn.action, turn.reason) == (Action::Reply, Reason::Answered);
    Ok(last.filter(is_answer).map(|turn| turn.language))
}
