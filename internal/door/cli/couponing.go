package cli

import (
	"context"
	"fmt"
	"io"

	"stamm/internal/action/coupon"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

type couponCommands struct {
	Create couponCreate `cmd:"" help:"Make a coupon."`
	Codes  couponCodes  `cmd:"" help:"Make own codes of a coupon and print them."`
	Redeem couponRedeem `cmd:"" help:"Redeem a code with an order."`
}

type couponCreate struct {
	Name       string   `arg:"" help:"Name of the coupon."`
	Percent    string   `help:"Per cent it takes off." placeholder:"N"`
	Amount     string   `help:"Amount it takes off, in the currency of the company." placeholder:"N"`
	Minimum    string   `help:"From which amount on it counts." placeholder:"N"`
	Categories []string `name:"category" help:"It counts for products of these categories only." placeholder:"NAME"`
	Code       string   `help:"The one code of all; without it each recipient gets one of their own." placeholder:"CODE"`
	Codes      int64    `help:"Own codes to make in advance." placeholder:"N"`
	Once       bool     `help:"Once for each customer."`
	Personal   bool     `help:"Only for the customer a code was given to."`
	From       string   `help:"First day." placeholder:"DATE"`
	Until      string   `help:"Last day." placeholder:"DATE"`
	Most       int64    `help:"How often it may be redeemed, all customers together." placeholder:"N"`
}

// Run makes the coupon, and codes of it where that is wanted.
func (cmd *couponCreate) Run(ctx context.Context, c *Call) error {
	var made *coupon.Coupon
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		if made, err = cmd.coupon(settings.Currency); err != nil {
			return err
		}
		return coupon.Create(ctx, tx, made)
	})
	if err != nil {
		return err
	}
	if cmd.Codes > 0 {
		if err := coupon.Make(ctx, c.App.Store, actor, made.ID, cmd.Codes, nil); err != nil {
			return err
		}
	}
	result := map[string]any{"id": made.ID, "name": made.Name, "code": made.Code, "codes": cmd.Codes}
	return c.Print(result, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("coupon.cli.created", "id", fmt.Sprint(made.ID), "name", made.Name))
		if made.Code != "" {
			fmt.Fprintln(w, c.Text.T("coupon.cli.code", "code", made.Code))
		}
		if cmd.Codes > 0 {
			fmt.Fprintln(w, c.Text.N("coupon.cli.made", cmd.Codes))
		}
	})
}

// percentDigits are the decimal places of a per cent that coupons know.
const percentDigits = 2

// coupon reads the flags.
func (cmd *couponCreate) coupon(currency string) (*coupon.Coupon, error) {
	made := &coupon.Coupon{Name: cmd.Name, Kind: coupon.Percent, Currency: currency, Categories: cmd.Categories, Code: cmd.Code, Once: cmd.Once, Personal: cmd.Personal, Most: cmd.Most}
	digits, value, field := percentDigits, cmd.Percent, "percent"
	if (cmd.Percent == "") == (cmd.Amount == "") {
		return nil, fault.New(fault.Invalid, "coupon.error.kind").On("percent")
	}
	if cmd.Amount != "" {
		made.Kind, digits, value, field = coupon.Value, money.Digits(currency), cmd.Amount, "amount"
	}
	var err error
	if made.Value, err = money.ParseScaled(value, digits); err != nil {
		return nil, fault.As(err).On(field)
	}
	if cmd.Minimum != "" {
		if made.Minimum, err = money.ParseScaled(cmd.Minimum, money.Digits(currency)); err != nil {
			return nil, fault.As(err).On("minimum")
		}
	}
	if made.First, err = dayOrNil(cmd.From, "from"); err != nil {
		return nil, err
	}
	made.Last, err = dayOrNil(cmd.Until, "until")
	return made, err
}

// dayOrNil reads a date, nil where none is given.
func dayOrNil(text, field string) (*clock.Day, error) {
	if text == "" {
		return nil, nil
	}
	d, err := clock.ParseDay(text)
	if err != nil {
		return nil, fault.As(err).On(field)
	}
	return &d, nil
}

type couponCodes struct {
	ID   int64 `arg:"" name:"id" help:"Number of the coupon."`
	Make int64 `help:"Make codes until there are so many." placeholder:"N"`
	CSV  bool  `name:"csv" help:"Print the codes as CSV, with the customers they were given to."`
}

