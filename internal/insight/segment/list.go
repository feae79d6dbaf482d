package segment

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// The limits of a list that is imported.
const (
	MaxLines   = 1_000_000
	maxLine    = 4 << 10 // bytes
	listTurn   = 1_000   // customers in one turn of the bulk lane
	lookedUpAt = 1_000   // lines looked up in one transaction
)

// Freeze makes a frozen segment of the customers with these ids, as they were chosen on a day, and returns its id. The condition of
// the draft tells where the list comes from; it is not asked again. The list is written in turns of the bulk lane and the
// segment with the last of them, so that nobody sees half a list.
func Freeze(ctx context.Context, db *store.DB, by store.Actor, fields Fields, d Draft, on clock.Day, ids []int64) (int64, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var s *Segment
	prepare := func(ctx context.Context, tx *store.Tx) error {
		b, err := Open(ctx, tx, fields)
		if err != nil {
			return err
		}
		id := int64(0)
		if s != nil {
			id = s.ID
		}
		s = &Segment{ID: id, Name: clean(d.Name), Description: strings.TrimSpace(d.Description), Owner: d.Owner, Kind: Frozen, FrozenOn: &on, Size: int64(len(ids))}
		return b.check(s, &d.Condition)
	}
	err := db.Write(ctx, by, func(tx *store.Tx) error {
		if err := prepare(ctx, tx); err != nil {
			return err
		}
		reserved, err := tx.ReserveIDs(ctx, "segment", 1)
		if err == nil {
			s.ID = reserved[0]
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(ids, listTurn) {
		if err := db.Bulk(ctx, by, func(tx *store.Tx) error { return list(ctx, tx, s.ID, part) }); err != nil {
			return 0, err
		}
	}
	err = db.Write(ctx, by, func(tx *store.Tx) error {
		if err := prepare(ctx, tx); err != nil {
			return err
		}
		return add(ctx, tx, s)
	})
	return s.ID, err
}

// list puts customers on the list of a segment.
func list(ctx context.Context, tx *store.Tx, segment int64, ids []int64) error {
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{segment, id}
	}
	if err := tx.Insert(ctx, "segment_list", []string{"segment", "customer"}, rows); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindListed, Subject: segment, Rows: feed.Rows{"segment_list": feed.Ranges(slices.Clone(ids))}})
	return err
}

// Line is a line of a file that names a customer by number or mail address.
type Line struct {
	N    int // counted from 1
	Text string
}

// Problem is a line that names nobody, or more than one.
type Problem struct {
	Line
	Key string // of its text in the catalogues
}

// Lines reads a file with a customer in the first column of each line, be it separated by semicolons, commas or tabs. What is too
// long or holds other than text is an invalid fault.
func Lines(r io.Reader) ([]Line, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, maxLine), maxLine)
	var all []Line
	n := 0
	for in.Scan() {
		text := in.Text()
		if n++; n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return nil, fault.New(fault.Invalid, "segment.list_form", "line", n).On("file")
		}
		if text = first(text); text == "" {
			continue
		}
		if len(all) == MaxLines {
			return nil, fault.New(fault.Invalid, "segment.list_long", "max", MaxLines).On("file")
		}
		all = append(all, Line{n, text})
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return nil, fault.New(fault.Invalid, "segment.list_form", "line", n+1).On("file")
	}
	return all, in.Err()
}

// first is the first cell of a line.
func first(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, `"`) {
		r := csv.NewReader(strings.NewReader(text))
		if r.Comma = ';'; strings.Contains(text, "\",") {
			r.Comma = ','
		}
		if cells, err := r.Read(); err == nil {
			return strings.TrimSpace(cells[0])
		}
	}
	if i := strings.IndexAny(text, ";,\t"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// Resolve finds the customers whom lines name by number or mail address. A first line that names nobody and looks like neither is
// taken for a heading.
func Resolve(ctx context.Context, db *store.DB, lines []Line) (ids []int64, problems []Problem, err error) {
	for part := range slices.Chunk(lines, lookedUpAt) {
		err := db.Read(ctx, func(tx *store.Tx) error {
			found, err := lookUp(ctx, tx, part)
			if err != nil {
				return err
			}
			for _, l := range part {
				switch who := found[l.Text]; {
				case len(who) == 1:
					ids = append(ids, who[0])
				case len(who) > 1:
					problems = append(problems, Problem{l, "segment.line_several"})
				case l.N > 1 || strings.ContainsAny(l.Text, "@0123456789"):
					problems = append(problems, Problem{l, "segment.line_unknown"})
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), problems, nil
}

// lookUp finds customers by the texts of lines.
func lookUp(ctx context.Context, tx *store.Tx, lines []Line) (map[string][]int64, error) {
	found := map[string][]int64{}
	read := func(query string, keys []string, of func(string) []string) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(query, tx.Strings("$1")), store.JSON(keys))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key string
			var id int64
			if err := rows.Scan(&key, &id); err != nil {
				return err
			}
			for _, text := range of(key) {
				if !slices.Contains(found[text], id) {
					found[text] = append(found[text], id)
				}
			}
		}
		return rows.Err()
	}
	var numbers, mails []string
	written := map[string][]string{}
	for _, l := range lines {
		numbers = append(numbers, l.Text)
		if folded, ok := customer.FoldMail(l.Text); ok {
			mails = append(mails, folded)
			if !slices.Contains(written[folded], l.Text) {
				written[folded] = append(written[folded], l.Text)
			}
		}
	}
	if err := read(sqlNumbers, numbers, func(key string) []string { return []string{key} }); err != nil {
		return nil, err
	}
	if len(mails) == 0 {
		return found, nil
	}
	return found, read(sqlMails, mails, func(key string) []string { return written[key] })
}

// Numbers are the numbers by which the company knows customers, for exports; who has none is missing.
func Numbers(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlNumber, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[int64]string, len(ids))
	for rows.Next() {
		var id int64
		var number string
		if err := rows.Scan(&id, &number); err != nil {
			return nil, err
		}
		all[id] = number
	}
	return all, rows.Err()
}
