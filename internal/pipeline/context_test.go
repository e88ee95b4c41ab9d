package pipeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestWhoseEventItIs: what a device saw of the traffic of others is about these, not
// about the device that syslog or a shipper names; what happened on a host is about it.
func TestWhoseEventItIs(t *testing.T) {
	type who struct{ Entity, Peer string }
	d := allFormats(t)
	x := org.Compile(org.Profile{
		Domains: []string{"acme.example"}, Assets: []org.Asset{{ID: "shop", Name: "shop", Hostnames: []string{"shop.acme.example"}}}, People: []org.Person{{Name: "Mia", Accounts: []string{"mia@acme.example"}}},
	})
	const header = "<13>Nov 30 12:00:00 box "
	for _, c := range []struct {
		name, record string
		want         who
	}{
		{
			"a firewall", header + `date=2026-11-30 time=12:00:00 devname="fw-a" devid="FG1" logid="0000000013" type="traffic" subtype="forward" level="notice" srcip=10.1.2.3 srcport=5 dstip=198.51.100.7 dstport=443 action="accept" policyid=1`,
			who{"10.1.2.3", "198.51.100.7"},
		},
		{"a name server", header + "named[812]: client @0x7f00 10.1.2.3#53580 (c2.example): query: c2.example IN A +E(0)K (192.0.2.53)", who{"10.1.2.3", "192.0.2.53"}},
		{"a proxy", header + "squid[7]: 1774432800.123 100 10.1.2.3 TCP_MISS/200 512 GET http://evil.example/x - HIER_DIRECT/198.51.100.7 text/html", who{"10.1.2.3", "198.51.100.7"}},
		{"a sensor", header + `suricata: {"timestamp":"2026-11-30T12:00:00.000000+0000","event_type":"flow","src_ip":"10.1.2.3","src_port":5353,"dest_ip":"198.51.100.7","dest_port":53,"proto":"UDP"}`, who{"10.1.2.3", "198.51.100.7"}},
		{
			"a sensor's file", `{"@timestamp":"2026-11-30T12:00:00.000Z","agent":{"name":"box"},"host":{"name":"box"},"message":"{\"ts\":1774432800.0,\"uid\":\"C1\",\"id.orig_h\":\"10.1.2.3\",\"id.orig_p\":5,\"id.resp_h\":\"198.51.100.7\",\"id.resp_p\":443,\"_path\":\"conn\"}"}`,
			who{"10.1.2.3", "198.51.100.7"},
		},
		{"a device nobody described", header + "CEF:0|Acme|Wall|1|7|flow|3|src=10.1.2.3 dst=198.51.100.7", who{"10.1.2.3", "198.51.100.7"}},
		{"traffic of strangers", header + "CEF:0|Acme|Wall|1|7|flow|3|src=203.0.113.9 dst=198.51.100.7", who{"box", "198.51.100.7"}},
		{"who logs in at the firewall", header + `date=2026-11-30 time=12:00:00 devname="fw-a" devid="FG1" logid="0100032001" type="event" subtype="system" level="information" logdesc="Admin login successful" user="admin" srcip=10.1.2.3 dstip=10.0.0.1 action="login" status="success"`, who{"box", ""}},
		{"a host's own firewall", header + "kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00 SRC=198.51.100.7 DST=10.0.0.5 LEN=40 PROTO=TCP SPT=40000 DPT=22", who{"box", "198.51.100.7"}},
		{"a login", header + "sshd[7]: Failed password for root from 10.1.2.3 port 40000 ssh2", who{"box", ""}},
		{"a sign-in to a cloud", ecsEvent(`"event":{"category":["authentication"]},"source":{"ip":"198.51.100.7"},"user":{"name":"mia@acme.example"}`), who{"mia@acme.example", "198.51.100.7"}},
		{"a machine of a cloud", ecsEvent(`"source":{"ip":"198.51.100.7"},"cloud":{"instance":{"id":"i-1"}},"user":{"name":"mia"}`), who{"i-1", "198.51.100.7"}},
		{"what a device stands before", ecsEvent(`"source":{"ip":"198.51.100.7"},"url":{"domain":"shop.acme.example"},"user":{"name":"mia"}`), who{"shop", "198.51.100.7"}},
		{"a message", ecsEvent(`"event":{"category":["email"]},"source":{"ip":"198.51.100.7"},"email":{"to":{"address":["x@other.example","Mia@acme.example"]}}`), who{"mia@acme.example", "198.51.100.7"}},
		{"a message to others", ecsEvent(`"event":{"category":["email"]},"source":{"ip":"198.51.100.7"},"email":{"to":{"address":["x@other.example"]}}`), who{"x@other.example", "198.51.100.7"}},
		{"a message from us", ecsEvent(`"event":{"category":["email"]},"email":{"from":{"address":["eva@acme.example"]},"to":{"address":["x@other.example"]}}`), who{"eva@acme.example", ""}},
		{"a message in our name", ecsEvent(`"event":{"category":["email"]},"email":{"from":{"address":["mia@acme.example"]},"to":{"address":["x@other.example","Eva@acme.example"]}}`), who{"eva@acme.example", ""}},
		{"a stranger alone", ecsEvent(`"source":{"ip":"198.51.100.7"},"url":{"domain":"shop.other.example"}`), who{"198.51.100.7", ""}},
		{"a web server", header + `nginx: 198.51.100.7 - - [30/Nov/2026:12:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "-"`, who{"box", "198.51.100.7"}},
	} {
		ev, ok := d.Decode(telemetry.Stored{Record: telemetry.Record{Raw: []byte(c.record), Received: time.Now()}})
		if !ok {
			t.Fatalf("%s: no event", c.name)
		}
		s := settle(&ev, x)
		if diff := cmp.Diff(c.want, who{s.entity.Name, s.peer}); diff != "" {
			t.Errorf("%s, read as %s: -want +got\n%s", c.name, ev.Format, diff)
		}
	}
}

// ecsEvent is an event in ECS with these members.
func ecsEvent(members string) string {
	return `{"@timestamp":"2026-03-02T10:00:00Z","ecs":{"version":"8.11.0"},` + members + "}"
}
