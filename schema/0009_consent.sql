-- Who may be written to, by which channel, for what, and how that can be proved.

-- The ledger: what was granted, confirmed, withdrawn or objected to, one row an act, never changed. Which act counts is
-- told by id, not by time, so that a clock set back changes nothing. at is when it was done, created_at when it was
-- written down. channel '' stands for all. address is the folded address and goes when the customer is erased; hash, the
-- keyed hash of channel and address, stays. document is the sale at which an address was obtained (existing customer).
-- evidence says where the proof is if it is not the mail named by proof.
CREATE TABLE consent_entry (
  id {{id}},
  customer BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  purpose {{text}} NOT NULL,
  kind {{text}} NOT NULL,
  basis {{text}} NOT NULL,
  address {{text}} NOT NULL,
  hash {{text}} NOT NULL,
  text_version {{text}} NOT NULL,
  form TEXT NOT NULL,
  source TEXT NOT NULL,
  document BIGINT NOT NULL,
  proof TEXT NOT NULL,
  evidence TEXT NOT NULL,
  ip TEXT NOT NULL,
  at BIGINT NOT NULL,
  run BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX consent_entry_customer ON consent_entry (customer, id);
CREATE INDEX consent_entry_hash ON consent_entry (hash, id) WHERE hash <> '';

-- What the ledger comes to: one row for each act that counts now. basis is '' for objections; own tells that the customer
-- herself proved it to us, rather than a file.
CREATE TABLE consent_state (
  customer BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  purpose {{text}} NOT NULL,
  address {{text}} NOT NULL,
  basis {{text}} NOT NULL,
  status {{text}} NOT NULL,
  entry BIGINT NOT NULL,
  own SMALLINT NOT NULL,
  document BIGINT NOT NULL,
  run BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (customer, channel, purpose, address, basis)
){{clustered}};
CREATE INDEX consent_state_address ON consent_state (address, channel) WHERE address <> '';

-- The state in one word for each channel and purpose, over all her addresses; for the warehouse and for lists.
CREATE TABLE consent_now (
  customer BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  purpose {{text}} NOT NULL,
  status {{text}} NOT NULL,
  day BIGINT NOT NULL,
  PRIMARY KEY (customer, channel, purpose)
){{clustered}};

-- Addresses that get no advertising whoever they belong to, as keyed hashes of channel and address.
CREATE TABLE consent_suppression (
  hash {{text}} PRIMARY KEY,
  channel {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  at BIGINT NOT NULL
){{strict}};

-- The words people agreed to. version is made from them, so that the same words have the same version.
CREATE TABLE consent_text (
  version {{text}} PRIMARY KEY,
  language {{text}} NOT NULL,
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};

-- Sign-ups that wait for their confirmation. customer is 0 for somebody we do not know yet. ended_at tells that the link
-- counts no more, because it was used, ran out, or she said no meanwhile.
CREATE TABLE consent_request (
  id {{id}},
  customer BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  purposes {{json}} NOT NULL,
  address {{text}} NOT NULL,
  hash {{text}} NOT NULL,
  text_version {{text}} NOT NULL,
  form TEXT NOT NULL,
  language {{text}} NOT NULL,
  ip TEXT NOT NULL,
  proof TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  ended_at BIGINT
){{strict}};
CREATE INDEX consent_request_hash ON consent_request (hash, id);
CREATE INDEX consent_request_age ON consent_request (created_at);

-- How often mails were asked for: key is a keyed hash of an address or a sender.
CREATE TABLE consent_limit (
  key {{text}} PRIMARY KEY,
  count BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL
){{strict}};
CREATE INDEX consent_limit_age ON consent_limit (last_at);

-- What people chose on the page of their preferences. topics_off are the topics she does not want; paused_until is the
-- first day on which advertising may go out again.
CREATE TABLE consent_preference (
  customer BIGINT NOT NULL,
  address {{text}} NOT NULL,
  topics_off {{json}} NOT NULL,
  frequency {{text}} NOT NULL,
  paused_until BIGINT,
  language {{text}} NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (customer, address)
){{clustered}};

-- The topics one can choose from.
CREATE TABLE consent_topic (
  id {{id}},
  code {{text}} NOT NULL UNIQUE,
  name_de TEXT NOT NULL,
  name_en TEXT NOT NULL,
  place BIGINT NOT NULL
){{strict}};

-- Each use of a consent to be called (§ 7a UWG: its proof is kept five years after each use).
CREATE TABLE consent_use (
  id {{id}},
  entry BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  channel {{text}} NOT NULL,
  subject TEXT NOT NULL,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL
){{strict}};
CREATE INDEX consent_use_customer ON consent_use (customer, id);
