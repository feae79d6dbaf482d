-- What the company does to keep customers, who was left alone so that it can be proved, and what it cost.

-- What holds for all measures. salt is drawn once and makes the groups of this installation its own; share is how many per mille
-- of all customers are left alone by every measure.
CREATE TABLE programme (
  id BIGINT PRIMARY KEY,
  salt {{text}} NOT NULL,
  share BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

-- A measure. control is the share left alone per mille, arms what the others get; outcome, horizon (days), control, arms and segment are
-- fixed once it runs. Amounts are minor units of the base currency.
CREATE TABLE measure (
  id {{id}},
  kind {{text}} NOT NULL,
  name TEXT NOT NULL,
  goal TEXT NOT NULL,
  segment BIGINT NOT NULL,
  owner BIGINT NOT NULL,
  state {{text}} NOT NULL,
  start_day BIGINT NOT NULL,
  end_day BIGINT NOT NULL,
  horizon BIGINT NOT NULL,
  control BIGINT NOT NULL,
  arms {{json}} NOT NULL,
  outcome {{text}} NOT NULL,
  budget BIGINT NOT NULL,
  learned TEXT NOT NULL,
  again {{text}} NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  created_at BIGINT NOT NULL,
  created_kind TEXT NOT NULL,
  created_by BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
CREATE INDEX measure_start ON measure (start_day, id);

-- Who was drawn for what, once and for ever. probability is in millionths, day the local day of at.
CREATE TABLE measure_customer (
  id {{id}},
  measure BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  arm {{text}} NOT NULL,
  probability BIGINT NOT NULL,
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  UNIQUE (measure, customer)
){{strict}};
CREATE INDEX measure_customer_customer ON measure_customer (customer);

-- What a measure cost. key names the cost for ever, so that booking it again changes nothing. included is 1 where the amounts of the
-- orders have it taken off already.
CREATE TABLE measure_cost (
  id {{id}},
  key {{text}} NOT NULL UNIQUE,
  measure BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  amount BIGINT NOT NULL,
  included SMALLINT NOT NULL,
  day BIGINT NOT NULL,
  note TEXT NOT NULL,
  at BIGINT NOT NULL
){{strict}};
CREATE INDEX measure_cost_measure ON measure_cost (measure, id);
CREATE INDEX measure_cost_day ON measure_cost (day, id);

-- The plan of a calendar year: what may be spent on keeping customers, what is spent on winning new ones, and what keeping costs
-- beside the measures.
CREATE TABLE programme_year (
  year BIGINT PRIMARY KEY,
  budget BIGINT NOT NULL,
  winning BIGINT NOT NULL,
  keeping BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
