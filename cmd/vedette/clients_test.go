package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/history/segment"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// lines is how many events each real client sends.
const lines = 10_000

// clients is the directory that .ci/clients filled.
func clients(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("VEDETTE_CLIENTS")
	if _, err := os.Stat(filepath.Join(dir, "complete")); dir == "" || err != nil {
		if os.Getenv("VEDETTE_CI") != "" {
			t.Fatal("VEDETTE_CLIENTS does not name a directory that .ci/clients filled")
		}
		t.Skip("no real clients: run .ci/clients DIR and set VEDETTE_CLIENTS=DIR")
	}
	return dir
}

// certificate writes a certificate for 127.0.0.1 that is its own authority.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// site is a server with all ports open, over TLS where there is.
type site struct {
	*server
	dir, clients string // its data; the programs
	cert         string
	token        string
	udp          string // ports of syslog
	tcp          string
	tls          string
}

func openSite(t *testing.T) *site {
	s := &site{dir: apptest.Data(t), clients: clients(t)}
	var key string
	s.cert, key = certificate(t)
	s.server = startAs(t, s.dir, fmt.Sprintf(`listen: 127.0.0.1:0
tls: {certificate: %q, key: %q}
intake:
  listen: 127.0.0.1:0
  syslog: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0", tls: "127.0.0.1:0", allow: [127.0.0.0/8]}
  lumberjack: {tcp: "127.0.0.1:0"}
devices: {listen: "127.0.0.1:0"}
private: {listen: "127.0.0.1:0"}
`, s.cert, key))
	s.token = token(t, s.server, "sender")
	port := func(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
	s.udp, s.tcp, s.tls = port(s.Syslog[0]), port(s.Syslog[1]), port(s.Syslog[2])
	return s
}

// senders is what the API says of who sends.
type senders struct {
	Senders []telemetry.Source
}

// kept is how many events are kept of all senders together, and how many datagrams
// the kernel dropped.
func (s *site) kept(t *testing.T) (kept, dropped int) {
	t.Helper()
	for _, src := range call[senders](t, s.server, "GET", "/health", nil).Senders {
		kept += int(src.Events)
		dropped += int(src.Refused["kernel-dropped"] + src.Refused["queue-full"])
	}
	return kept, dropped
}

// program runs a client of the directory in a fresh one until the test ends, and
// returns what stops it.
func (s *site) program(t *testing.T, dir, name string, args ...string) (out *bytes.Buffer, stop func()) {
	t.Helper()
	libs := filepath.Join(s.clients, "usr/lib/x86_64-linux-gnu") + ":" + filepath.Join(s.clients, "lib/x86_64-linux-gnu") + ":" + filepath.Join(s.clients, "usr/lib/syslog-ng")
	cmd := exec.Command(name, args...)
	out = new(bytes.Buffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libs)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return out, func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
}

// numbered writes a file of lines for a client to read.
func numbered(t *testing.T, dir, mark string) string {
	t.Helper()
	var b strings.Builder
	for n := range lines {
		fmt.Fprintf(&b, "%s n=%06d failed password for root from 198.51.100.%d\n", mark, n, n%250)
	}
	file := filepath.Join(dir, "in.log")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const rsyslogConfig = `global(workDirectory="%[1]s" DefaultNetstreamDriverCAFile="%[2]s")
module(load="imfile" mode="polling" pollingInterval="1")
input(type="imfile" file="%[1]s/in.log" tag="proof:")
action(type="omfwd" target="127.0.0.1" %[3]s)
`

const syslogNGConfig = `@version: 3.38
options { stats-freq(0); };
source s { file("%[1]s/in.log" follow-freq(0.2) flags(no-parse) program-override("proof")); };
destination d { %[3]s };
log { source(s); destination(d); };
`

// TestRealClients: what real clients send over every transport arrives whole, once
// and in order. UDP may lose what the kernel says it lost.
func TestRealClients(t *testing.T) {
	s := openSite(t)
	marks := map[string]bool{} // whether losses are allowed
	for _, c := range []struct{ mark, program, config, to string }{
		{"rsyslog-udp", "rsyslogd", rsyslogConfig, `port="` + s.udp + `" protocol="udp"`},
		{"rsyslog-lines", "rsyslogd", rsyslogConfig, `port="` + s.tcp + `" protocol="tcp"`},
		{"rsyslog-counted", "rsyslogd", rsyslogConfig, `port="` + s.tcp + `" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"`},
		{"rsyslog-tls", "rsyslogd", rsyslogConfig, `port="` + s.tls + `" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="127.0.0.1"`},
		{"syslogng-udp", "syslog-ng", syslogNGConfig, `network("127.0.0.1" port(` + s.udp + `) transport("udp"));`},
		{"syslogng-lines", "syslog-ng", syslogNGConfig, `network("127.0.0.1" port(` + s.tcp + `) transport("tcp"));`},
		{"syslogng-counted", "syslog-ng", syslogNGConfig, `syslog("127.0.0.1" port(` + s.tcp + `) transport("tcp"));`},
		{"syslogng-tls", "syslog-ng", syslogNGConfig, `syslog("127.0.0.1" port(` + s.tls + `) transport("tls") tls(ca-file("` + s.cert + `") peer-verify(required-trusted)));`},
	} {
		t.Run(c.mark, func(t *testing.T) {
			marks[c.mark] = strings.HasSuffix(c.mark, "udp")
			s.syslog(t, c.mark, c.program, c.config, c.to)
		})
	}
	t.Run("elastic-npm", func(t *testing.T) { marks["npm"] = false; s.npm(t) })
	t.Run("hec-curl", func(t *testing.T) { marks["curl"] = false; s.curl(t) })
	_, dropped := s.kept(t)
	s.stop(t)
	missing := 0
	for mark, got := range s.sent(t) {
		lossy, known := marks[mark]
		if !known {
			t.Errorf("events of %q, whom nobody sent", mark)
		}
		missing += check(t, mark, got, lossy)
		delete(marks, mark)
	}
	for mark := range marks {
		t.Errorf("nothing of %s", mark)
	}
	if missing > dropped {
		t.Errorf("%d datagrams are missing, %d were counted as dropped", missing, dropped)
	}
	t.Logf("%d datagrams were dropped by the kernel and counted", dropped)
}

// syslog sends the lines with a syslog daemon.
func (s *site) syslog(t *testing.T, mark, program, config, to string) {
	dir := t.TempDir()
	numbered(t, dir, mark)
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, dir, s.cert, to), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-f", file, "-i", filepath.Join(dir, "pid"), "-M", filepath.Join(s.clients, "usr/lib/x86_64-linux-gnu/rsyslog")}
	if program == "syslog-ng" {
		args = []string{
			"-F", "-f", file, "--persist-file", filepath.Join(dir, "persist"), "--pidfile", filepath.Join(dir, "pid"), "--control", filepath.Join(dir, "ctl"),
			"--no-caps", "--module-path", filepath.Join(s.clients, "usr/lib/syslog-ng/3.38"),
		}
	}
	before, lost := s.kept(t)
	out, stop := s.program(t, dir, filepath.Join(s.clients, "usr/sbin", program), args...)
	defer stop()
	last, still := 0, 0
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		now, dropped := s.kept(t)
		if still++; now != last {
			last, still = now, 0
		}
		// A daemon reports on itself, too: wait until nothing more comes.
		if now-before+dropped-lost >= lines && still >= 5 {
			return
		}
		if time.Now().After(end) {
			stop()
			t.Fatalf("%d of %d have arrived\n%s", now-before, lines, out)
		}
	}
}

