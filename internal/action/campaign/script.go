package campaign

import (
	"context"
	"html"
	"strings"
	"time"
	"unicode/utf8"

	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

// ByPhone tells whether the campaign has people call instead of writing mails.
func (c *Campaign) ByPhone() bool { return c.Channel == consent.Phone }

// maxScript is how many letters a script may have: nobody reads more aloud.
const maxScript = 8_000

// compileScript reads what is to be said. It is text with the same personal words as mails, in its lines as they were written.
func compileScript(c *Content) (*liquid.Template, error) {
	if strings.TrimSpace(c.Script) == "" {
		return nil, fault.New(fault.Invalid, "errors.required").On("script")
	}
	if utf8.RuneCountInString(c.Script) > maxScript {
		return nil, fault.New(fault.Invalid, "errors.too_long", "max", maxScript).On("script")
	}
	t, err := liquid.Parse(c.Script, liquid.Text, liquid.Limits{})
	if err != nil {
		return nil, fault.As(err).On("script")
	}
	return t, nil
}

// CheckScript tells what is wrong with the script of a content, nil for nothing.
func CheckScript(c *Content) error {
	_, err := compileScript(c)
	return err
}

// speak writes a script for one reader; missing is told of values that she lacks, and may be nil.
func (t *table) speak(of *Campaign, v *Variant, key string, content *Content, person *reader, buyer int64, missing func(name string)) (string, error) {
	script, err := compileScript(content)
	if err != nil {
		return "", err
	}
	r := t.reader(of, v, languageOf(key), person, buyer)
	out, err := script.Render(r, liquid.Reader{Printer: r.Printer, Now: r.Now, Missing: func(name string, _ int64) {
		if missing != nil {
			missing(name)
		}
	}})
	if err != nil {
		return "", fault.As(err).On("script")
	}
	return strings.TrimSpace(out), nil
}

// showScript is show for calls: what would be said, as text and as a page of its own.
func (t *table) showScript(of *Campaign, v *Variant, shown Shown, content *Content, person *reader, look Look) (Shown, error) {
	if strings.TrimSpace(content.Script) == "" {
		content = &Content{Script: "…"}
	}
	text, err := t.speak(of, v, shown.Key, content, person, look.Customer, func(name string) {
		for _, known := range shown.Missing {
			if known == name {
				return
			}
		}
		shown.Missing = append(shown.Missing, name)
	})
	if err != nil {
		return shown, err
	}
	ground, ink := "#fff", "#1f2933"
	if look.Dark {
		ground, ink = "#17212b", "#e6eaee"
	}
	shown.Text = text
	shown.HTML = `<!doctype html><html lang="` + languageOf(shown.Key) + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>` + html.EscapeString(of.Name) +
		`</title></head><body style="margin:24px;background:` + ground + `;color:` + ink + `"><div style="white-space:pre-wrap;max-width:40em;font:16px/1.6 ` + fonts + `">` + html.EscapeString(text) + `</div></body></html>`
	return shown, nil
}

// script looks at the script of one content.
func (i *Inspector) script(ctx context.Context, c *Campaign, v *Variant, key string, people []int64) ([]Finding, error) {
	content := v.Contents[key]
	if err := CheckScript(content); err != nil {
		f := fault.As(err)
		return []Finding{{Key: f.Key, Args: f.Args, Variant: v.Name, Content: key, Field: f.Field, Bad: true, Err: f}}, nil
	}
	_, _, shown, err := i.write(ctx, c, v, key, people)
	if err != nil {
		return nil, err
	}
	return shown.findings(v.Name, key), nil
}

var _ call.Writer = (*Composer)(nil)

// Orders says who makes the calls of a campaign. Users who may not do that any more are left out.
func (c *Composer) Orders(ctx context.Context, tx *store.Tx, campaign int64) (call.Orders, error) {
	of, err := Load(ctx, tx, campaign)
	if err != nil {
		return call.Orders{}, err
	}
	orders := call.Orders{Most: of.Calls.Tries, Pause: time.Duration(of.Calls.Pause) * time.Hour}
	for _, id := range of.Calls.Owners {
		u, err := auth.Find(ctx, tx, id)
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return orders, err
		}
		if u.Can(auth.WriteTasks) {
			orders.Owners = append(orders.Owners, id)
		}
	}
	return orders, nil
}

// Script writes what is to be said to the reader of a message.
func (c *Composer) Script(ctx context.Context, tx *store.Tx, m *message.Message) (call.Script, error) {
	t, err := c.open(ctx, tx, []message.Message{*m})
	if err != nil {
		return call.Script{}, err
	}
	of, person := t.campaigns[m.Subject], t.readers[readerOf(m)]
	if of == nil || person == nil {
		return call.Script{Err: fault.New(fault.NotFound, "campaign.error.gone")}, nil
	}
	s := call.Script{About: of.Name, Why: of.Goal}
	v := of.of(m.Arm)
	if v == nil {
		s.Err = fault.New(fault.NotFound, "campaign.error.no_content", "variant", strings.ToUpper(m.Arm))
		return s, nil
	}
	key, content := v.Pick(person.Language, person.AddressForm, of.Language)
	if content == nil {
		s.Err = fault.New(fault.NotFound, "campaign.error.no_content", "variant", strings.ToUpper(v.Name))
		return s, nil
	}
	s.Text, s.Err = t.speak(of, v, key, content, person, m.Customer, nil)
	return s, nil
}

// NewScript is the content that a campaign by telephone begins with, in a language.
func NewScript(lang string) *Content {
	return &Content{Script: "{{ customer.salutation }},\n\n" + i18n.For(lang, nil).T("campaign.script", "company", "{{ company }}")}
}

// Words is the key of a text that says the same thing in other words of calls than of mails: of calls it ends in _calls.
func Words(by consent.Channel, key string) string {
	if by == consent.Phone {
		return key + "_calls"
	}
	return key
}
