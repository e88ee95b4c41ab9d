// Package app builds the running system from a configuration. It is the only
// place that lists adapters: a new source, format or receiver becomes part of
// the product by its line here.
//
// [Open] gives a [System]; [System.Run] serves until its context is done.
package app

import (
	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/evtx"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/source/csv"
	"github.com/vedette-soc/vedette/internal/source/ctid"
	"github.com/vedette-soc/vedette/internal/source/galaxy"
	"github.com/vedette-soc/vedette/internal/source/ipsum"
	"github.com/vedette-soc/vedette/internal/source/maltrail"
	"github.com/vedette-soc/vedette/internal/source/misp"
	"github.com/vedette-soc/vedette/internal/source/openioc"
	"github.com/vedette-soc/vedette/internal/source/otx"
	"github.com/vedette-soc/vedette/internal/source/rules"
	"github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/internal/source/taxonomy"
	"github.com/vedette-soc/vedette/internal/source/text"
	"github.com/vedette-soc/vedette/internal/source/vulnerability"
	"github.com/vedette-soc/vedette/internal/source/yara"
)

// Parsers lists what a feed may be, by internal/source.
func Parsers() []collect.Parser {
	return []collect.Parser{csv.Parser{}, ctid.Parser{Catalogue: content.Attack}, galaxy.Parser{}, ipsum.Parser{}, maltrail.Parser{}, misp.Parser{}, openioc.Parser{}, otx.Parser{}, rules.Parser{}, stix.Parser{}, taxonomy.Parser{}, text.Parser{}, vulnerability.Parser{}, yara.Parser{}}
}

// Formats lists what an event may be: those of format, those that content
// describes, and those that the user describes in dir, which come first. Of a
// name that is described twice the user's description counts.
func Formats(dir string) (*format.Recogniser, error) {
	theirs, err := describedIn(dir)
	if err != nil {
		return nil, err
	}
	ours, err := shippedFormats()
	if err != nil {
		return nil, err
	}
	events := windows.Format()
	events.Containers = []format.Container{evtx.Container()}
	list := []format.Format{suricata.Format(), zeek.Format(), events, ecs.Format(), format.HEC(), format.OTLP(), format.Splunk()}
	taken := map[string]string{"syslog": "", "json": "", "text": ""}
	for _, f := range list {
		taken[f.Name] = ""
	}
	var more []format.Format
	for _, d := range theirs {
		if other, ok := taken[d.Name]; ok {
			return nil, errs.New(errs.Invalid, "format_twice", "%s:%d: there is a format %s already%s; give this one another name.", d.File, d.Line, d.Name, other)
		}
		taken[d.Name] = " in " + d.File
		more = append(more, d.Format())
	}
	for _, d := range ours {
		if _, ok := taken[d.Name]; !ok {
			more = append(more, d.Format())
		}
	}
	return format.NewRecogniser(append(list, more...)...), nil
}