const npmScript = `
const { Client } = require('@elastic/elasticsearch')
const client = new Client({ node: process.env.NODE, auth: { apiKey: { id: 'any', api_key: process.env.TOKEN } }, tls: { ca: require('fs').readFileSync(process.env.CERT) } })
async function main () {
  await client.ping()
  const info = await client.info()
  const docs = []
  for (let n = 0; n < Number(process.env.LINES); n++) docs.push({ '@timestamp': new Date().toISOString(), message: 'npm n=' + String(n).padStart(6, '0') + ' of the stream' })
  const r = await client.helpers.bulk({ datasource: docs, concurrency: 1, onDocument: () => ({ create: { _index: 'logs' } }), onDrop: (d) => { throw new Error(JSON.stringify(d)) } })
  if (r.failed !== 0 || r.successful !== docs.length) throw new Error(JSON.stringify(r))
  const bad = await client.bulk({ operations: [{ update: { _index: 'logs', _id: '1' } }, { doc: {} }] })
  if (!bad.errors || bad.items[0].update.status !== 400) throw new Error(JSON.stringify(bad))
  console.log('done', info.version.number)
}
main().catch((e) => { console.error(e); process.exit(1) })
`

// npm sends with the official client of Elasticsearch.
func (s *site) npm(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "-e", npmScript)
	cmd.Dir = filepath.Join(s.clients, "npm")
	cmd.Env = append(os.Environ(), "NODE="+s.Intake, "TOKEN="+s.token, "CERT="+s.cert, fmt.Sprint("LINES=", lines))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "done") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// curl sends to the event collector.
