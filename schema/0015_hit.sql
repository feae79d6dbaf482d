-- Hits: what was opened and clicked of the messages of a measure, as far as it may be known whose that was, and whether a person or a machine did it.

-- A place that can be hit: a link (kind 'click') with where it leads, or (kind 'open') the picture that is fetched when a mail is
-- shown. number is a hash of the rest, so that a letter can name it before it is kept. position counts the links of a letter
-- from 1, content is which of its languages. under is the number that hits are counted under: its own, but for a target that tells
-- something about one customer, which has a customer then and is emptied when she is erased.
CREATE TABLE hit_link (
  number BIGINT PRIMARY KEY,
  under BIGINT NOT NULL,
  measure BIGINT NOT NULL,
  arm {{text}} NOT NULL,
  content {{text}} NOT NULL,
  channel {{text}} NOT NULL,
  kind {{text}} NOT NULL,
  position BIGINT NOT NULL,
  target TEXT NOT NULL,
  customer BIGINT NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX hit_link_measure ON hit_link (measure, kind, position) WHERE customer = 0;
CREATE INDEX hit_link_customer ON hit_link (customer) WHERE customer <> 0;

-- One hit. message, customer and person are 0 where it may not be known whose it was. agent is what the program called itself, emptied
-- after some weeks; client is what that came to. signs are letters of what else was said: h for HEAD, p for fetched ahead.
-- human is 1 or 0 with the reason why not, found by that version of the rules.
CREATE TABLE hit (
  id {{id}},
  at BIGINT NOT NULL,
  day BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  channel {{text}} NOT NULL,
  measure BIGINT NOT NULL,
  arm {{text}} NOT NULL,
  link BIGINT NOT NULL,
  message BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  person BIGINT NOT NULL,
  agent TEXT NOT NULL,
  client {{text}} NOT NULL,
  signs {{text}} NOT NULL,
  human SMALLINT NOT NULL,
  reason {{text}} NOT NULL,
  rules SMALLINT NOT NULL
){{strict}};
CREATE INDEX hit_measure ON hit (measure, id);
CREATE INDEX hit_message ON hit (message, at) WHERE message <> 0;

-- Whether the links of a campaign are counted, and what they tell the shop.
ALTER TABLE campaign ADD COLUMN tracking {{json}} NOT NULL DEFAULT '{}';
