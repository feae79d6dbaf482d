-- Imports: runs, their errors, saved profiles.

CREATE TABLE import_run (
  id {{id}},
  kind {{text}} NOT NULL,
  source BIGINT NOT NULL,
  state {{text}} NOT NULL,
  key {{text}} NOT NULL,
  files {{json}} NOT NULL,
  plan {{json}} NOT NULL,
  job BIGINT NOT NULL,
  profile BIGINT NOT NULL,
  slice BIGINT NOT NULL,
  total_rows BIGINT NOT NULL,
  rows_read BIGINT NOT NULL,
  made BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  notices BIGINT NOT NULL,
  kept BIGINT NOT NULL,
  error TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT NOT NULL
){{strict}};
CREATE INDEX import_run_key ON import_run (key, id);

CREATE TABLE import_error (
  run BIGINT NOT NULL,
  n BIGINT NOT NULL,
  file TEXT NOT NULL,
  line BIGINT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  args {{json}} NOT NULL,
  notice SMALLINT NOT NULL,
  PRIMARY KEY (run, n)
){{clustered}};

CREATE TABLE import_profile (
  id {{id}},
  name {{text}} NOT NULL UNIQUE,
  kind {{text}} NOT NULL,
  source TEXT NOT NULL,
  plan {{json}} NOT NULL,
  folder TEXT NOT NULL,
  schedule TEXT NOT NULL,
  owner BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

-- What an undo had to leave.
CREATE TABLE import_kept (
  run BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  id BIGINT NOT NULL,
  PRIMARY KEY (run, kind, id)
){{clustered}};

-- Files of a watched folder that were imported, each by its content once. name, size and modified tell a file that was
-- looked at before without reading it again.
CREATE TABLE import_seen (
  profile BIGINT NOT NULL,
  ref {{text}} NOT NULL,
  name TEXT NOT NULL,
  size BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  PRIMARY KEY (profile, ref)
){{clustered}};
