package engage

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/product"
)

// editor is the form in which the words of a campaign are written.
type editor struct {
	c       *campaign.Campaign
	variant string // name
	key     string // of the content
	content *campaign.Content
	errors  ui.Errors
	coupons []*coupon.Coupon
	chosen  map[int64]string // SKUs of products that blocks name
}

func (e editor) action() string { return campaignLink(e.c.ID) + "/edit" + e.query() }

func (e editor) query() string { return "?variant=" + e.variant + "&content=" + e.key }

// mailLink is the address of the mail alone.
func (e editor) mailLink() string {
	return fmt.Sprintf("%s/mail%s&version=%d", campaignLink(e.c.ID), e.query(), e.c.Version)
}

// open finds the variant and content of the address.
func (c campaigns) open(r *page.Request, of *campaign.Campaign) (editor, error) {
	e := editor{c: of, variant: r.Text("variant"), key: r.Text("content")}
	v := of.Variant(e.variant)
	if v == nil {
		v = &of.Variants[0]
	}
	e.variant = v.Name
	if e.content = v.Contents[e.key]; e.content == nil {
		e.key, e.content = v.Pick(of.Language, "", of.Language)
	}
	if e.content == nil {
		e.content = &campaign.Content{}
	}
	e.errors = contentErrors(r.P, of, e.content, e.key)
	err := r.Read(func(tx *store.Tx) (err error) {
		if e.coupons, err = coupon.List(r.Context(), tx, 0, 100); err != nil {
			return err
		}
		var ids []int64
		for _, b := range e.content.Blocks {
			ids = append(ids, b.Items...)
		}
		e.chosen, err = product.SKUs(r.Context(), tx, ids)
		return err
	})
	return e, err
}

// contentErrors are what is wrong with a content, at the fields of the form.
func contentErrors(p *i18n.Printer, of *campaign.Campaign, content *campaign.Content, key string) ui.Errors {
	lang, _, _ := strings.Cut(key, "-")
	_, err := campaign.Compile(content, lang)
	if of.ByPhone() {
		err = campaign.CheckScript(content)
	}
	var all []error
	for _, f := range fault.All(err) {
		if f.Key != "errors.required" { // what is still missing is no mistake while somebody writes; it keeps the campaign from being sent
			all = append(all, f.On(formField(f.Field)))
		}
	}
	return ui.ErrorsOf(p, errors.Join(all...))
}

// formField is the name of the form's field for a field of a content: text.3 for blocks.3.text, left_text.3 for one within columns.
func formField(field string) string {
	parts := strings.Split(field, ".")
	switch {
	case parts[0] != "blocks" || len(parts) < 2:
		return field
	case len(parts) == 2:
		return "kind." + parts[1]
	case len(parts) == 3:
		return parts[2] + "." + parts[1]
	case len(parts) == 5:
		return parts[2] + "_" + parts[4] + "." + parts[1]
	default:
		return "kind." + parts[1]
	}
}

func (c campaigns) edit(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	e, err := c.open(r, of)
	if err != nil {
		return err
	}
	return r.Render(of.Name, campaignEditView(r, e))
}

// The words of the buttons of the editor; those about a block have its number behind a colon.
const (
	doPreview  = "preview"
	doAdd      = "add"
	doUp       = "up"
	doDown     = "down"
	doDrop     = "drop"
	doOwn      = "own"
	doBlocks   = "blocks"
	doVariant  = "variant"
	doLanguage = "language"
	doForget   = "forget"
)

// saveEdit keeps what stands in the form and does what the button says. Every step is kept, so that no word is lost.
func (c campaigns) saveEdit(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	do, what, _ := strings.Cut(r.Text("do"), ":")
	variant, key := r.Text("variant"), r.Text("content")
	var after *campaign.Campaign
	err = r.Write(func(tx *store.Tx) error {
		items, err := productIDs(r, tx)
		if err != nil {
			return err
		}
		after, err = campaign.Change(r.Context(), tx, of.ID, r.Int("version", 0), func(edited *campaign.Campaign) error {
			v := edited.Variant(variant)
			if v == nil {
				return fault.New(fault.NotFound, "campaign.error.no_content", "variant", variant)
			}
			content := readContent(r, items)
			change(content, do, what)
			if v.Contents == nil {
				v.Contents = map[string]*campaign.Content{}
			}
			v.Contents[key] = content
			variant, key = spread(edited, v, key, do, what)
			return nil
		})
		return err
	})
	if err != nil {
		return r.Refuse(err, of.Name, func(e ui.Errors) templ.Component { return campaignRefusedView(r, of, e) })
	}
	r.Form.Set("variant", variant)
	r.Form.Set("content", key)
	e, err := c.open(r, after)
	switch {
	case err != nil:
		return err
	case r.Partial() && do == doPreview:
		return r.Fragment(campaignLive(r, e))
	case r.Partial():
		return r.Fragment(campaignEditor(r, e))
	default:
		return r.Redirect(e.action())
	}
}

