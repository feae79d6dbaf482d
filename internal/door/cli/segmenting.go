package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// askable is what conditions can ask for: what the domains hand down, and the fields the company defined.
func askable(ctx context.Context, tx *store.Tx) (*filter.Catalogue, error) {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	custom, err := customer.LoadCatalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	var all [][]filter.Field
	for _, p := range projections() {
		all = append(all, p.Fields)
	}
	users, err := auth.List(ctx, tx)
	if err != nil {
		return nil, err
	}
	return filter.NewCatalogue(settings.Currency, withNames(all, users), customer.FieldsOf(custom))
}

// withNames are the fields with the names of the users for their numbers, so that sentences tell who looks after a customer.
func withNames(all [][]filter.Field, users []*auth.User) []filter.Field {
	names := map[string]string{}
	for _, u := range users {
		names[strconv.FormatInt(u.ID, 10)] = u.Name
	}
	fields := slices.Concat(all...)
	for i := range fields {
		if fields[i].Name == customer.FieldOwner {
			fields[i].Names = func(_, number string) string { return names[number] }
		}
	}
	return fields
}

// track keeps the members of tracked segments right until Close.
func (a *App) track(ctx context.Context) {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- a.tracker.Follow(following) }()
	a.opens(func(context.Context) error { stop(); return <-ended })
}

type segmentCommands struct {
	Count   segmentCount   `cmd:"" help:"Count the customers who meet a condition."`
	List    segmentList    `cmd:"" help:"List the customers who meet a condition."`
	Explain segmentExplain `cmd:"" help:"Tell why a customer meets a condition, or does not."`
	Save    segmentSave    `cmd:"" help:"Save a condition under a name, or give the segment of that name another one."`
	Freeze  segmentFreeze  `cmd:"" help:"Save the customers who meet a condition now as a list that does not change."`
	Import  segmentImport  `cmd:"" help:"Save the customers whom a file names, one a line by number or mail address, as a list."`
	Archive segmentArchive `cmd:"" help:"Put a segment away."`
	Fields  segmentFields  `cmd:"" help:"List what conditions can ask for, beside in segment NAME and share(NAME) < 10 %."`
}

// segmentFlags are what all questions share.
type segmentFlags struct {
	Text    string `arg:"" help:"A condition, as in 'country = DE and orders(last 365 d) >= 3', or a name with --segment."`
	Segment bool   `help:"TEXT is the name of a saved segment."`
	AsOf    string `name:"as-of" help:"The day as of which is asked; today by default." placeholder:"DATE"`
}

// question is a condition, compiled.
type question struct {
	book  *segment.Book
	tree  filter.Tree
	query *filter.Query
	asOf  clock.Day
}

// ask compiles the condition and runs fn on a state of the warehouse that knows all that the store held.
func (f *segmentFlags) ask(ctx context.Context, c *Call, fn func(*warehouse.View, question) error) error {
	asOf, err := c.day(f.AsOf, "as_of")
	if err != nil {
		return err
	}
	q := question{asOf: asOf}
	if q.book, err = c.book(ctx); err != nil {
		return err
	}
	if f.Segment {
		s, err := q.book.Named(f.Text)
		if err != nil {
			return fault.As(err).On("text")
		}
		q.tree = q.book.Meaning(s)
		if q.query, err = q.book.Of(s, asOf); err != nil {
			return err
		}
	} else {
		if q.tree, err = q.book.Parse(f.Text); err != nil {
			return onText(err)
		}
		if q.query, err = q.book.Query(q.tree, asOf); err != nil {
			return onText(err)
		}
	}
	return c.asked(ctx, func(v *warehouse.View) error { return fn(v, q) })
}

// onText says that what is wrong stands in TEXT.
func onText(err error) error {
	if f := fault.As(err); f.Code == fault.Invalid {
		return f.On("text")
	}
	return err
}

// book reads the segments.
func (c *Call) book(ctx context.Context) (b *segment.Book, err error) {
	err = c.App.Store.Read(ctx, func(tx *store.Tx) error { b, err = segment.Open(ctx, tx, askable); return err })
	return b, err
}

