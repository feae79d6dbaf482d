-- What every floor stands on: settings, the change feed, jobs.
-- Times are microseconds since 1970 UTC, local days are days since 1970-01-01.

CREATE TABLE setting (
  key {{text}} PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

CREATE TABLE feed (
  seq {{id}},
  xid BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  origin SMALLINT NOT NULL,
  kind {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  subject BIGINT NOT NULL,
  body {{json}} NOT NULL
){{strict}};
CREATE INDEX feed_order ON feed (xid, seq);
CREATE INDEX feed_customer ON feed (customer, seq) WHERE customer <> 0;
CREATE INDEX feed_kind ON feed (kind, seq);
CREATE INDEX feed_user ON feed (actor, seq) WHERE actor_kind = 'user';

CREATE TABLE feed_value (
  change BIGINT NOT NULL,
  field {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  old TEXT NOT NULL,
  PRIMARY KEY (change, field)
){{clustered}};
CREATE INDEX feed_value_customer ON feed_value (customer) WHERE customer <> 0;

CREATE TABLE follower (
  name {{text}} PRIMARY KEY,
  xid BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL
){{strict}};

-- lost counts how often the process of a job died; done_before is how far the job was when its present attempt began.
CREATE TABLE job (
  id {{id}},
  kind {{text}} NOT NULL,
  key {{text}},
  args {{json}} NOT NULL,
  state {{text}} NOT NULL,
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  lost BIGINT NOT NULL,
  lease_by {{text}} NOT NULL,
  lease_until BIGINT NOT NULL,
  cancel SMALLINT NOT NULL,
  done BIGINT NOT NULL,
  done_before BIGINT NOT NULL,
  total BIGINT NOT NULL,
  error TEXT NOT NULL,
  result {{json}} NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT NOT NULL
){{strict}};
CREATE UNIQUE INDEX job_key ON job (kind, key) WHERE key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX job_due ON job (kind, run_at, id) WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_state ON job (state, id);

CREATE TABLE job_schedule (
  name {{text}} PRIMARY KEY,
  kind {{text}} NOT NULL,
  args {{json}} NOT NULL,
  spec TEXT NOT NULL,
  next_at BIGINT NOT NULL
){{strict}};

-- What one unit of a currency is in the base currency, from a day on.
CREATE TABLE exchange_rate (
  currency {{text}} NOT NULL,
  valid_from BIGINT NOT NULL,
  rate TEXT NOT NULL,
  PRIMARY KEY (currency, valid_from)
){{clustered}};
