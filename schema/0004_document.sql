-- What was sold, ordered, delivered, billed, returned and paid; what happened; what needs a person.

CREATE TABLE product (
  id {{id}},
  sku {{text}} NOT NULL UNIQUE,
  gtin TEXT NOT NULL,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  unit TEXT NOT NULL,
  price BIGINT,
  cost BIGINT,
  currency TEXT NOT NULL,
  active SMALLINT NOT NULL,
  made_run BIGINT NOT NULL,
  run BIGINT NOT NULL,
  hash BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

CREATE TABLE product_category (
  product BIGINT NOT NULL,
  category {{text}} NOT NULL,
  PRIMARY KEY (product, category)
){{clustered}};

-- net, tax, gross, shipping are in the document's currency; amount is the value of a sale (or what a return gives
-- back, positive) in the base currency by the pinned rate. customer 0 is an anonymous sale.
CREATE TABLE document (
  id {{id}},
  source BIGINT NOT NULL,
  kind SMALLINT NOT NULL,
  external_id {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  at BIGINT NOT NULL,
  day BIGINT NOT NULL,
  status TEXT NOT NULL,
  currency TEXT NOT NULL,
  rate TEXT NOT NULL,
  net BIGINT,
  tax BIGINT,
  gross BIGINT,
  shipping BIGINT,
  amount BIGINT NOT NULL,
  cost BIGINT,
  sale SMALLINT NOT NULL,
  file_rows BIGINT NOT NULL,
  sale_rows BIGINT NOT NULL,
  due_day BIGINT,
  promised_day BIGINT,
  kept_day BIGINT,
  reference {{text}} NOT NULL,
  made_run BIGINT NOT NULL,
  run BIGINT NOT NULL,
  hash BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  UNIQUE (source, external_id, kind)
){{strict}};
CREATE INDEX document_customer ON document (customer, at, id);
-- Returns and credit notes wait here until the sale they reverse is found; invoices and payments likewise.
CREATE TABLE document_unlinked (
  document BIGINT PRIMARY KEY,
  customer BIGINT NOT NULL
){{strict}};
CREATE INDEX document_unlinked_customer ON document_unlinked (customer);

CREATE TABLE document_line (
  document BIGINT NOT NULL,
  n BIGINT NOT NULL,
  product BIGINT NOT NULL,
  description TEXT NOT NULL,
  quantity BIGINT NOT NULL,
  unit_price BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  base_amount BIGINT NOT NULL,
  cost BIGINT,
  sale SMALLINT NOT NULL,
  PRIMARY KEY (document, n)
){{clustered}};

-- document reverses, invoices, pays, delivers or follows target; amount in the base currency, as far as it has one.
CREATE TABLE document_link (
  document BIGINT NOT NULL,
  n BIGINT NOT NULL,
  target BIGINT NOT NULL,
  target_line BIGINT NOT NULL,
  kind {{text}} NOT NULL,
  quantity BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (document, n)
){{clustered}};
CREATE INDEX document_link_target ON document_link (target);

CREATE TABLE event (
  id {{id}},
  source BIGINT NOT NULL,
  external_id {{text}} NOT NULL,
  customer BIGINT NOT NULL,
  name {{text}} NOT NULL,
  at BIGINT NOT NULL,
  day BIGINT NOT NULL,
  properties {{json}} NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (source, external_id)
){{strict}};
CREATE INDEX event_customer ON event (customer, at, id);

CREATE TABLE task (
  id {{id}},
  kind {{text}} NOT NULL,
  key {{text}} NOT NULL UNIQUE,
  customer BIGINT NOT NULL,
  subject BIGINT NOT NULL,
  args {{json}} NOT NULL,
  note TEXT NOT NULL,
  weight BIGINT NOT NULL,
  due_day BIGINT,
  owner BIGINT NOT NULL,
  state {{text}} NOT NULL,
  snoozed_until BIGINT,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  done_by BIGINT NOT NULL
){{strict}};
CREATE INDEX task_open ON task (state, weight, id);
CREATE INDEX task_customer ON task (customer, id);
