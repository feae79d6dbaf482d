// Package engage holds the pages on which people write to customers and see what became of it: the ledger of messages with
// why each was sent or not, what a person has to decide, the built-in outbox, and how often and when the company may be heard.
package engage

import (
	"context"
	"net/http"
	"slices"

	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/action/program"
	"stamm/internal/door/web/consents"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// The addresses of the pages.
const (
	Path = "/engage"

	messagesPath = Path + "/messages"
	unclearPath  = Path + "/unclear"
	outboxPath   = Path + "/outbox"
	rulesPath    = Path + "/rules"
)

// Deps are what the pages need. What is nil leaves its part of the pages out.
type Deps struct {
	// Measures are the names of measures by id, for the ledger, and Measure is the address of the page of one.
	Measures func(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error)
	Measure  func(id int64) string
	// Proved says in a sentence what a measure brought; empty while that is not known. Nil where nobody proves.
	Proved func(r *page.Request, measure int64) (string, error)
	// Effects are what measures brought, by id, as cells that lead to the proofs, from figures that are there already. Nil where nobody proves.
	Effects func(r *page.Request) (map[int64]ui.Cell, ui.AsOf, error)
	// Planned says how many per mille a measure of the customers of a segment less those of others should leave alone, and in a sentence what could be seen then; share is
	// 0 where nothing is known. Nil where nobody plans.
	Planned func(r *page.Request, q program.PlanQuestion, segment int64, without []int64) (share int, said ui.Anchor, err error)
	// Outbox tells that messages leave into the built-in outbox only, because there is no relay.
	Outbox func(ctx context.Context, tx *store.Tx) (bool, error)
	// Speakers know the words of calls, by kind of message.
	Speakers map[string]call.Writer
	// Campaigns is what writes and proposes campaigns.
	Campaigns *Campaigns
	// Vault opens what seals the passwords of relays, for the pages about how mails leave.
	Vault func() (*email.Vault, error)
	// Resolver is what the assistant asks; nil for the one of the machine.
	Resolver email.Resolver
	// Reach asks a domain for a path over HTTPS, for a text; nil for the public net.
	Reach func(ctx context.Context, domain, path, want string) email.Reach
}

// Area is the pages. Each part of the package has its routes and its entries of the menu.
func Area(d Deps) page.Area {
	return page.Area{
		Menu:   []page.Entry{{Text: "engage.title", Href: firstPath(d), Icon: "mail", Permission: auth.ReadCustomers, Pages: pages(d), Under: Path}},
		Routes: slices.Concat(campaignRoutes(d), callRoutes(d), messageRoutes(d), senderRoutes(d)),
	}
}

// firstPath is the page that the area opens with: the campaigns, or without them the ledger.
func firstPath(d Deps) string {
	if d.Campaigns == nil {
		return messagesPath
	}
	return campaignsPath
}

// pages are the entries of the menu below the area, in their order.
func pages(d Deps) []page.Entry {
	return slices.Concat(campaignPages(d), []page.Entry{
		{Text: "calls.title", Href: callsPath, Permission: auth.WriteTasks},
		{Text: "engage.messages.title", Href: messagesPath, Permission: auth.ReadCustomers},
		{Text: "engage.unclear.title", Href: unclearPath, Permission: auth.ReadCustomers},
		{Text: "engage.outbox.title", Href: outboxPath, Permission: auth.ReadCustomers},
		{Text: "engage.rules.title", Href: rulesPath, Permission: auth.ReadCustomers},
		{Text: "consents.list.title", Href: consents.ListPath, Permission: auth.ReadCustomers},
	}, senderPages(d))
}

func get(pattern string, permission auth.Permission, handle page.Handler) page.Route {
	return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: permission, Handle: handle}
}

func post(pattern string, permission auth.Permission, handle page.Handler) page.Route {
	return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: permission, Handle: handle}
}

// csv is the route of a list that is also served as CSV.
func csv(r page.Route) page.Route { r.CSV = true; return r }
