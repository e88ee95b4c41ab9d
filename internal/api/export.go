package api

import (
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// exportMedia are the media types of exports; all others are plain text.
var exportMedia = map[string]string{
	"stix": "application/stix+json;version=2.1", "misp": "application/json", "misp-feed": "application/x-tar", "csv": "text/csv; charset=utf-8",
}

func (a *API) exports() []route {
	return []route{
		stream(
			"/indicators/export", ref.Viewer,
			"Indicators as a file: to=stix, misp, misp-feed (tar), csv, edl, rpz, zeek, suricata, yara or suricata-rules. objects=with or only adds to STIX what else is kept, as_of leaves out what came later. tlp is the most restrictive label that may leave (default green; above it: analysts).",
			"application/octet-stream", []string{"to", "q", "type", "source", "name", "state", "min_confidence", "tlp", "objects", "as_of"}, a.export,
		),
	}
}

func (a *API) export(c call, out *streamed) (any, error) {
	x := intel.Export{To: c.query["to"], Query: intel.Query{
		Text: c.query["q"], Type: indicator.Type(c.query["type"]), Source: c.query["source"], Name: c.query["name"], State: c.query["state"],
		MinConf: c.int("min_confidence", 0),
	}, Objects: c.query["objects"]}
	if t := c.query["as_of"]; t != "" {
		at, err := time.Parse(time.RFC3339Nano, t)
		if err != nil {
			return nil, errs.New(errs.Invalid, "time_invalid", "as_of: %q is no time such as 2026-03-03T14:03:00Z.", t)
		}
		x.AsOf = at
	}
	if label := c.query["tlp"]; label != "" {
		if x.TLP = indicator.ParseTLP(label); x.TLP == indicator.TLPUnknown {
			return nil, errs.New(errs.Invalid, "tlp_unknown", "%q is not one of clear, green, amber, amber+strict, red.", label)
		}
	}
	if out.media = exportMedia[x.To]; out.media == "" {
		out.media = "text/plain; charset=utf-8"
	}
	return a.cfg.Intel.Export(c.ctx, x, a.cfg.Rail, out)
}
