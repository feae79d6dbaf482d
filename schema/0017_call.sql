-- Calls: messages that a person says on the telephone.

-- One row for each message by telephone that was to be said. kind and subject say who knows the words. owner is who is to call, 0 for
-- anybody. due_at is when she is to be called next, most how often it is tried, pause after how many hours again. state is open, begun
-- (somebody dials or speaks) or over; outcome what became of the last try. note are words of who called; they are empty once the customer
-- is erased. reason is why it is over without a call.
CREATE TABLE phone_call (
  message BIGINT PRIMARY KEY,
  measure BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  person BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  subject BIGINT NOT NULL,
  owner BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  most BIGINT NOT NULL,
  pause BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  state {{text}} NOT NULL,
  outcome {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  note TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  begun_by BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
CREATE INDEX phone_call_open ON phone_call (due_at, message) WHERE state <> 'over';
CREATE INDEX phone_call_over ON phone_call (changed_at, message) WHERE state = 'over';
CREATE INDEX phone_call_measure ON phone_call (measure, owner);
CREATE INDEX phone_call_customer ON phone_call (customer);
CREATE INDEX phone_call_person ON phone_call (person) WHERE person <> 0;

-- Each time somebody dialled. basis and entry are what the call rested on when it began, due_at when it had been due. outcome is empty
-- until somebody says what became of it.
CREATE TABLE phone_try (
  id {{id}},
  message BIGINT NOT NULL,
  by_user BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  basis {{text}} NOT NULL,
  entry BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  outcome {{text}} NOT NULL,
  note TEXT NOT NULL,
  used BIGINT NOT NULL,
  ended_at BIGINT NOT NULL
){{strict}};
CREATE INDEX phone_try_message ON phone_try (message, id);

-- A campaign writes mails, or has people call; calls says who calls, and how often they try.
ALTER TABLE campaign ADD COLUMN channel {{text}} NOT NULL DEFAULT 'email';
ALTER TABLE campaign ADD COLUMN calls {{json}} NOT NULL DEFAULT '{}';
