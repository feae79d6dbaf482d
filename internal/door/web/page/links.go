package page

import "net/url"

// Addresses that other doors print or other areas link to.
const (
	Login    = "/login"
	Forgot   = "/forgot"
	Setup    = "/setup"
	Welcome  = "/welcome"
	Profile  = "/profile"
	Logout   = "/logout"
	Language = "/language"
	Theme    = "/theme"
	Health   = "/healthz"
	JobBar   = "/admin/jobs/bar"
)

// LoginLink is the address of a one-time login.
func LoginLink(token string) string { return "/login/" + url.PathEscape(token) }

// InvitationLink is the address where an invited user chooses a password.
func InvitationLink(token string) string { return "/invitation/" + url.PathEscape(token) }

// ResetLink is the address where a user who forgot the password chooses a new one.
func ResetLink(token string) string { return "/password/" + url.PathEscape(token) }

// SetupLink is the address of the first start, with the code that proves that one may.
func SetupLink(code string) string { return Setup + "?code=" + url.QueryEscape(code) }
