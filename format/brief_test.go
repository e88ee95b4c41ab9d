package format_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/match"
)

// some is a Brief that asks for one field of n besides, which ones hangs on salt.
func some(n uint32, salt string) *format.Brief {
	return format.NewBrief(func(format, dataset string) func(string) bool {
		return func(field string) bool {
			h := fnv.New32a()
			_, _ = io.WriteString(h, salt+format+dataset+field)
			return h.Sum32()%n == 0
		}
	})
}

// sameBrief holds the brief event of a record against the full one, and says whether
// there was one.
func sameBrief(t *testing.T, s *format.Stream, b *format.Brief, record []byte) bool {
	t.Helper()
	got, brief, ok, err := s.Brief(record, b)
	want, wantOK, wantErr := s.Decode(record)
	if ok != wantOK || (err == nil) != (wantErr == nil) || got.Format != want.Format || !got.Time.Equal(want.Time) {
		t.Fatalf("brief %t: got %t, %v, %q, %v, want %t, %v, %q, %v: %.2000q", brief, ok, err, got.Format, got.Time, wantOK, wantErr, want.Format, want.Time, record)
	}
	dataset := ""
	if got.Format == "zeek" {
		dataset = want.Fields.String("event.dataset")
	}
	asked := b.Of(got.Format, dataset)
	for _, pair := range [2][2]event.Fields{{got.Fields, want.Fields}, {want.Fields, got.Fields}} {
		for name, v := range pair[0] {
			if brief && (!asked.Wants(name) || name == "message" && format.Rendered(want.Fields) && !asked.For(name)) {
				continue
			}
			if w, there := pair[1][name]; !there || !reflect.DeepEqual(v, w) {
				t.Fatalf("brief %t: field %s is %#v in one, in the other %t, %#v: %.2000q", brief, name, v, there, w, record)
			}
		}
	}
	if ok {
		if a, b := format.Observables(&got, match.Scan), format.Observables(&want, match.Scan); !reflect.DeepEqual(a, b) {
			t.Fatalf("observables %v, in full %v: %.2000q", a, b, record)
		}
	}
	return brief
}

