package api

import (
	"context"
	"fmt"
	"net/http"

	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

// Suppression is an address that gets no advertising, whoever has it. Of the address only a keyed hash is kept, so that no answer
// holds one.
type Suppression struct {
	ID        string  `json:"id"`
	Channel   string  `json:"channel" enum:"email,sms,phone,post,push"`
	Reason    string  `json:"reason" enum:"objected,withdrawn,erased,listed,own"`
	Source    string  `json:"source,omitempty"`
	Note      string  `json:"note,omitempty"`
	Since     string  `json:"since" format:"date-time"`
	Customers []int64 `json:"customers" nullable:"false"`
}

// SuppressionQuestion asks for an address.
type SuppressionQuestion struct {
	Address string `json:"address" maxLength:"254"`
}

// SuppressionAnswer is what the list says about the address asked for.
type SuppressionAnswer struct {
	Suppressed bool                `json:"suppressed"`
	Entries    []Suppression       `json:"entries" nullable:"false"`
	Lifted     []SuppressionLifted `json:"lifted" nullable:"false"`
	Customers  []int64             `json:"customers" nullable:"false"`
}

// SuppressionLifted is an address having been taken off the list.
type SuppressionLifted struct {
	Channel string `json:"channel" enum:"email,sms,phone,post,push"`
	Reason  string `json:"reason" enum:"mistake,asked,test"`
	Note    string `json:"note"`
	At      string `json:"at" format:"date-time"`
}

// SuppressionBatch are addresses to be put on the list.
type SuppressionBatch struct {
	Addresses []string `json:"addresses" maxItems:"1000" nullable:"false"`
	Reason    string   `json:"reason" enum:"objected,listed,own"`
	Note      string   `json:"note" maxLength:"200"`
}

// SuppressionOutcome is what became of them.
type SuppressionOutcome struct {
	Added     int     `json:"added"`
	Known     int     `json:"known"`
	Customers []int64 `json:"customers" nullable:"false"`
}

// SuppressionLift says why an address is taken off the list.
type SuppressionLift struct {
	Reason string `json:"reason" enum:"mistake,asked,test"`
	Note   string `json:"note" maxLength:"200"`
}

const maxSuppressions = 1000

// addSuppressions adds the suppression list. Asking is a POST, so that an address stands in no log of addresses; taking off needs
// the right to erase, as on the page.
func (s *server) addSuppressions() {
	const tag, path = "suppressions", "/suppressions"
	add(s, route{id: "list_suppressions", method: http.MethodGet, path: path, tag: tag, scope: auth.ReadCustomers}, s.listSuppressions)
	add(s, route{id: "get_suppression", method: http.MethodGet, path: path + "/{id}", tag: tag, scope: auth.ReadCustomers}, s.getSuppression)
	add(s, route{id: "ask_suppression", method: http.MethodPost, path: path + "/ask", tag: tag, scope: auth.ReadCustomers, body: bodyOf[SuppressionQuestion]()}, s.askSuppression)
	add(s, route{id: "post_suppressions", method: http.MethodPost, path: path, tag: tag, scope: auth.WriteCustomers, body: bodyOf[SuppressionBatch]()}, s.postSuppressions)
	add(s, route{id: "lift_suppression", method: http.MethodPost, path: path + "/{id}/lift", tag: tag, scope: auth.EraseCustomers, body: bodyOf[SuppressionLift]()}, s.liftSuppression)
}

type suppressionPath struct {
	ID string `path:"id" maxLength:"200"`
}

type suppressionQuery struct {
	PageQuery
	Channel string `query:"channel" enum:"email,sms,phone,post,push"`
	Reason  string `query:"reason" enum:"objected,withdrawn,erased,listed,own"`
}

func (s *server) listSuppressions(ctx context.Context, _ *call, in *suppressionQuery) (page Page[Suppression], err error) {
	page.Items = []Suppression{}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all, err := consent.ListSuppressed(ctx, tx, consent.SuppressedFilter{Channel: consent.Channel(in.Channel), Reason: in.Reason, Before: in.After, Limit: in.Limit})
		for _, one := range all {
			page.Items = append(page.Items, suppressionOf(one))
		}
		if len(all) == in.Limit {
			page.Next = all[len(all)-1].Cursor()
		}
		return err
	})
	return page, err
}

