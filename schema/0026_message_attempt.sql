-- A message that is being sent stays queued, in the hands of its claim; attempting says that its first byte may have left. No
-- index knows of either column, so that PostgreSQL writes its indexes once for a message instead of three times. For that the
-- new row needs room beside the old one: half of each page is left free.
ALTER TABLE message ADD COLUMN attempting SMALLINT NOT NULL DEFAULT 0;
UPDATE message SET state = 'queued', attempting = 1 WHERE state = 'attempting';
DROP INDEX message_due;
CREATE INDEX message_due ON message (measure, due_at, id) WHERE state = 'queued';
{{postgres}} ALTER TABLE message SET (fillfactor = 50);
