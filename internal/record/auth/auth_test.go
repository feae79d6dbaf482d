package auth_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

func do(t *testing.T, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Write(ctx, store.System(), func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func addUser(t *testing.T, db *store.DB, mail string, role auth.Role) (id int64) {
	t.Helper()
	do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = auth.Add(ctx, tx, mail, "Somebody", role, "")
		return err
	})
	return id
}

func TestEveryRoleMayDoLessThanTheOneBefore(t *testing.T) {
	for _, tt := range []struct {
		role auth.Role
		can  auth.Permission
		not  auth.Permission
	}{
		{auth.Admin, auth.ManageUsers, ""},
		{auth.Manager, auth.ReadAudit, auth.ManageUsers},
		{auth.Marketer, auth.WriteImports, auth.EraseCustomers},
		{auth.Agent, auth.WriteCustomers, auth.WriteImports},
		{auth.Viewer, auth.ReadReports, auth.WriteCustomers},
	} {
		if !tt.role.Can(tt.can) || tt.not != "" && tt.role.Can(tt.not) {
			t.Errorf("%s: %s %v, %s %v", tt.role, tt.can, tt.role.Can(tt.can), tt.not, tt.role.Can(tt.not))
		}
	}
	if (&auth.User{Role: auth.Admin, Disabled: true}).Can(auth.ReadCustomers) || (*auth.User)(nil).Can(auth.SignedIn) {
		t.Error("a disabled user or nobody may do something")
	}
}

func TestPasswordsAreVerifiedAndOnlyByTheirOwnHash(t *testing.T) {
	ctx := context.Background()
	h := auth.NewHasher()
	stored, err := h.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		stored, password string
		want             bool
	}{
		{stored, "correct horse battery", true},
		{stored, "correct horse batterY", false},
		{"", "correct horse battery", false},
		{"$argon2id$broken", "x", false},
	} {
		if ok, err := h.Verify(ctx, tt.stored, tt.password); ok != tt.want || err != nil {
			t.Errorf("Verify(%.12q, %q) = %v, %v", tt.stored, tt.password, ok, err)
		}
	}
	if auth.CheckPassword("short") == nil || auth.CheckPassword("long enough now") != nil {
		t.Error("the length of a password is not checked")
	}
}

func TestTooManyWrongPasswordsMakeTheAccountWaitAndOthersNot(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		db := storetest.Open(t, url, store.Options{Now: func() time.Time { return now }})
		addUser(t, db, "Anna@Example.com", auth.Admin)
		try := func(mail, sender string) error {
			ctx := context.Background()
			var c auth.Candidate
			err := db.Read(ctx, func(tx *store.Tx) (err error) {
				c, err = auth.Try(ctx, tx, mail, sender)
				return err
			})
			if err != nil {
				return err
			}
			do(t, db, func(ctx context.Context, tx *store.Tx) error { return auth.Failed(ctx, tx, c) })
			return auth.Wrong()
		}
		waits := 0
		for i := range 100 {
			if err := try("anna@example.com", "10.0.0."+string(rune('a'+i%26))); fault.CodeOf(err) == fault.Unavailable {
				waits++
			}
		}
		if waits != 95 {
			t.Errorf("%d of 100 tries had to wait, want 95", waits)
		}
		if err := try("bert@example.com", "10.0.1.1"); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("another account: %v", err)
		}
		now = now.Add(time.Hour)
		if err := try("anna@example.com", "10.0.0.1"); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("an hour later: %v", err)
		}
		now = now.Add(time.Hour)
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return auth.Entered(ctx, tx, 1, "anna@example.com") })
		if err := try("anna@example.com", "10.0.0.1"); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("after a login: %v", err)
		}
	})
}