func (s *site) curl(t *testing.T) {
	var body strings.Builder
	for n := range lines {
		fmt.Fprintf(&body, `{"host":"web-1","sourcetype":"app","event":"curl n=%06d of the stream"}`, n)
	}
	cmd := exec.CommandContext(t.Context(), "curl", "--silent", "--show-error", "--cacert", s.cert, "-H", "Authorization: Splunk "+s.token,
		"--data-binary", "@-", s.Intake+"/services/collector/event?channel=c1")
	cmd.Stdin = strings.NewReader(body.String())
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != `{"text":"Success","code":0,"ackId":0}` {
		t.Errorf("%v %s", err, out)
	}
	cmd = exec.CommandContext(t.Context(), "curl", "--silent", "--cacert", s.cert, "-H", "Authorization: Splunk "+s.token, "-d", `{"acks":[0,1]}`, s.Intake+"/services/collector/ack?channel=c1")
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != `{"acks":{"0":true,"1":false}}` {
		t.Errorf("%v %s", err, out)
	}
}

var sentLine = regexp.MustCompile(`([a-z]+(?:-[a-z]+)?) n=(\d{6})`)

// sent reads what was kept, by the mark in it.
func (s *site) sent(t *testing.T) map[string][]string {
	t.Helper()
	h, err := segment.Open(filepath.Join(s.dir, "history"), segment.Limits{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	out := map[string][]string{}
	for from := telemetry.Seq(1); ; {
		records, err := h.Read(t.Context(), from, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return out
		}
		for _, r := range records {
			from = r.Seq + 1
			if m := sentLine.FindSubmatch(r.Raw); m != nil {
				out[string(m[1])] = append(out[string(m[1])], string(m[2]))
			} else if !bytes.Contains(r.Raw, []byte("rsyslogd")) && !bytes.Contains(r.Raw, []byte("syslog-ng")) { // what they say of themselves
				t.Errorf("kept %.200q", r.Raw)
			}
		}
	}
}

// check wants all numbers once and in order; it returns how many are missing.
func check(t *testing.T, mark string, got []string, lossy bool) (missing int) {
	t.Helper()
	last, twice := -1, 0
	for _, g := range got {
		n := 0
		if _, err := fmt.Sscanf(g, "%d", &n); err != nil || n <= last {
			twice++
		}
		last = n
	}
	missing = lines - len(got)
	if twice > 0 || missing != 0 && !lossy {
		t.Errorf("%s: %d events, of which %d are doubled or out of order", mark, len(got), twice)
	}
	return missing
}
