package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

// wire is one connection as the sensors see it.
type wire struct {
	from, to string
	port     int
	proto    string // default tcp
	service  string // as Zeek names it
	name     string // server name, of TLS and HTTP
	ja3      string
	seconds  float64
	out, in  int // bytes sent and received
}

// zeek writes the columns that every log has.
func (s *script) zeek(at time.Time, path string, w wire, uid string) doc {
	return doc{
		"_path": path, "ts": json.Number(fmt.Sprintf("%.6f", float64(at.UnixMicro())/1e6)), "uid": uid,
		"id.orig_h": w.from, "id.orig_p": s.port(), "id.resp_h": w.to, "id.resp_p": w.port,
	}
}

// conn writes a connection's own record, and that of its TLS handshake.
func (s *script) conn(at time.Time, w wire) {
	uid := "C" + s.token(17)
	d := s.zeek(at, "conn", w, uid)
	if w.proto == "" {
		w.proto = "tcp"
	}
	if w.seconds == 0 {
		w.seconds = .05 + 20*s.rnd.Float64()
	}
	if w.out == 0 {
		w.out, w.in = 400+s.rnd.IntN(6000), 800+s.rnd.IntN(90000)
	}
	d["proto"], d["duration"], d["conn_state"], d["history"] = w.proto, w.seconds, "SF", "ShADadFf"
	d["orig_bytes"], d["resp_bytes"] = w.out, w.in
	d["orig_pkts"], d["resp_pkts"] = 4+w.out/1200, 3+w.in/1200
	if w.service != "" {
		d["service"] = w.service
	}
	s.add(at, "zeek/conn", "zeek", d)
	if w.service != "ssl" {
		return
	}
	d = s.zeek(at.Add(20*time.Millisecond), "ssl", w, uid)
	d["version"], d["cipher"], d["established"], d["resumed"] = "TLSv13", "TLS_AES_256_GCM_SHA384", true, false
	if w.name != "" {
		d["server_name"] = w.name
	}
	d["ja3"] = w.ja3
	if w.ja3 == "" {
		d["ja3"] = "773906b0efdefa24a7f2b8eb6985bf37"
	}
	s.add(at.Add(20*time.Millisecond), "zeek/ssl", "zeek", d)
}

// lookup writes a question to a resolver with its answer.
func (s *script) lookup(at time.Time, from, resolver, name, answer string) {
	d := s.zeek(at, "dns", wire{from: from, to: resolver, port: 53}, "C"+s.token(17))
	d["proto"], d["trans_id"], d["query"], d["qclass_name"], d["qtype_name"] = "udp", s.rnd.IntN(65536), name, "C_INTERNET", "A"
	d["rcode_name"], d["answers"], d["rejected"] = "NOERROR", []string{answer}, false
	s.add(at, "zeek/dns", "zeek", d)
}

// request writes a plain HTTP request.
func (s *script) request(at time.Time, w wire, method, uri, agent string, status int) {
	d := s.zeek(at, "http", w, "C"+s.token(17))
	d["method"], d["host"], d["uri"], d["user_agent"], d["status_code"], d["version"] = method, w.name, uri, agent, status, "1.1"
	d["request_body_len"], d["response_body_len"] = w.out, w.in
	s.add(at, "zeek/http", "zeek", d)
}

// signature is a rule of the intrusion detection.
type signature struct {
	id         int
	name       string
	category   string // of Suricata's classification.config
	severity   int    // 1 is worst
	techniques []string
}

// alarm writes an alert of Suricata.
func (s *script) alarm(at time.Time, w wire, sig signature, blocked bool) {
	action := "allowed"
	if blocked {
		action = "blocked"
	}
	alert := doc{
		"action": action, "gid": 1, "signature_id": sig.id, "rev": 3, "signature": sig.name, "category": sig.category, "severity": sig.severity,
	}
	if len(sig.techniques) > 0 {
		alert["metadata"] = doc{"mitre_technique_id": sig.techniques}
	}
	port := s.port()
	d := doc{
		"timestamp": at.Format("2006-01-02T15:04:05.000000-0700"), "flow_id": s.rnd.Int64N(1 << 50), "in_iface": "core0", "event_type": "alert",
		"src_ip": w.from, "src_port": port, "dest_ip": w.to, "dest_port": w.port, "proto": "TCP", "alert": alert,
		"flow": doc{
			"src_ip": w.from, "src_port": port, "dest_ip": w.to, "dest_port": w.port,
			"pkts_toserver": 6, "pkts_toclient": 5, "bytes_toserver": 900 + w.out, "bytes_toclient": 700 + w.in,
		},
	}
	if w.service != "" {
		d["app_proto"] = w.service
	}
	s.add(at, "suricata/eve", "suricata", d)
}
