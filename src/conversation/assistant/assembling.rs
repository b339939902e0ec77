//! What a turn comes to: the words of the reply, what is kept of how it came about, and what has to be done besides.
//!
//! Decides nothing: action and reason are given.

use crate::answer::finding::{Finding, Subject};
use crate::answer::ladder::Draft;
use crate::conversation::offer::Picked;
use crate::conversation::say::{Matter, Voice};
use crate::conversation::snapshot::Snapshot;
use crate::conversation::summary;
use crate::conversation::turn::{Brief, Considered, Effect, Source, Timings, Turn};
use crate::decide::{Action, Decision, Features, Reason};

use super::{Assistant, Gathered};

impl Assistant {
    pub(super) fn assemble(&self, gathered: &Gathered<'_>, finding: Option<Finding>, decision: Decision) -> Turn {
        let Gathered { snapshot, burst, understanding, .. } = gathered;
        let language = understanding.language;
        let disclose = self.must_disclose(snapshot);
        let draft = finding.as_ref().and_then(|finding| finding.draft.as_ref());
        let matter = Matter {
            action: decision.action,
            reason: decision.reason,
            language,
            draft: draft.filter(|_| decision.action == Action::Reply),
            attachment: burst.attachments.last().copied(),
            subjects: gathered.subjects(finding.as_ref()),
            bot_question: gathered.features.bot_question,
            disclose,
            snapshot,
        };
        let voice = Voice { prompts: &self.prompts, business: &self.settings.business, hours: &self.settings.hours };
        let mut trail = finding.as_ref().map(|finding| finding.trail.clone()).unwrap_or_default();
        trail.extend(decision.trail.iter().cloned());
        trail.extend(understanding.sentiment.signals.iter().map(|signal| format!("mood: {signal}")));
        let reply = voice.reply(&matter).unwrap_or_else(|error| {
            // Every template was rendered at start-up; should one fail all the same, a person answers.
            tracing::error!(%error, "A fixed reply could not be rendered");
            None
        });
        Turn {
            action: decision.action,
            reason: decision.reason,
            language,
            confidence: confidence_of(decision.action, finding.as_ref()),
            disclosed: reply.is_some() && (disclose || gathered.features.bot_question),
            reply,
            sources: finding.as_ref().map(Finding::sources).unwrap_or_default(),
            timings: Timings::default(),
            tokens: finding.as_ref().map(|finding| finding.tokens).unwrap_or_default(),
            trail,
            effects: effects(decision.reason, &gathered.features),
            pending: gathered.pending(&decision, finding.as_ref()),
            failed: is_failure(decision.action, decision.reason),
            brief: brief(gathered, draft, decision.action),
            considered: finding.as_ref().map(Finding::considered),
        }
    }

    /// The first reply of a conversation says that this is a bot; so does the first after a long silence.
    fn must_disclose(&self, snapshot: &Snapshot) -> bool {
        let Some(disclosed) = snapshot.conversation.disclosed_at else { return true };
        let last = snapshot.last_activity().unwrap_or(disclosed);
        snapshot.now.duration_since(last) >= self.settings.new_conversation_after
    }
}

impl Gathered<'_> {
    /// What the customer may choose: what was found, or once more what was offered.
    fn subjects(&self, finding: Option<&Finding>) -> Vec<Subject> {
        match self.snapshot.offer() {
            Some(offer) if self.picked == Some(Picked::OneOfThem) => offer.subjects.clone(),
            _ => finding.map(|finding| finding.subjects.clone()).unwrap_or_default(),
        }
    }
}

/// Who only asks back knows no answer; what needs none is sure.
fn confidence_of(action: Action, finding: Option<&Finding>) -> f32 {
    match (action, finding) {
        (_, Some(finding)) => finding.confidence,
        (Action::Clarify | Action::Decline, None) => 0.0,
        (_, None) => 1.0,
    }
}

/// Whether the customer was not helped. What has nothing to do with the business is no failure of the bot.
fn is_failure(action: Action, reason: Reason) -> bool {
    matches!(action, Action::Decline | Action::Clarify) && reason != Reason::OffTopic
}

fn effects(reason: Reason, features: &Features) -> Vec<Effect> {
    match reason {
        // Done without a word: a person talks now.
        Reason::PersonInCharge if features.opt_out => vec![Effect::OptOut],
        Reason::PersonInCharge if features.opt_in => vec![Effect::OptIn],
        Reason::OptOut => vec![Effect::OptOut],
        Reason::OptIn => vec![Effect::OptIn],
        Reason::DeleteConfirmed => vec![Effect::Erase],
        _ => Vec::new(),
    }
}

/// What the person is told: what the customer asked, and the best answer at hand.
fn brief(gathered: &Gathered<'_>, draft: Option<&Draft>, action: Action) -> Option<Brief> {
    if action != Action::Escalate {
        return None;
    }
    let summary = summary::brief(gathered.snapshot, &gathered.burst);
    Some(Brief { summary, suggested_answer: draft.map(|draft| draft.text.clone()) })
}

impl Finding {
    fn considered(&self) -> Considered {
        let draft = self.draft.as_ref();
        Considered {
            text: draft.map_or_else(|| self.quoted.clone(), |draft| draft.text.clone()),
            grounds: draft.map(|draft| draft.evidence.clone()).unwrap_or_default(),
            written_in: self.hits.first().map(|hit| hit.passage.original.as_deref().unwrap_or(&hit.passage).language),
            evidence: self.evidence,
            translation: draft.and_then(|draft| draft.translation.clone()),
        }
    }

    fn sources(&self) -> Vec<Source> {
        let used: Vec<usize> = self.draft.as_ref().map(|draft| draft.used.clone()).unwrap_or_default();
        let source = |index: usize| {
            let hit = self.hits.get(index)?;
            Some(Source { file: hit.passage.file.clone(), heading: hit.passage.heading(), score: hit.score })
        };
        used.into_iter().filter_map(source).collect()
    }
}
