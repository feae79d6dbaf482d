-- Contracts: what a customer has agreed to for a time, and when and why it ended.

-- ended is the last day it ran. A file that knows no days but only the months a contract has run says tenure and
-- churned, as they were on observed_until. key names the contract within its source: its number there, or customer,
-- plan and first day where it has none. reason is free text and goes when the customer is erased.
CREATE TABLE contract (
  id {{id}},
  source BIGINT NOT NULL,
  key {{text}} NOT NULL,
  external_id {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  plan {{text}} NOT NULL,
  started BIGINT,
  ended BIGINT,
  tenure BIGINT,
  churned SMALLINT NOT NULL,
  observed_until BIGINT,
  reason TEXT NOT NULL,
  made_run BIGINT NOT NULL,
  run BIGINT NOT NULL,
  hash BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  UNIQUE (source, key)
){{strict}};
CREATE INDEX contract_customer ON contract (customer, id);
