-- The local day of each time that somebody dialled, for counting; those before this was kept have the day of UTC.
ALTER TABLE phone_try ADD COLUMN day BIGINT NOT NULL DEFAULT 0;
UPDATE phone_try SET day = began_at / 86400000000;
