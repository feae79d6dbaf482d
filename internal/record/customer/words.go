package customer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/store"
)

// words are what the search finds a customer by: those of her names, of the local part of her mail addresses, the name
// of their domain where it is her own, and of numbers that are made of several pieces. Whole mail addresses, phone
// numbers and external ids have indexes of their own. The value tells whether a typo in the word is forgiven.
func (s *state) words() map[string]bool {
	all := map[string]bool{}
	c := &s.now
	for _, name := range []string{c.Name, c.FirstName, c.LastName, c.Company} {
		addNames(all, name)
	}
	for _, e := range s.emails.now {
		addMail(all, e.Address)
	}
	for _, e := range s.exts {
		addNumber(all, e.ID)
	}
	return all
}

func addNames(all map[string]bool, name string) {
	if name == "" {
		return
	}
	words := foldWords(name)
	for _, w := range words {
		all[w.wide] = all[w.wide] || forgives(w.wide)
		all[w.narrow] = all[w.narrow] || forgives(w.narrow)
	}
	addJoined(all, words)
}

// addJoined adds what stands together without a space as one word: Anna-Lena is found as annalena too.
func addJoined(all map[string]bool, words []folded) {
	for from := 0; from < len(words); {
		to := from + 1
		wide, narrow := words[from].wide, words[from].narrow
		for ; to < len(words) && words[to].joined; to++ {
			wide, narrow = wide+words[to].wide, narrow+words[to].narrow
		}
		if to > from+1 && utf8.RuneCountInString(wide) <= maxWord {
			all[wide] = all[wide] || forgives(wide)
			all[narrow] = all[narrow] || forgives(narrow)
		}
		from = to
	}
}

func addMail(all map[string]bool, address string) {
	local, domain, _ := cutLast(address, "@")
	for _, w := range Fold(local) {
		all[w] = all[w] || false
	}
	domain = strings.ToLower(domain)
	if name, _, hasTop := cutLast(domain, "."); hasTop && !slices.Contains(publicMail, domain) {
		for _, w := range Fold(name) {
			all[w] = all[w] || false
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// publicMail are domains that say nothing about who writes from them.
var publicMail = []string{"gmail.com", "googlemail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de",
	"outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "live.com", "live.de", "yahoo.com", "yahoo.de", "icloud.com", "me.com", "mac.com",
	"aol.com", "aol.de", "posteo.de", "mailbox.org", "proton.me", "protonmail.com", "bluewin.ch", "aon.at", "arcor.de", "1und1.de", "example.com"}

func addNumber(all map[string]bool, id string) {
	words := foldWords(id)
	if len(words) < 2 {
		return
	}
	for _, w := range words {
		all[w.wide] = all[w.wide] || false
		all[w.narrow] = all[w.narrow] || false
	}
	addJoined(all, words)
}

// forgives tells whether the vocabulary forgives a typo in a word: letters only, neither tiny nor huge.
func forgives(word string) bool {
	n := 0
	for _, r := range word {
		if '0' <= r && r <= '9' {
			return false
		}
		n++
	}
	return n >= 3 && n <= 24
}

// learn adds the words the vocabulary does not hold yet.
func learn(ctx context.Context, tx *store.Tx, words map[string]bool) error {
	if len(words) == 0 {
		return nil
	}
	err := each(ctx, tx, fmt.Sprintf(sqlKnownWords, tx.Strings("$1")), []any{store.JSON(slices.Collect(maps.Keys(words)))}, func(found *sql.Rows) error {
		var word string
		err := found.Scan(&word)
		delete(words, word)
		return err
	})
	if err != nil || len(words) == 0 {
		return err
	}
	var rows [][]any
	for _, word := range slices.Sorted(maps.Keys(words)) {
		for _, d := range deletions(word) {
			rows = append(rows, []any{d, word})
		}
	}
	return tx.Insert(ctx, "word_deletion", []string{"deletion", "word"}, rows)
}

// wordsOf are the search words of customers.
func wordsOf(ctx context.Context, tx *store.Tx, list string) ([]string, error) {
	all := map[string]bool{}
	err := each(ctx, tx, fmt.Sprintf(sqlWords, tx.Numbers("$1")), []any{list}, func(found *sql.Rows) error {
		var id int64
		var word string
		err := found.Scan(&id, &word)
		all[word] = true
		return err
	})
	return sortedKeys(all), err
}

// forget takes words out of the vocabulary that nobody has any more.
func forget(ctx context.Context, tx *store.Tx, words []string) error {
	if len(words) == 0 {
		return nil
	}
	var all []string
	for _, w := range words {
		all = append(all, deletions(w)...)
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(sqlForget, tx.Strings("$1"), tx.Strings("$2")), store.JSON(all), store.JSON(words))
	return err
}