// linesOf are some lines of every file of folders of the shared data.
func linesOf(tb testing.TB, dirs ...string) (lines [][]byte) {
	tb.Helper()
	for _, dir := range dirs {
		err := fetch.Walk(realdata.Path(tb, strings.Split(dir, "/")...), fetch.Limits{}, func(_ string, r io.Reader) error {
			in := bufio.NewScanner(r)
			in.Buffer(nil, 1<<20)
			for n := 0; in.Scan() && n < 1500; n++ {
				if n < 50 || n%15 == 0 {
					lines = append(lines, bytes.Clone(in.Bytes()))
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return lines
}

// TestBrief holds brief events against full ones: of real records, and of spoilt ones.
func TestBrief(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine decodes real records")
	}
	lines := linesOf(t, "otrf/atomic", "suricata", "zeek-wrccdc2018/zeek-json", "wazuh-logs", "sigma-regression")
	rnd := rand.New(rand.NewPCG(1, 2))
	rec := recogniser()
	for _, b := range []*format.Brief{format.NewBrief(nil), some(1, ""), some(4, "a"), some(4, "b")} {
		s, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		brief := map[string]int{}
		for _, line := range lines {
			_ = s.Restart("", nil)
			if sameBrief(t, s, b, line) {
				brief[s.Format()]++
			}
			if len(line) > 0 {
				spoilt := bytes.Clone(line)
				spoilt[rnd.IntN(len(spoilt))] = byte(rnd.IntN(256))
				_ = s.Restart("", nil)
				sameBrief(t, s, b, spoilt)
			}
		}
		for _, name := range []string{"windows", "suricata", "zeek"} {
			if brief[name] < 500 {
				t.Errorf("of %d lines %v were read briefly: the test looks at too little", len(lines), brief)
			}
		}
	}
}

// TestBriefNames holds brief events against full ones of records that have any of the
// names that decoders know, with values of any kind.
func TestBriefNames(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	rec := recogniser()
	for _, c := range []struct {
		name  string
		begin func() string
		names []string
	}{
		{"windows", func() string {
			return fmt.Sprintf(`"EventID":%d,"Channel":%q,"SourceName":%q`, []int{1, 3, 7, 13, 22, 23, 256, 257, 260, 261, 3008, 4624, 4625, 4657, 4663, 4688, 4697, 4104, 4778, 5156, 7045}[rnd.IntN(21)],
				[]string{"Security", "Microsoft-Windows-Sysmon/Operational", "System", ""}[rnd.IntN(4)], []string{"Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-PowerShell", "Microsoft-Windows-DNSServer", "Microsoft-Windows-DNS-Client", "Other", ""}[rnd.IntN(7)])
		}, windowsNames},
		{"windows", func() string {
			return fmt.Sprintf(`"winlog":{"event_id":%d,"provider_name":%q},"@timestamp":"2024-01-02T03:04:05Z"`, []int{1, 3, 22, 4624, 4688, 5156}[rnd.IntN(6)],
				[]string{"Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing", "Other"}[rnd.IntN(3)])
		}, prefixed("winlog.event_data.", windowsNames)},
		{"suricata", func() string {
			return fmt.Sprintf(`"timestamp":"2024-01-02T03:04:05.000000+0000","flow_id":1,"event_type":%q`, []string{"dns", "http", "tls", "flow", "fileinfo", "smtp", "smb", "alert", "drop", "quic", "krb5", "dhcp", "rdp", "ssh", "new"}[rnd.IntN(15)])
		}, strings.Fields(suricataNames)},
		{"zeek", func() string {
			return fmt.Sprintf(`"_path":%q,"ts":1521911720.865716`, []string{"conn", "dns", "http", "ssl", "x509", "files", "smtp", "kerberos", "ntlm", "ssh", "dhcp", "notice", "smb_files", "new"}[rnd.IntN(14)])
		}, strings.Fields(zeekNames)},
	} {
		n := 0
		for i := range 4000 {
			b := some(3, fmt.Sprint(i%20))
			if i%20 == 0 {
				b = format.NewBrief(nil)
			}
			s, err := rec.Stream("")
			if err != nil {
				t.Fatal(err)
			}
			var record strings.Builder
			record.WriteString("{" + c.begin())
			for range rnd.IntN(12) {
				name := c.names[rnd.IntN(len(c.names))]
				fmt.Fprintf(&record, ",%q:%s", name, someValue(rnd))
			}
			record.WriteString("}")
			if sameBrief(t, s, b, []byte(record.String())) {
				n++
			}
		}
		if n < 2000 {
			t.Errorf("%d records of %s were read briefly: the test looks at too little", n, c.name)
		}
	}
}

func someValue(rnd *rand.Rand) string {
	texts := []string{
		"192.0.2.7", "::ffff:192.0.2.8", "evil.example", `C:\Windows\System32\cmd.exe`, "", "-", "80", "0x1f", `DOM\user`, "user@evil.example", "{1978b227-5270-6077-9c00-000000000500}",
		"MD5=0123456789abcdef0123456789abcdef,SHA256=00", "http://evil.example/a?b=c", "/a?b", `HKLM\Software\Run`, "2024-01-02 03:04:05.678", "File", "Key", "success", "type:  5 a.example;::ffff:192.0.2.1;",
	}
	text, _ := json.Marshal(texts[rnd.IntN(len(texts))])
	switch rnd.IntN(12) {
	case 0:
		return fmt.Sprint(rnd.IntN(70000))
	case 1:
		return "null"
	case 2:
		return []string{"true", "false", "1.5", "-2e3", "[]", "{}"}[rnd.IntN(6)]
	case 3:
		return fmt.Sprintf(`[%s,"b.example"]`, text)
	case 4:
		return fmt.Sprintf(`[{"rrname":%s,"rdata":"192.0.2.9","filename":%s,"md5":"0123456789abcdef0123456789abcdef"}]`, text, text)
	case 5:
		return fmt.Sprintf(`{"Name":%s,"x":[1,{"y":null}]}`, text)
	}
	return string(text)
}

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return append(out, "message", "event.kind", "event.category", "source.ip", "host.ip", "user.name", "winlog.channel", "winlog.keywords", "winlog.time_created", "vedette.x", "file.hash.md5")
}

var windowsNames = strings.Fields(`UtcTime Hashes Hash QueryResults QueryName ObjectName ObjectType ObjectValueName Image ParentImage SourceImage TargetImage TargetFilename
	CommandLine ParentCommandLine CurrentDirectory User SourceUser TargetUser RuleName ProcessId SourceProcessId ProcessGuid OriginalFileName Company Product ImageLoaded Signature
	SourceIp SourcePort SourceHostname DestinationIp DestinationPort DestinationHostname Protocol Initiated TargetObject Details PipeName Query Consumer Destination Contents
	IpAddress ClientAddress IpPort WorkstationName Workstation ServiceName ShareName RelativeTargetName NewProcessName ParentProcessName NewProcessId ProcessName ServiceFileName
	Application SourceAddress DestAddress DestPort Direction SubjectUserName SubjectDomainName SubjectUserSid TargetUserName TargetName TargetDomainName TargetUserSid TargetSid AccountName AccountDomain
	ScriptBlockText ScriptBlockId Path HostApplication Payload ContextInfo ImagePath TaskContent TaskContentNew url Message Hostname Computer Level Severity Keywords Version ActivityID ProviderGuid
	QNAME Source Destination Port
	RecordNumber EventRecordID Task Category Provider_Name EventTime TimeCreated TimeGenerated @timestamp EventReceivedTime tags host port`)

const suricataNames = `src_ip src_port dest_ip dest_port proto app_proto community_id host ether.src_mac xff flow.src_ip flow.dest_ip flow.src_port flow.dest_port flow.start flow.bytes_toserver flow.reason
	http.hostname http.url http.http_port http.http_method http.http_user_agent http.http_refer http.status http.xff dns.rrname dns.rrtype dns.id dns.rcode dns.type dns.queries dns.query dns.answers dns.rdata
	dns.grouped.A dns.grouped.AAAA dns.grouped.CNAME dns.grouped.MX dns.grouped.NS tls.sni tls.ja3.hash tls.ja3s.hash tls.ja4 tls.fingerprint tls.client.fingerprint tls.subject tls.issuerdn tls.serial tls.subjectaltname
	quic.sni quic.ja3.hash quic.ua files fileinfo.filename fileinfo.md5 fileinfo.sha1 fileinfo.sha256 fileinfo.size smb.filename smb.ntlmssp.user smb.ntlmssp.host smb.command krb5.cname krb5.sname
	dhcp.client_mac dhcp.assigned_ip dhcp.hostname dhcp.dhcp_type rdp.cookie rdp.client.client_name ssh.client.software_version email.from email.to email.subject email.attachment email.url smtp.mail_from smtp.rcpt_to
	alert.action alert.signature alert.severity alert.metadata.cve verdict.action drop.reason anomaly.event vlan in_iface`

const zeekNames = `uid id.orig_h id.orig_p id.resp_h id.resp_p proto service orig_bytes resp_bytes duration local_orig local_resp orig_l2_addr community_id query qtype_name trans_id answers rcode_name
	host uri method referrer user_agent status_code version username resp_filenames resp_mime_types server_name ja3 ja3s ja4 subject issuer cert_chain_fps fingerprint certificate.subject
	certificate.not_valid_before san.dns tx_hosts rx_hosts filename md5 sha1 sha256 mailfrom from rcptto to cc reply_to x_originating_ip client request_type success auth_success domainname hostname
	server_dns_computer_name client_addr assigned_addr mac host_name client_fqdn action name path msg src dst note sub dropped _write_ts`

// FuzzBrief holds brief events against full ones of any record.
func FuzzBrief(f *testing.F) {
	for _, l := range lines {
		f.Add([]byte(l.line), uint32(3), "a")
	}
	f.Add([]byte(`{"@timestamp":"2024-01-02T03:04:05Z","winlog":{"event_id":1,"event_data":{"Image":"C:\\a.exe"}},"message":"b"}`), uint32(2), "")
	f.Add([]byte(`{"@timestamp":"2024-01-02T03:04:05Z","event":{"dataset":"a.b"},"source":{"ip":"192.0.2.1"},"x":[1,{"y":null}]}`), uint32(2), "")
	rec := recogniser()
	f.Fuzz(func(t *testing.T, record []byte, n uint32, salt string) {
		s, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		sameBrief(t, s, some(max(n, 1), salt), record)
		for _, name := range []string{"windows", "suricata", "zeek", "ecs"} {
			if err := s.Restart(name, nil); err != nil {
				t.Fatal(err)
			}
			sameBrief(t, s, format.NewBrief(nil), record)
		}
	})
}
