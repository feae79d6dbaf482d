package campaign

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/fault"
)

// BlockKind tells what a block shows.
type BlockKind string

// The kinds of blocks.
const (
	Heading  BlockKind = "heading"
	Text     BlockKind = "text"
	Picture  BlockKind = "picture"
	Button   BlockKind = "button"
	Products BlockKind = "products"
	Voucher  BlockKind = "coupon"
	Divider  BlockKind = "divider"
	Columns  BlockKind = "columns"
	Footer   BlockKind = "footer"
)

// BlockKinds are all kinds, in the order in which the editor offers them.
func BlockKinds() []BlockKind {
	return []BlockKind{Heading, Text, Button, Picture, Products, Voucher, Columns, Divider, Footer}
}

// Pick tells which products a products block shows.
type Pick string

// The ways to pick.
const (
	Chosen   Pick = "chosen"   // those named
	Usual    Pick = "usual"    // what this customer buys again and again, next due first
	Category Pick = "category" // what others buy in the category she buys most
)

// Block is a part of a mail. Which fields count depends on its kind; texts, labels and addresses are Liquid.
type Block struct {
	Kind   BlockKind `json:"kind"`
	Text   string    `json:"text,omitempty"`   // of headings, texts, buttons (label), coupons (words above the code), footers (imprint)
	URL    string    `json:"url,omitempty"`    // where a button, a picture or a product leads
	Source string    `json:"source,omitempty"` // address of a picture, also of those of products
	Alt    string    `json:"alt,omitempty"`    // what a picture shows, in words
	Plain  bool      `json:"plain,omitempty"`  // a picture that only decorates and needs no words
	Width  int       `json:"width,omitempty"`  // of a picture, pixels up to 600
	Level  int       `json:"level,omitempty"`  // of a heading, 1 to 3
	Pick   Pick      `json:"pick,omitempty"`   // of products
	Count  int       `json:"count,omitempty"`  // of products, 1 to 6
	Items  []int64   `json:"items,omitempty"`  // of chosen products
	Coupon int64     `json:"coupon,omitempty"`
	Left   []Block   `json:"left,omitempty"`  // of columns
	Right  []Block   `json:"right,omitempty"` // of columns
}

// Content is what one variant of a campaign says in one language: blocks, or HTML of one's own, whose markup stays as it is, byte for byte, but for the
// addresses of links that are counted.
type Content struct {
	Subject   string  `json:"subject"`
	Preheader string  `json:"preheader,omitempty"` // what mail programs show beside the subject
	Accent    string  `json:"accent,omitempty"`    // colour of buttons and links, #rrggbb
	Blocks    []Block `json:"blocks,omitempty"`
	HTML      string  `json:"html,omitempty"`
	Plain     string  `json:"plain,omitempty"` // the text part beside own HTML; empty to make it from that

	Script string `json:"script,omitempty"` // what is said on the telephone, all that a content of calls has
}

// Own tells whether the content is HTML of one's own.
func (c *Content) Own() bool { return strings.TrimSpace(c.HTML) != "" }

// The limits of what people write.
const (
	maxSubject  = 300
	maxBlocks   = 60
	maxText     = 20_000
	maxAddress  = 2000
	maxHTML     = 400 << 10
	maxProducts = 6
	fullWidth   = 600
	inner       = fullWidth - 2*pad // what is left of it between the margins
	pad         = 24
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Validate returns every mistake of the content, joined, each on its field: subject, or blocks.3.text with blocks counted
// from 0. Whether the texts can be read is for Compile.
func (c *Content) Validate() error {
	var all []error
	fail := func(field, key string, args ...any) {
		all = append(all, fault.New(fault.Invalid, key, args...).On(field))
	}
	if strings.TrimSpace(c.Subject) == "" {
		fail("subject", "errors.required")
	}
	for field, text := range map[string]string{"subject": c.Subject, "preheader": c.Preheader} {
		if utf8.RuneCountInString(text) > maxSubject {
			fail(field, "errors.too_long", "max", maxSubject)
		}
	}
	if c.Accent != "" && !colour.MatchString(c.Accent) {
		fail("accent", "campaign.error.colour")
	}
	if len(c.HTML) > maxHTML {
		fail("html", "errors.too_long", "max", maxHTML)
	}
	if len(c.Blocks) > maxBlocks {
		fail("blocks", "campaign.error.blocks", "max", maxBlocks)
	}
	for i := range c.Blocks {
		c.Blocks[i].validate(blockField(i), false, fail)
	}
	return errors.Join(all...)
}

// blockField names a block in errors.
func blockField(i int) string { return fmt.Sprintf("blocks.%d", i) }

func (b *Block) validate(at string, inColumn bool, fail func(field, key string, args ...any)) {
	for field, text := range map[string]string{".text": b.Text, ".url": b.URL, ".source": b.Source, ".alt": b.Alt} {
		most := maxAddress
		if field == ".text" {
			most = maxText
		}
		if utf8.RuneCountInString(text) > most {
			fail(at+field, "errors.too_long", "max", most)
		}
	}
	switch b.Kind {
	case Heading, Text, Divider, Footer:
	case Picture:
		if b.Source == "" {
			fail(at+".source", "errors.required")
		}
		if b.Width < 0 || b.Width > fullWidth {
			fail(at+".width", "errors.too_large", "max", fullWidth)
		}
	case Button:
		if b.URL == "" {
			fail(at+".url", "errors.required")
		}
		if strings.TrimSpace(b.Text) == "" {
			fail(at+".text", "errors.required")
		}
	case Products:
		if b.Count < 0 || b.Count > maxProducts || len(b.Items) > maxProducts {
			fail(at+".count", "errors.too_large", "max", maxProducts)
		}
		if b.Pick != Chosen && b.Pick != Usual && b.Pick != Category {
			fail(at+".pick", "errors.choice", "text", string(b.Pick))
		}
	case Voucher:
		if b.Coupon == 0 {
			fail(at+".coupon", "errors.required")
		}
	case Columns:
		if inColumn {
			fail(at, "campaign.error.columns")
			return
		}
		for i := range b.Left {
			b.Left[i].validate(fmt.Sprintf("%s.left.%d", at, i), true, fail)
		}
		for i := range b.Right {
			b.Right[i].validate(fmt.Sprintf("%s.right.%d", at, i), true, fail)
		}
	default:
		fail(at, "errors.choice", "text", string(b.Kind))
	}
}

// each calls fn for every block, those in columns too.
func (c *Content) each(fn func(at string, b *Block)) {
	for i := range c.Blocks {
		b := &c.Blocks[i]
		fn(blockField(i), b)
		for side, column := range map[string][]Block{"left": b.Left, "right": b.Right} {
			for k := range column {
				fn(fmt.Sprintf("%s.%s.%d", blockField(i), side, k), &column[k])
			}
		}
	}
}

// Coupons are the coupons whose codes the content shows.
func (c *Content) Coupons() []int64 {
	var ids []int64
	c.each(func(_ string, b *Block) {
		if b.Kind == Voucher {
			ids = append(ids, b.Coupon)
		}
	})
	return ids
}

// Copy is the content anew, so that a variant can begin with the words of another.
func (c *Content) Copy() *Content {
	if c == nil {
		return &Content{}
	}
	twin := *c
	twin.Blocks = copyBlocks(c.Blocks)
	return &twin
}

func copyBlocks(blocks []Block) []Block {
	all := slices.Clone(blocks)
	for i := range all {
		all[i].Items = slices.Clone(all[i].Items)
		all[i].Left, all[i].Right = copyBlocks(all[i].Left), copyBlocks(all[i].Right)
	}
	return all
}
