package ui

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/platform/i18n"
)

// Job is a piece of long work as its page and the bar on every page show it.
type Job struct {
	Name    string
	Href    string
	State   JobState
	Done    int64
	Total   int64   // 0 for not known yet
	Unit    string  // what is counted, "Zeilen"
	Bytes   bool    // what is counted is bytes of a file, written as a size
	Rate    float64 // a second; 0 for not known
	Left    time.Duration
	Started time.Time
	Note    string // what it does at the moment, or why it failed
	Reload  string // address of the page, asked every second while it runs
	Cancel  *Post  // nil when it cannot be cancelled
}

// JobState is where a job stands.
type JobState string

// The states of a job.
const (
	JobWaiting  JobState = "waiting"
	JobRunning  JobState = "running"
	JobDone     JobState = "done"
	JobFailed   JobState = "failed"
	JobCanceled JobState = "canceled"
)

// Active tells whether the job still has something to do.
func (j Job) Active() bool { return j.State == JobWaiting || j.State == JobRunning }

func (j Job) tone() Tone {
	switch j.State {
	case JobDone:
		return Good
	case JobFailed:
		return Bad
	case JobCanceled:
		return Warn
	}
	return Accent
}

// share is how much is done, 0 to 1.
func (j Job) share() float64 {
	if j.State == JobDone {
		return 1
	}
	if j.Total <= 0 {
		return 0
	}
	return min(float64(j.Done)/float64(j.Total), 1)
}

// progress is the share as the value of a progress element out of 1000.
func (j Job) progress() string { return fmt.Sprintf("%d", int(j.share()*1000)) }

// counted says how much is done in words.
func (j Job) counted(p *i18n.Printer) string {
	if j.Bytes {
		return p.T("ui.job.file", "done", p.Bytes(j.Done), "total", p.Bytes(j.Total))
	}
	if j.Total > 0 {
		return p.T("ui.job.of", "done", j.Done, "total", j.Total, "unit", j.Unit)
	}
	return p.T("ui.job.done", "done", j.Done, "unit", j.Unit)
}

// rate says how fast it goes, "" for not known.
func (j Job) rate(p *i18n.Printer) string {
	if j.Rate <= 0 {
		return ""
	}
	if j.Bytes {
		return p.T("ui.job.rate_bytes", "rate", p.Bytes(int64(j.Rate)))
	}
	return p.T("ui.job.rate", "rate", int64(j.Rate), "unit", j.Unit)
}

// left says how long it will take, "" for not known.
func (j Job) left(p *i18n.Printer) string {
	if j.Left <= 0 || j.Bytes { // after the file has been looked through, its rows are counted
		return ""
	}
	return p.T("ui.job.left", "time", p.Duration(j.Left))
}

// Step is one step of several on a page that fills in from the top.
type Step struct {
	Title string
	Sum   string // what was decided, once the step is done
	State StepState
	Back  string // address that opens the step again, "" for never
}

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	StepDone StepState = "done"
	StepNow  StepState = "now"
	StepNext StepState = "next"
)

// FoundGroup is what a search found of one kind.
type FoundGroup struct {
	Title string
	Items []Found
}

// Found is one result of a search.
type Found struct {
	Title string
	Sub   string
	Href  string
	Mark  string // right: a band, a number
}

// Trouble is a page that could not be shown.
type Trouble struct {
	Status int
	Title  string
	Text   string
	Remedy string
	ID     string // of the entry in the log, "" for none
	Links  []Anchor
}

// found is how many results there are.
func found(groups []FoundGroup) int {
	n := 0
	for _, group := range groups {
		n += len(group.Items)
	}
	return n
}

func stepNow(s Step) templ.Attributes {
	if s.State == StepNow {
		return templ.Attributes{"aria-current": "step"}
	}
	return nil
}
