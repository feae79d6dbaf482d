package program

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// The files of measures that were held elsewhere are CSV in UTF-8 with comma, semicolon or tab between the columns, headings in any order,
// days as 2026-12-31 and a point in numbers.

// PastDraw is a line of a file of customers: measure, customer, arm (control for those left alone), probability, day.
type PastDraw struct {
	Line        int
	Measure     string
	Customer    string // the number she has in the system that the file comes from
	Arm         string
	Probability float64 // with which she came into the arm
	Day         clock.Day
}

// PastPlan is a line of a file of measures: measure, and where it is known goal, end (the last day on which customers may be drawn), days (that count), outcome (net, margin or orders), budget,
// learned, and again (yes, no or change).
type PastPlan struct {
	Line                   int
	Measure, Goal, Learned string
	End                    clock.Day // 0 where it is not said
	Days                   int       // 0 where it is not said
	Outcome                Outcome
	Budget                 int64
	Again                  Again
}

// PastCost is a line of a file of costs: measure, kind (media, coupon, work or sundry), amount in the base currency, day, and where it is
// known key, included (yes where the amounts of the orders have it taken off already) and note. Without a key the number of its line is one.
type PastCost struct {
	Line     int
	Measure  string
	Key      string
	Kind     CostKind
	Amount   int64
	Included bool
	Day      clock.Day
	Note     string
}

// ReadPastDraws reads a file of customers. It reports every line that is wrong, up to maxWrong.
func ReadPastDraws(r io.Reader, each func(PastDraw)) error {
	return readSheet(r, []string{"measure", "customer", "arm", "probability", "day"}, nil, func(c *cells) {
		d := PastDraw{Line: c.line, Measure: c.text("measure", maxName), Customer: c.text("customer", 200), Arm: c.text("arm", 40), Day: c.day("day")}
		p, err := strconv.ParseFloat(c.of("probability"), 64)
		if err != nil || !(p > 0 && p <= 1) {
			c.bad("probability")
		}
		if d.Probability = p; c.good {
			each(d)
		}
	})
}

// ReadPastPlans reads a file of measures, as ReadPastDraws does.
func ReadPastPlans(r io.Reader, currency string, each func(PastPlan)) error {
	return readSheet(r, []string{"measure"}, []string{"goal", "end", "days", "outcome", "budget", "learned", "again"}, func(c *cells) {
		p := PastPlan{Line: c.line, Measure: c.text("measure", maxName), Goal: c.of("goal"), Learned: c.of("learned"), Outcome: Outcome(c.of("outcome")),
			Again: Again(c.of("again")), Budget: c.amount("budget", currency)}
		if c.of("end") != "" {
			p.End = c.day("end")
		}
		if text := c.of("days"); text != "" {
			days, err := strconv.Atoi(text)
			if err != nil || days < 1 || days > maxWindow {
				c.bad("days")
			}
			p.Days = days
		}
		if p.Outcome != "" && !slices.Contains(Outcomes(), p.Outcome) {
			c.bad("outcome")
		}
		if !slices.Contains([]Again{"", AgainYes, AgainNo, AgainChange}, p.Again) {
			c.bad("again")
		}
		if c.good {
			each(p)
		}
	})
}

// ReadPastCosts reads a file of costs, as ReadPastDraws does.
func ReadPastCosts(r io.Reader, currency string, each func(PastCost)) error {
	return readSheet(r, []string{"measure", "kind", "amount", "day"}, []string{"key", "included", "note"}, func(c *cells) {
		p := PastCost{Line: c.line, Measure: c.text("measure", maxName), Kind: CostKind(c.of("kind")), Amount: c.amount("amount", currency), Day: c.day("day"),
			Key: c.of("key"), Note: c.of("note")}
		if p.Key == "" {
			p.Key = strconv.Itoa(c.line)
		}
		if !slices.Contains(CostKinds(), p.Kind) {
			c.bad("kind")
		}
		if p.Amount == 0 {
			c.bad("amount")
		}
		switch c.of("included") {
		case "yes", "1", "true":
			p.Included = true
		case "", "no", "0", "false":
		default:
			c.bad("included")
		}
		if c.good {
			each(p)
		}
	})
}