// codePage is how many codes are read in one transaction.
const codePage = 10_000

// Run makes the codes that are missing and prints all of them.
func (cmd *couponCodes) Run(ctx context.Context, c *Call) error {
	if cmd.Make > 0 {
		if err := coupon.Make(ctx, c.App.Store, actor, cmd.ID, cmd.Make, nil); err != nil {
			return err
		}
	}
	c.printed = true
	var out *sheet.Writer
	if cmd.CSV {
		out = sheet.NewWriter(c.Stdout)
		out.Write(c.Text.T("coupon.cli.number"), c.Text.T("coupon.cli.customer"), c.Text.T("coupon.cli.used"))
	}
	var listed []string
	for after := int64(0); ; {
		var page []coupon.Code
		var numbers map[int64]string
		err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
			if page, err = coupon.Codes(ctx, tx, cmd.ID, after, codePage); err != nil {
				return err
			}
			if !cmd.CSV {
				return nil
			}
			var who []int64
			for _, code := range page {
				if code.Customer != 0 {
					who = append(who, code.Customer)
				}
			}
			numbers, err = segment.Numbers(ctx, tx, who)
			return err
		})
		if err != nil {
			return err
		}
		for _, code := range page {
			after = code.N
			switch {
			case cmd.CSV:
				out.Write(coupon.Format(code.Number), couponHolder(code.Customer, numbers), couponUses(c.Text, code.Redeemed))
			case c.JSON:
				listed = append(listed, coupon.Format(code.Number))
			default:
				fmt.Fprintln(c.Stdout, coupon.Format(code.Number))
			}
		}
		if len(page) < codePage {
			break
		}
	}
	switch {
	case cmd.CSV:
		return out.Flush()
	case c.JSON:
		return c.Print(map[string]any{"id": cmd.ID, "codes": append([]string{}, listed...)}, nil)
	}
	return nil
}

func couponHolder(customer int64, numbers map[int64]string) string {
	if customer == 0 {
		return ""
	}
	return numberOf(customer, numbers)
}

func couponUses(p *i18n.Printer, n int64) string {
	if n == 0 {
		return ""
	}
	return p.Number(n)
}

type couponRedeem struct {
	Code     string `arg:"" help:"The code."`
	Order    string `help:"Number of the order; told twice it counts once." required:"" placeholder:"NUMBER"`
	Amount   string `help:"Value of the goods, in the currency of the company." required:"" placeholder:"N"`
	Customer string `help:"Number or mail address of the customer." placeholder:"EXT"`
	Day      string `help:"Day of the order; today by default." placeholder:"DATE"`
}

// Run redeems the code.
func (cmd *couponRedeem) Run(ctx context.Context, c *Call) error {
	claim := coupon.Claim{Code: cmd.Code, Order: cmd.Order}
	var err error
	if claim.Day, err = dayOrNil(cmd.Day, "day"); err != nil {
		return err
	}
	if cmd.Customer != "" {
		ids, problems, err := segment.Resolve(ctx, c.App.Store, []segment.Line{{N: 2, Text: cmd.Customer}})
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return fault.New(fault.NotFound, "segment.customer_unknown", "text", cmd.Customer).On("customer")
		}
		claim.Customer = ids[0]
	}
	var o coupon.Outcome
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		if claim.Amount, err = money.Parse(cmd.Amount, settings.Currency); err != nil {
			return fault.As(err).On("amount")
		}
		o, err = coupon.Redeem(ctx, tx, claim)
		return err
	})
	if err != nil {
		return err
	}
	discount := money.Of(o.Discount, o.Currency)
	result := map[string]any{"coupon": o.Coupon, "redemption": o.ID, "repeated": o.Repeated, "discount": money.FormatScaled(o.Discount, money.Digits(o.Currency)), "currency": o.Currency}
	return c.Print(result, func(w io.Writer) {
		key := "coupon.cli.redeemed"
		if o.Repeated {
			key = "coupon.cli.repeated"
		}
		fmt.Fprintln(w, c.Text.T(key, "code", cmd.Code, "order", cmd.Order, "discount", discount))
	})
}
