package auth

const (
	userFields = `id, mail, name, role, password, disabled, language, theme, shortcuts, ended, created_at, last_login_at`

	sqlUser       = `SELECT ` + userFields + ` FROM users WHERE id = $1`
	sqlUserByMail = `SELECT ` + userFields + ` FROM users WHERE mail = $1`
	sqlUsers      = `SELECT ` + userFields + ` FROM users ORDER BY name, id`
	sqlCountUsers = `SELECT count(*) FROM users`
	sqlCountMail  = `SELECT count(*) FROM users WHERE mail = $1`
	sqlAddUser    = `INSERT INTO users (mail, name, role, password, disabled, language, theme, shortcuts, ended, created_at, last_login_at)
		VALUES ($1, $2, $3, $4, 0, '', '', 1, 0, $5, 0) RETURNING id`
	sqlEditUser    = `UPDATE users SET name = $2, role = $3, disabled = $4, language = $5, theme = $6, shortcuts = $7 WHERE id = $1`
	sqlSetPassword = `UPDATE users SET password = $2 WHERE id = $1`
	sqlEndSessions = `UPDATE users SET ended = ended + 1 WHERE id = $1`
	sqlPassword    = `SELECT password FROM users WHERE id = $1`
	sqlEntered     = `UPDATE users SET last_login_at = $2 WHERE id = $1`
	sqlOtherAdmins = `SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0 AND id <> $1`

	sqlAddToken   = `INSERT INTO user_token (hash, user_id, purpose, expires_at, used_at) VALUES ($1, $2, $3, $4, 0)`
	sqlVoidTokens = `DELETE FROM user_token WHERE user_id = $1 AND purpose = $2`
	sqlToken      = `SELECT user_id, expires_at, used_at FROM user_token WHERE hash = $1 AND purpose = $2`
	sqlUseToken   = `UPDATE user_token SET used_at = $2 WHERE hash = $1`

	sqlBlocked = `SELECT blocked_until FROM login_failure WHERE key = $1`
	sqlFail    = `INSERT INTO login_failure (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, 0)
		ON CONFLICT (key) DO UPDATE SET failures = CASE WHEN login_failure.last_at < $3 THEN 1 ELSE login_failure.failures + 1 END,
			last_at = excluded.last_at RETURNING failures`
	sqlBlock   = `UPDATE login_failure SET blocked_until = $2 WHERE key = $1`
	sqlForgive = `DELETE FROM login_failure WHERE key = $1`

	keyFields  = `id, name, hint, scopes, created_by, created_at, used_at, revoked_at`
	sqlAddKey  = `INSERT INTO api_key (name, hash, hint, scopes, created_by, created_at, used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0) RETURNING id`
	sqlKey     = `SELECT ` + keyFields + ` FROM api_key WHERE hash = $1`
	sqlKeys    = `SELECT ` + keyFields + ` FROM api_key ORDER BY id DESC`
	sqlKeyUsed = `UPDATE api_key SET used_at = $2 WHERE id = $1`
	sqlRevoke  = `UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`

	sqlSession     = `SELECT data FROM session WHERE token = $1 AND expires_at > $2`
	sqlSaveSession = `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`
	sqlEndSession    = `DELETE FROM session WHERE token = $1`
	sqlSweepSessions = `DELETE FROM session WHERE expires_at <= $1`
)
