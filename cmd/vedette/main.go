// Command vedette is threat intelligence built into the daily work of a security
// operations centre. Run it without arguments for the list of its commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/vedette-soc/vedette/internal/errs"
)

// command is one subcommand.
type command struct {
	name, args, does string
	run              func(ctx context.Context, e env, args []string) error
}

// env is where a command reads and writes.
type env struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	tty    bool // standard error is a terminal: progress may be shown
}

// verbs says whether the first argument of the command is one of several words.
func (c command) verbs() bool { return c.args != "" && c.args[0] >= 'a' && c.args[0] <= 'z' }

func commands() []command {
	return []command{
		{"demo", "[-listen A]", "a whole scenario in a temporary directory, to look at", runDemo},
		{"serve", "[-config F] [-data D] [-listen A]", "the server", runServe},
		{"parse", "[-format F] [-original] EVENTS...", "print events as ECS, one JSON object a line", runParse},
		{"match", "-intel PATH... [-warninglists DIR] EVENTS...", "print every indicator that events touch, without a store", runMatch},
		{"detect", "-rules PATH... [-why] EVENTS...", "print every Sigma rule that events match, without a store", runDetect},
		{"extract", "[-o ndjson|stix|text] FILE...", "report to intelligence: what a report names, with the place and the sentence", runExtract},
		{"rule", "test|explain|list|show|import|enable|disable|except|backtest [flags] ...", "detection rules and their tests", runRule},
		{"intel", "import|export|lookup|resolve|landscape|validate [flags] ...", "bring intelligence in and out, ask what is known", runIntel},
		{"pattern", "match -pattern P FILE...", "evaluate a STIX pattern over observed-data", runPattern},
		{"hunt", "QUERY | retro [-intel PATH...] [-wait]", "ask the history, or hold intelligence against it", runHunt},
		{"history", "export -o DIR | import PATH... | migrate -to clickhouse [flags]", "the kept events: out as Parquet files, in from old files, over to ClickHouse", runHistory},
		{"queue", "dead list|show|retry|drop [-why TEXT] [NUMBER...]", "what no matcher could take: look at it, try it once more, drop it", runQueue},
		{"feed", "list|add|run|enable|disable|acknowledge|audit|life|retire|remove [flags] [ID]", "the sources", runFeed},
		{"report", "add|list|show [flags] [FILE...]", "reports to review: read them into the server, see what is proposed", runReport},
		{"bench", "triage|extract|match|detect|intake|import [-want NAME>=X] [flags] FILE...", "measure: quality on labelled data, speed beside a floor", runBench},
		{"org", "import|show|hosts [FILE]", "the organisation profile", runOrg},
		{"leak", "import PATH... | list [WORD...] | erase -why TEXT ACCOUNT [flags]", "which of our accounts were stolen; no password is kept", runLeak},
		{"suppress", "list|accept|dismiss|end [-why TEXT] [-days N] [ID]", "what verdicts propose to let pass, and what was decided", runSuppress},
		{"vuln", "rank -cve PATH... -kev FILE [-epss FILE] -assets FILE", "vulnerabilities of these assets in order of urgency", runVuln},
		{"audit", "verify|list", "the audit log", runAudit},
		{"doctor", "[-data D] [--json]", "check everything, and say what helps", runDoctor},
		{"backup", "[-data D] FILE.tar.zst", "write a backup, also while the server runs", runBackup},
		{"restore", "-data D FILE.tar.zst", "unpack a backup into a new data directory and check it", runRestore},
		{"config", "[-config F]", "print the configuration with every key explained", runConfig},
		{"version", "", "print the version", runVersion},
	}
}

func main() {
	e := env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, tty: term.IsTerminal(int(os.Stderr.Fd()))}
	os.Exit(run(e, os.Args[1:]))
}

// run runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong
// use.
func run(e env, args []string) int {
	if len(args) == 2 && args[0] == "help" {
		args = []string{args[1], "-h"}
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(e.stderr)
		return 2
	}
	for _, c := range commands() {
		if c.verbs() && len(args) > 1 && c.name == args[0] && slices.Contains([]string{"-h", "-help", "--help"}, args[1]) {
			fmt.Fprintf(e.stderr, "usage: vedette %s %s\n%s\n\n`vedette %s %s -h` explains one.\n", c.name, c.args, c.does, c.name, c.args[:strings.IndexAny(c.args+" ", "| ")])
			return 2
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // a second signal ends at once
		<-ctx.Done()
		stop()
	}()
	for _, c := range commands() {
		if c.name == args[0] {
			return report(e, c, c.run(ctx, e, args[1:]))
		}
	}
	fmt.Fprintf(e.stderr, "vedette: there is no command %q\n\n", args[0])
	usage(e.stderr)
	return 2
}

// errUsage is a wrong use that was explained already.
var errUsage = errors.New("wrong use")

func report(e env, c command, err error) int {
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return 0
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errUsage):
		return 2
	case errs.KindOf(err) == errs.Internal:
		fmt.Fprintf(e.stderr, "vedette %s: %v\n", c.name, err)
		return 1
	}
	fmt.Fprintf(e.stderr, "vedette %s: %s\n", c.name, errs.Public(err))
	fields := errs.FieldsOf(err)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(e.stderr, "  %s: %s\n", name, fields[name])
	}
	return errs.ExitCode(err)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: vedette COMMAND [flags] [arguments]\n\ncommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.does)
	}
	fmt.Fprint(w, "\n`vedette COMMAND -h` explains one. Exit codes: 0 done, 1 failed, 2 wrong use.\n")
}

// flags returns a flag set whose -h shows the command's line.
func flags(e env, name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	fs.Usage = func() {
		for _, c := range commands() {
			if c.name == name {
				fmt.Fprintf(e.stderr, "usage: vedette %s %s\n%s\n", c.name, c.args, c.does)
			}
		}
		fs.PrintDefaults()
	}
	return fs
}

// parseFlags parses args, also flags that come after arguments, and returns the
// arguments. A wrong flag has been explained when it returns errUsage.
func parseFlags(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, errUsage
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		if n := len(args) - fs.NArg(); n > 0 && args[n-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// wrong is a wrong use of a command.
func wrong(format string, args ...any) error {
	return errs.New(errs.Invalid, "usage", format, args...)
}

// unreadable is a file named on the command line that cannot be opened.
func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return wrong("%s does not exist.", path)
	}
	return wrong("%s cannot be read; check its permissions.", path)
}

// paths is a flag that may be repeated.
type paths []string

func (p *paths) String() string     { return fmt.Sprint([]string(*p)) }
func (p *paths) Set(v string) error { *p = append(*p, v); return nil }