// spread adds and takes away variants and languages, and returns which content is shown then.
func spread(c *campaign.Campaign, v *campaign.Variant, key, do, what string) (variant, content string) {
	switch do {
	case doLanguage:
		if v.Contents[what] == nil {
			v.Contents[what] = v.Contents[key].Copy()
		}
		return v.Name, what
	case doForget:
		if what == "variant" && len(c.Variants) > 1 {
			c.Variants = slices.DeleteFunc(c.Variants, func(one campaign.Variant) bool { return one.Name == v.Name })
			share(c.Variants)
			return c.Variants[0].Name, key
		}
		if what == "language" && len(v.Contents) > 1 {
			delete(v.Contents, key)
			return v.Name, v.Keys()[0]
		}
	case doVariant:
		next := campaign.Variant{Name: freeName(c.Variants), Contents: map[string]*campaign.Content{}}
		for lang, one := range v.Contents {
			next.Contents[lang] = one.Copy()
		}
		c.Variants = append(c.Variants, next)
		share(c.Variants)
		return next.Name, key
	}
	return v.Name, key
}

// freeName is the first letter that no variant has.
func freeName(all []campaign.Variant) string {
	for letter := 'a'; ; letter++ {
		if !slices.ContainsFunc(all, func(v campaign.Variant) bool { return v.Name == string(letter) }) {
			return string(letter)
		}
	}
}

// share gives all variants the same share.
func share(all []campaign.Variant) {
	for i := range all {
		all[i].Share = 1000 / len(all)
	}
	all[0].Share += 1000 % len(all)
}

// change does what a button of a block says.
func change(content *campaign.Content, do, what string) {
	at, err := strconv.Atoi(what)
	within := err == nil && at >= 0 && at < len(content.Blocks)
	switch {
	case do == doAdd:
		content.Blocks = append(content.Blocks, campaign.Block{})
		at := len(content.Blocks) - 1
		if at > 0 && content.Blocks[at-1].Kind == campaign.Footer && campaign.BlockKind(what) != campaign.Footer { // the footer stays the last
			content.Blocks[at] = content.Blocks[at-1]
			at--
		}
		content.Blocks[at] = freshBlock(campaign.BlockKind(what))
	case do == doUp && within && at > 0:
		content.Blocks[at-1], content.Blocks[at] = content.Blocks[at], content.Blocks[at-1]
	case do == doDown && within && at < len(content.Blocks)-1:
		content.Blocks[at+1], content.Blocks[at] = content.Blocks[at], content.Blocks[at+1]
	case do == doDrop && within:
		content.Blocks = slices.Delete(content.Blocks, at, at+1)
	case do == doOwn && !content.Own():
		content.HTML = "<p>{{ customer.salutation }},</p>\n<p>…</p>\n<p><a href=\"{{ unsubscribe }}\">{{ imprint }}</a></p>\n"
	case do == doBlocks:
		content.HTML, content.Plain = "", ""
	}
}

// freshBlock is a block as it is added.
func freshBlock(kind campaign.BlockKind) campaign.Block {
	b := campaign.Block{Kind: kind}
	switch kind {
	case campaign.Heading:
		b.Level = 2
	case campaign.Products:
		b.Pick, b.Count = campaign.Usual, 3
	case campaign.Columns:
		b.Left, b.Right = []campaign.Block{{Kind: campaign.Text}}, []campaign.Block{{Kind: campaign.Text}}
	}
	return b
}

// productIDs finds the products that the blocks of the form name by their numbers.
func productIDs(r *page.Request, tx *store.Tx) (map[string]int64, error) {
	items := map[string]int64{}
	for name := range r.Form {
		if !strings.HasPrefix(name, "items.") {
			continue
		}
		for _, sku := range strings.FieldsFunc(r.Text(name), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }) {
			found, err := product.Search(r.Context(), tx, product.Filter{Query: sku, Limit: 20})
			if err != nil {
				return nil, err
			}
			for _, p := range found {
				if p.SKU == sku {
					items[sku] = p.ID
				}
			}
		}
	}
	return items, nil
}