func TestTokensWorkOnceAndOnlyForTheirPurpose(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		db := storetest.Open(t, url, store.Options{Now: func() time.Time { return now }})
		id := addUser(t, db, "anna@example.com", auth.Viewer)
		var first, second string
		do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			if first, err = auth.Issue(ctx, tx, id, auth.Reset); err != nil {
				return err
			}
			second, err = auth.Issue(ctx, tx, id, auth.Reset)
			return err
		})
		redeem := func(token string, p auth.Purpose) (code fault.Code) {
			ctx := context.Background()
			err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
				_, err := auth.Redeem(ctx, tx, token, p)
				return err
			})
			if err == nil {
				return ""
			}
			return fault.CodeOf(err)
		}
		for _, tt := range []struct {
			name    string
			token   string
			purpose auth.Purpose
			want    fault.Code
		}{
			{"an older token", first, auth.Reset, fault.NotFound},
			{"another purpose", second, auth.Invitation, fault.NotFound},
			{"nonsense", "nonsense", auth.Reset, fault.NotFound},
			{"the newest", second, auth.Reset, ""},
			{"a second time", second, auth.Reset, fault.NotFound},
		} {
			if got := redeem(tt.token, tt.purpose); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
		do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			first, err = auth.Issue(ctx, tx, id, auth.Reset)
			return err
		})
		now = now.Add(3 * time.Hour)
		if got := redeem(first, auth.Reset); got != fault.NotFound {
			t.Errorf("an expired token: %q", got)
		}
	})
}

func TestTheLastAdminStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		id := addUser(t, db, "anna@example.com", auth.Admin)
		viewer, off := auth.Viewer, true
		edit := func(c auth.Change) error {
			return db.Write(ctx, store.System(), func(tx *store.Tx) error { return auth.Edit(ctx, tx, id, c) })
		}
		if err := edit(auth.Change{Role: &viewer}); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the last admin became a viewer: %v", err)
		}
		if err := edit(auth.Change{Disabled: &off}); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the last admin was disabled: %v", err)
		}
		addUser(t, db, "bert@example.com", auth.Admin)
		if err := edit(auth.Change{Role: &viewer}); err != nil {
			t.Errorf("with another admin: %v", err)
		}
		if err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := auth.Add(ctx, tx, "ANNA@example.com", "Again", auth.Viewer, "")
			return err
		}); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the same address twice: %v", err)
		}
	})
}

func TestAKeyWorksUntilRevokedAndIsNotStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var secret string
		var id int64
		do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			secret, id, err = auth.AddKey(ctx, tx, "Shop", []auth.Permission{auth.WriteEvents})
			return err
		})
		find := func() (k *auth.Key, err error) {
			err = db.Read(ctx, func(tx *store.Tx) error {
				k, err = auth.FindKey(ctx, tx, secret)
				return err
			})
			return k, err
		}
		k, err := find()
		if err != nil || !k.Can(auth.WriteEvents) || k.Can(auth.ReadCustomers) {
			t.Fatalf("key %+v, %v", k, err)
		}
		do(t, db, func(ctx context.Context, tx *store.Tx) error {
			var n int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM api_key WHERE hash = $1 OR name = $1`, secret).Scan(&n); err != nil {
				return err
			}
			if n != 0 {
				t.Error("the secret is stored")
			}
			return auth.Revoke(ctx, tx, id)
		})
		if _, err := find(); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("a revoked key: %v", err)
		}
		if err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, _, err := auth.AddKey(ctx, tx, "All", []auth.Permission{auth.ManageUsers})
			return err
		}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a key for managing users: %v", err)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		db := storetest.Open(t, url, store.Options{Now: func() time.Time { return now }})
		read := func() (found bool) {
			do(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				_, found, err = auth.SessionData(ctx, tx, "token")
				return err
			})
			return found
		}
		save := func() {
			do(t, db, func(ctx context.Context, tx *store.Tx) error {
				return auth.SaveSession(ctx, tx, "token", []byte("data"), now.Add(time.Hour))
			})
		}
		save()
		if !read() {
			t.Error("a fresh session is not found")
		}
		now = now.Add(2 * time.Hour)
		if read() {
			t.Error("an expired session is found")
		}
		save()
		do(t, db, func(ctx context.Context, tx *store.Tx) error { return auth.EndSession(ctx, tx, "token") })
		if read() {
			t.Error("an ended session is found")
		}
	})
}
