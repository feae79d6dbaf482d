package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Purpose is what a one-time token is for.
type Purpose string

// The purposes, and how long a token for each is good.
const (
	Invitation Purpose = "invitation" // 7 days
	Reset      Purpose = "reset"      // 2 hours: a forgotten password
	OneTime    Purpose = "login"      // 1 hour: a login without password, for the demo and a locked-out admin
)

func (p Purpose) lifetime() time.Duration {
	switch p {
	case Invitation:
		return 7 * 24 * time.Hour
	case Reset:
		return 2 * time.Hour
	}
	return time.Hour
}

// Add makes a user. passwordHash is empty for one who will be invited.
func Add(ctx context.Context, tx *store.Tx, mail, name string, role Role, passwordHash string) (int64, error) {
	mail, name = foldMail(mail), strings.TrimSpace(name)
	if err := errors.Join(checkMail(mail), checkName(name)); err != nil {
		return 0, firstOf(err)
	}
	if _, err := ParseRole(string(role)); err != nil {
		return 0, err
	}
	var n int
	if err := tx.QueryRow(ctx, sqlCountMail, mail).Scan(&n); err != nil {
		return 0, err
	}
	if n > 0 {
		return 0, fault.New(fault.Conflict, "auth.mail_taken").On("mail")
	}
	id, err := tx.InsertID(ctx, sqlAddUser, mail, name, string(role), passwordHash, clock.Micros(tx.Now))
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "user.added", Subject: id, Body: map[string]any{"role": role}})
	return id, err
}

// firstOf picks the first of joined errors: a form reports one per field anyway.
func firstOf(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return err
}

// Issue makes a one-time token for a user; the older ones for the same purpose are void.
func Issue(ctx context.Context, tx *store.Tx, user int64, p Purpose) (token string, err error) {
	token = newToken()
	if _, err := tx.Exec(ctx, sqlVoidTokens, user, string(p)); err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, sqlAddToken, hashToken(token), user, string(p), clock.Micros(tx.Now.Add(p.lifetime())))
	return token, err
}

// Peek tells whom a token is for, without using it: a page that only shows a button changes nothing.
func Peek(ctx context.Context, tx *store.Tx, token string, p Purpose) (*User, error) {
	var id, expires, used int64
	err := tx.QueryRow(ctx, sqlToken, hashToken(token), string(p)).Scan(&id, &expires, &used)
	if errors.Is(err, store.ErrNoRows) || err == nil && (used != 0 || expires <= clock.Micros(tx.Now)) {
		return nil, fault.New(fault.NotFound, "auth.token_void")
	}
	if err != nil {
		return nil, err
	}
	u, err := Find(ctx, tx, id)
	if err == nil && u.Disabled {
		return nil, fault.New(fault.Forbidden, "auth.disabled")
	}
	return u, err
}

// Redeem uses a token up and returns whom it is for.
func Redeem(ctx context.Context, tx *store.Tx, token string, p Purpose) (*User, error) {
	u, err := Peek(ctx, tx, token, p)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, sqlUseToken, hashToken(token), clock.Micros(tx.Now))
	return u, err
}

// SetPassword stores a new password hash; sessions opened with the old one end.
func SetPassword(ctx context.Context, tx *store.Tx, user int64, passwordHash string) error {
	if _, err := tx.Exec(ctx, sqlSetPassword, user, passwordHash); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "user.password_changed", Subject: user})
	return err
}

// EndSessions ends all sessions of a user. The one that goes on keeps the Stamp the user has afterwards.
func EndSessions(ctx context.Context, tx *store.Tx, user int64) error {
	if _, err := tx.Exec(ctx, sqlEndSessions, user); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "user.sessions_ended", Subject: user})
	return err
}

// Change is what can be changed of a user; nil leaves a field as it is.
type Change struct {
	Name      *string
	Role      *Role
	Disabled  *bool
	Language  *string
	Theme     *string
	Shortcuts *bool
}

// Edit changes a user. The last admin who can sign in stays one.
func Edit(ctx context.Context, tx *store.Tx, id int64, c Change) error {
	u, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	before := *u
	if c.Name != nil {
		u.Name = strings.TrimSpace(*c.Name)
	}
	set(&u.Role, c.Role)
	set(&u.Disabled, c.Disabled)
	set(&u.Language, c.Language)
	set(&u.Theme, c.Theme)
	set(&u.Shortcuts, c.Shortcuts)
	if err := u.check(); err != nil {
		return err
	}
	if before.Role == Admin && !before.Disabled && (u.Role != Admin || u.Disabled) {
		var others int
		if err := tx.QueryRow(ctx, sqlOtherAdmins, id).Scan(&others); err != nil {
			return err
		}
		if others == 0 {
			return fault.New(fault.Conflict, "auth.last_admin")
		}
	}
	if _, err := tx.Exec(ctx, sqlEditUser, id, u.Name, string(u.Role), store.Flag(u.Disabled), u.Language, u.Theme, store.Flag(u.Shortcuts)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "user.changed", Subject: id, Body: map[string]any{"role": u.Role, "disabled": u.Disabled},
		Old: map[string]string{"role": string(before.Role), "disabled": store.JSON(before.Disabled)}})
	return err
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (u *User) check() error {
	if err := checkName(u.Name); err != nil {
		return err
	}
	if _, err := ParseRole(string(u.Role)); err != nil {
		return err
	}
	if u.Language != "" && u.Language != "de" && u.Language != "en" {
		return fault.New(fault.Invalid, "errors.choice", "text", u.Language).On("language")
	}
	if u.Theme != "" && u.Theme != "light" && u.Theme != "dark" {
		return fault.New(fault.Invalid, "errors.choice", "text", u.Theme).On("theme")
	}
	return nil
}

// Find reads one user.
func Find(ctx context.Context, tx *store.Tx, id int64) (*User, error) {
	all, err := list(ctx, tx, sqlUser, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "auth.no_user")
	}
	return all[0], nil
}

// ByMail finds a user by mail address.
func ByMail(ctx context.Context, tx *store.Tx, mail string) (*User, error) {
	all, err := list(ctx, tx, sqlUserByMail, foldMail(mail))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "auth.no_user")
	}
	return all[0], nil
}

// List returns all users by name.
func List(ctx context.Context, tx *store.Tx) ([]*User, error) { return list(ctx, tx, sqlUsers) }

// Count tells how many users there are: none means the first one is still to be made.
func Count(ctx context.Context, tx *store.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, sqlCountUsers).Scan(&n)
	return n, err
}

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*User, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*User
	for rows.Next() {
		var u User
		var password string
		var ended, created, login int64
		if err := rows.Scan(&u.ID, &u.Mail, &u.Name, &u.Role, &password, &u.Disabled, &u.Language, &u.Theme, &u.Shortcuts, &ended, &created, &login); err != nil {
			return nil, err
		}
		u.HasPassword, u.Stamp = password != "", stamp(password, ended)
		u.CreatedAt = clock.Time(created)
		if login != 0 {
			u.LastLogin = clock.Time(login)
		}
		all = append(all, &u)
	}
	return all, rows.Err()
}