// readContent reads the form.
func readContent(r *page.Request, items map[string]int64) *campaign.Content {
	content := &campaign.Content{Subject: r.Text("subject"), Preheader: r.Text("preheader"), Accent: r.Text("accent"), HTML: r.Raw("html"), Plain: r.Raw("plain"),
		Script: plainLines(r.Raw("script"))}
	for _, at := range r.Texts("block") {
		b := campaign.Block{Kind: campaign.BlockKind(r.Text("kind." + at)), Text: plainLines(r.Raw("text." + at)), URL: r.Text("url." + at), Source: r.Text("source." + at),
			Alt: r.Text("alt." + at), Plain: r.Has("plain." + at), Width: int(r.Int("width."+at, 0)), Level: int(r.Int("level."+at, 0)),
			Pick: campaign.Pick(r.Text("pick." + at)), Count: int(r.Int("count."+at, 0)), Coupon: r.Int("coupon."+at, 0)}
		for _, sku := range strings.FieldsFunc(r.Text("items."+at), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }) {
			if id := items[sku]; id != 0 {
				b.Items = append(b.Items, id)
			}
		}
		if b.Kind == campaign.Columns {
			b.Left, b.Right = readColumn(r, "left", at), readColumn(r, "right", at)
		}
		content.Blocks = append(content.Blocks, b)
	}
	return content
}

// plainLines is a text of a form with the line breaks that texts have.
func plainLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// readColumn reads a column: a picture, a text and a button, each if it is there.
func readColumn(r *page.Request, side, at string) []campaign.Block {
	field := func(name string) string { return r.Text(side + "_" + name + "." + at) }
	var all []campaign.Block
	if source := field("source"); source != "" {
		all = append(all, campaign.Block{Kind: campaign.Picture, Source: source, Alt: field("alt")})
	}
	if text := plainLines(r.Raw(side + "_text." + at)); strings.TrimSpace(text) != "" {
		all = append(all, campaign.Block{Kind: campaign.Text, Text: text})
	}
	if label := field("label"); label != "" {
		all = append(all, campaign.Block{Kind: campaign.Button, Text: label, URL: field("url")})
	}
	return all
}

// columnValue is what stands in a field of a column.
func columnValue(blocks []campaign.Block, name string) string {
	for _, b := range blocks {
		switch {
		case name == "source" && b.Kind == campaign.Picture:
			return b.Source
		case name == "alt" && b.Kind == campaign.Picture:
			return b.Alt
		case name == "text" && b.Kind == campaign.Text:
			return b.Text
		case name == "label" && b.Kind == campaign.Button:
			return b.Text
		case name == "url" && b.Kind == campaign.Button:
			return b.URL
		}
	}
	return ""
}

// at names a field of a block.
func at(name string, i int) string { return name + "." + strconv.Itoa(i) }

func (e editor) couponOptions(r *page.Request, chosen int64) []ui.Option {
	all := []ui.Option{{Value: "0", Label: r.P.T("campaigns.edit.no_coupon"), Chosen: chosen == 0}}
	for _, c := range e.coupons {
		all = append(all, ui.Option{Value: strconv.FormatInt(c.ID, 10), Label: c.Name, Chosen: c.ID == chosen})
	}
	return all
}

// skus are the numbers of the chosen products of a block.
func (e editor) skus(b campaign.Block) string {
	var all []string
	for _, id := range b.Items {
		all = append(all, e.chosen[id])
	}
	return strings.Join(all, " ")
}

// languages are the languages that a content can be added in, "de-du" for the familiar form.
func (e editor) languages() []string {
	v := e.c.Variant(e.variant)
	var free []string
	for _, lang := range i18n.Languages() {
		for _, key := range []string{lang, lang + "-du"} {
			if v != nil && v.Contents[key] == nil && !(lang == "en" && key != lang) {
				free = append(free, key)
			}
		}
	}
	return free
}

// skeleton is the content that a new campaign begins with, in a language.
func skeleton(lang string) *campaign.Content {
	p := i18n.For(lang, nil)
	return &campaign.Content{Subject: "", Blocks: []campaign.Block{
		{Kind: campaign.Heading, Level: 1, Text: p.T("campaigns.skeleton.heading")},
		{Kind: campaign.Text, Text: "{{ customer.salutation }},\n\n" + p.T("campaigns.skeleton.text")},
		{Kind: campaign.Footer},
	}}
}
