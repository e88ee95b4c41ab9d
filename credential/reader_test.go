package credential_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/indicator"
)

// taken is a sink that wants everything.
type taken struct {
	records  []credential.Record
	machines map[string]credential.Machine
	breaches []credential.Breach
	wanted   func(account, site string) bool
}

func (t *taken) Wanted(account, site string) bool { return t.wanted == nil || t.wanted(account, site) }

func (t *taken) Credential(_ string, r credential.Record) error {
	t.records = append(t.records, r)
	return nil
}

func (t *taken) Machine(name string, m credential.Machine) error {
	if t.machines == nil {
		t.machines = map[string]credential.Machine{}
	}
	t.machines[name] = m
	return nil
}

func (t *taken) Breach(b credential.Breach) error {
	t.breaches = append(t.breaches, b)
	return nil
}

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sealer(t testing.TB) *credential.Sealer {
	t.Helper()
	s, err := credential.NewSealer(bytes.Repeat([]byte{7}, credential.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, r credential.Reader, name, text string) (*taken, credential.Loss) {
	t.Helper()
	sink := &taken{}
	r.Sealer, r.Sink, r.Now = sealer(t), sink, now
	if err := r.Read(name, strings.NewReader(text)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if sum := r.Loss.Given + total(r.Loss.Dropped); sum != r.Loss.In {
		t.Errorf("%s: in %d, given and dropped %d", name, r.Loss.In, sum)
	}
	return sink, r.Loss
}

func total(m map[string]int) (n int) {
	for v := range maps.Values(m) {
		n += v
	}
	return n
}

// shown is a record without what only the key decides.
func shown(t testing.TB, r credential.Record, password string) string {
	t.Helper()
	fp, length := sealer(t).Seal([]byte(password))
	same := "another password"
	if r.Fingerprint == fp && r.Length == length {
		same = "that password"
	}
	if r.Fingerprint == "" {
		same = "no password"
	}
	return strings.TrimSpace(strings.Join([]string{r.Account, r.Site, string(r.Kind), r.Source, r.Family, same}, "|"))
}

func TestStealerLogs(t *testing.T) {
	for _, tt := range []struct {
		name, text, password string
		want                 []string
		dropped              map[string]int
	}{
		{
			"the usual fields", "Soft: Chrome [Default]\nHost: https://vpn.example.org/login\nLogin: J.Doe\nPassword: s3cret:pass word\n\nSoft: Edge\nHost: https://mail.example.org\nLogin: jd\nPassword: s3cret:pass word\n", "s3cret:pass word",
			[]string{"j.doe|vpn.example.org|stealer|||that password", "jd|mail.example.org|stealer|||that password"},
			nil,
		},
		{
			"long names of fields, rules, a family", "*** RedLine Stealer ***\nURL: https://vpn.example.org:8443/\nUSER LOGIN: jdoe\nUSER PASSWORD: pw\n===============\nURL: 10.0.0.7\nUsername: EXAMPLE\\jdoe\nPassword: pw\nApplication: Google_[Chrome]_Default\n===============\n", "pw",
			[]string{"jdoe|vpn.example.org|stealer||RedLine|that password", "jdoe|10.0.0.7|stealer||RedLine|that password"},
			nil,
		},
		{
			"written with figures", "Storage: Chrome\nUR1: android://abc==@org.example.vpn/\nU53RN4M3: jdoe\nP455W0RD: pw", "pw",
			[]string{"jdoe|android:org.example.vpn|stealer|||that password"},
			nil,
		},
		{
			"browser and profile", "[\"Chrome\" = \"Default\"]\nHostname: vpn.example.org\nUSER: jdoe\nPASS: pw\n", "pw",
			[]string{"jdoe|vpn.example.org|stealer|||that password"},
			nil,
		},
		{
			"a password over lines", "Seller: somebody\nHost: vpn.example.org\nLogin: jdoe\nPassword: first\nsecond: third\nfourth\nHost: b.example.org\nLogin: x\nPassword: y\n", "first\nsecond: third\nfourth",
			[]string{"jdoe|vpn.example.org|stealer|||that password", "x|b.example.org|stealer|||another password"},
			nil,
		},
		{
			"a password whose field has another name does not become the login", "Host: vpn.example.org\nLogin: jdoe\nMot de passe: geheim\nPassword:\n\nHost: a.example.org\nLogin: x\nPassword: y\n", "y",
			[]string{"x|a.example.org|stealer|||that password"},
			map[string]int{"login-invalid": 1},
		},
		{
			"nothing signed in, and no password", "Host: vpn.example.org\nLogin: UNKNOWN\nPassword: UNKNOWN\n\nHost: vpn.example.org\nLogin: jdoe\nPassword:\n\n", "",
			[]string{"jdoe|vpn.example.org|stealer|||no password"},
			map[string]int{"login-invalid": 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sink, loss := read(t, credential.Reader{}, "Passwords.txt", tt.text)
			var got []string
			for _, r := range sink.records {
				got = append(got, shown(t, r, tt.password))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records -want +got\n%s", diff)
			}
			if len(tt.dropped)+len(loss.Dropped) > 0 {
				if diff := cmp.Diff(tt.dropped, loss.Dropped); diff != "" {
					t.Errorf("dropped -want +got\n%s", diff)
				}
			}
		})
	}
}

func TestCombinations(t *testing.T) {
	for _, tt := range []struct{ line, want, password string }{
		{"https://vpn.example.org:j.doe:pw", "j.doe|vpn.example.org", "pw"},
		{"https://vpn.example.org:8443/path:j.doe:pw", "j.doe|vpn.example.org", "pw"},
		{"https://vpn.example.org:8443:j.doe:pw", "j.doe|vpn.example.org", "pw"},
		{"https://[2001:db8::1]:8443/x:j.doe:pw", "j.doe|2001:db8::1", "pw"},
		{"https://vpn.example.org:j.doe:p:w", "j.doe|vpn.example.org", "p:w"},
		{"https://vpn.example.org/a/b?c=d:j.doe@example.org:p:w;x|y", "j.doe@example.org|vpn.example.org", "p:w;x|y"},
		{"https://vpn.example.org/a;j.doe;p:w", "j.doe|vpn.example.org", "p:w"},
		{"vpn.example.org|j.doe|pw", "j.doe|vpn.example.org", "pw"},
		{"vpn.example.org/login:j.doe:pw", "j.doe|vpn.example.org", "pw"},
		{"vpn.example.org:443:j.doe:pw", "j.doe|vpn.example.org", "pw"},
		{"j.doe@example.org:pw", "j.doe@example.org|", "pw"},
		{"j.doe@example.org;p:w", "j.doe@example.org|", "p:w"},
		{"j.doe:pw:https://vpn.example.org/x", "j.doe|vpn.example.org", "pw"},
		{"android://AbC==@org.example.vpn/:j.doe:pw", "j.doe|android:org.example.vpn", "pw"},
		// What may be read in two ways would make a login of a part of a password.
		{"https://vpn.example.org/a:j.doe:p:w", "", "ambiguous"},
		{"https://vpn.example.org:12345:p:w", "", "ambiguous"},
		{"vpn.example.org:54321:p:w", "", "ambiguous"},
		{"j.doe:pw", "", "login-invalid"},
		{"https://vpn.example.org", "", "login-missing"},
		{"https://vpn.example.org:j.doe", "", "login-missing"},
	} {
		sink, loss := read(t, credential.Reader{}, "combo.txt", "https://a.example:b:c\nhttps://a.example:b:c\n"+tt.line+"\n")
		if tt.want == "" {
			if diff := cmp.Diff(map[string]int{tt.password: 1}, loss.Dropped); diff != "" {
				t.Errorf("%s: dropped -want +got\n%s", tt.line, diff)
			}
			continue
		}
		if len(sink.records) != 3 {
			t.Errorf("%s: not read: %v", tt.line, loss.Dropped)
			continue
		}
		if got, want := shown(t, sink.records[2], tt.password), tt.want+"|combo|||that password"; got != want {
			t.Errorf("%s: %s, want %s", tt.line, got, want)
		}
	}
}

func TestMachine(t *testing.T) {
	want := credential.Machine{Name: "LAPTOP-17", HWID: "A1B2", User: "jdoe", Time: time.Date(2026, 11, 3, 22, 20, 11, 0, time.UTC)}
	for name, text := range map[string]string{
		"UserInformation.txt": "Build ID: x\nIP: 203.0.113.7\nUserName: jdoe\nMachineName: LAPTOP-17\nCountry: CH\nHWID: A1B2\nLog date: 11/3/2026 10:20:11 PM\nHardwares:\nName: CPU\n",
		"System.txt":          " - IP: 203.0.113.7\n - MachineID: A1B2\n - Computer: LAPTOP-17\n - User: jdoe\n - Last seen: 2026-11-03 22:20:11\n",
		"info.txt":            "UID: A1B2\r\nPC Name: LAPTOP-17\r\nUserName: jdoe\r\nLANIP: 10.0.0.5\r\nLog date: 03.11.2026 22:20:11\r\nInstall Date: 01.01.2020\r\n",
	} {
		sink, _ := read(t, credential.Reader{}, name, text)
		if diff := cmp.Diff(map[string]credential.Machine{name: want}, sink.machines); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestAnswersOfHaveIBeenPwned(t *testing.T) {
	sink, _ := read(t, credential.Reader{}, "breacheddomain-example.org.json", `{"j.doe":["Adobe","Spam List"],"k":["Adobe"]}`)
	var got []string
	for _, r := range sink.records {
		got = append(got, shown(t, r, "x"))
	}
	want := []string{"j.doe@example.org||breach|Adobe||no password", "j.doe@example.org||breach|Spam List||no password", "k@example.org||breach|Adobe||no password"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("breached domain -want +got\n%s", diff)
	}
	sink, _ = read(t, credential.Reader{Domain: "example.org"}, "x/stealerlogsbyemaildomain.json", `{"j.doe":["netflix.com","vpn.example.org"]}`)
	if len(sink.records) != 2 || sink.records[1].Kind != credential.Stealer || sink.records[1].Site != "vpn.example.org" {
		t.Errorf("stealer logs of a domain: %+v", sink.records)
	}
	_, loss := read(t, credential.Reader{}, "answer.json", `{"j.doe":["Adobe"]}`)
	if diff := cmp.Diff(map[string]int{"domain-missing": 1}, loss.Dropped); diff != "" {
		t.Errorf("no domain: -want +got\n%s", diff)
	}
	sink, _ = read(t, credential.Reader{}, "breaches.json", `[{"Name":"Adobe","Title":"Adobe","Domain":"adobe.com","BreachDate":"2013-10-04","DataClasses":["Email addresses","Passwords"],"IsVerified":true},
		{"Name":"Lists","BreachDate":"2020-01-01","DataClasses":["Email addresses"],"IsSpamList":true},{"Name":"Logs","BreachDate":"2025-01-01","DataClasses":["Passwords"],"IsStealerLog":true}]`)
	wantBreaches := []credential.Breach{
		{Name: "Adobe", Title: "Adobe", Domain: "adobe.com", Date: time.Date(2013, 10, 4, 0, 0, 0, 0, time.UTC), Passwords: true, Kind: credential.FromBreach},
		{Name: "Lists", Date: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Kind: credential.Spam},
		{Name: "Logs", Date: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Passwords: true, Kind: credential.Stealer},
	}
	if diff := cmp.Diff(wantBreaches, sink.breaches); diff != "" {
		t.Errorf("breaches -want +got\n%s", diff)
	}
}

func TestTables(t *testing.T) {
	sink, loss := read(t, credential.Reader{}, "leaks.csv", "account,site,source,date,kind\nj.doe@example.org,https://vpn.example.org/,\"Acme, Inc\",2026-11-03,stealer\nk@example.org,,x,2026-01-01,nonsense\nm@example.org,a.example,x\n,a.example,x,2026-01-01,combo\n")
	if diff := cmp.Diff([]credential.Record{{Account: "j.doe@example.org", Site: "vpn.example.org", Kind: credential.Stealer, Source: "Acme, Inc", Time: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}}, sink.records); diff != "" {
		t.Errorf("records -want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"kind-unknown": 1, "row-broken": 1, "login-invalid": 1}, loss.Dropped); diff != "" {
		t.Errorf("dropped -want +got\n%s", diff)
	}
	sink, _ = read(t, credential.Reader{}, "t.tsv", "email\tpassword\thost\nj.doe@example.org\tpw\tvpn.example.org\n")
	if got := shown(t, sink.records[0], "pw"); got != "j.doe@example.org|vpn.example.org|combo|||that password" {
		t.Error(got)
	}
}

// What is not ours is counted, and its password is not even looked at.
func TestOnlyWhatIsWanted(t *testing.T) {
	sink := &taken{wanted: func(_, site string) bool { return site == "vpn.example.org" }}
	r := credential.Reader{Sink: sink, Now: now} // without a sealer: a password that is looked at panics
	if err := r.Read("c.txt", strings.NewReader("https://a.example:b:c\nhttps://d.example:e:f\n")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(credential.Loss{In: 2, Files: 1, Dropped: map[string]int{"not-ours": 2}}, r.Loss); diff != "" || len(sink.records) > 0 {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestNotRead(t *testing.T) {
	for name, text := range map[string]string{"notes.txt": "just words\nand more words\n", "cookies.sqlite": "SQLite format 3\x00", "empty": ""} {
		sink, loss := read(t, credential.Reader{}, name, text)
		if loss.Skipped != 1 || len(sink.records) > 0 {
			t.Errorf("%s: %+v", name, loss)
		}
	}
	for _, magic := range []string{"7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07\x00"} {
		r := credential.Reader{Sink: &taken{}, Now: now}
		var packed *credential.PackedError
		if err := r.Read("logs", strings.NewReader(magic+"xxxx")); !errors.As(err, &packed) {
			t.Errorf("%q: %v", magic, err)
		}
	}
}

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"11/3/2026 10:20:11 PM": "2026-11-03T22:20:11Z", "3/11/2026": "2026-03-11T00:00:00Z", "12/11/2026": "2026-11-12T00:00:00Z", "25/10/2026 14:00": "2026-10-25T14:00:00Z",
		"2026-11-03T10:00:00+02:00": "2026-11-03T08:00:00Z", "03.11.2026 22:20:11": "2026-11-03T22:20:11Z", "3 November 2026": "2026-11-03T00:00:00Z", "31/31/2026": "0001-01-01T00:00:00Z", "2031-01-01": "0001-01-01T00:00:00Z", "": "0001-01-01T00:00:00Z",
	} {
		if got := credential.Date(text, now).Format(time.RFC3339); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// FuzzRead: nothing panics, the books balance, and no record holds a password that the
// file gives where it is told apart from everything else.
func FuzzRead(f *testing.F) {
	const secret = "Zx9-unmistakable-Qw7"
	for _, s := range []string{
		"Host: vpn.example.org\nLogin: jdoe\nPassword: " + secret + "\n", "https://vpn.example.org:8443/a:j.doe:" + secret + "\n", "account,site,password\nj@example.org,a.example," + secret + "\n",
		`{"j.doe":["Adobe"]}`, `[{"Name":"A"}]`, "UID: 1\nComputer: x\nUser: y\nLog date: 1/2/2026\n", "a@b.example:" + secret + ":https://c.example\n",
	} {
		f.Add(s, "passwords.txt")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		sink := &taken{}
		r := credential.Reader{Sealer: sealer(t), Sink: sink, Now: now, Domain: "example.org"}
		if err := r.Read(name, strings.NewReader(text)); err != nil {
			var packed *credential.PackedError
			if !errors.As(err, &packed) {
				t.Fatal(err)
			}
			return
		}
		if r.Loss.In != r.Loss.Given+total(r.Loss.Dropped) || r.Loss.Given != len(sink.records) {
			t.Fatalf("in %d, given %d (%d records), dropped %v", r.Loss.In, r.Loss.Given, len(sink.records), r.Loss.Dropped)
		}
		for _, rec := range sink.records {
			if rec.Account == "" || len(rec.Account) > 254 || len(rec.Source) > 128 || len(rec.Site) > 300 || strings.ContainsAny(rec.Account, "\n\x00") {
				t.Fatalf("a record out of bounds: %+v", rec)
			}
		}
	})
}

// FuzzCombination: of a line that is built of an address, a login and a password, no part
// of the password is ever taken for the login.
func FuzzCombination(f *testing.F) {
	f.Add(0, "a:b", "j.doe", "p:w", byte(0))
	f.Add(1, "", "12345", "x/y:z", byte(1))
	f.Add(2, "x/y?z", "j.doe@example.org", "a|b;c:d", byte(2))
	hosts := []string{"https://vpn.example.org", "https://vpn.example.org:8443", "vpn.example.org", "vpn.example.org:443", "android://x==@org.example.vpn"}
	f.Fuzz(func(t *testing.T, host int, path, login, password string, sep byte) {
		const seps = ":;|\t"
		s := string(seps[int(sep)%len(seps)])
		usual := credential.Account(login) != "" && strings.Trim(login, "0123456789") == "" // a number may be a port
		if login == "" || usual || strings.ContainsAny(login, seps+"\r\n/\\?#") || strings.TrimSpace(login) != login || strings.ContainsAny(path+password+login, "\r\n\x00") || strings.Contains(path+password, "://") || strings.ContainsAny(path, seps) {
			return
		}
		if path != "" {
			path = "/" + path
		}
		at := hosts[max(host, -host)&0x7fffffff%len(hosts)]
		sink, loss := read(t, credential.Reader{}, "combo.txt", "https://a.example:b:c\n"+at+path+s+login+s+password+"\n")
		if loss.In != 2 {
			t.Fatalf("of two lines %d were counted", loss.In)
		}
		for _, r := range sink.records[1:] {
			if r.Account != credential.Account(login) || r.Site != credential.Site(at) {
				t.Fatalf("%q + %q + %q by %q: the login is %q, the site %q", path, login, password, s, r.Account, r.Site)
			}
		}
	})
}

// BenchmarkCombinations reads a list of which nothing, or all, is ours, beside only
// reading its lines.
func BenchmarkCombinations(b *testing.B) {
	line := "https://portal.some-site.example:8443/auth/login?x=1:somebody@mail.example:hunter2hunter2\n"
	text := []byte(strings.Repeat(line, 1000))
	s := sealer(b)
	for name, ours := range map[string]bool{"foreign": false, "ours": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r := credential.Reader{Sealer: s, Sink: &taken{wanted: func(string, string) bool { return ours }}, Now: now}
				if err := r.Read("combo.txt", bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("lines", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			for in := bufio.NewScanner(bytes.NewReader(text)); in.Scan(); {
				if bytes.Count(in.Bytes(), []byte(":")) != 4 {
					b.Fatal(in.Text())
				}
			}
		}
	})
}

// No password is in anything that a sink gets.
func TestNothingOfThePassword(t *testing.T) {
	const secret = "Tr0ub4dor&3-never-at-rest"
	for _, text := range []string{
		"Host: vpn.example.org\nLogin: jdoe\nPassword: " + secret + "\n", "https://vpn.example.org/x:jdoe:" + secret + "\nhttps://vpn.example.org/x:jdoe:" + secret + "\n",
		"account,site,password\njdoe,vpn.example.org," + secret + "\n",
	} {
		sink, loss := read(t, credential.Reader{}, "in.txt", text)
		out, err := json.Marshal([]any{sink.records, sink.machines, loss})
		if err != nil || len(sink.records) == 0 {
			t.Fatal(err, loss)
		}
		for n := 4; n <= len(secret); n++ {
			if strings.Contains(string(out), secret[:n]) {
				t.Fatalf("%q of the password is in %s", secret[:n], out)
			}
		}
	}
}

// TestOrdinaryNames: the short way to a site says what the long one says.
func TestOrdinaryNames(t *testing.T) {
	for _, name := range []string{"vpn.example.org", "VPN.Example.ORG", "a-b.c1.example", "x.y", "10.0.0.7", "a.b.c.d.e.example.com", "bücher.example", "xn--bcher-kva.example", "-a.example", "a-.example", "a..example", "a.example.", strings.Repeat("a", 64) + ".example", "srv1", "[2001:db8::1]", "a_b.example"} {
		got := credential.Site("https://" + name + "/x")
		want := name
		if c, err := indicator.Canonical(indicator.Domain, strings.ToLower(strings.Trim(name, "."))); err == nil {
			want = c
		} else if c, err := indicator.Canonical(indicator.IPv6, strings.Trim(name, "[]")); err == nil {
			want = c
		} else if strings.HasPrefix(name, "-") || strings.Contains(name, "..") {
			want = ""
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
