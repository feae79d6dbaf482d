-- What is foreseen of each customer, by which model, and how it was before.

-- A scoring. card is the model card: what the models were fitted to, what they are, how they did in the backtest, and what
-- follows for all customers together. whole is 1 once every score is written.
CREATE TABLE model (
  id {{id}},
  as_of BIGINT NOT NULL,
  version BIGINT NOT NULL,
  chosen {{text}} NOT NULL,
  horizon BIGINT NOT NULL,
  data_hash {{text}} NOT NULL,
  whole SMALLINT NOT NULL,
  card {{json}} NOT NULL,
  made_at BIGINT NOT NULL
){{strict}};

-- The present score of a customer. model is the scoring that wrote it; a later one that came to the same left it. Chances and
-- purchases are ten-thousandths, amounts minor units of the base currency, days local days. alive is NULL where nothing can be
-- said. reasons are codes with numbers.
CREATE TABLE score (
  customer BIGINT PRIMARY KEY,
  model BIGINT NOT NULL,
  band {{text}} NOT NULL,
  active BIGINT NOT NULL,
  active_lo BIGINT NOT NULL,
  active_hi BIGINT NOT NULL,
  alive BIGINT,
  expected BIGINT NOT NULL,
  value BIGINT NOT NULL,
  worth BIGINT NOT NULL,
  clv BIGINT NOT NULL,
  clv_lo BIGINT NOT NULL,
  clv_hi BIGINT NOT NULL,
  at_risk BIGINT NOT NULL,
  risk_since BIGINT,
  next_day BIGINT,
  reasons {{json}} NOT NULL
){{strict}};

-- Scores at the ends of months and on days on which the band changed.
CREATE TABLE score_history (
  customer BIGINT NOT NULL,
  day BIGINT NOT NULL,
  model BIGINT NOT NULL,
  band {{text}} NOT NULL,
  active BIGINT NOT NULL,
  alive BIGINT,
  clv BIGINT NOT NULL,
  PRIMARY KEY (customer, day)
){{clustered}};
