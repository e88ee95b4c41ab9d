package suricata

import (
	"strings"

	"github.com/vedette-soc/vedette/format"
)

// common are the fields of every event type.
var common = format.Prefixed(prefix, []format.Rule{
	{From: "src_ip", To: "source.ip"},
	{From: "src_port", To: "source.port"},
	{From: "dest_ip", To: "destination.ip"},
	{From: "dest_port", To: "destination.port"},
	{From: "proto", To: "network.transport", Convert: format.Lower},
	{From: "app_proto", To: "network.protocol", Convert: protocol},
	{From: "community_id", To: "network.community_id"},
	{From: "in_iface", To: "observer.ingress.interface.name"},
	{From: "host", To: "observer.hostname"},
	{From: "ether.src_mac", To: "source.mac"},
	{From: "ether.dest_mac", To: "destination.mac"},
	{From: "xff", To: "network.forwarded_ip"},
})

func protocol(v any) any {
	s, _ := format.Lower(v).(string)
	if s == "failed" || s == "unknown" {
		return nil
	}
	return s
}

// byType are the fields below the object named like the event type. An alert
// carries the object of its application protocol too.
var byType = map[string][]format.Rule{
	"alert": format.Prefixed(prefix, append([]format.Rule{
		{From: "alert.signature", To: "message"},
		{From: "alert.severity", To: "event.severity"},
	}, alert...)),
	"drop": format.Prefixed(prefix, append([]format.Rule{
		{From: "drop.reason", To: "event.reason"},
	}, alert...)),
	"flow":     format.Prefixed(prefix, flow),
	"netflow":  format.Prefixed(prefix, netflow),
	"dns":      format.Prefixed(prefix, dns),
	"http":     format.Prefixed(prefix, http),
	"http2":    format.Prefixed(prefix, http),
	"tls":      format.Prefixed(prefix, tls),
	"quic":     format.Prefixed(prefix, tls),
	"fileinfo": format.Prefixed(prefix, append(append([]format.Rule{}, fileinfo...), http...)),
	"smtp":     format.Prefixed(prefix, smtp),
	"smb": format.Prefixed(prefix, []format.Rule{
		{From: "smb.filename", To: "file.path"},
		{From: "smb.filename", To: "file.name", Convert: format.Base},
		{From: "smb.ntlmssp.user", To: "user.name"},
		{From: "smb.ntlmssp.domain", To: "user.domain"},
		{From: "smb.ntlmssp.host", To: "source.domain"},
		{From: "smb.command", To: "event.action", Convert: format.Lower},
	}),
	"krb5": format.Prefixed(prefix, []format.Rule{
		{From: "krb5.cname", To: "user.name"},
		{From: "krb5.realm", To: "user.domain"},
		{From: "krb5.sname", To: "service.name"},
	}),
	"dhcp": format.Prefixed(prefix, []format.Rule{
		{From: "dhcp.client_mac", To: "client.mac"},
		{From: "dhcp.assigned_ip", To: "client.ip"},
		{From: "dhcp.hostname", To: "host.name"},
		{From: "dhcp.dhcp_type", To: "event.action"},
	}),
	"ftp": format.Prefixed(prefix, []format.Rule{
		{From: "ftp.command", To: "event.action", Convert: format.Lower},
	}),
	"ftp_data": format.Prefixed(prefix, []format.Rule{
		{From: "ftp_data.filename", To: "file.path"},
		{From: "ftp_data.filename", To: "file.name", Convert: format.Base},
	}),
	"tftp": format.Prefixed(prefix, []format.Rule{
		{From: "tftp.file", To: "file.path"},
		{From: "tftp.file", To: "file.name", Convert: format.Base},
	}),
	"nfs": format.Prefixed(prefix, []format.Rule{
		{From: "nfs.filename", To: "file.path"},
		{From: "nfs.filename", To: "file.name", Convert: format.Base},
	}),
	"rdp": format.Prefixed(prefix, []format.Rule{
		{From: "rdp.cookie", To: "user.name"},
		{From: "rdp.client.client_name", To: "source.domain"},
	}),
	"pgsql": format.Prefixed(prefix, []format.Rule{
		{From: "pgsql.request.startup_parameters.user", To: "user.name"},
	}),
	"mqtt": format.Prefixed(prefix, []format.Rule{
		{From: "mqtt.connect.username", To: "user.name"},
	}),
	"ssh": format.Prefixed(prefix, []format.Rule{
		{From: "ssh.client.software_version", To: "user_agent.original"},
	}),
	"sip": format.Prefixed(prefix, []format.Rule{
		{From: "sip.method", To: "event.action", Convert: format.Lower},
		{From: "sip.uri", To: "url.original"},
	}),
	"anomaly": format.Prefixed(prefix, []format.Rule{
		{From: "anomaly.event", To: "event.reason"},
		{From: "anomaly.app_proto", To: "network.protocol", Convert: protocol},
	}),
	"engine": format.Prefixed(prefix, []format.Rule{
		{From: "engine.message", To: "message"},
		{From: "log_level", To: "log.level", Convert: format.Lower},
	}),
}

// attached are the objects that alerts carry besides their protocol's.
var attached = format.Prefixed(prefix, append(append(append([]format.Rule{}, flow...), http...), smtp...))

