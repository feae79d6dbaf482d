-- E-mail: by which relays mails leave, who writes them, and what comes back.

-- A server that takes our mails. password is sealed with the key of the installation. Limits of 0 do not limit.
-- warm_from is what it may send on its first day, twice that on the second on which it sends, until it reaches per_day;
-- 0 for no warming up, which began on the day warm_on.
CREATE TABLE relay (
  id {{id}},
  name TEXT NOT NULL,
  folded {{text}} NOT NULL UNIQUE,
  host {{text}} NOT NULL,
  port BIGINT NOT NULL,
  security {{text}} NOT NULL,
  login TEXT NOT NULL,
  password TEXT NOT NULL,
  hello TEXT NOT NULL,
  weight BIGINT NOT NULL,
  connections BIGINT NOT NULL,
  per_connection BIGINT NOT NULL,
  per_second BIGINT NOT NULL,
  per_minute BIGINT NOT NULL,
  per_day BIGINT NOT NULL,
  warm_from BIGINT NOT NULL,
  warm_on BIGINT NOT NULL,
  active SMALLINT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

-- How many mails a relay was given on a local day. They are taken by the hundred before they are sent, so that a killed
-- process sends rather less than allowed than more.
CREATE TABLE relay_day (
  relay BIGINT NOT NULL,
  day BIGINT NOT NULL,
  taken BIGINT NOT NULL,
  PRIMARY KEY (relay, day)
){{clustered}};

-- What the receivers of a domain, or of several under one roof, take. domains are the names, with spaces between.
CREATE TABLE mail_limit (
  name {{text}} PRIMARY KEY,
  domains TEXT NOT NULL,
  connections BIGINT NOT NULL,
  per_minute BIGINT NOT NULL,
  per_hour BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{clustered}};

-- What waits: a relay ("relay:12") or a domain ("domain:gmx") that has put us off, until when, and how often in a row.
CREATE TABLE mail_pause (
  what {{text}} PRIMARY KEY,
  until_at BIGINT NOT NULL,
  level BIGINT NOT NULL,
  answer TEXT NOT NULL,
  at BIGINT NOT NULL
){{clustered}};

-- Who writes. bounces go to return_domain; private_key signs and is sealed as passwords are, public_record is what DNS has to say.
CREATE TABLE sender (
  id {{id}},
  name TEXT NOT NULL,
  address {{text}} NOT NULL UNIQUE,
  reply_to TEXT NOT NULL,
  domain {{text}} NOT NULL,
  return_domain {{text}} NOT NULL,
  tracking_domain {{text}} NOT NULL,
  imprint TEXT NOT NULL,
  selector {{text}} NOT NULL,
  key_kind {{text}} NOT NULL,
  private_key TEXT NOT NULL,
  public_record TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

-- Where bounces and replies arrive. Mails up to uid of the folder in its state uid_validity have been read.
CREATE TABLE mailbox (
  id {{id}},
  host {{text}} NOT NULL,
  port BIGINT NOT NULL,
  security {{text}} NOT NULL,
  login TEXT NOT NULL,
  password TEXT NOT NULL,
  folder TEXT NOT NULL,
  active SMALLINT NOT NULL,
  uid_validity BIGINT NOT NULL,
  uid BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  trouble TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
){{strict}};

-- What came back. key tells the same thing that comes twice; message is 0 where none could be proved. effect says what it did.
CREATE TABLE mail_return (
  id {{id}},
  key {{text}} NOT NULL UNIQUE,
  kind {{text}} NOT NULL,
  source {{text}} NOT NULL,
  message BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  address {{text}} NOT NULL,
  status {{text}} NOT NULL,
  reason TEXT NOT NULL,
  effect {{text}} NOT NULL,
  times BIGINT NOT NULL,
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  last_at BIGINT NOT NULL
){{strict}};
CREATE INDEX mail_return_message ON mail_return (message, kind);
CREATE INDEX mail_return_address ON mail_return (address, kind, day);
CREATE INDEX mail_return_customer ON mail_return (customer, id) WHERE customer <> 0;

-- Sealed keys, such as the one that calls of the webhook are signed with.
CREATE TABLE mail_secret (
  name {{text}} PRIMARY KEY,
  value TEXT NOT NULL
){{clustered}};