type segmentCount struct{ segmentFlags }

// Run counts.
func (cmd *segmentCount) Run(ctx context.Context, c *Call) error {
	var n int64
	var asked question
	err := cmd.ask(ctx, c, func(v *warehouse.View, q question) (err error) {
		asked = q
		n, err = segment.Count(ctx, v, q.query)
		return err
	})
	if err != nil {
		return err
	}
	type result struct {
		AsOf      clock.Day   `json:"as_of"`
		Count     int64       `json:"count"`
		Text      string      `json:"text"`
		Sentence  string      `json:"sentence"`
		Condition filter.Tree `json:"condition"`
		Notes     []string    `json:"notes,omitempty"` // which parts cannot count yet
	}
	sentence := c.sentence(asked, &cmd.segmentFlags)
	notes := asked.query.Ahead(c.Text)
	return c.Print(result{asked.asOf, n, asked.book.Text(asked.tree), sentence, asked.tree, notes}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.Number(n))
		fmt.Fprintln(w, sentence)
		for _, note := range notes {
			fmt.Fprintln(w, note)
		}
	})
}

// sentence says whom a question means; a frozen list has only its name.
func (c *Call) sentence(q question, f *segmentFlags) string {
	if f.Segment {
		if s, err := q.book.Named(f.Text); err == nil && s.Kind == segment.Frozen {
			return s.Name
		}
	}
	return q.book.Sentence(c.Text, q.tree)
}

type segmentList struct {
	segmentFlags
	CSV bool `name:"csv" help:"Print the list as CSV."`
}

