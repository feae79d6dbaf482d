-- Who may do what. users.ended counts how often a user ended all sessions.

CREATE TABLE users (
  id {{id}},
  mail {{text}} NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role {{text}} NOT NULL,
  password TEXT NOT NULL,
  disabled SMALLINT NOT NULL,
  language TEXT NOT NULL,
  theme TEXT NOT NULL,
  shortcuts SMALLINT NOT NULL,
  ended BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_login_at BIGINT NOT NULL
){{strict}};

CREATE TABLE user_token (
  hash {{text}} PRIMARY KEY,
  user_id BIGINT NOT NULL,
  purpose {{text}} NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL
){{strict}};
CREATE INDEX user_token_user ON user_token (user_id);

CREATE TABLE session (
  token {{text}} PRIMARY KEY,
  data {{bytes}} NOT NULL,
  expires_at BIGINT NOT NULL
){{strict}};
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE api_key (
  id {{id}},
  name TEXT NOT NULL,
  hash {{text}} NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL
){{strict}};

CREATE TABLE login_failure (
  key {{text}} PRIMARY KEY,
  failures BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL
){{strict}};
