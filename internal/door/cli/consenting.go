package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"stamm/internal/door/proof"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

type consentCommands struct {
	Show  consentShow  `cmd:"" help:"Print what a customer agreed to, and the proof of it."`
	Trace consentTrace `cmd:"" help:"Print what is known of a mail address or telephone number, of erased customers too."`
	Use   consentUse   `cmd:"" help:"Note that a customer was called on her consent; § 7a UWG asks for a log of that."`
}

// named finds the customer whom somebody names by number or mail address.
func (c *Call) named(ctx context.Context, text string) (int64, error) {
	ids, problems, err := segment.Resolve(ctx, c.App.Store, []segment.Line{{N: 2, Text: text}})
	if err != nil {
		return 0, err
	}
	if len(problems) > 0 || len(ids) == 0 {
		key := "segment.customer_unknown"
		if len(problems) > 0 && problems[0].Key == "segment.line_several" {
			key = "segment.customer_several"
		}
		return 0, fault.New(fault.NotFound, key, "text", text).On("customer")
	}
	return ids[0], nil
}

type consentShow struct {
	Customer string `arg:"" help:"Number or mail address of the customer."`
	PDF      string `name:"pdf" help:"Write the proof into this file as a PDF." placeholder:"FILE"`
}

// Run prints the proof.
func (cmd *consentShow) Run(ctx context.Context, c *Call) error {
	id, err := c.named(ctx, cmd.Customer)
	if err != nil {
		return err
	}
	var p *consent.Proof
	var settings company.Settings
	err = c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		if settings, err = company.Load(ctx, tx); err != nil {
			return err
		}
		p, err = consent.Prove(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if cmd.PDF != "" {
		if err := c.writeProof(cmd.PDF, settings.Name, p); err != nil {
			return err
		}
	}
	return c.Print(p, func(w io.Writer) { c.showProof(w, p) })
}

func (c *Call) writeProof(name, company string, p *consent.Proof) error {
	f, err := os.OpenFile(c.Path(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "consent.no_file", "file", name).On("pdf").Because(err)
	}
	if err := proof.Write(f, c.Text, company, p); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (c *Call) showProof(w io.Writer, p *consent.Proof) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	if len(p.Now) == 0 {
		fmt.Fprintln(t, c.Text.T("proof.nothing"))
	}
	for _, n := range p.Now {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.channel(n.Channel), c.Text.T("consent.purpose."+string(n.Purpose)), c.Text.T("consent.status."+n.Status), c.Text.Date(n.Since))
	}
	fmt.Fprintln(t)
	c.showActs(t, p.Acts)
}

func (c *Call) channel(ch consent.Channel) string {
	if ch == "" {
		return c.Text.T("consent.channel.all")
	}
	return c.Text.T("consent.channel." + string(ch))
}

func (c *Call) showActs(w io.Writer, acts []consent.ProofAct) {
	for _, a := range acts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Text.DateTime(a.At), c.Text.T("consent.kind."+string(a.Kind)), c.channel(a.Channel),
			c.Text.T("consent.purpose."+string(a.Purpose)), a.Address)
	}
}

type consentTrace struct {
	Address string `arg:"" help:"Mail address or telephone number."`
}

// Run prints the acts known of the address.
func (cmd *consentTrace) Run(ctx context.Context, c *Call) error {
	var p *consent.Proof
	err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
		entries, err := consent.Trace(ctx, tx, cmd.Address)
		if err != nil {
			return err
		}
		p, err = consent.ProveEntries(ctx, tx, entries)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(p, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		if len(p.Acts) == 0 {
			fmt.Fprintln(t, c.Text.T("proof.nothing"))
		}
		c.showActs(t, p.Acts)
	})
}

type consentUse struct {
	Customer string `arg:"" help:"Number or mail address of the customer."`
	Phone    string `help:"The number that was called." required:"" placeholder:"NUMBER"`
	About    string `help:"What the call was about." placeholder:"TEXT"`
}

// Run notes the call.
func (cmd *consentUse) Run(ctx context.Context, c *Call) error {
	id, err := c.named(ctx, cmd.Customer)
	if err != nil {
		return err
	}
	var use consent.Use
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		use, err = consent.LogUse(ctx, tx, consent.Phone, consent.Recipient{Customer: id, Address: cmd.Phone}, cmd.About)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(map[string]any{"use": use.ID, "entry": use.Entry, "keep_until": use.KeepUntil()}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("consent.used", "entry", use.Entry, "day", c.Text.Date(use.KeepUntil())))
	})
}