// Run lists the customers by number.
func (cmd *segmentList) Run(ctx context.Context, c *Call) error {
	var ids []int64
	var asked question
	err := cmd.ask(ctx, c, func(v *warehouse.View, q question) (err error) {
		asked = q
		ids, err = segment.Customers(ctx, v, q.query, 0, 0)
		return err
	})
	if err != nil {
		return err
	}
	numbers := make([]string, 0, len(ids))
	for part := range slices.Chunk(ids, 5_000) {
		err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
			found, err := segment.Numbers(ctx, tx, part)
			if err != nil {
				return err
			}
			for _, id := range part {
				numbers = append(numbers, numberOf(id, found))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if cmd.CSV {
		c.printed = true
		out := sheet.NewWriter(c.Stdout)
		out.Write(c.Text.T("segment.cli.number"))
		for _, n := range numbers {
			out.Write(n)
		}
		return out.Flush()
	}
	type result struct {
		AsOf      clock.Day `json:"as_of"`
		Count     int       `json:"count"`
		Customers []string  `json:"customers"`
	}
	return c.Print(result{asked.asOf, len(numbers), numbers}, func(w io.Writer) {
		for _, n := range numbers {
			fmt.Fprintln(w, n)
		}
	})
}

// numberOf is what the company calls a customer, or her id where it has no number for her.
func numberOf(id int64, numbers map[int64]string) string {
	if n := numbers[id]; n != "" {
		return n
	}
	return fmt.Sprintf("#%d", id)
}

type segmentExplain struct {
	segmentFlags
	Customer string `help:"Number or mail address of the customer." required:"" placeholder:"EXT"`
}

// Run tells how each part of the condition stands.
func (cmd *segmentExplain) Run(ctx context.Context, c *Call) error {
	ids, problems, err := segment.Resolve(ctx, c.App.Store, []segment.Line{{N: 2, Text: cmd.Customer}})
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fault.New(fault.NotFound, map[string]string{"segment.line_unknown": "segment.customer_unknown", "segment.line_several": "segment.customer_several"}[problems[0].Key],
			"text", cmd.Customer).On("customer")
	}
	var reasons []segment.Reason
	var asked question
	err = cmd.ask(ctx, c, func(v *warehouse.View, q question) (err error) {
		asked = q
		reasons, err = segment.Explain(ctx, v, q.query, ids)
		return err
	})
	if err != nil {
		return err
	}
	type part struct {
		Condition filter.Tree `json:"condition"`
		Text      string      `json:"text"`
		Sentence  string      `json:"sentence"`
		Holds     bool        `json:"holds"`
		Value     any         `json:"value"`
		Shown     string      `json:"shown"`
	}
	result := struct {
		AsOf     clock.Day `json:"as_of"`
		Customer string    `json:"customer"`
		In       bool      `json:"in"`
		Counts   bool      `json:"counts"` // as a customer: who was excluded or erased does not
		Parts    []part    `json:"parts"`
	}{AsOf: asked.asOf, Customer: cmd.Customer, Parts: []part{}}
	for _, r := range reasons {
		result.In, result.Counts = r.In, true
		for _, p := range r.Parts {
			t := filter.Tree{Is: &p.Condition}
			result.Parts = append(result.Parts, part{t, asked.book.Text(t), asked.book.Words(c.Text, p), p.Holds, p.Value, asked.book.Measured(c.Text, p)})
		}
	}
	return c.Print(result, func(w io.Writer) {
		if !result.Counts {
			fmt.Fprintln(w, c.Text.T("segment.cli.no_customer"))
			return
		}
		fmt.Fprintln(w, c.Text.T("segment.in."+yesNo(result.In)))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, p := range result.Parts {
			fmt.Fprintf(t, "%s\t%s\t%s\n", c.Text.T("segment.cli."+yesNo(p.Holds)), p.Text, p.Shown)
		}
	})
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

type segmentSave struct {
	Name        string `arg:"" help:"Name of the segment."`
	Text        string `arg:"" help:"The condition."`
	Description string `help:"What the segment is good for." placeholder:"TEXT"`
	Track       bool   `help:"Tell the feed who enters and who leaves."`
}

// Run makes the segment or changes it.
func (cmd *segmentSave) Run(ctx context.Context, c *Call) error {
	var id int64
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, askable)
		if err != nil {
			return err
		}
		tree, err := b.Parse(cmd.Text)
		if err != nil {
			return onText(err)
		}
		s, err := b.Named(cmd.Name)
		if fault.CodeOf(err) == fault.NotFound {
			id, err = segment.Create(ctx, tx, b, segment.Draft{Name: cmd.Name, Description: cmd.Description, Condition: tree, Tracked: cmd.Track})
			return err
		}
		if err != nil {
			return err
		}
		id = s.ID
		p := segment.Patch{Condition: &tree}
		if cmd.Description != "" {
			p.Description = &cmd.Description
		}
		if cmd.Track {
			p.Tracked = &cmd.Track
		}
		_, err = segment.Change(ctx, tx, b, id, p)
		return err
	})
	if err != nil {
		return err
	}
	return c.saved(id, cmd.Name)
}

func (c *Call) saved(id int64, name string) error {
	return c.Print(map[string]any{"id": id, "name": name}, func(w io.Writer) { fmt.Fprintln(w, c.Text.T("segment.cli.saved", "segment", name)) })
}

type segmentFreeze struct {
	Name string `arg:"" help:"Name of the list."`
	segmentFlags
}

// Run freezes the list.
func (cmd *segmentFreeze) Run(ctx context.Context, c *Call) error {
	var ids []int64
	var asked question
	err := cmd.ask(ctx, c, func(v *warehouse.View, q question) (err error) {
		asked = q
		ids, err = segment.Customers(ctx, v, q.query, 0, 0)
		return err
	})
	if err != nil {
		return err
	}
	tree := asked.tree
	if cmd.Segment {
		s, err := asked.book.Named(cmd.Text)
		if err != nil {
			return err
		}
		tree = asked.book.Condition(s)
	}
	id, err := segment.Freeze(ctx, c.App.Store, actor, askable, segment.Draft{Name: cmd.Name, Condition: tree}, asked.asOf, ids)
	if err != nil {
		return err
	}
	return c.saved(id, cmd.Name)
}

