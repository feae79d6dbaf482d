// Package auth keeps who may do what: users with roles, their passwords and sessions, and keys for programs, so that
// every door asks the same table before it lets anybody in.
//
// Slow work (hashing a password) is never done inside a transaction: a door reads what it needs, verifies, and then
// writes the outcome.
package auth

import (
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/fault"
)

// Permission is one thing somebody may do. Every route names one.
type Permission string

// The permissions.
const (
	ReadCustomers  Permission = "customers.read"
	WriteCustomers Permission = "customers.write"
	EraseCustomers Permission = "customers.erase"
	ReadDocuments  Permission = "documents.read"
	WriteDocuments Permission = "documents.write"
	WriteEvents    Permission = "events.write"
	ReadReports    Permission = "reports.read"
	ReadImports    Permission = "imports.read"
	WriteImports   Permission = "imports.write"
	WriteSegments  Permission = "segments.write"
	WriteMessages  Permission = "messages.write"  // campaigns and senders, and decisions about what is unclear
	SendMessages   Permission = "messages.send"   // messages whose words a program brings
	ExemptMessages Permission = "messages.exempt" // and which pass by contact budget and quiet hours
	WriteTasks     Permission = "tasks.write"
	ReadJobs       Permission = "jobs.read"
	WriteJobs      Permission = "jobs.write"
	ReadAudit      Permission = "audit.read"
	WriteSettings  Permission = "settings.write"
	ManageUsers    Permission = "users.manage"
	ManageKeys     Permission = "keys.manage"
	SignedIn       Permission = "signed-in" // everybody with an account: own profile
	Public         Permission = "public"    // nobody has to be signed in
)

// Role is what a user is in the company.
type Role string

// The roles.
const (
	Admin    Role = "admin"
	Manager  Role = "manager"
	Marketer Role = "marketer"
	Agent    Role = "agent"
	Viewer   Role = "viewer"
)

// Roles lists all roles, the most powerful first.
func Roles() []Role { return []Role{Admin, Manager, Marketer, Agent, Viewer} }

// ParseRole finds a role by its name.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fault.New(fault.Invalid, "errors.choice", "text", name).On("role")
}

// permissions is the table of who may do what, beside what Viewer may.
func permissions(r Role) []Permission {
	reads := []Permission{SignedIn, ReadCustomers, ReadDocuments, ReadReports}
	switch r {
	case Admin:
		return append(reads, WriteCustomers, EraseCustomers, WriteDocuments, WriteEvents, ReadImports, WriteImports, WriteSegments, WriteMessages, WriteTasks,
			ReadJobs, WriteJobs, ReadAudit, WriteSettings, ManageUsers, ManageKeys)
	case Manager:
		return append(reads, WriteCustomers, EraseCustomers, WriteDocuments, WriteEvents, ReadImports, WriteImports, WriteSegments, WriteMessages, WriteTasks,
			ReadJobs, WriteJobs, ReadAudit)
	case Marketer:
		return append(reads, WriteCustomers, ReadImports, WriteImports, WriteSegments, WriteMessages, WriteTasks, ReadJobs)
	case Agent:
		return append(reads, WriteCustomers, WriteTasks)
	case Viewer:
		return reads
	}
	return nil
}

// Can tells whether the role has the permission.
func (r Role) Can(p Permission) bool {
	return p == Public || slices.Contains(permissions(r), p)
}

// Scopes are the permissions an API key can be given.
func Scopes() []Permission {
	return []Permission{ReadCustomers, WriteCustomers, EraseCustomers, ReadDocuments, WriteDocuments, WriteEvents, ReadReports, ReadImports, WriteImports,
		WriteSegments, WriteMessages, SendMessages, ExemptMessages, WriteSettings}
}

// User is a person who works with Stamm.
type User struct {
	ID          int64
	Mail        string
	Name        string
	Role        Role
	Disabled    bool
	HasPassword bool   // false until an invitation is accepted
	Stamp       string // changes with the password and with EndSessions; a session keeps it and ends when it no longer fits
	Language    string // de, en, or empty for the company's
	Theme       string // light, dark, or empty for the system's
	Shortcuts   bool   // keyboard shortcuts on
	CreatedAt   time.Time
	LastLogin   time.Time // zero for never
}

// Can tells whether the user may do something now.
func (u *User) Can(p Permission) bool { return u != nil && !u.Disabled && u.Role.Can(p) }

// foldMail is how mail addresses of users are compared and stored.
func foldMail(mail string) string { return strings.ToLower(strings.TrimSpace(mail)) }

func checkMail(mail string) error {
	at := strings.LastIndexByte(mail, '@')
	if at < 1 || at == len(mail)-1 || len(mail) > 254 || strings.ContainsAny(mail, " \t\r\n<>\"") {
		return fault.New(fault.Invalid, "errors.mail", "text", mail).On("mail")
	}
	return nil
}

func checkName(name string) error {
	if strings.TrimSpace(name) == "" {
		return fault.New(fault.Invalid, "errors.required").On("name")
	}
	if len(name) > 200 {
		return fault.New(fault.Invalid, "errors.too_long", "max", 200).On("name")
	}
	return nil
}
