package pattern_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/stix"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func seen(t indicator.Type, value, field string) event.Observable {
	return event.Observable{Type: t, Value: value, Field: field}
}

// process is a program that starts, connection one that is made, registry a value that is set.
func process(name, line string) event.Event {
	return event.Event{
		Time: noon,
		Fields: event.Fields{
			"process.name": name, "process.executable": `C:\Users\Public\` + name, "process.command_line": line, "process.pid": int64(4711),
			"process.parent.name": "winword.exe", "user.name": "Erika",
		},
		Observables: []event.Observable{
			seen(indicator.FileName, strings.ToLower(name), "process.name"),
			seen(indicator.MD5, "0123456789abcdef0123456789abcdef", "process.hash.md5"),
			seen(indicator.SHA256, strings.Repeat("ab", 32), "process.hash.sha256"),
			seen(indicator.UserAccount, "erika", "user.name"),
		},
	}
}

func connection(name, ip string, port int64) event.Event {
	return event.Event{
		Time: noon,
		Fields: event.Fields{
			"source.ip": "10.0.0.5", "destination.ip": ip, "destination.port": port, "network.transport": "tcp", "url.domain": name, "url.original": "/Gate.php?id=7",
			"user_agent.original": "EvilBot/1.0", "http.request.method": "POST", "dns.question.name": name, "dns.resolved_ip": []string{ip},
		},
		Observables: []event.Observable{
			seen(indicator.IPv4, "10.0.0.5", "source.ip"),
			seen(indicator.IPv4, ip, "destination.ip"),
			seen(indicator.Domain, name, "url.domain"),
			seen(indicator.URL, "http://"+name+"/Gate.php?id=7", "url.full"),
			seen(indicator.ASN, "as64500", "destination.as.number"),
		},
	}
}

func registry() event.Event {
	return event.Event{
		Time: noon,
		Fields: event.Fields{
			"registry.path": `HKLM\Software\Microsoft\Windows\CurrentVersion\Run`, "registry.value": "Updater", "registry.data.strings": []string{`C:\Temp\evil.exe`},
		},
	}
}

func TestLook(t *testing.T) {
	p := process("Evil.exe", `Evil.exe -enc "SQBFAFgA"`)
	c := connection("cdn.bad.example", "198.18.7.7", 4444)
	r := registry()
	for _, tt := range []struct {
		pattern string
		ev      event.Event
		by      string // field that made it be looked at; "" = it does not match
	}{
		{`[process:command_line LIKE '% -enc %' AND process:image_ref.name = 'evil.exe']`, p, "process.name"},
		{`[process:command_line LIKE '% -enc %' AND process:image_ref.name = 'other.exe']`, p, ""},
		{`[process:command_line MATCHES '-(enc|e) "?SQBF']`, p, "process.command_line"},
		{`[file:name = 'EVIL.EXE' AND file:hashes.MD5 = '0123456789ABCDEF0123456789ABCDEF']`, p, "process.hash.md5"},
		{`[file:name = 'evil.exe' AND file:hashes.'SHA-256' = '` + strings.Repeat("cd", 32) + `']`, p, ""},
		{`[file:hashes.SHA256 = '` + strings.Repeat("AB", 32) + `' AND file:parent_directory_ref.path LIKE '%\\public']`, p, "process.hash.sha256"},
		{`[process:parent_ref.name = 'winword.exe' AND process:pid > 4000]`, p, "process.parent.name"},
		{`[process:creator_user_ref.account_login = 'erika']`, p, "user.name"},
		{`[domain-name:value LIKE '%.bad.example']`, c, "url.domain"},
		{`[domain-name:value MATCHES '^cdn\\..*\\.example$']`, c, "url.domain"},
		{`[domain-name:value NOT LIKE '%.bad.example']`, c, ""},
		{`[url:value LIKE '%/gate.php%']`, c, "url.full"},
		{`[url:value LIKE '%/gate.asp%' OR domain-name:value = 'cdn.bad.example']`, c, "url.domain"},
		{`[network-traffic:dst_port = 4444 AND network-traffic:protocols[*] = 'tcp']`, c, "network.transport"},
		{`[network-traffic:dst_port = 4444]`, c, "source.ip"}, // nothing to look up: the first observable
		{`[network-traffic:dst_port = 4445]`, c, ""},
		{`[network-traffic:dst_ref.value = '198.18.7.7' AND network-traffic:dst_port IN (443, 4444)]`, c, "destination.ip"},
		{`[network-traffic:src_ref.value = '198.18.7.7']`, c, ""},
		{`[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE 'evilbot%']`, c, "user_agent.original"},
		{`[domain-name:value = 'cdn.bad.example' AND domain-name:resolves_to_refs[*].value = '198.18.7.7']`, c, "url.domain"},
		{`[ipv4-addr:value ISSUBSET '198.18.0.0/15' AND autonomous-system:number = 64500]`, c, "source.ip"},
		{`[windows-registry-key:key LIKE '%\\currentversion\\run' AND windows-registry-key:values[*].data LIKE '%evil.exe']`, r, "registry.path"},
		{`[windows-registry-key:values[*].name = 'Updater']`, r, "registry.value"},
		{`[domain-name:value = 'cdn.bad.example'] OR [domain-name:value = 'other.example']`, c, "url.domain"},
		{`[url:value LIKE '%gate.php%'] START t'2026-05-01T00:00:00Z' STOP t'2026-05-02T00:00:00Z'`, c, "url.full"},
		{`[url:value LIKE '%gate.php%'] START t'2026-04-01T00:00:00Z' STOP t'2026-04-02T00:00:00Z'`, c, ""},
	} {
		var b pattern.Builder
		if err := b.Add(7, tt.pattern); err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		got := ""
		set := b.Build()
		if tt.by != "" && !set.Concerns(&tt.ev) {
			t.Errorf("%s: the event is said to be none of its concern", tt.pattern)
		}
		for _, s := range set.Look(&tt.ev, nil) {
			if s.ID != 7 || s.Data != nil {
				t.Errorf("%s: %+v", tt.pattern, s)
			}
			got += s.By.Field
		}
		if got != tt.by {
			t.Errorf("%s: looked at because of %q, want %q", tt.pattern, got, tt.by)
		}
	}
}

// TestBriefly holds the fields whose texts are looked through against those that every
// event has that is read briefly.
func TestBriefly(t *testing.T) {
	asked := format.NewBrief(nil).Of("windows", "")
	for _, name := range pattern.TextFields() {
		if !asked.Wants(name) {
			t.Errorf("%s is looked through, but format.Brief does not want it", name)
		}
	}
}

func TestRefused(t *testing.T) {
	var b pattern.Builder
	if err := b.Add(1, `[domain-name:value LIKE '%.bad.example']`); err != nil {
		t.Fatal(err)
	}
	for id, text := range map[uint64]string{
		1: `[url:value LIKE '%again%']`,
		2: `[artifact:payload_bin = 'aGVsbG8=']`,
		3: `[url:value MATCHES 'a(?=b)']`,
		4: `[url:value LIKE '%x%'] REPEATS 5000 TIMES`,
		5: `[url:value`,
		6: `[domain-name:value LIKE '%.XYZ']`,
		7: `[domain-name:value LIKE '%.co.uk']`,
	} {
		if err := b.Add(id, text); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
	for i := range uint64(300) {
		if err := b.Add(100+i, fmt.Sprintf("[network-traffic:dst_port = %d]", i)); (err != nil) != (i >= 200) {
			t.Fatalf("pattern %d without a text: %v", i, err)
		}
	}
	if n := b.Build().Len(); n != 201 {
		t.Errorf("%d patterns", n)
	}
}

// TestAllEvaluated holds Look and May against evaluating every pattern.
func TestAllEvaluated(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	events := []event.Event{process("Evil.exe", `Evil.exe -enc "SQBFAFgA"`), connection("cdn.bad.example", "198.18.7.7", 4444), registry()}
	var texts []string
	for _, ev := range events {
		for _, o := range ev.Observables {
			texts = append(texts, o.Value)
		}
		for name := range ev.Fields {
			texts = append(texts, ev.Fields.String(name))
		}
	}
	slices.Sort(texts)
	paths := []string{
		"domain-name:value", "url:value", "ipv4-addr:value", "file:name", "file:hashes.MD5", "process:command_line", "process:image_ref.name", "network-traffic:dst_ref.value",
		"windows-registry-key:key", "windows-registry-key:values[*].data", "user-account:account_login", "x-other:thing",
	}
	comparison := func() string {
		v := texts[rng.IntN(len(texts))]
		from := rng.IntN(len(v))
		part := v[from : from+1+rng.IntN(len(v)-from)]
		not := []string{"", "", "", "NOT "}[rng.IntN(4)]
		value := []string{not + "= " + stix.Quote(v), not + "LIKE " + stix.Quote("%"+part+"%"), not + "IN (" + stix.Quote(part) + ", " + stix.Quote(v) + ")"}[rng.IntN(3)]
		return paths[rng.IntN(len(paths))] + " " + value
	}
	matched := 0
	for range 20_000 {
		text := "[" + comparison()
		for range rng.IntN(3) {
			text += []string{" AND ", " OR "}[rng.IntN(2)] + comparison()
		}
		text += "]"
		p, err := stix.ParsePattern(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		folded, err := p.Prepare(true)
		if err != nil {
			t.Fatal(err)
		}
		var b pattern.Builder
		taken := b.Add(1, text) == nil
		set := b.Build()
		for i := range events {
			want, err := folded.Match([]stix.ObservedData{pattern.Observe(&events[i])})
			if err != nil {
				t.Fatal(err)
			}
			got := taken && len(set.Look(&events[i], nil)) == 1
			if got && !set.Concerns(&events[i]) {
				t.Errorf("%s: an event that matches is said to be none of its concern", text)
			}
			if got != (len(want) > 0) {
				t.Fatalf("%s on event %d: looked %v, evaluated %v", text, i, got, want)
			}
			if got && !set.May(events[i].AppendJSON(nil, false)) && !set.May([]byte(fmt.Sprint(events[i].Fields, events[i].Observables))) {
				t.Fatalf("%s matches event %d, the record of which is passed over", text, i)
			}
			if got {
				matched++
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matches", matched)
	}
}

// TestWatch: several observations become one sight once all are there.
func TestWatch(t *testing.T) {
	first, second := connection("one.bad.example", "198.18.0.1", 80), connection("two.bad.example", "198.18.0.2", 80)
	for _, tt := range []struct {
		pattern string
		events  []event.Event
		after   []time.Duration
		want    []string // events of each sight
	}{
		{`[domain-name:value = 'one.bad.example'] FOLLOWEDBY [domain-name:value = 'two.bad.example']`, []event.Event{first, second}, []time.Duration{0, time.Minute}, []string{"[0 1]"}},
		{`[domain-name:value = 'two.bad.example'] FOLLOWEDBY [domain-name:value = 'one.bad.example']`, []event.Event{first, second}, []time.Duration{0, time.Minute}, nil},
		{`([domain-name:value = 'one.bad.example'] AND [domain-name:value = 'two.bad.example']) WITHIN 30 SECONDS`, []event.Event{first, second, first}, []time.Duration{0, time.Minute, 70 * time.Second}, []string{"[1 2]"}},
		{`[domain-name:value LIKE '%.bad.example'] REPEATS 3 TIMES WITHIN 300 SECONDS`, []event.Event{first, second, first, second}, []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}, []string{"[0 1 2]"}},
		{`[domain-name:value = 'one.bad.example'] FOLLOWEDBY [domain-name:value = 'two.bad.example']`, []event.Event{first, second}, []time.Duration{0, 25 * time.Hour}, nil},
	} {
		var b pattern.Builder
		if err := b.Add(1, tt.pattern); err != nil {
			t.Fatal(err)
		}
		set := b.Build()
		var got []string
		var w pattern.Watch
		for i, ev := range tt.events {
			ev.Time = noon.Add(tt.after[i])
			for _, s := range set.Look(&ev, nil) {
				if events, ok := w.Take(set, s, fmt.Sprint(i)); ok {
					got = append(got, fmt.Sprint(events))
				}
			}
			state, err := w.State() // as over a restart
			if err != nil {
				t.Fatal(err)
			}
			w = pattern.Watch{}
			if err := w.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.pattern, diff)
		}
		w.Renew(nil)
		if state, _ := w.State(); state != nil {
			t.Errorf("%s: %s is remembered of no pattern", tt.pattern, state)
		}
	}
}

func TestWatchIsBounded(t *testing.T) {
	var b pattern.Builder
	for i := range uint64(200) {
		if err := b.Add(i, fmt.Sprintf("[domain-name:value = 'one.bad.example'] FOLLOWEDBY [domain-name:value = 'never%d.example']", i)); err != nil {
			t.Fatal(err)
		}
	}
	set := b.Build()
	var w pattern.Watch
	ev := connection("one.bad.example", "198.18.0.1", 80)
	for i := range 60 {
		for _, s := range set.Look(&ev, nil) {
			w.Take(set, s, fmt.Sprint(i))
		}
	}
	if w.Dropped != 60*200-5000 {
		t.Errorf("%d dropped", w.Dropped)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(`[process:command_line LIKE '% -enc %' AND file:name != 'a']`, "x -enc y")
	f.Add(`[url:value MATCHES '(ab|cd)+ef?gate'] FOLLOWEDBY [domain-name:value = 'cdn.bad.example']`, "ABABgate")
	f.Fuzz(func(t *testing.T, text, line string) {
		var b pattern.Builder
		if len(text) > 2000 || b.Add(1, text) != nil {
			return
		}
		set := b.Build()
		ev := process("a.exe", line)
		p, err := stix.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err = p.Prepare(true)
		if err != nil {
			t.Fatal(err)
		}
		sights := set.Look(&ev, nil)
		if met, err := p.Match([]stix.ObservedData{pattern.Observe(&ev)}); err == nil && len(met) > 0 && len(sights) == 0 {
			t.Errorf("%s is passed over in %q", text, line)
		}
		for _, s := range sights {
			var w pattern.Watch
			w.Take(set, s, "1")
		}
	})
}

func BenchmarkLook(b *testing.B) {
	var build pattern.Builder
	for i := range uint64(1150) {
		if err := build.Add(i, fmt.Sprintf("[domain-name:value LIKE '%%.name%d.example']", i*7919)); err != nil {
			b.Fatal(err)
		}
	}
	set := build.Build()
	ev := connection("cdn.good.example", "198.18.7.7", 443)
	raw := ev.AppendJSON(nil, false)
	b.Run("look", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			set.Look(&ev, nil)
		}
	})
	b.Run("may", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			set.May(raw)
		}
	})
}
