// Command stamm is the whole of Stamm in one binary: the web page, the API and every command.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // zones also where the system has none

	"stamm/internal/door/cli"
)

func main() {
	os.Exit(cli.Main(cli.Attend(context.Background()), cli.Process()))
}
