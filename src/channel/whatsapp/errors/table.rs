//! The codes as data, in ascending order.

use super::Policy::{Backoff, FixConfig, OptedOut, PairBackoff, PauseAll, Permanent, WindowClosed};
use super::{Policy, Rule, Verdict};

const fn one(code: i64, policy: Policy, remedy: &'static str) -> Rule {
    many(code, code, policy, remedy)
}

const fn many(first: i64, last: i64, policy: Policy, remedy: &'static str) -> Rule {
    Rule { codes: first..=last, verdict: Verdict { policy, remedy } }
}

const TOKEN: &str =
    "Create a new permanent token for a system user in Meta Business Settings and put it into the configuration.";
const RIGHTS: &str = "Give the system user full control of the app and of the WhatsApp account, with the permission whatsapp_business_messaging.";
const REQUEST: &str =
    "Update Atiende, because Meta did not accept the form of the message, and report the code if it stays.";
const WAIT: &str = "Nothing to do: WhatsApp is busy, and the message is tried again by itself.";
const SLOWER: &str =
    "Nothing to do unless it stays: too much was sent at once, and the message is tried again by itself.";
const TEMPLATE: &str =
    "Compare the template's name, language and parameters with the approved one in WhatsApp Manager.";
const PIN: &str = "Register the number again in WhatsApp Manager with its six-digit PIN, and wait if Meta asks for it.";
const POLICY: &str =
    "Open the account's quality page in Meta Business Suite, read what Meta objects to, and ask for a review.";

/// Every code that is known.
pub(super) static RULES: &[Rule] = &[
    one(0, PauseAll, TOKEN),
    one(
        1,
        Backoff,
        "Nothing to do unless it stays: then check the settings of the WhatsApp connection with `atiende doctor`.",
    ),
    one(2, Backoff, WAIT),
    one(3, FixConfig, RIGHTS),
    one(4, Backoff, SLOWER),
    one(10, PauseAll, RIGHTS),
    one(33, FixConfig, "Check the phone number id in the configuration: the number it names no longer exists."),
    one(100, FixConfig, REQUEST),
    one(190, PauseAll, TOKEN),
    many(200, 299, PauseAll, RIGHTS),
    one(368, PauseAll, POLICY),
    one(80007, Backoff, SLOWER),
    one(130_429, Backoff, SLOWER),
    one(
        130_472,
        Permanent,
        "Nothing to do: Meta does not deliver marketing messages to this customer for the time being.",
    ),
    one(
        130_497,
        Permanent,
        "Reach the customer in another way: Meta does not let this business write to that country.",
    ),
    one(131_000, Backoff, WAIT),
    one(131_005, PauseAll, RIGHTS),
    one(131_008, FixConfig, REQUEST),
    one(131_009, FixConfig, REQUEST),
    one(131_016, Backoff, WAIT),
    one(131_021, FixConfig, "Write to another number: the business's own number cannot write to itself."),
    one(
        131_026,
        Permanent,
        "Reach the customer in another way: the number is not on WhatsApp, or the customer blocked this one.",
    ),
    one(
        131_030,
        FixConfig,
        "Add the customer's number to the test number's list of recipients in the app's WhatsApp settings.",
    ),
    one(131_031, PauseAll, POLICY),
    one(131_037, FixConfig, "Get a display name approved for the number in WhatsApp Manager."),
    one(131_042, PauseAll, "Add or repair the payment method of the WhatsApp account in Meta's billing settings."),
    one(131_044, PauseAll, "Add or repair the payment method of the WhatsApp account in Meta's billing settings."),
    one(131_045, FixConfig, PIN),
    one(131_047, WindowClosed, "Wait until the customer writes again, or write with an approved template."),
    one(131_048, PauseAll, "Write less to customers who did not ask for it: many blocked or reported this number."),
    one(131_049, Permanent, "Wait at least a day before writing to this customer again: Meta held the message back."),
    one(131_050, OptedOut, "Send this customer no marketing messages any more."),
    one(131_051, FixConfig, REQUEST),
    one(131_052, Permanent, "Ask the customer to send the file again: WhatsApp could not load it."),
    one(131_053, FixConfig, "Send the file in another format or a smaller one."),
    one(131_055, FixConfig, REQUEST),
    one(
        131_056,
        PairBackoff,
        "Nothing to do: too many messages went to one customer, and the rest follows slowly by itself.",
    ),
    one(131_057, Backoff, "Nothing to do: Meta is upgrading the account, which takes about a minute."),
    one(131_062, FixConfig, "Send this message to the customer's phone number instead of the user id."),
    one(131_063, Permanent, "Send no marketing templates: Meta has switched them off for this account."),
    one(131_064, PauseAll, "Correct the category of the templates in WhatsApp Manager and ask Meta for a review."),
    one(132_000, FixConfig, TEMPLATE),
    one(132_001, FixConfig, TEMPLATE),
    one(132_005, FixConfig, "Shorten what is filled into the template."),
    one(132_007, FixConfig, TEMPLATE),
    one(132_008, FixConfig, TEMPLATE),
    one(132_012, FixConfig, TEMPLATE),
    many(
        132_015,
        132_016,
        Permanent,
        "Improve the template and submit it again: Meta paused or disabled it for its quality.",
    ),
    one(132_018, FixConfig, TEMPLATE),
    many(132_068, 132_069, FixConfig, "Repair the flow in WhatsApp Manager: Meta blocked or slowed it."),
    one(133_000, FixConfig, PIN),
    one(133_004, Backoff, WAIT),
    many(133_005, 133_006, FixConfig, PIN),
    many(133_008, 133_009, FixConfig, PIN),
    one(133_010, FixConfig, PIN),
    one(133_015, Backoff, "Nothing to do: the number was deleted a moment ago, and Meta needs about five minutes."),
    one(133_016, FixConfig, PIN),
    one(134_011, FixConfig, "Accept the terms of WhatsApp Payments in WhatsApp Manager."),
    one(134_100, FixConfig, REQUEST),
    one(134_101, Backoff, "Nothing to do: Meta is still preparing the template, which takes up to ten minutes."),
    one(134_102, FixConfig, TEMPLATE),
    one(135_000, FixConfig, REQUEST),
    one(137_000, Permanent, "Ask the customer to confirm who they are: their WhatsApp identity has changed."),
    many(138_000, 138_018, Permanent, "Call the customer from the phone app: calls do not go through Atiende."),
    many(139_000, 139_004, FixConfig, "Repair the flow in WhatsApp Manager."),
    many(139_100, 139_103, Permanent, "Check the list of blocked customers in WhatsApp Manager."),
    many(147_001, 147_005, FixConfig, "Choose another user name for the business in WhatsApp Manager."),
    many(2_388_000, 2_388_999, FixConfig, TEMPLATE),
    one(2_494_100, Backoff, WAIT),
    many(
        2_593_107,
        2_593_108,
        Permanent,
        "Connect the phone app anew in WhatsApp Manager: its history can be copied only once, within a day.",
    ),
];