func suppressionOf(s *consent.Suppressed) Suppression {
	return Suppression{ID: s.Hash, Channel: string(s.Channel), Reason: s.Reason, Source: s.Source, Note: s.Note, Since: timeText(s.At), Customers: append([]int64{}, s.Customers...)}
}

func (s *server) getSuppression(ctx context.Context, _ *call, in *suppressionPath) (found Suppression, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		one, err := consent.LoadSuppressed(ctx, tx, in.ID)
		if err == nil {
			found = suppressionOf(one)
		}
		return err
	})
	return found, err
}

func (s *server) askSuppression(ctx context.Context, c *call, _ *struct{}) (out SuppressionAnswer, err error) {
	body, err := decode[SuppressionQuestion](c)
	if err != nil {
		return out, err
	}
	address, err := addressIn(body.Address)
	if err != nil {
		return out, fault.As(err).On("address")
	}
	var answer consent.Answer
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		answer, err = consent.AskSuppressed(ctx, tx, address)
		return err
	})
	if err != nil {
		return out, err
	}
	out = SuppressionAnswer{Suppressed: len(answer.Listed) > 0, Entries: []Suppression{}, Lifted: []SuppressionLifted{}, Customers: append([]int64{}, answer.Customers...)}
	for _, one := range answer.Listed {
		out.Entries = append(out.Entries, suppressionOf(one))
	}
	for _, l := range answer.Lifted {
		out.Lifted = append(out.Lifted, SuppressionLifted{string(l.Channel), l.Reason, l.Note, timeText(l.At)})
	}
	return out, nil
}

// addressIn reads one mail address or telephone number. What is none is not repeated in the answer.
func addressIn(text string) (string, error) {
	all, _, err := consent.ReadAddresses(text, false)
	if err != nil || len(all) != 1 {
		return "", fault.New(fault.Invalid, "api.suppression_address")
	}
	return all[0], nil
}

func (s *server) postSuppressions(ctx context.Context, c *call, _ *struct{}) (out SuppressionOutcome, err error) {
	body, err := decode[SuppressionBatch](c)
	if err != nil {
		return out, err
	}
	var check checker
	if n := len(body.Addresses); n == 0 || n > maxSuppressions {
		check.fail("addresses", fault.New(fault.Invalid, "api.suppression_count", "max", maxSuppressions))
	}
	var addresses []string
	seen := map[string]bool{}
	for i, text := range body.Addresses[:min(len(body.Addresses), maxSuppressions)] {
		address, err := addressIn(text)
		if err != nil {
			check.fail(fmt.Sprintf("addresses[%d]", i), err)
		} else if !seen[address] {
			seen[address] = true
			addresses = append(addresses, address)
		}
	}
	if err := check.bad.err(); err != nil {
		return out, err
	}
	err = c.write(ctx, len(addresses), func(tx *store.Tx) error {
		done, err := consent.SuppressByHand(ctx, tx, addresses, body.Reason, body.Note)
		if err != nil {
			return err
		}
		for _, id := range done.Customers { // what waits to be sent to them is taken back
			if _, err := message.Reconsider(ctx, tx, id); err != nil {
				return err
			}
		}
		out = SuppressionOutcome{done.Added, done.Known, append([]int64{}, done.Customers...)}
		return nil
	})
	return out, err
}

func (s *server) liftSuppression(ctx context.Context, c *call, in *suppressionPath) (out SuppressionLifted, err error) {
	body, err := decode[SuppressionLift](c)
	if err != nil {
		return out, err
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		one, err := consent.LoadSuppressed(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		out = SuppressionLifted{string(one.Channel), body.Reason, body.Note, timeText(tx.Now)}
		return consent.LiftByHand(ctx, tx, in.ID, body.Reason, body.Note)
	})
	return out, err
}
