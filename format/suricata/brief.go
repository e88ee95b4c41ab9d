package suricata

import (
	"maps"
	"slices"

	"github.com/vedette-soc/vedette/format"
)

// derived are the fields of a record that others are made of without a rule.
var derived = []string{
	"event_type", "timestamp", "app_proto", "alert.action", "verdict.action", "flow.src_ip", "flow.dest_ip", "flow.src_port", "flow.dest_port",
	"http.url", "http.http_port", "files", "dns.type", "dns.queries", "dns.query", "dns.answers", "dns.rdata",
	"dns.grouped.A", "dns.grouped.AAAA", "dns.grouped.CNAME", "dns.grouped.MX", "dns.grouped.NS",
}

// briefScanner reads what is wanted, and what that is made of.
func briefScanner(b *format.Brief) *format.Scanner {
	asked := b.Of("suricata", "")
	sources := asked.Sources(append(slices.Collect(maps.Values(byType)), common, attached)...)
	for _, name := range derived {
		sources[prefix+name] = true
	}
	return format.NewBriefScanner("suricata.eve", func(name string) bool { return sources[name] || asked.Wants(name) })
}
