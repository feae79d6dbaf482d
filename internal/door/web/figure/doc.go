// Package figure shows what the reports find, on whichever page it stands: cells, tables, charts, explanations and the
// addresses behind figures.
//
// Two things are the same everywhere. A page never waits for the warehouse: Soon gives the newest result that is there
// within a few hundredths of a second, the page says how old it is, and asks again by itself (Stale). And a figure is
// written and linked in one place (Query), so that its page, the customers behind it and its CSV agree.
package figure