var alert = []format.Rule{
	{From: "alert.signature_id", To: "rule.id", Convert: format.Text},
	{From: "alert.signature", To: "rule.name"},
	{From: "alert.category", To: "rule.category"},
	{From: "alert.rev", To: "rule.version", Convert: format.Text},
	{From: "alert.action", To: "event.action"},
	{From: "alert.metadata.mitre_technique_id", To: "threat.technique.id"},
	{From: "alert.metadata.mitre_technique_name", To: "threat.technique.name"},
	{From: "alert.metadata.mitre_tactic_id", To: "threat.tactic.id"},
	{From: "alert.metadata.mitre_tactic_name", To: "threat.tactic.name"},
	{From: "alert.metadata.cve", To: "vulnerability.id", Convert: cve},
}

// cve writes a rule's "CVE_2021_44228" as "CVE-2021-44228".
func cve(v any) any {
	var ids []string
	list, _ := format.List(v).([]string)
	for _, id := range list {
		id = strings.ReplaceAll(strings.ToUpper(id), "_", "-")
		if !strings.HasPrefix(id, "CVE-") {
			id = "CVE-" + id
		}
		ids = append(ids, id)
	}
	return ids
}

var flow = []format.Rule{
	{From: "flow.start", To: "event.start", Convert: format.Stamp},
	{From: "flow.end", To: "event.end", Convert: format.Stamp},
	{From: "flow.bytes_toserver", To: "client.bytes"},
	{From: "flow.bytes_toclient", To: "server.bytes"},
	{From: "flow.pkts_toserver", To: "client.packets"},
	{From: "flow.pkts_toclient", To: "server.packets"},
	{From: "flow.reason", To: "event.reason"},
}

var netflow = []format.Rule{
	{From: "netflow.start", To: "event.start", Convert: format.Stamp},
	{From: "netflow.end", To: "event.end", Convert: format.Stamp},
	{From: "netflow.bytes", To: "source.bytes"},
	{From: "netflow.pkts", To: "source.packets"},
}

// dns covers versions 1 and 2 (one name in rrname); queries of version 3 are
// lists and read in derive.
var dns = []format.Rule{
	{From: "dns.rrname", To: "dns.question.name"},
	{From: "dns.rrtype", To: "dns.question.type"},
	{From: "dns.id", To: "dns.id", Convert: format.Text},
	{From: "dns.rcode", To: "dns.response_code"},
}

var http = []format.Rule{
	{From: "http.hostname", To: "url.domain"},
	{From: "http.http_method", To: "http.request.method"},
	{From: "http.status", To: "http.response.status_code"},
	{From: "http.http_user_agent", To: "user_agent.original"},
	{From: "http.http_refer", To: "http.request.referrer"},
	{From: "http.http_content_type", To: "http.response.mime_type"},
	{From: "http.length", To: "http.response.body.bytes"},
	{From: "http.xff", To: "network.forwarded_ip"},
}

var tls = []format.Rule{
	{From: "tls.sni", To: "tls.client.server_name"},
	{From: "quic.sni", To: "tls.client.server_name"},
	{From: "tls.ja3.hash", To: "tls.client.ja3"},
	{From: "quic.ja3.hash", To: "tls.client.ja3"},
	{From: "tls.ja4", To: "tls.client.ja4"},
	{From: "quic.ja4", To: "tls.client.ja4"},
	{From: "tls.ja3s.hash", To: "tls.server.ja3s"},
	{From: "quic.ja3s.hash", To: "tls.server.ja3s"},
	{From: "tls.fingerprint", To: "tls.server.hash.sha1", Convert: format.Fingerprint},
	{From: "tls.client.fingerprint", To: "tls.client.hash.sha1", Convert: format.Fingerprint},
	{From: "tls.subject", To: "tls.server.subject"},
	{From: "tls.issuerdn", To: "tls.server.issuer"},
	{From: "tls.serial", To: "tls.server.x509.serial_number"},
	{From: "tls.notbefore", To: "tls.server.not_before", Convert: format.Stamp},
	{From: "tls.notafter", To: "tls.server.not_after", Convert: format.Stamp},
	{From: "tls.version", To: "tls.version"},
	{From: "tls.session_resumed", To: "tls.resumed"},
	{From: "tls.subjectaltname", To: "x509.alternative_names"},
	{From: "quic.ua", To: "user_agent.original"},
}

var fileinfo = []format.Rule{
	{From: "fileinfo.filename", To: "file.path"},
	{From: "fileinfo.filename", To: "file.name", Convert: format.Base},
	{From: "fileinfo.size", To: "file.size"},
	{From: "fileinfo.mimetype", To: "file.mime_type"},
	{From: "fileinfo.md5", To: "file.hash.md5"},
	{From: "fileinfo.sha1", To: "file.hash.sha1"},
	{From: "fileinfo.sha256", To: "file.hash.sha256"},
}

var smtp = []format.Rule{
	{From: "email.from", To: "email.from.address", Convert: format.List},
	{From: "smtp.mail_from", To: "email.sender.address"},
	{From: "email.to", To: "email.to.address", Convert: format.List},
	{From: "smtp.rcpt_to", To: "email.to.address", Convert: format.List},
	{From: "email.cc", To: "email.cc.address", Convert: format.List},
	{From: "email.subject", To: "email.subject"},
	{From: "email.message_id", To: "email.message_id"},
	{From: "email.attachment", To: "email.attachments.file.name", Convert: format.List},
	{From: "email.url", To: "email.links", Convert: format.List},
	{From: "email.x_mailer", To: "email.x_mailer"},
}
