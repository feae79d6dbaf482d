// Package sheet is for reading the tables people export from other systems: from a file of unknown make to rows whose
// amounts, dates and keys are understood, or to an error that says what to do.
//
// It knows no database. A run goes through four steps, each a method of [Files]:
//
//	plan, err := files.Prepare(ctx, sheet.Orders, options) // looks at the first 64 KB of each file and guesses
//	view, err := files.Preview(ctx, plan, 20, printer)     // shows the first rows as they are understood
//	survey, err := files.Survey(ctx, plan)                 // reads everything once: evidence for formats, recurring keys
//	err = files.Orders(ctx, survey, 0, row, bad)           // reads everything again and hands out typed rows
//
// Reading twice is what makes guessing safe: whether 1.234 is a thousand or a little more than one is decided by all rows,
// not by the first ones, and what the rows leave open is asked for instead of assumed. Both passes are flat in memory; the
// only thing that grows is eight bytes per order number.
//
// Files come from strangers. Every size has a limit (see [Limits]), archives are read without ever using the names in them
// as paths, and a row that cannot be read is a [RowError] while the rows after it go on.
package sheet
