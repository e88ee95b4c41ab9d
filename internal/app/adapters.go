// Package app builds the running system from a configuration. It is the only
// place that lists adapters: a new source, format or receiver becomes part of
// the product by its line here.
//
// [Open] gives a [System]; [System.Run] serves until its context is done.
package app

import (
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/source/csv"
	"github.com/vedette-soc/vedette/internal/source/galaxy"
	"github.com/vedette-soc/vedette/internal/source/ipsum"
	"github.com/vedette-soc/vedette/internal/source/maltrail"
	"github.com/vedette-soc/vedette/internal/source/misp"
	"github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/internal/source/text"
)

// Parsers lists what a feed may be, by internal/source.
func Parsers() []collect.Parser {
	return []collect.Parser{csv.Parser{}, galaxy.Parser{}, ipsum.Parser{}, maltrail.Parser{}, misp.Parser{}, stix.Parser{}, text.Parser{}}
}

// Formats lists what an event may be, by format.
func Formats() *format.Recogniser {
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	return format.NewRecogniser(suricata.Format(), zeek.Format(), events, ecs.Format())
}