type segmentImport struct {
	Name string `arg:"" help:"Name of the list."`
	File string `arg:"" help:"Text or CSV with a customer number or mail address in the first column."`
}

// Run makes a list of whom the file names, and tells which lines name nobody.
func (cmd *segmentImport) Run(ctx context.Context, c *Call) error {
	file, err := os.Open(c.Path(cmd.File))
	if err != nil {
		return fault.New(fault.NotFound, "sheet.file.missing", "file", cmd.File).On("file").Because(err)
	}
	defer file.Close()
	lines, err := segment.Lines(file)
	if err != nil {
		return err
	}
	ids, problems, err := segment.Resolve(ctx, c.App.Store, lines)
	if err != nil {
		return err
	}
	today, err := c.day("", "")
	if err != nil {
		return err
	}
	id, err := segment.Freeze(ctx, c.App.Store, actor, askable, segment.Draft{Name: cmd.Name}, today, ids)
	if err != nil {
		return err
	}
	type problem struct {
		Line   int    `json:"line"`
		Text   string `json:"text"`
		Reason string `json:"reason"`
	}
	shown := make([]problem, len(problems))
	for i, p := range problems {
		shown[i] = problem{p.N, p.Text, c.Text.T(p.Key, "line", p.N, "text", p.Text)}
		fmt.Fprintln(c.Stderr, shown[i].Reason)
	}
	return c.Print(map[string]any{"id": id, "name": cmd.Name, "customers": len(ids), "problems": shown}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.N("segment.cli.imported", int64(len(ids)), "segment", cmd.Name))
	})
}

type segmentArchive struct {
	Name string `arg:"" help:"Name of the segment."`
}

// Run archives the segment.
func (cmd *segmentArchive) Run(ctx context.Context, c *Call) error {
	var id int64
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, askable)
		if err != nil {
			return err
		}
		s, err := b.Named(cmd.Name)
		if err != nil {
			return fault.As(err).On("name")
		}
		id = s.ID
		archived := true
		_, err = segment.Change(ctx, tx, b, id, segment.Patch{Archived: &archived})
		return err
	})
	if err != nil {
		return err
	}
	return c.saved(id, cmd.Name)
}

type segmentsCommand struct{}

// segmentJSON is a segment in the list.
type segmentJSON struct {
	ID          int64       `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Kind        string      `json:"kind"`
	Tracked     bool        `json:"tracked"`
	Count       *int64      `json:"count"` // null where it cannot be counted
	Trouble     string      `json:"trouble,omitempty"`
	Text        string      `json:"text"`
	Sentence    string      `json:"sentence"`
	Condition   filter.Tree `json:"condition"`
}

// Run lists the segments with how many customers each has.
func (*segmentsCommand) Run(ctx context.Context, c *Call) error {
	b, err := c.book(ctx)
	if err != nil {
		return err
	}
	list := []segmentJSON{}
	if len(b.Segments()) > 0 {
		err = c.asked(ctx, func(v *warehouse.View) error {
			for _, s := range b.Segments() {
				shown, err := c.segment(ctx, v, b, s)
				if err != nil {
					return err
				}
				list = append(list, shown)
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return c.Print(list, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, s := range list {
			count := s.Trouble
			if s.Count != nil {
				count = c.Text.Number(*s.Count)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Name, c.Text.T("segment.kind."+s.Kind), count, s.Text)
		}
	})
}

func (c *Call) segment(ctx context.Context, v *warehouse.View, b *segment.Book, s *segment.Segment) (segmentJSON, error) {
	tree := b.Condition(s)
	shown := segmentJSON{ID: s.ID, Name: s.Name, Description: s.Description, Kind: string(s.Kind), Tracked: s.Tracked, Text: b.Text(tree),
		Sentence: b.Sentence(c.Text, tree), Condition: tree}
	q, err := b.Of(s, b.Today)
	if err != nil {
		shown.Trouble = c.Text.Err(err)
		return shown, nil
	}
	n, err := segment.Count(ctx, v, q)
	shown.Count = &n
	return shown, err
}
