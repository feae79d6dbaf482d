-- Campaigns: what is written to whom and when, and how far that is.

-- measure is the measure of the programme whose messages these are. excluded are segments whose customers get nothing; variants what
-- is said, plan when it leaves, winner how one variant wins. version counts edits, approved_version is the one that a second person agreed
-- to, 0 for none. phase and cursor say how far the job is (the last customer it is done with); recipients how many customers were
-- found. go_at is when sending begins, decide_at when the winner is found. trial is what the last draft run said.
CREATE TABLE campaign (
  id {{id}},
  measure BIGINT NOT NULL,
  name TEXT NOT NULL,
  goal TEXT NOT NULL,
  purpose {{text}} NOT NULL,
  basis {{text}} NOT NULL,
  sender BIGINT NOT NULL,
  segment BIGINT NOT NULL,
  excluded {{json}} NOT NULL,
  language {{text}} NOT NULL,
  variants {{json}} NOT NULL,
  control BIGINT NOT NULL,
  horizon BIGINT NOT NULL,
  budget BIGINT NOT NULL,
  winner {{json}} NOT NULL,
  plan {{json}} NOT NULL,
  state {{text}} NOT NULL,
  version BIGINT NOT NULL,
  approved_version BIGINT NOT NULL,
  approved_by BIGINT NOT NULL,
  edited_by BIGINT NOT NULL,
  phase {{text}} NOT NULL,
  cursor BIGINT NOT NULL,
  recipients BIGINT NOT NULL,
  won {{text}} NOT NULL,
  go_at BIGINT,
  decide_at BIGINT,
  trial {{json}} NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
CREATE UNIQUE INDEX campaign_measure ON campaign (measure);
CREATE INDEX campaign_state ON campaign (state, id);

-- Whom a campaign was to reach when it began.
CREATE TABLE campaign_recipient (
  campaign BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  PRIMARY KEY (campaign, customer)
){{clustered}};

-- What holds for all campaigns: whether a second person has to agree.
CREATE TABLE campaign_rules (
  id BIGINT PRIMARY KEY,
  approval SMALLINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};
