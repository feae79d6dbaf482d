// Package admin holds the pages with which a company runs Stamm itself: who may work with it, which programs may use
// the API, what the figures rest on, what is being done and who did what.
package admin

import (
	"net/http"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/record/auth"
)

// The addresses of the pages.
const (
	usersPath    = "/admin/users"
	keysPath     = "/admin/keys"
	settingsPath = "/admin/settings"
	fieldsPath   = "/admin/fields"
	consentPath  = "/admin/consent"
	jobsPath     = "/admin/jobs"
	auditPath    = "/admin/audit"
)

// Area is the administration, and the walk that a new company is taken on.
func Area() page.Area {
	get := func(pattern string, p auth.Permission, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: p, Handle: handle}
	}
	post := func(pattern string, p auth.Permission, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodPost, Pattern: pattern, Permission: p, Handle: handle}
	}
	list := func(pattern string, p auth.Permission, handle page.Handler) page.Route {
		return page.Route{Method: http.MethodGet, Pattern: pattern, Permission: p, Handle: handle, CSV: true}
	}
	return page.Area{
		Jobs: jobKinds(),
		Menu: []page.Entry{{Text: "admin.title", Href: "/admin", Icon: "settings", Permission: auth.ReadJobs}},
		Routes: []page.Route{
			get("/admin", auth.ReadJobs, first),

			list(usersPath, auth.ManageUsers, users),
			get(usersPath+"/new", auth.ManageUsers, showInvite),
			post(usersPath+"/new", auth.ManageUsers, invite),
			get(usersPath+"/{id}", auth.ManageUsers, showUser),
			post(usersPath+"/{id}", auth.ManageUsers, saveUser),
			post(usersPath+"/{id}/disabled", auth.ManageUsers, disableUser),
			post(usersPath+"/{id}/link", auth.ManageUsers, newLink),

			list(keysPath, auth.ManageKeys, keys),
			get(keysPath+"/new", auth.ManageKeys, showAddKey),
			post(keysPath+"/new", auth.ManageKeys, addKey),
			post(keysPath+"/{id}/revoke", auth.ManageKeys, revokeKey),

			get(settingsPath, auth.WriteSettings, settings),
			post(settingsPath, auth.WriteSettings, saveSettings),
			post(settingsPath+"/rates", auth.WriteSettings, setRate),
			post(settingsPath+"/rates/drop", auth.WriteSettings, dropRate),

			get(fieldsPath, auth.WriteSettings, fields),
			post(fieldsPath, auth.WriteSettings, defineField),

			get(consentPath, auth.WriteSettings, consentPage),
			post(consentPath+"/topics", auth.WriteSettings, setTopic),
			post(consentPath+"/topics/drop", auth.WriteSettings, dropTopic),

			list(jobsPath, auth.ReadJobs, listJobs),
			get(page.JobBar, auth.ReadJobs, jobBar),
			get(jobsPath+"/{id}", auth.ReadJobs, showJob),
			post(jobsPath+"/{id}/cancel", auth.WriteJobs, cancelJob),
			post(jobsPath+"/{id}/retry", auth.WriteJobs, retryJob),

			list(auditPath, auth.ReadAudit, audit),

			get(page.Welcome, auth.WriteSettings, showWelcome),
			post(page.Welcome, auth.WriteSettings, saveWelcome),
		},
	}
}

// section is one page of the administration.
type section struct {
	text       string
	href       string
	permission auth.Permission
}

func sections() []section {
	return []section{
		{"admin.users.title", usersPath, auth.ManageUsers},
		{"admin.keys.title", keysPath, auth.ManageKeys},
		{"admin.settings.title", settingsPath, auth.WriteSettings},
		{"admin.fields.title", fieldsPath, auth.WriteSettings},
		{"consents.admin.title", consentPath, auth.WriteSettings},
		{"admin.jobs.title", jobsPath, auth.ReadJobs},
		{"admin.audit.title", auditPath, auth.ReadAudit},
	}
}

// first leads to the first page the user may see.
func first(r *page.Request) error {
	for _, s := range sections() {
		if r.Can(s.permission) {
			return r.Redirect(s.href)
		}
	}
	return fault.New(fault.Forbidden, "errors.forbidden")
}

// tabs are the pages the user may see.
func tabs(r *page.Request, here string) []ui.Tab {
	var list []ui.Tab
	for _, s := range sections() {
		if r.Can(s.permission) {
			list = append(list, ui.Tab{Label: r.P.T(s.text), Href: s.href, Active: s.href == here})
		}
	}
	return list
}

// jobKinds are the jobs that no area shows: housekeeping, and what is worked off in the background.
func jobKinds() []page.JobKind {
	var all []page.JobKind
	for _, kind := range []string{"jobs.prune", "feed.cut", "files.sweep", "segment.daily", "campaign.run", "campaign.trial",
		"message.cancel", "message.cut_outbox", "signups.forget", "hit.night", "mail.fetch", "mail.cut"} {
		all = append(all, page.JobKind{Kind: kind, Text: "admin.jobs.kind." + strings.ReplaceAll(kind, ".", "_")})
	}
	return all
}
