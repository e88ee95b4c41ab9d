package format_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// TestNames: what records that nobody has described say by the names in use, and
// what they do not say.
func TestNames(t *testing.T) {
	const time = "@timestamp"
	for _, c := range []struct {
		name, record string
		want         event.Fields // but json.*, event.*, message and log.*
	}{
		{
			"JSON of a firewall", `{"ts":"2026-11-30T12:00:00Z","srcip":"10.1.2.3","src_port":"40000","dstIp":"198.51.100.7","dst-port":443,"user":"ACME\\mia","hostname":"gw1"}`,
			event.Fields{time: "2026-11-30T12:00:00Z", "source.ip": "10.1.2.3", "source.port": int64(40000), "destination.ip": "198.51.100.7", "destination.port": int64(443), "user.name": `ACME\mia`, "host.name": "gw1"},
		},
		{
			"nested, camel case", `{"data":{"time":1764504000,"clientIp":"10.1.2.3"},"host":{"name":"ws1","ip":["10.1.2.3"]},"process":{"commandLine":"nc -e /bin/sh","sha256":"` + hash64 + `"},"parentProcess":{"commandLine":"bash"}}`,
			event.Fields{time: "2025-11-30T12:00:00Z", "source.ip": "10.1.2.3", "host.name": "ws1", "host.ip": "10.1.2.3", "process.command_line": "nc -e /bin/sh", "process.parent.command_line": "bash", "file.hash.sha256": hash64},
		},
		{
			"a request", `{"time":"30/Nov/2026:12:00:00 +0000","host":"shop.example","method":"get","status":404,"userAgent":"curl/8","remote_addr":"::ffff:198.51.100.7","uri":"/x"}`,
			event.Fields{time: "2026-11-30T12:00:00Z", "url.domain": "shop.example", "http.request.method": "GET", "http.response.status_code": int64(404), "user_agent.original": "curl/8", "source.ip": "198.51.100.7"},
		},
		{"when it happened, not when what it is about was made", `{"created_at":"2020-01-01T00:00:00Z","time":"2026-11-30T12:00:00Z","updated_at":"2026-11-30T13:00:00Z"}`, event.Fields{time: "2026-11-30T12:00:00Z"}},
		{"day and clock apart", `{"date":"2026-11-30","time":"12:00:00","ip":"10.1.2.3"}`, event.Fields{time: "2026-11-30T12:00:00Z", "source.ip": "10.1.2.3"}},
		{"mail", `{"sender":"Mia <mia@shop.example>","recipients":["ann@acme.example","bob@acme.example"],"subject":"Invoice"}`, event.Fields{"email.from.address": "mia@shop.example", "email.to.address": "ann@acme.example", "email.subject": "Invoice"}},
		{"the surer name counts", `{"ip":"203.0.113.1","src_ip":"10.1.2.3","x":{"source_ip":"203.0.113.2"}}`, event.Fields{"source.ip": "10.1.2.3"}},
		{"values that are none", `{"src":"/var/log/x","dst":"eth0","user":"-","host":"10.0.0.1","port":"x","sha256":"abc","url":"/index","action":"login","time":"soon","client":"0.0.0.0"}`, event.Fields{}},
		{"plain names below others", `{"weather":{"ip":"203.0.113.1","user":"sun","host":"sky","time":"2026-11-30T12:00:00Z"}}`, event.Fields{}},
		{"no names at all", `{"":"10.1.2.3",".":"10.1.2.3","ÿip":"10.1.2.3"}`, event.Fields{}},
		{
			"pairs", `time="2026-11-30 12:00:00" action=blocked srcip=10.1.2.3:40000, dst=198.51.100.7 usr='mia' host=gw1 cmd="x dst=203.0.113.1"`,
			event.Fields{time: "2026-11-30T12:00:00Z", "source.ip": "10.1.2.3", "destination.ip": "198.51.100.7", "user.name": "mia", "host.name": "gw1", "event.action": "blocked"},
		},
		{
			"pairs behind a header", "<13>Nov 30 12:00:00 gw1 wall: proto=tcp srcip=10.1.2.3 dstip=198.51.100.7 dpt=443",
			event.Fields{"source.ip": "10.1.2.3", "destination.ip": "198.51.100.7", "destination.port": int64(443), "host.name": "gw1", "process.name": "wall"},
		},
		{"what an attacker writes into a value", `msg="GET /?srcip=203.0.113.1 srcip=203.0.113.1 user=root" srcip=10.1.2.3 user=mia`, event.Fields{"source.ip": "10.1.2.3", "user.name": "mia"}},
		{
			"what a request brings along", `{"client_ip":"10.1.2.3","request":{"method":"GET","headers":{"Source-Ip":"203.0.113.1","User-Name":"root","User-Agent":"curl/8"},"args":{"dst_ip":"203.0.113.2"}}}`,
			event.Fields{"source.ip": "10.1.2.3", "http.request.method": "GET", "user_agent.original": "curl/8"},
		},
		{"the host of a URL", `{"requestUrl":"https://evil.example:8443/x","src_host":"ws1","dest_host":"10.0.0.1"}`, event.Fields{"url.full": "https://evil.example:8443/x", "url.domain": "evil.example", "source.domain": "ws1"}},
		{"the host of a URL in pairs", `src=10.1.2.3 usr=mia url="http://evil.example/x"`, event.Fields{"source.ip": "10.1.2.3", "user.name": "mia", "url.full": "http://evil.example/x", "url.domain": "evil.example"}},
		{"the query of a URL", `fetched http://x.example/?srcip=203.0.113.1&user=root&dstip=203.0.113.2 twice`, event.Fields{}},
		{"one pair makes no record", `set user=mia in the settings`, event.Fields{}},
		{"quotes that do not end", `srcip="10.1.2.3`, event.Fields{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream, err := format.NewRecogniser().Stream("")
			if err != nil {
				t.Fatal(err)
			}
			ev, ok, err := stream.Decode([]byte(c.record))
			if err != nil || !ok {
				t.Fatalf("no event: %v", err)
			}
			got := event.Fields{}
			for _, field := range format.NamedFields() {
				if v, ok := ev.Fields[field]; ok {
					got[field] = v
				}
			}
			if !ev.Time.IsZero() && c.want[time] != nil {
				got[time] = ev.Time.UTC().Format("2006-01-02T15:04:05Z07:00")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

const hash64 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
