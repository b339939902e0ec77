-- Times are milliseconds since 1970, UTC. JSON columns hold what serde wrote for the type named beside them.

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    name TEXT,
    username TEXT,
    language TEXT,
    -- Since when the customer wants no promotional messages.
    opted_out_at INTEGER,
    -- The customer asked for erasure; the row goes once the confirmation has left.
    erased_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identifiers (
    id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER
) STRICT;
CREATE UNIQUE INDEX identifiers_current ON identifiers (kind, value) WHERE valid_to IS NULL;
CREATE INDEX identifiers_contact ON identifiers (contact_id);

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    -- bot: the bot answers; waiting: handed over, nobody has taken it yet; person: a person is in charge.
    mode TEXT NOT NULL DEFAULT 'bot' CHECK (mode IN ('bot', 'waiting', 'person')),
    mode_since INTEGER NOT NULL,
    language TEXT,
    summary TEXT,
    -- The last message that the summary covers.
    summarised_to INTEGER,
    failed_turns INTEGER NOT NULL DEFAULT 0,
    -- When the bot last said that it is one, in this conversation.
    disclosed_at INTEGER,
    -- What the bot asked and waits for (JSON, conversation::Pending).
    pending TEXT,
    -- The channel's time of the customer's last message: the 24-hour window counts from here.
    last_inbound_at INTEGER,
    -- Where the last message came from, and so where answers go.
    reply_kind TEXT,
    reply_value TEXT,
    -- When a person gave the conversation back: older moods and failures no longer count.
    returned_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (contact_id, account)
) STRICT;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author TEXT NOT NULL CHECK (author IN ('customer', 'bot', 'person')),
    channel_message_id TEXT UNIQUE,
    -- JSON: domain::Content for a customer's, channel::Outbound for ours.
    content TEXT NOT NULL,
    words TEXT,
    reply_to TEXT,
    forwarded INTEGER NOT NULL DEFAULT 0,
    referral TEXT,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX messages_conversation ON messages (conversation_id, id);

-- Every delivered message id, as a digest: a redelivery is recognised even after the message was erased.
CREATE TABLE deliveries (
    digest BLOB PRIMARY KEY,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- The turn that dealt with the message; absent while it waits.
    turn_id TEXT
) STRICT;
CREATE INDEX inbox_waiting ON inbox (conversation_id) WHERE turn_id IS NULL;

CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    language TEXT NOT NULL,
    confidence REAL NOT NULL,
    -- JSON: what was understood, found and measured, and why it was decided so (conversation::TurnRecord).
    record TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_conversation ON turns (conversation_id, created_at);

CREATE TABLE outbox (
    -- The order of sending within a conversation.
    position INTEGER PRIMARY KEY,
    -- Deterministic: the same turn run again makes the same ids.
    id TEXT NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    turn_id TEXT,
    -- reply: the bot's; notice: the bot's last word before a person; person: a person's own.
    kind TEXT NOT NULL CHECK (kind IN ('reply', 'notice', 'person')),
    -- JSON: channel::Outbound.
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Not before this time.
    due_at INTEGER NOT NULL,
    -- When the request went out whose outcome is not known.
    sending_since INTEGER,
    channel_message_id TEXT UNIQUE,
    error_code INTEGER,
    error TEXT,
    pricing TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_open ON outbox (conversation_id, position) WHERE state IN ('queued', 'sending');

CREATE TABLE statuses (
    channel_message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel_message_id, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE handoffs (
    id TEXT PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    taken_at INTEGER,
    returned_at INTEGER
) STRICT;
CREATE INDEX handoffs_conversation ON handoffs (conversation_id, opened_at);

-- Signed posts to the owner's endpoint.
CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    handoff_id TEXT NOT NULL REFERENCES handoffs (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'accepted', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notifications_pending ON notifications (due_at) WHERE state = 'pending';

-- What customers said they want to receive, with its source: never changed, only added to.
CREATE TABLE consents (
    id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    category TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- What the channel said about the account, and everything that was not understood, for the owner to see.
CREATE TABLE account_events (
    id INTEGER PRIMARY KEY,
    field TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

-- What the owner has to look at; a row goes when it is solved.
CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
