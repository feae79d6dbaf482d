-- The list of suppressed addresses can be read and kept by hand.

-- source is where the no came from, note what a person wrote to it, customer who had the address then, 0 for nobody known.
ALTER TABLE consent_suppression ADD COLUMN source {{text}} NOT NULL DEFAULT '';
ALTER TABLE consent_suppression ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE consent_suppression ADD COLUMN customer BIGINT NOT NULL DEFAULT 0;
UPDATE consent_suppression SET source = coalesce((SELECT e.source FROM consent_entry e WHERE e.hash = consent_suppression.hash AND e.hash <> ''
  AND (e.kind = 'withdrawn' OR e.kind = 'objected') ORDER BY e.id DESC LIMIT 1), '');
CREATE INDEX consent_suppression_at ON consent_suppression (at, hash);

-- Addresses that a person took off the list, and why.
CREATE TABLE consent_lifted (
  id {{id}},
  hash {{text}} NOT NULL,
  channel {{text}} NOT NULL,
  reason {{text}} NOT NULL,
  note TEXT NOT NULL,
  at BIGINT NOT NULL
){{strict}};
CREATE INDEX consent_lifted_hash ON consent_lifted (hash, id);
