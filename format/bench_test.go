package format_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/format/windows"
	"github.com/vedette-soc/vedette/format/zeek"
)

func recogniser() *format.Recogniser {
	return format.NewRecogniser(suricata.Format(), zeek.Format(), windows.Format(), ecs.Format())
}

const (
	alertLine = `{"timestamp":"2018-03-24T14:37:19.037299-0600","flow_id":928532049924531,"pcap_cnt":169577,"event_type":"alert","src_ip":"198.51.100.7","src_port":26078,"dest_ip":"10.47.8.150","dest_port":22,"proto":"TCP","tx_id":0,"alert":{"action":"allowed","gid":1,"signature_id":2001219,"rev":20,"signature":"ET SCAN Potential SSH Scan","category":"Attempted Information Leak","severity":2,"metadata":{"created_at":["2010_07_30"],"updated_at":["2010_07_30"]}},"http":{"hostname":"www.example.com","url":"/index.html?a=b","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":1270},"app_proto":"http","flow":{"pkts_toserver":1,"pkts_toclient":0,"bytes_toserver":74,"bytes_toclient":0,"start":"2018-03-24T14:37:19.037299-0600"}}`
	zeekLine  = `{"_path":"dns","_write_ts":"2018-03-24T17:15:20.866586Z","ts":"2018-03-24T17:15:20.865716Z","uid":"CqKst53mF3det3eDV9","id.orig_h":"10.47.1.100","id.orig_p":41772,"id.resp_h":"10.0.0.100","id.resp_p":53,"proto":"udp","trans_id":36329,"rtt":0.0008699893951416016,"query":"ise.wrccdc.org","qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,"answers":["ise.wrccdc.cpp.edu","134.71.3.16"],"TTLs":[2230.0,41830.0],"rejected":false}`
	flatLine  = `{"SourceName":"Microsoft-Windows-Sysmon","ProviderGuid":"{5770385f-c22a-43e0-bf4c-06f5698ffbd9}","Level":"4","Keywords":"0x8000000000000000","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"ADFS01.blacksmith.local","TimeCreated":"2021-04-27T04:07:36.422Z","@timestamp":"2021-04-27T04:07:36.422Z","EventID":3,"Message":"Network connection detected:\r\nRuleName: -\r\nUtcTime: 2021-04-27 08:07:26.159\r\nProcessId: 1900\r\nImage: C:\\Windows\\ADFS\\Microsoft.IdentityServer.ServiceHost.exe","Task":"3","RuleName":"-","UtcTime":"2021-04-27 08:07:26.159","ProcessGuid":"{1978b227-5270-6077-9c00-000000000500}","ProcessId":"1900","Image":"C:\\Windows\\ADFS\\Microsoft.IdentityServer.ServiceHost.exe","User":"BLACKSMITH\\adfsadmin","Protocol":"tcp","Initiated":"true","SourceIsIpv6":"false","SourceIp":"192.168.2.5","SourceHostname":"-","SourcePort":"60277","SourcePortName":"-","DestinationIsIpv6":"false","DestinationIp":"192.168.2.4","DestinationHostname":"-","DestinationPort":"389","DestinationPortName":"-"}`
)

var lines = []struct{ name, line string }{
	{"suricata", alertLine}, {"zeek", zeekLine}, {"windows", flatLine},
}

// BenchmarkScan compares the scanner with encoding/json on the same records.
func BenchmarkScan(b *testing.B) {
	for _, l := range lines {
		b.Run(l.name+"/scanner", func(b *testing.B) {
			s := format.NewScanner("x")
			b.ReportAllocs()
			b.SetBytes(int64(len(l.line)))
			for b.Loop() {
				if _, err := s.Object(l.line); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(l.name+"/encoding-json", func(b *testing.B) {
			raw := []byte(l.line)
			b.ReportAllocs()
			b.SetBytes(int64(len(l.line)))
			for b.Loop() {
				var m map[string]any
				if err := json.Unmarshal(raw, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReader reads whole streams: framing, recognition, decoding, mapping,
// and extraction of observables where the name says so.
func BenchmarkReader(b *testing.B) {
	for _, l := range lines {
		for _, observables := range []bool{false, true} {
			name := l.name
			if observables {
				name += "+observables"
			}
			b.Run(name, func(b *testing.B) {
				stream := bytes.Repeat([]byte(l.line+"\n"), 1000)
				b.ReportAllocs()
				b.SetBytes(int64(len(stream)))
				for b.Loop() {
					r, err := format.NewReader(bytes.NewReader(stream), l.name, recogniser(), format.Options{NoObservables: !observables})
					if err != nil {
						b.Fatal(err)
					}
					n := 0
					for {
						_, err := r.Next()
						if err == io.EOF {
							break
						}
						if err != nil {
							b.Fatal(err)
						}
						n++
					}
					if n != 1000 {
						b.Fatalf("%d events", n)
					}
				}
			})
		}
	}
}
