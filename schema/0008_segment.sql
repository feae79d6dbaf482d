-- Segments: which customers are meant, and who of them is in.

-- condition names other segments by id, as "#12". kind is live, or frozen: a list of customers, as the condition found
-- them on the day frozen_on, or imported. folded is the name as it is compared.
CREATE TABLE segment (
  id {{id}},
  name TEXT NOT NULL,
  folded {{text}} NOT NULL,
  description TEXT NOT NULL,
  owner BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  condition {{json}} NOT NULL,
  frozen_on BIGINT,
  tracked SMALLINT NOT NULL,
  archived_at BIGINT,
  created_at BIGINT NOT NULL,
  created_kind TEXT NOT NULL,
  created_by BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_kind TEXT NOT NULL,
  changed_by BIGINT NOT NULL
){{strict}};
CREATE UNIQUE INDEX segment_name ON segment (folded) WHERE archived_at IS NULL;

-- How far tracking is: size is how many are in; run_at when everybody is to be looked at again, NULL if not, and quiet
-- whether who then enters is history; asked counts how often that was wanted, so that a run ends only what it knew of. due_until is the last day that
-- segment_due holds, ran_at when everybody was looked at last, NULL before the first time.
CREATE TABLE segment_state (
  segment BIGINT PRIMARY KEY,
  size BIGINT NOT NULL,
  run_at BIGINT,
  quiet SMALLINT NOT NULL,
  asked BIGINT NOT NULL,
  due_until BIGINT NOT NULL,
  ran_at BIGINT,
  ran_day BIGINT NOT NULL
){{strict}};

-- The customers of frozen segments.
CREATE TABLE segment_list (
  segment BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  PRIMARY KEY (segment, customer)
){{clustered}};
CREATE INDEX segment_list_customer ON segment_list (customer);

-- Who is in a tracked segment, and since when.
CREATE TABLE segment_member (
  segment BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (segment, customer)
){{clustered}};
CREATE INDEX segment_member_customer ON segment_member (customer);

-- The day on which a customer has to be looked at again because time alone may change whether she is in.
CREATE TABLE segment_due (
  segment BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  day BIGINT NOT NULL,
  PRIMARY KEY (segment, customer)
){{clustered}};
CREATE INDEX segment_due_day ON segment_due (segment, day);

CREATE TABLE segment_size (
  segment BIGINT NOT NULL,
  day BIGINT NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (segment, day)
){{clustered}};
