package customer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

const keySetting = "install.key"

// eraser makes the keyed hashes under which erased customers are remembered. Without the key of the installation
// nobody can find out whether an address is among them.
type eraser struct{ mac hash.Hash }

// newEraser reads the key of the installation, and makes it in a transaction that may write.
func newEraser(ctx context.Context, tx *store.Tx) (*eraser, error) {
	key, err := InstallKey(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	return &eraser{hmac.New(sha256.New, key)}, nil
}

// InstallKey is the key of the installation, with which what must not be read is hashed and links are signed. It is made
// when it is asked for first in a transaction that may write; without create it is nil until then.
func InstallKey(ctx context.Context, tx *store.Tx, create bool) ([]byte, error) {
	var text string
	err := tx.QueryRow(ctx, sqlSetting, keySetting).Scan(&text)
	if errors.Is(err, store.ErrNoRows) {
		if !create {
			return nil, nil
		}
		fresh := make([]byte, 32)
		rand.Read(fresh)
		text = hex.EncodeToString(fresh)
		_, err = tx.Exec(ctx, sqlAddSetting, keySetting, text, clock.Micros(tx.Now))
	}
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

func (e *eraser) sum(kind, value string) string {
	e.mac.Reset()
	e.mac.Write([]byte(kind))
	e.mac.Write([]byte{0})
	e.mac.Write([]byte(value))
	return hex.EncodeToString(e.mac.Sum(nil))
}

func (e *eraser) external(source int64, id string) string {
	return e.sum(fmt.Sprintf("external %d", source), id)
}

func (e *eraser) mail(folded string) string { return e.sum("mail", folded) }

// known tells which of the hashes are kept.
func (e *eraser) known(ctx context.Context, tx *store.Tx, hashes []string) (map[string]bool, error) {
	kept := map[string]bool{}
	if len(hashes) == 0 {
		return kept, nil
	}
	err := each(ctx, tx, fmt.Sprintf(sqlErasedKeys, tx.Strings("$1")), []any{store.JSON(hashes)}, func(found *sql.Rows) error {
		var hash string
		err := found.Scan(&hash)
		kept[hash] = true
		return err
	})
	return kept, err
}

func anyErased(ctx context.Context, tx *store.Tx) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, sqlAnyErased).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Erase takes everything away that tells who a customer was: names, mail addresses, numbers, notes, custom values, tags,
// search words, old values, what other systems call her. The row stays as an empty shell under which her figures
// stand; kind, country and language stay for them. Contacts end. Keyed hashes of her external ids and mail addresses
// stay, so that a later import does not bring her back. Erasing twice changes nothing.
func Erase(ctx context.Context, tx *store.Tx, id int64) error {
	s, err := loadOne(ctx, tx, id, withEmails|withExternals)
	if err != nil || !s.now.ErasedAt.IsZero() {
		return err
	}
	if err := keepErased(ctx, tx, s); err != nil {
		return err
	}
	id = s.now.ID
	list := store.JSON([]int64{id})
	words, err := wordsOf(ctx, tx, list)
	if err != nil {
		return err
	}
	for _, text := range sqlErase {
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, tx.Numbers("$1")), list); err != nil {
			return err
		}
	}
	if err := forget(ctx, tx, words); err != nil {
		return err
	}
	rows := gone([]int64{id})
	if rows[tableContacts], err = companiesAmong(ctx, tx, id); err != nil {
		return err
	}
	if err := endContacts(ctx, tx, id); err != nil {
		return err
	}
	was := s.now
	s.now = Customer{ID: id, Kind: was.Kind, Country: was.Country, Language: was.Language, Excluded: was.Excluded, Since: was.Since,
		MadeRun: was.MadeRun, MergedInto: was.MergedInto, ErasedAt: tx.Now, CreatedAt: was.CreatedAt, ChangedAt: tx.Now}
	if _, err := tx.Exec(ctx, sqlUpdate, s.now.values()...); err != nil {
		return err
	}
	if err := feed.EraseValues(ctx, tx, id); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindErased, Customer: id, Subject: id, Rows: rowsOf(rows)})
	return err
}

// companiesAmong are the companies for whom she acted, and herself if others acted for her.
func companiesAmong(ctx context.Context, tx *store.Tx, id int64) (companies []int64, err error) {
	list := store.JSON([]int64{id})
	err = each(ctx, tx, fmt.Sprintf(sqlContactsAmong, tx.Numbers("$1"), tx.Numbers("$2")), []any{list, list}, func(found *sql.Rows) error {
		var company, person int64
		if err := found.Scan(&company, &person); err != nil {
			return err
		}
		companies = append(companies, company)
		return nil
	})
	slices.Sort(companies)
	return slices.Compact(companies), err
}

// keepErased remembers by whose keys an import would bring her back.
func keepErased(ctx context.Context, tx *store.Tx, s *state) error {
	e, err := newEraser(ctx, tx)
	if err != nil {
		return err
	}
	var hashes []string
	for _, x := range s.exts {
		hashes = append(hashes, e.external(x.Source, x.ID))
	}
	for _, m := range s.emails.now {
		if folded, ok := FoldMail(m.Address); ok {
			hashes = append(hashes, e.mail(folded))
		}
	}
	for _, h := range hashes {
		if _, err := tx.Exec(ctx, sqlKeepErased, h, s.now.ID); err != nil {
			return err
		}
	}
	return nil
}

// ErasedAs returns the customer whom a source called so before she was erased, 0 for nobody.
func ErasedAs(ctx context.Context, tx *store.Tx, source int64, external string) (int64, error) {
	if some, err := anyErased(ctx, tx); err != nil || !some {
		return 0, err
	}
	e, err := newEraser(ctx, tx)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.QueryRow(ctx, sqlErasedAs, e.external(source, external)).Scan(&id)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// endContacts ends what she was for companies, or who acted for this company, today, and forgets the roles.
func endContacts(ctx context.Context, tx *store.Tx, id int64) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlEndContacts, id, int64(clock.DayOf(tx.Now, settings.Zone())))
	return err
}
