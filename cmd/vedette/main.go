// Command vedette is threat intelligence built into the daily work of a security
// operations centre. Run it without arguments for the list of its commands.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "usage: vedette COMMAND [flags] [arguments]")
	os.Exit(2)
}
