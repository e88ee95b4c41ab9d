package zeek

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// log is how one Zeek log is mapped.
type log struct {
	categories, types any // lists, boxed once
	protocol          string
	rules             []format.Rule
}

var network = []string{"network"}

// tables are the logs with fields of their own, by path. Rules get their prefix
// in prepare, once per process.
var tables = prepare(map[string]log{
	"conn": {network, []string{"connection", "end"}, "", []format.Rule{
		{From: "service", To: "network.protocol", Convert: format.Lower},
		{From: "orig_bytes", To: "source.bytes"},
		{From: "resp_bytes", To: "destination.bytes"},
		{From: "orig_pkts", To: "source.packets"},
		{From: "resp_pkts", To: "destination.packets"},
		{From: "orig_l2_addr", To: "source.mac"},
		{From: "resp_l2_addr", To: "destination.mac"},
		{From: "community_id", To: "network.community_id"},
		{From: "vlan", To: "network.vlan.id", Convert: format.Text},
	}},
	"dns": {network, []string{"protocol"}, "dns", []format.Rule{
		{From: "query", To: "dns.question.name"},
		{From: "qtype_name", To: "dns.question.type"},
		{From: "qclass_name", To: "dns.question.class"},
		{From: "trans_id", To: "dns.id", Convert: format.Text},
		{From: "rcode_name", To: "dns.response_code"},
		{From: "answers", To: "dns.answers.data"},
	}},
	"http": {[]string{"network", "web"}, []string{"access", "protocol"}, "http", []format.Rule{
		{From: "host", To: "url.domain"},
		{From: "method", To: "http.request.method"},
		{From: "referrer", To: "http.request.referrer"},
		{From: "user_agent", To: "user_agent.original"},
		{From: "status_code", To: "http.response.status_code"},
		{From: "request_body_len", To: "http.request.body.bytes"},
		{From: "response_body_len", To: "http.response.body.bytes"},
		{From: "version", To: "http.version"},
		{From: "username", To: "user.name"},
		{From: "resp_mime_types", To: "http.response.mime_type"},
		{From: "resp_filenames", To: "file.name"},
	}},
	"ssl": {network, []string{"connection", "protocol"}, "tls", []format.Rule{
		{From: "server_name", To: "tls.client.server_name"},
		{From: "server_name", To: "destination.domain"},
		{From: "cipher", To: "tls.cipher"},
		{From: "curve", To: "tls.curve"},
		{From: "resumed", To: "tls.resumed"},
		{From: "established", To: "tls.established"},
		{From: "next_protocol", To: "tls.next_protocol"},
		{From: "version", To: "tls.version"},
		{From: "ja3", To: "tls.client.ja3"},
		{From: "ja3s", To: "tls.server.ja3s"},
		{From: "ja4", To: "tls.client.ja4"},
		{From: "subject", To: "tls.server.subject"},
		{From: "issuer", To: "tls.server.issuer"},
		{From: "cert_chain_fps", To: "tls.server.hash.sha256"},
		{From: "client_cert_chain_fps", To: "tls.client.hash.sha256"},
	}},
	"x509": {network, []string{"info"}, "", []format.Rule{
		{From: "fingerprint", To: "tls.server.hash.sha256"},
		{From: "certificate.subject", To: "tls.server.subject"},
		{From: "certificate.issuer", To: "tls.server.issuer"},
		{From: "certificate.serial", To: "tls.server.x509.serial_number"},
		{From: "certificate.not_valid_before", To: "tls.server.not_before"},
		{From: "certificate.not_valid_after", To: "tls.server.not_after"},
		{From: "san.dns", To: "x509.alternative_names"},
	}},
	"files": {[]string{"network", "file"}, []string{"info"}, "", []format.Rule{
		{From: "tx_hosts", To: "server.ip"},
		{From: "rx_hosts", To: "client.ip"},
		{From: "filename", To: "file.name", Convert: format.Base},
		{From: "filename", To: "file.path"},
		{From: "mime_type", To: "file.mime_type"},
		{From: "total_bytes", To: "file.size"},
		{From: "md5", To: "file.hash.md5"},
		{From: "sha1", To: "file.hash.sha1"},
		{From: "sha256", To: "file.hash.sha256"},
	}},
	"smtp": {[]string{"network", "email"}, []string{"protocol"}, "smtp", []format.Rule{
		{From: "mailfrom", To: "email.sender.address"},
		{From: "from", To: "email.from.address", Convert: mailbox},
		{From: "mailfrom", To: "email.from.address", Convert: mailbox},
		{From: "rcptto", To: "email.to.address"},
		{From: "to", To: "email.to.address", Convert: mailbox},
		{From: "cc", To: "email.cc.address", Convert: mailbox},
		{From: "reply_to", To: "email.reply_to.address", Convert: mailbox},
		{From: "subject", To: "email.subject"},
		{From: "msg_id", To: "email.message_id"},
		{From: "x_originating_ip", To: "network.forwarded_ip"},
		{From: "user_agent", To: "user_agent.original"},
	}},
	"notice": {[]string{"network", "intrusion_detection"}, []string{"info"}, "", []format.Rule{
		{From: "src", To: "source.ip"},
		{From: "dst", To: "destination.ip"},
		{From: "note", To: "rule.name"},
		{From: "msg", To: "message"},
		{From: "file_mime_type", To: "file.mime_type"},
	}},
	"intel": {[]string{"network", "intrusion_detection"}, []string{"info"}, "", []format.Rule{
		{From: "seen.indicator", To: "rule.name"},
		{From: "file_mime_type", To: "file.mime_type"},
	}},
	"weird": {network, []string{"info"}, "", []format.Rule{{From: "name", To: "rule.name"}}},
	"signatures": {[]string{"network", "intrusion_detection"}, []string{"info"}, "", []format.Rule{
		{From: "sig_id", To: "rule.id"},
		{From: "src_addr", To: "source.ip"},
		{From: "src_port", To: "source.port"},
		{From: "dst_addr", To: "destination.ip"},
		{From: "dst_port", To: "destination.port"},
		{From: "event_msg", To: "message"},
	}},
	"kerberos": {[]string{"network", "authentication"}, []string{"protocol"}, "kerberos", []format.Rule{
		{From: "client", To: "user.name", Convert: principal},
		{From: "client", To: "user.domain", Convert: realm},
		{From: "service", To: "service.name"},
		{From: "request_type", To: "event.action"},
		{From: "error_msg", To: "event.reason"},
	}},
	"ntlm": {[]string{"network", "authentication"}, []string{"protocol"}, "ntlm", []format.Rule{
		{From: "username", To: "user.name"},
		{From: "domainname", To: "user.domain"},
		{From: "hostname", To: "source.domain"},
		{From: "server_dns_computer_name", To: "destination.domain"},
	}},
	"ssh": {[]string{"network", "session"}, []string{"connection", "protocol"}, "ssh", []format.Rule{
		{From: "client", To: "user_agent.original"},
	}},
	"rdp": {[]string{"network", "session"}, []string{"connection", "protocol"}, "rdp", []format.Rule{
		{From: "cookie", To: "user.name"},
		{From: "client_name", To: "source.domain"},
		{From: "result", To: "event.reason"},
	}},
	"ftp": {[]string{"network", "file"}, []string{"protocol"}, "ftp", []format.Rule{
		{From: "user", To: "user.name"},
		{From: "command", To: "event.action"},
		{From: "arg", To: "url.original"},
		{From: "file_size", To: "file.size"},
		{From: "mime_type", To: "file.mime_type"},
	}},
	"dhcp": {network, []string{"protocol", "info"}, "dhcp", []format.Rule{
		{From: "client_addr", To: "client.ip"},
		{From: "assigned_addr", To: "client.ip"},
		{From: "server_addr", To: "server.ip"},
		{From: "mac", To: "client.mac"},
		{From: "host_name", To: "host.name"},
		{From: "client_fqdn", To: "client.domain"},
	}},
	"smb_files": {[]string{"network", "file"}, []string{"protocol"}, "smb", []format.Rule{
		{From: "action", To: "event.action"},
		{From: "name", To: "file.name", Convert: format.Base},
		{From: "name", To: "file.path"},
		{From: "size", To: "file.size"},
	}},
	"smb_mapping": {network, []string{"protocol"}, "smb", []format.Rule{
		{From: "path", To: "file.path"},
	}},
	"syslog": {network, []string{"protocol"}, "syslog", []format.Rule{
		{From: "message", To: "message"},
		{From: "severity", To: "log.level", Convert: format.Lower},
		{From: "facility", To: "log.syslog.facility.name"},
	}},
	"known_services": {network, []string{"info"}, "", []format.Rule{
		{From: "host", To: "server.ip"},
		{From: "port_num", To: "server.port"},
		{From: "port_proto", To: "network.transport"},
	}},
	"known_hosts": {network, []string{"info"}, "", []format.Rule{{From: "host", To: "host.ip"}}},
	"software": {network, []string{"info"}, "", []format.Rule{
		{From: "host", To: "host.ip"},
		{From: "unparsed_version", To: "user_agent.original"},
	}},
	"tunnel": {network, []string{"connection"}, "", []format.Rule{{From: "action", To: "event.action"}}},
	"sip": {network, []string{"protocol"}, "sip", []format.Rule{
		{From: "method", To: "event.action"},
		{From: "uri", To: "url.original"},
		{From: "user_agent", To: "user_agent.original"},
	}},
	"socks":  {network, []string{"protocol"}, "socks", []format.Rule{{From: "user", To: "user.name"}}},
	"radius": {[]string{"network", "authentication"}, []string{"protocol"}, "radius", []format.Rule{{From: "username", To: "user.name"}}},
	"irc":    {network, []string{"protocol"}, "irc", []format.Rule{{From: "user", To: "user.name"}}},
	"mysql":  {[]string{"network", "database"}, []string{"protocol"}, "mysql", []format.Rule{{From: "cmd", To: "event.action"}}},
	"pe":     {[]string{"file"}, []string{"info"}, "", nil},
	"stats":  {[]string{"host"}, []string{"info"}, "", nil},
})

