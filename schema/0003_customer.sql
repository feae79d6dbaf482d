-- Where data comes from, and whom it is about.

CREATE TABLE source (
  id {{id}},
  name {{text}} NOT NULL UNIQUE,
  live_from BIGINT
){{strict}};

-- source and external_id repeat the first of customer_external, for the warehouse and for lists. run is the import
-- that wrote last, 0 since a person or program did; made_run the import that made her. hash is the content of the row
-- by which an import without external ids knew her last. since is a day, or far below
-- all days where it is not known, different for each customer so that lists can begin anywhere. mail is 2 if she has a mail address that can be one, 1 if only
-- others, 0 if none.
CREATE TABLE customer (
  id {{id}},
  kind {{text}} NOT NULL,
  name TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  company TEXT NOT NULL,
  salutation TEXT NOT NULL,
  title TEXT NOT NULL,
  address_form TEXT NOT NULL,
  language TEXT NOT NULL,
  country {{text}} NOT NULL,
  region TEXT NOT NULL,
  birthday BIGINT,
  owner BIGINT NOT NULL,
  excluded {{text}} NOT NULL,
  since BIGINT NOT NULL,
  source BIGINT NOT NULL,
  external_id {{text}} NOT NULL,
  sort_name {{text}} NOT NULL,
  made_run BIGINT NOT NULL,
  run BIGINT NOT NULL,
  hash BIGINT NOT NULL,
  merged_into BIGINT,
  erased_at BIGINT,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  mail SMALLINT NOT NULL
){{strict}};
-- One index for each order of the list, and one for each filter that may leave few.
CREATE INDEX customer_sort ON customer (sort_name, id);
CREATE INDEX customer_since ON customer (since, id);
CREATE INDEX customer_changed ON customer (changed_at, id);
CREATE INDEX customer_country ON customer (country);
CREATE INDEX customer_kind ON customer (kind);
CREATE INDEX customer_mail ON customer (mail);
CREATE INDEX customer_owner ON customer (owner) WHERE owner <> 0;
CREATE INDEX customer_excluded ON customer (excluded) WHERE excluded <> '';

-- hash is the content of the row by which an import of this source knew her last: the same row again changes nothing.
CREATE TABLE customer_external (
  source BIGINT NOT NULL,
  external_id {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  hash BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (source, external_id)
){{clustered}};
CREATE INDEX customer_external_customer ON customer_external (customer);

-- Keys of erased customers: a keyed hash, so that a later import does not bring her back.
CREATE TABLE customer_erased_key (
  hash {{text}} PRIMARY KEY,
  customer BIGINT NOT NULL
){{strict}};

CREATE TABLE customer_email (
  id {{id}},
  customer BIGINT NOT NULL,
  address TEXT NOT NULL,
  folded {{text}} NOT NULL,
  type TEXT NOT NULL,
  main SMALLINT NOT NULL,
  valid SMALLINT NOT NULL,
  source BIGINT NOT NULL,
  valid_from BIGINT,
  valid_until BIGINT,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX customer_email_customer ON customer_email (customer);
CREATE INDEX customer_email_folded ON customer_email (folded, customer);

CREATE TABLE customer_phone (
  id {{id}},
  customer BIGINT NOT NULL,
  number {{text}} NOT NULL,
  written TEXT NOT NULL,
  type TEXT NOT NULL,
  main SMALLINT NOT NULL,
  valid SMALLINT NOT NULL,
  source BIGINT NOT NULL,
  valid_from BIGINT,
  valid_until BIGINT,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX customer_phone_customer ON customer_phone (customer);
CREATE INDEX customer_phone_number ON customer_phone (number, customer);

CREATE TABLE customer_address (
  id {{id}},
  customer BIGINT NOT NULL,
  type TEXT NOT NULL,
  line1 TEXT NOT NULL,
  line2 TEXT NOT NULL,
  postcode TEXT NOT NULL,
  city TEXT NOT NULL,
  region TEXT NOT NULL,
  country TEXT NOT NULL,
  main SMALLINT NOT NULL,
  source BIGINT NOT NULL,
  valid_from BIGINT,
  valid_until BIGINT,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX customer_address_customer ON customer_address (customer);

CREATE TABLE customer_contact (
  id {{id}},
  company BIGINT NOT NULL,
  person BIGINT NOT NULL,
  role TEXT NOT NULL,
  valid_from BIGINT,
  valid_until BIGINT,
  source BIGINT NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};
CREATE INDEX customer_contact_company ON customer_contact (company);
CREATE INDEX customer_contact_person ON customer_contact (person);

CREATE TABLE customer_tag (
  customer BIGINT NOT NULL,
  tag {{text}} NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (customer, tag)
){{clustered}};
CREATE INDEX customer_tag_tag ON customer_tag (tag, customer);

CREATE TABLE custom_field (
  id {{id}},
  key {{text}} NOT NULL UNIQUE,
  label TEXT NOT NULL,
  type TEXT NOT NULL,
  choices {{json}} NOT NULL,
  created_at BIGINT NOT NULL
){{strict}};

CREATE TABLE customer_custom (
  customer BIGINT NOT NULL,
  field BIGINT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (customer, field)
){{clustered}};

-- Where the value of a field came from when it was changed last; without a row, from where the customer came. change
-- is the entry of the feed, 0 for an import. Older values lie in feed_value.
CREATE TABLE customer_origin (
  customer BIGINT NOT NULL,
  field {{text}} NOT NULL,
  source BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  at BIGINT NOT NULL,
  change BIGINT NOT NULL,
  PRIMARY KEY (customer, field)
){{clustered}};

CREATE TABLE customer_note (
  id {{id}},
  customer BIGINT NOT NULL,
  text TEXT NOT NULL,
  author BIGINT NOT NULL,
  at BIGINT NOT NULL
){{strict}};
CREATE INDEX customer_note_customer ON customer_note (customer, at);

-- Search as you type: folded words, range scans; the vocabulary with one letter left out forgives a typo.
CREATE TABLE customer_word (
  word {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  PRIMARY KEY (word, customer)
){{clustered}};
CREATE INDEX customer_word_customer ON customer_word (customer, word);

-- Each word with itself and with each of its letters left out.
CREATE TABLE word_deletion (
  deletion {{text}} NOT NULL,
  word {{text}} NOT NULL,
  PRIMARY KEY (deletion, word)
){{clustered}};
