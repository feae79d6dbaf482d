-- Messages: one row for each recipient, what the gates said about it, and what became of it.

-- person is whom it goes to where the customer is a company, else 0. step tells the messages of one measure to the same
-- person apart. asked is the legal basis that was asked for, basis the one it rests on, with the entry of the ledger of
-- consents. gates is one letter a gate, in their order. due_at is 0 for at once; after late_at the hours in which it may
-- arrive are over and are asked about again, 0 for never. claim is the work of a process that has it in its hands.
-- budget_day is the day on which it counts as a contact, NULL if it does not; day the company's local day of changed_at.
-- address and answer are empty once the customer is erased.
CREATE TABLE message (
  id {{id}},
  measure BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  person BIGINT NOT NULL,
  step BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  kind {{text}} NOT NULL,
  subject BIGINT NOT NULL,
  arm {{text}} NOT NULL,
  address TEXT NOT NULL,
  purpose {{text}} NOT NULL,
  asked {{text}} NOT NULL,
  basis {{text}} NOT NULL,
  entry BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  exempt SMALLINT NOT NULL,
  state {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  gates {{text}} NOT NULL,
  due_at BIGINT NOT NULL,
  late_at BIGINT NOT NULL,
  claim BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  code BIGINT NOT NULL,
  answer TEXT NOT NULL,
  relay TEXT NOT NULL,
  budget_day BIGINT,
  day BIGINT NOT NULL,
  planned_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
-- A message outside of measures is told apart by what it is about.
CREATE UNIQUE INDEX message_key ON message (measure, customer, person, step, channel) WHERE measure <> 0;
CREATE UNIQUE INDEX message_alone ON message (subject, kind, customer, person, step, channel) WHERE measure = 0;
CREATE INDEX message_due ON message (measure, due_at, id) WHERE state = 'queued' AND claim = 0;
CREATE INDEX message_over ON message (measure, state, reason, id)
  WHERE state = 'sent' OR state = 'failed' OR state = 'unclear' OR state = 'suppressed' OR state = 'proposed';
CREATE INDEX message_unclear ON message (id) WHERE state = 'unclear';
CREATE INDEX message_customer ON message (customer, id);
CREATE INDEX message_person ON message (person, id) WHERE person <> 0;
CREATE INDEX message_budget ON message (customer, budget_day, person, channel) WHERE budget_day IS NOT NULL;

-- How many messages of a measure are in a state, with its reason, and under 'planned' how many there are in all. Each
-- change of a message moves the counters in its own transaction; the lanes of a counter add up, so that two processes need
-- not wait for each other.
CREATE TABLE message_count (
  measure BIGINT NOT NULL,
  state {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  lane SMALLINT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (measure, state, reason, lane)
){{clustered}};

-- What a process has in its hands: the ids of messages, until when it has to say that it lives, and which run of which
-- program it is.
CREATE TABLE message_claim (
  id {{id}},
  runner {{text}} NOT NULL,
  until BIGINT NOT NULL,
  messages {{json}} NOT NULL
){{strict}};
CREATE INDEX message_claim_runner ON message_claim (runner);

-- Measures whose messages do not leave: state is paused or cancelled.
CREATE TABLE message_measure (
  measure BIGINT PRIMARY KEY,
  state {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  at BIGINT NOT NULL
){{strict}};

-- Customers who are left in peace for a time: an open complaint, a dispute, a bereavement; key says which.
CREATE TABLE message_hold (
  customer BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  key {{text}} NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (customer, kind, key)
){{clustered}};

-- Addresses that cannot be reached, or whose owner complained.
CREATE TABLE message_address (
  channel {{text}} NOT NULL,
  address {{text}} NOT NULL,
  state {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (channel, address)
){{clustered}};

-- The built-in outbox: mails that were handed over to nobody. body is compressed.
CREATE TABLE message_mail (
  message BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  body {{bytes}} NOT NULL
){{strict}};
CREATE INDEX message_mail_at ON message_mail (at);

-- The words of messages that a program sent through the API; key is its own name for the message. body is compressed, and
-- empty once the customer is erased.
CREATE TABLE message_text (
  id {{id}},
  key {{text}} NOT NULL UNIQUE,
  hash {{text}} NOT NULL,
  body {{bytes}} NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};