// common are the columns of nearly every log.
var common = []format.Rule{
	{From: "uid", To: "network.session.id"},
	{From: "id.orig_h", To: "source.ip"},
	{From: "id.orig_p", To: "source.port"},
	{From: "id.resp_h", To: "destination.ip"},
	{From: "id.resp_p", To: "destination.port"},
	{From: "proto", To: "network.transport", Convert: format.Lower},
}

func prepare(logs map[string]log) map[string]log {
	for path, l := range logs {
		l.rules = format.Prefixed("zeek."+path+".", append(append([]format.Rule{}, common...), l.rules...))
		logs[path] = l
	}
	return logs
}

// derived are the columns that fields are made of without a rule.
var derived = []string{"ts", "local_orig", "local_resp", "duration", "answers", "uri", "host", "dropped", "success", "auth_success"}

// briefScanner reads what is wanted of a log, and what that is made of. The prefix of its
// columns is its dataset, too.
func briefScanner(prefix, path string, b *format.Brief) *format.Scanner {
	rules := tables[path].rules
	if rules == nil {
		rules = format.Prefixed(prefix+".", common)
	}
	asked := b.Of("zeek", prefix)
	sources := asked.Sources(rules)
	for _, column := range derived {
		sources[prefix+"."+column] = true
	}
	return format.NewBriefScanner(prefix, func(name string) bool { return sources[name] || asked.Wants(name) })
}

// finish makes the event of a row or record.
func finish(f event.Fields, path string) event.Event {
	p := "zeek." + path + "."
	ev := event.Event{Fields: f}
	ev.Time, _ = format.TimeOf(f[p+"ts"])
	f["event.module"] = "zeek"
	f["event.dataset"] = "zeek." + path
	f["event.kind"] = "event"
	l, ok := tables[path]
	if !ok {
		l = log{network, []string{"info"}, "", format.Prefixed(p, common)}
	}
	f["event.category"], f["event.type"] = l.categories, l.types
	f.SetNew("network.protocol", l.protocol)
	format.Apply(f, l.rules)
	derive(f, path, p)
	return ev
}

func mailbox(v any) any {
	var out []string
	list, _ := format.List(v).([]string)
	for _, s := range list {
		if _, rest, ok := strings.Cut(s, "<"); ok {
			s, _, _ = strings.Cut(rest, ">")
		}
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

func principal(v any) any {
	s, _ := v.(string)
	name, _, _ := strings.Cut(s, "/")
	return name
}

func realm(v any) any {
	s, _ := v.(string)
	_, realm, _ := strings.Cut(s, "/")
	return realm
}