// maxWrong is how many wrong lines are told of.
const maxWrong = 20

// cells is a line of a file at hand.
type cells struct {
	line  int
	at    map[string]int
	row   []string
	good  bool
	wrong []error
	more  int
}

func (c *cells) of(column string) string {
	if i, ok := c.at[column]; ok && i < len(c.row) {
		return strings.TrimSpace(c.row[i])
	}
	return ""
}

// bad notes that a cell cannot be read; of one line only the first.
func (c *cells) bad(column string) {
	if c.good {
		text := c.of(column)
		if runes := []rune(text); len(runes) > 60 {
			text = string(runes[:60]) + "…"
		}
		c.tell(fault.New(fault.Invalid, "program.past.cell", "line", c.line, "column", column, "text", text))
	}
	c.good = false
}

func (c *cells) tell(err error) {
	if len(c.wrong) < maxWrong {
		c.wrong = append(c.wrong, err)
	} else {
		c.more++
	}
}

// text is a cell that must not be empty.
func (c *cells) text(column string, limit int) string {
	s := c.of(column)
	if s == "" || len([]rune(s)) > limit {
		c.bad(column)
	}
	return strings.Clone(s)
}

func (c *cells) day(column string) clock.Day {
	d, err := clock.ParseDay(c.of(column))
	if err != nil {
		c.bad(column)
	}
	return d
}

func (c *cells) amount(column, currency string) int64 {
	s := c.of(column)
	if s == "" {
		return 0
	}
	a, err := money.Parse(s, currency)
	if err != nil {
		c.bad(column)
	}
	return a.Minor
}

// readSheet reads a file whose headings are among these.
func readSheet(r io.Reader, required, optional []string, each func(*cells)) error {
	in := bufio.NewReader(r)
	if bom, err := in.Peek(3); err == nil && bytes.Equal(bom, []byte("\ufeff")) {
		if _, err := in.Discard(3); err != nil {
			return err
		}
	}
	rows := csv.NewReader(in)
	rows.Comma, rows.FieldsPerRecord, rows.ReuseRecord = separator(in), -1, true
	head, err := rows.Read()
	if err != nil {
		return broken(err)
	}
	c := &cells{at: map[string]int{}}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := c.at[name]; twice || !slices.Contains(required, name) && !slices.Contains(optional, name) {
			c.tell(fault.New(fault.Invalid, "program.past.heading", "column", name, "known", strings.Join(append(slices.Clone(required), optional...), ", ")))
		}
		c.at[name] = i
	}
	for _, name := range required {
		if _, has := c.at[name]; !has {
			c.tell(fault.New(fault.Invalid, "program.past.missing", "column", name))
		}
	}
	if len(c.wrong) > 0 {
		return errors.Join(c.wrong...)
	}
	return c.read(rows, len(head), each)
}

func (c *cells) read(rows *csv.Reader, columns int, each func(*cells)) error {
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.tell(broken(err))
			break
		}
		c.row, c.good = row, true
		c.line, _ = rows.FieldPos(0)
		if len(row) != columns {
			c.tell(fault.New(fault.Invalid, "program.past.columns", "line", c.line, "columns", len(row), "want", columns))
			continue
		}
		each(c)
	}
	if c.more > 0 {
		c.wrong = append(c.wrong, fault.New(fault.Invalid, "program.past.more", "lines", c.more))
	}
	return errors.Join(c.wrong...)
}

// broken says where a file is no CSV, or that it is empty.
func broken(err error) error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return fault.New(fault.Invalid, "program.past.empty")
	case errors.As(err, &p):
		return fault.New(fault.Invalid, "program.past.broken", "line", p.Line).Because(err)
	}
	return err
}

// separator is the sign between the headings: the one of which there are most.
func separator(in *bufio.Reader) rune {
	head, _ := in.Peek(4096) // what is shorter is returned with an error that reading will meet again
	if end := bytes.IndexByte(head, '\n'); end >= 0 {
		head = head[:end]
	}
	best, most := ',', 0
	for _, sign := range []rune{',', ';', '\t'} {
		if n := bytes.Count(head, []byte(string(sign))); n > most {
			best, most = sign, n
		}
	}
	return best
}
