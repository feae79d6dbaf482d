package api

import (
	"context"
	"net/http"
	"strings"

	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

// MessageBody is a message whose words the sender brings.
type MessageBody struct {
	Source   string       `json:"source" maxLength:"100"`
	ID       string       `json:"id" maxLength:"200"`
	Customer *CustomerRef `json:"customer,omitempty"`
	Email    string       `json:"email,omitempty" maxLength:"254"`
	Name     string       `json:"name,omitempty" maxLength:"200"`
	Subject  string       `json:"subject" maxLength:"998"`
	Text     string       `json:"text,omitempty" maxLength:"1048576"`
	HTML     string       `json:"html,omitempty" maxLength:"1048576"`
	ReplyTo  string       `json:"reply_to,omitempty" maxLength:"254"`
	Basis    string       `json:"basis,omitempty" enum:"contract,legal_duty,consent"`
	Exempt   bool         `json:"exempt,omitempty"`
}

// Message is a message as it stands in the ledger.
type Message struct {
	ID        int64         `json:"id"`
	Customer  *CustomerRef  `json:"customer,omitempty"`
	Channel   string        `json:"channel"`
	Kind      string        `json:"kind"`
	State     string        `json:"state" enum:"proposed,queued,attempting,sent,failed,unclear,suppressed"`
	Reason    string        `json:"reason,omitempty"`
	Gates     []MessageGate `json:"gates"`
	Basis     string        `json:"basis,omitempty"`
	Due       string        `json:"due,omitempty"`
	CreatedAt string        `json:"created_at"`
	ChangedAt string        `json:"changed_at"`
}

// MessageGate is what one gate said.
type MessageGate struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict" enum:"passed,stopped,waits,exempt,unasked"`
}

// maxMessageBody holds text and HTML of the greatest size with their escapes.
const maxMessageBody = 8 << 20

func (s *server) addMessages() {
	const tag = "messages"
	add(s, route{id: "post_message", method: http.MethodPost, path: "/messages", tag: tag, scope: auth.SendMessages, body: bodyOf[MessageBody](), limit: maxMessageBody}, s.postMessage)
	add(s, route{id: "list_messages", method: http.MethodGet, path: "/messages", tag: tag, scope: auth.ReadCustomers}, s.listMessages)
	add(s, route{id: "get_message", method: http.MethodGet, path: "/messages/{id}", tag: tag, scope: auth.ReadCustomers}, s.getMessage)
}

// text is the body as the ledger takes it. A message rests on the contract with its reader unless the sender says otherwise.
func (b *MessageBody) text() message.Text {
	ask := consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}
	if b.Basis != "" {
		ask.Basis = consent.Basis(b.Basis)
	}
	reader := ""
	if b.Customer != nil {
		reader = store.JSON(b.Customer)
	}
	return message.Text{Key: b.Source + "\n" + b.ID, Reader: reader, Address: b.Email, Name: b.Name, Subject: b.Subject, Text: b.Text, HTML: b.HTML, ReplyTo: b.ReplyTo, Ask: ask, Exempt: b.Exempt}
}

func (b *MessageBody) check(c *call) error {
	var k checker
	k.key("id", b.ID)
	b.Customer.check(&k, "customer")
	if b.Customer == nil && b.Email == "" {
		k.fail("customer", fault.New(fault.Invalid, "errors.required"))
	}
	switch consent.Basis(b.Basis) {
	case "", consent.Contract, consent.LegalDuty, consent.Consent:
	default:
		k.fail("basis", fault.New(fault.Invalid, "errors.choice", "text", b.Basis))
	}
	if err := checkSource(b.Source); err != nil {
		k.fail("source", err)
	}
	if err := k.bad.err(); err != nil {
		return err
	}
	if (b.Exempt || consent.Basis(b.Basis) == consent.LegalDuty) && !c.key.Can(auth.ExemptMessages) {
		return fault.New(fault.Forbidden, "api.scope", "scope", string(auth.ExemptMessages))
	}
	return nil
}

func (s *server) postMessage(ctx context.Context, c *call, _ *struct{}) (Message, error) {
	body, err := decode[MessageBody](c)
	if err != nil {
		return Message{}, err
	}
	if err := body.check(c); err != nil {
		return Message{}, err
	}
	var shown Message
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		text := body.text()
		if body.Customer != nil {
			if text.Customer, err = known(ctx, tx, body.Source, body.Customer); err != nil {
				return err
			}
			if text.Customer == 0 && body.Email == "" {
				return fault.New(fault.NotFound, "api.message_nobody").On("customer")
			}
		}
		m, err := message.Post(ctx, tx, text)
		if err != nil {
			return onMessageField(err)
		}
		shown = messageOf(m)
		return nil
	})
	return shown, err
}

// onMessageField names the fields of the body as the sender knows them.
func onMessageField(err error) error {
	f := fault.As(err)
	switch f.Field {
	case "address":
		return f.On("email")
	case "key":
		return f.On("id")
	}
	return err
}

func messageOf(m *message.Message) Message {
	shown := Message{ID: m.ID, Customer: refOf(m.Customer), Channel: string(m.Channel), Kind: m.Kind, State: string(m.State), Reason: m.Reason, Basis: string(m.Basis),
		CreatedAt: timeText(m.PlannedAt), ChangedAt: timeText(m.ChangedAt)}
	if !m.Due.IsZero() {
		shown.Due = timeText(m.Due)
	}
	verdicts := map[message.Verdict]string{message.Passed: "passed", message.Stopped: "stopped", message.Waits: "waits", message.Exempt: "exempt", message.Unasked: "unasked"}
	for _, g := range message.Gates() {
		shown.Gates = append(shown.Gates, MessageGate{string(g), verdicts[m.Gates.Of(g)]})
	}
	return shown
}

func (s *server) getMessage(ctx context.Context, _ *call, in *IDPath) (shown Message, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		m, err := message.Find(ctx, tx, in.ID)
		if err == nil {
			shown = messageOf(m)
		}
		return err
	})
	return shown, err
}

type messageQuery struct {
	PageQuery
	Customer int64  `query:"customer"`
	Measure  int64  `query:"measure"`
	State    string `query:"state"`
}

func (s *server) listMessages(ctx context.Context, _ *call, in *messageQuery) (page Page[Message], err error) {
	page.Items = []Message{}
	before, err := in.id()
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		var all []*message.Message
		var err error
		if in.Customer != 0 {
			all, err = message.OfCustomer(ctx, tx, in.Customer, before, in.Limit)
		} else {
			f := message.Filter{State: message.State(strings.ToLower(in.State)), Before: before, Limit: in.Limit}
			if in.Measure != 0 {
				f.Measure = &in.Measure
			}
			all, err = message.List(ctx, tx, f)
		}
		for _, m := range all {
			page.Items = append(page.Items, messageOf(m))
		}
		if err == nil && len(all) == in.Limit {
			page.Next = idText(all[len(all)-1].ID)
		}
		return err
	})
	return page, err
}
