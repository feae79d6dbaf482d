-- The mark of a customer: her score on the last day on which it had moved noticeably, so that a later one can be held against it. It
-- goes into the history when the next one takes its place; mark_kept is 1 where it stands there already. NULL: there is none yet.
ALTER TABLE score ADD COLUMN mark_day BIGINT;
ALTER TABLE score ADD COLUMN mark_active BIGINT;
ALTER TABLE score ADD COLUMN mark_alive BIGINT;
ALTER TABLE score ADD COLUMN mark_clv BIGINT;
ALTER TABLE score ADD COLUMN mark_kept SMALLINT NOT NULL DEFAULT 0;

-- Interval of 95 % of the value at risk; 0 for rows from before the next scoring.
ALTER TABLE score ADD COLUMN at_risk_lo BIGINT NOT NULL DEFAULT 0;
ALTER TABLE score ADD COLUMN at_risk_hi BIGINT NOT NULL DEFAULT 0;
