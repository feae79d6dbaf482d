// Package report is for the figures of retention: how many customers there are, who comes back, how often, when they drift
// away and what they are worth.
//
// Each report is one entry (Report): its name, its parameters, what it asks of the warehouse and how it reads the answer. The
// page, the CSV, the API, the command line and the explanation follow from it; titles, sentences and definitions stand in the
// catalogue under report.NAME. A result (Result) holds the figures twice: as the object that machines read (JSON), and as
// typed tables and a chart for people, whose cells name the customers behind them (Ref, Rows).
//
// Two rules hold everywhere. A figure is as of a day: purchases and returns after it do not exist. And it stands on one of two
// bases: gross leaves returns out, net takes them off the day of the sale they reverse, or off the customer's total where no
// sale was found; a sale returned in full is then no purchase. The file scope.go is the one place that knows both; reports read
// purchase days, months and the state of customers from it. Counting and summing is done in whole numbers, so that figures do
// not depend on the order of addition.
package report
