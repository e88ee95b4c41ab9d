package main

import (
	"flag"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/app"
)

// kinds is what a command is told about the formats of its input.
type kinds struct {
	declared, dir string
	maxRecord     int // bytes
	rec           *format.Recogniser
}

// formatFlags adds -format, -formats and -max-record; read must be called when they are
// parsed.
func formatFlags(fs *flag.FlagSet, what string) *kinds {
	k := &kinds{}
	fs.StringVar(&k.declared, "format", "", "format of "+what+", `NAME` as in docs/formats.md; default: recognised")
	fs.StringVar(&k.dir, "formats", "", "`DIR` with descriptions of further formats (docs/new-format.md)")
	fs.IntVar(&k.maxRecord, "max-record", format.DefaultMaxRecord, "largest record that is read, in `BYTES`")
	return k
}

func (k *kinds) read() (err error) {
	k.rec, err = app.Formats(k.dir)
	return err
}
