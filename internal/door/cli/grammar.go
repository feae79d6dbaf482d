package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// grammar is all that can be typed after "stamm". A new command is a struct with a Run method, and a line here.
type grammar struct {
	Config
	JSON bool `name:"json" help:"Print exactly one JSON value on standard output."`

	Demo      demoCommand       `cmd:"" help:"Simulate a company and serve it, to look around."`
	Serve     serveCommand      `cmd:"" help:"Serve the web page until told to stop."`
	Import    importCommands    `cmd:"" help:"Bring in orders, customers, products, payments, contracts and consents from files."`
	Report    reportCommand     `cmd:"" help:"Print a report; stamm report list names them."`
	Predict   predictCommands   `cmd:"" help:"Foresee who comes back, and what each customer is worth."`
	Segment   segmentCommands   `cmd:"" help:"Choose customers by a condition, or by the name it was saved under."`
	Segments  segmentsCommand   `cmd:"" help:"List the segments."`
	Consent   consentCommands   `cmd:"" help:"What customers agreed to, and the proof of it."`
	Program   programCommands   `cmd:"" help:"Measures, who was left alone, and what each brought."`
	Prove     proveCommand      `cmd:"" help:"Compare groups of a file: what a measure brought, and how sure that is."`
	Campaign  campaignCommands  `cmd:"" help:"Write to many customers at once, or have them called."`
	Coupon    couponCommands    `cmd:"" help:"Codes that take something off an order."`
	Relay     relayCommands     `cmd:"" help:"Servers that take mails."`
	Message   messageCommands   `cmd:"" help:"Messages to customers: who got them, who did not, and why."`
	Warehouse warehouseCommands `cmd:"" help:"The copy that figures are counted in."`
	User      userCommands      `cmd:"" help:"Who may sign in."`
	Job       jobCommands       `cmd:"" help:"Work in the background."`
	Rates     rateCommands      `cmd:"" help:"What other currencies are worth, for documents in them."`
	Settings  settingCommands   `cmd:"" help:"What Stamm knows about the company."`
	Bench     benchCommand      `cmd:"" help:"Load the whole program and print rates."`
	Backup    backupCommand     `cmd:"" help:"Copy everything into one file, also while Stamm runs."`
	Restore   restoreCommand    `cmd:"" help:"Bring a backup into an empty folder."`
	Show      configCommand     `cmd:"" name:"config" help:"Print the configuration in force, as a file one could use."`
	Version   versionCommand    `cmd:"" help:"Print which Stamm this is."`
}

const description = `Stamm keeps a company close to its customers.

Each flag of the configuration may also be given as a variable (STAMM_DIR for --dir) or in the file stamm.toml.
Flags weigh more than variables, variables more than the file.`

// newParser builds the parser of a grammar for one invocation.
func newParser(g *grammar, in Invocation) (*kong.Kong, *settings) {
	s := newSettings(in.Env)
	k, err := kong.New(g, kong.Name("stamm"), kong.Description(description), kong.Writers(in.Stdout, in.Stderr), kong.Resolvers(s),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
	if err != nil {
		panic(fmt.Sprintf("the grammar of commands is wrong: %v", err)) // found by every test that runs a command
	}
	return k, s
}
