package suricata

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// class is how ECS classifies an event type.
type class struct {
	kind              string
	categories, types any // lists, boxed once
	action            string
}

var classes = map[string]class{
	"alert":      {"alert", []string{"network", "intrusion_detection"}, nil, ""},
	"drop":       {"event", []string{"network"}, []string{"denied"}, "blocked"},
	"anomaly":    {"event", []string{"network"}, []string{"error"}, "anomaly"},
	"flow":       {"event", []string{"network"}, []string{"connection", "end"}, "flow"},
	"netflow":    {"event", []string{"network"}, []string{"connection"}, "netflow"},
	"dns":        {"event", []string{"network"}, []string{"protocol"}, ""},
	"http":       {"event", []string{"network", "web"}, []string{"access", "protocol"}, "http"},
	"fileinfo":   {"event", []string{"network", "file"}, []string{"info"}, "fileinfo"},
	"smtp":       {"event", []string{"network", "email"}, []string{"protocol"}, "smtp"},
	"stats":      {"metric", []string{"host"}, []string{"info"}, "stats"},
	"engine":     {"event", []string{"host"}, []string{"info"}, "engine"},
	"packet":     {"event", []string{"network"}, []string{"info"}, "packet"},
	"frame":      {"event", []string{"network"}, []string{"info"}, "frame"},
	"stream_tcp": {"event", []string{"network"}, []string{"info"}, "stream"},
	"rdp":        {"event", []string{"network"}, []string{"protocol", "connection"}, "rdp"},
}

// classify sets what kind of event it is. What is not in the table is a
// transaction of the protocol that the type names.
func classify(f event.Fields, kind string) {
	c, ok := classes[kind]
	if !ok {
		c = class{"event", []string{"network"}, []string{"protocol"}, ""}
	}
	switch kind {
	case "alert", "drop", "anomaly", "flow", "netflow", "fileinfo", "packet", "frame", "stream_tcp", "stats", "engine":
	default:
		f["network.protocol"] = kind
	}
	f["event.kind"] = c.kind
	f["event.category"] = c.categories
	if c.types != nil {
		f["event.type"] = c.types
	}
	if c.action != "" && (kind != "drop" || f.String(prefix+"alert.action") == "") {
		f["event.action"] = c.action
	}
}

// endpoints tells client from server by the flow object, because the source of
// an alert is the sender of the packet, which may be the server.
func endpoints(f event.Fields) {
	client, server := f[prefix+"flow.src_ip"], f[prefix+"flow.dest_ip"]
	if client == nil || server == nil {
		return
	}
	f["client.ip"], f["server.ip"] = client, server
	f.SetNew("client.port", f[prefix+"flow.src_port"])
	f.SetNew("server.port", f[prefix+"flow.dest_port"])
}

// derive sets what takes more than one field of the record.
func derive(f event.Fields) {
	verdict(f)
	dnsLists(f)
	httpURL(f)
	files(f)
	if name := f.String("tls.client.server_name"); name != "" {
		side := "destination.domain"
		if server := f.String("server.ip"); server != "" && server != f.String("destination.ip") {
			side = "server.domain"
		}
		f.SetNew(side, name)
	}
	if f["event.action"] == nil {
		f["event.action"] = f.String(prefix + "event_type")
	}
}

// verdict says whether the traffic passed: in "allowed" or "blocked" as event
// action of an alert, in ECS's words as event type and outcome.
func verdict(f event.Fields) {
	if f.String(prefix+"event_type") != "alert" {
		return
	}
	switch f.String(prefix + "verdict.action") {
	case "drop", "reject":
		f["event.action"] = "blocked"
	}
	if f.String("event.action") == "blocked" {
		f["event.type"] = []string{"info", "denied"}
	} else {
		f["event.type"] = []string{"info", "allowed"}
	}
}

// dnsLists reads the lists of version 3 (queries, answers), the query list in
// alerts, and the answers of versions 1 and 2.
func dnsLists(f event.Fields) {
	for _, name := range [...]string{"dns.queries", "dns.query"} {
		list := f[prefix+name]
		if list == nil {
			continue
		}
		f.SetNew("dns.question.name", one(format.Collect(list, "rrname")))
		f.SetNew("dns.question.type", one(format.Collect(list, "rrtype")))
	}
	switch f.String(prefix + "dns.type") {
	case "query", "request":
		f["dns.type"], f["event.action"] = "query", "dns-query"
	case "answer", "response":
		f["dns.type"], f["event.action"] = "answer", "dns-answer"
	}
	data := format.Collect(f[prefix+"dns.answers"], "rdata")
	var addresses []string
	for _, name := range [...]string{"dns.grouped.A", "dns.grouped.AAAA"} {
		addresses = append(addresses, f.Strings(prefix+name)...)
	}
	for _, name := range [...]string{"dns.grouped.CNAME", "dns.grouped.MX", "dns.grouped.NS"} {
		data = append(data, f.Strings(prefix+name)...)
	}
	if s := f.String(prefix + "dns.rdata"); s != "" {
		data = append(data, s)
	}
	f.SetNew("dns.resolved_ip", addresses)
	f.SetNew("dns.answers.data", data)
}

// one returns a single value as itself, several as a list.
func one(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// httpURL builds the full address from host, port and request target.
func httpURL(f event.Fields) {
	target := f.String(prefix + "http.url")
	host := f.String("url.domain")
	if target == "" && host == "" {
		return
	}
	f.SetNew("url.original", target)
	if strings.Contains(target, "://") && !strings.HasPrefix(target, "/") {
		f.SetNew("url.full", target)
		return
	}
	path, query, _ := strings.Cut(target, "?")
	f.SetNew("url.path", path)
	f.SetNew("url.query", query)
	if host == "" || f.String("http.request.method") == "CONNECT" || target != "" && target[0] != '/' {
		return
	}
	if port, ok := f.Int(prefix + "http.http_port"); ok {
		f.SetNew("url.port", port)
		if port != 80 {
			host += ":" + f.String(prefix+"http.http_port")
		}
	}
	f.SetNew("url.full", "http://"+host+target)
}

// files reads the list of files that an alert or a mail carries.
func files(f event.Fields) {
	list := f[prefix+"files"]
	if list == nil {
		return
	}
	f.SetNew("file.path", one(format.Collect(list, "filename")))
	var names []string
	for _, p := range format.Collect(list, "filename") {
		if n, _ := format.Base(p).(string); n != "" {
			names = append(names, n)
		}
	}
	f.SetNew("file.name", one(names))
	for _, h := range [...]string{"md5", "sha1", "sha256"} {
		f.SetNew("file.hash."+h, one(format.Collect(list, h)))
	}
}
