package windows

import "github.com/vedette-soc/vedette/format"

var (
	asked    = []string{"protocol", "info"}
	dnsName  = format.Rule{From: data + "QNAME", To: "dns.question.name", Convert: dotless}
	dnsOfWho = []format.Rule{dnsName, {From: data + "Source", To: "source.ip", Convert: address}, {From: data + "Port", To: "source.port", Convert: port}}
	dnsToWho = []format.Rule{dnsName, {From: data + "Destination", To: "source.ip", Convert: address}, {From: data + "Port", To: "source.port", Convert: port}}
	dnsOut   = []format.Rule{dnsName, {From: data + "Destination", To: "destination.ip", Convert: address}}
	dnsBack  = []format.Rule{dnsName, {From: data + "Source", To: "destination.ip", Convert: address}}
)

// dnsServer maps what Microsoft's DNS server traces of each packet; ids and fields as in
// its manifest. Who asks is the source, whoever sends the packet.
var dnsServer = source{
	classes: map[int64]class{
		256: {"dns-query", wire, asked},
		257: {"dns-answer", wire, asked},
		258: {"dns-answer", wire, asked},
		259: {"dns-query-ignored", wire, asked},
		260: {"dns-forward", wire, asked},
		261: {"dns-answer", wire, asked},
		262: {"dns-timeout", wire, asked},
		263: {"dns-update", wire, asked},
		264: {"dns-update-answer", wire, asked},
	},
	byID: map[int64][]format.Rule{
		256: dnsOfWho, 257: dnsToWho, 258: dnsToWho, 259: dnsOfWho, 260: dnsOut, 261: dnsBack, 262: dnsOut, 263: dnsOfWho, 264: dnsToWho,
	},
}

// dnsClient maps what the resolver of Windows logs.
var dnsClient = source{
	classes: map[int64]class{
		3006: {"dns-query", wire, asked},
		3008: {"dns-answer", wire, asked},
		3018: {"dns-answer", wire, asked},
		3020: {"dns-answer", wire, asked},
	},
	rules: []format.Rule{{From: data + "QueryName", To: "dns.question.name", Convert: dotless}},
}

// dotless takes away the dot that ends a name.
func dotless(v any) any {
	s, ok := v.(string)
	if n := len(s) - 1; ok && n > 0 && s[n] == '.' {
		return s[:n]
	}
	return v
}
