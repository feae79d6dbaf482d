-- Intervals of 95 % of what was foreseen of a customer without one: the chance that she has not left, purchases and their value. Rows
-- from before the next scoring have none: 0, and NULL for the chance.
ALTER TABLE score ADD COLUMN alive_lo BIGINT;
ALTER TABLE score ADD COLUMN alive_hi BIGINT;
ALTER TABLE score ADD COLUMN expected_lo BIGINT NOT NULL DEFAULT 0;
ALTER TABLE score ADD COLUMN expected_hi BIGINT NOT NULL DEFAULT 0;
ALTER TABLE score ADD COLUMN value_lo BIGINT NOT NULL DEFAULT 0;
ALTER TABLE score ADD COLUMN value_hi BIGINT NOT NULL DEFAULT 0;
