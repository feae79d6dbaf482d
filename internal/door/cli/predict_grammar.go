package cli

// predictCommands foresee.
type predictCommands struct {
	Survival predictSurvival `cmd:"" help:"How long contracts last: the curve, and what is to be expected, of all and by plan."`
}
