package cli

// predictCommands foresee.
type predictCommands struct {
	Fit      predictFit      `cmd:"" help:"Fit models of buying and leaving to the purchases, and print their parameters."`
	Score    predictScore    `cmd:"" help:"Print what is foreseen of each customer."`
	Backtest predictBacktest `cmd:"" help:"Foretell a stretch of the past from what was known before it, and compare."`
	Totals   predictTotals   `cmd:"" help:"What to expect of all customers together, and how sure that is, by simulating and fitting again."`
	Selftest predictSelftest `cmd:"" help:"Hold the models against published results, and print every number that was checked."`
	Leaving  predictLeaving  `cmd:"" help:"Print for each running contract the chance that it ends within so many days."`
	Survival predictSurvival `cmd:"" help:"How long contracts last: the curve, and what is to be expected, of all and by plan."`
}
