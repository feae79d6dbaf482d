-- Who sends mails looks for them among what waits. A campaign by telephone may have many thousand calls waiting, for days, which that look must not pass.
DROP INDEX message_due;
CREATE INDEX message_due ON message (measure, channel, due_at, id) WHERE state = 'queued';
