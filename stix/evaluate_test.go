package stix_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/stix"
)

// sightings is a bundle of three observations a minute apart; the second was
// made three times.
const sightings = `{"type":"bundle","id":"bundle--1","objects":[
{"type":"observed-data","id":"o--0","first_observed":"2026-05-01T10:00:00Z","last_observed":"2026-05-01T10:00:10Z","number_observed":1,"object_refs":["file--1","ipv4-addr--1","network-traffic--1"]},
{"type":"observed-data","id":"o--1","first_observed":"2026-05-01T10:01:00Z","last_observed":"2026-05-01T10:01:00Z","number_observed":3,"objects":{"0":{"type":"ipv4-addr","value":"203.0.113.9"},"1":{"type":"email-message","from_ref":"2","to_refs":["2"],"is_multipart":false,"subject":"Rechnung ä"},"2":{"type":"email-addr","value":"boss@corp.example"}}},
{"type":"observed-data","id":"o--2","first_observed":"2026-05-01T10:02:00Z","last_observed":"2026-05-01T10:02:00Z","number_observed":1,"objects":{"0":{"type":"process","pid":5,"is_hidden":true,"x_load":0.5,"created_time":"2026-05-01T10:01:59Z","child_refs":["1"]},"1":{"type":"process","command_line":"cmd.exe\n/c whoami"}}},
{"type":"file","id":"file--1","name":"a.exe","hashes":{"MD5":"aa","SHA-256":"bb"},"magic_number_hex":"4d5a","extensions":{"windows-pebinary-ext":{"pe_type":"exe","sections":[{"name":".text","entropy":6.1},{"name":".rsrc","entropy":7.9}]}}},
{"type":"ipv4-addr","id":"ipv4-addr--1","value":"198.51.100.0/28"},
{"type":"network-traffic","id":"network-traffic--1","dst_ref":"ipv4-addr--2","dst_port":443,"protocols":["tcp","tls"]},
{"type":"ipv4-addr","id":"ipv4-addr--2","value":"203.0.113.7"}]}`

func TestMatchPattern(t *testing.T) {
	data, err := stix.DecodeObserved(strings.NewReader(sightings), stix.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string][]int{
		`[file:name = 'a.exe']`:                                                     {0},
		`[file:name != 'a.exe']`:                                                    nil,
		`[file:name NOT = 'a.exe']`:                                                 nil,
		`[file:hashes.'SHA-256' IN ('x', 'bb')]`:                                    {0},
		`[file:hashes.'SHA-1' != 'x']`:                                              nil, // there is none
		`[file:name LIKE 'A%']`:                                                     nil,
		`[file:name LIKE '_.ex%']`:                                                  {0},
		`[file:magic_number_hex = h'4d5a']`:                                         {0},
		`[file:magic_number_hex = 'MZ']`:                                            {0},
		`[file:magic_number_hex MATCHES '^M.$']`:                                    {0},
		`[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7]`:          {0},
		`[file:extensions.'windows-pebinary-ext'.sections[0].entropy > 7]`:          nil,
		`[EXISTS file:extensions.'windows-pebinary-ext']`:                           {0},
		`[NOT EXISTS file:extensions.'pdf-ext']`:                                    {0},
		`[NOT EXISTS directory:path]`:                                               nil, // no directory was seen
		`[network-traffic:dst_ref.value = '203.0.113.7']`:                           {0},
		`[network-traffic:dst_ref.value ISSUBSET '203.0.113.0/29']`:                 {0},
		`[ipv4-addr:value ISSUPERSET '198.51.100.3']`:                               {0},
		`[ipv4-addr:value ISSUBSET '198.51.0.0/16']`:                                {0},
		`[ipv4-addr:value ISSUBSET '203.0.113.9']`:                                  {1},
		`[ipv4-addr:value ISSUBSET '2001:db8::/32']`:                                nil,
		`[network-traffic:protocols[*] = 'tls' AND network-traffic:dst_port < 1.0]`: nil,
		`[network-traffic:protocols[1] = 'tls' AND network-traffic:dst_port = 443]`: {0},
		`[email-message:from_ref.value LIKE 'boss@%' AND email-message:to_refs[*].value = 'boss@corp.example']`: {1},
		"[email-message:subject MATCHES 'a\u0308$']":                                                            {1}, // patterns of text are normalised
		`[process:is_hidden = true AND process:pid = 5 AND process:x_load <= 0.5]`:                              {2},
		`[process:pid = true]`:                                                         nil,
		`[process:pid != true]`:                                                        {2},
		`[process:pid = 5 AND process:command_line LIKE 'cmd%']`:                       nil, // of two processes
		`[process:child_refs[*].command_line MATCHES 'cmd.exe./c']`:                    {2},
		`[process:created_time > t'2026-05-01T10:01:58Z']`:                             {2},
		`[file:name = 'a.exe' AND ipv4-addr:value LIKE '198%']`:                        {0}, // two types, one observation
		`[file:name = 'a.exe' AND process:pid = 5]`:                                    nil,
		`[file:name = 'a.exe'] AND [process:pid = 5]`:                                  {0, 2},
		`[file:name = 'x'] OR [process:pid = 5]`:                                       {2},
		`[file:name = 'a.exe'] FOLLOWEDBY [process:pid = 5]`:                           {0, 2},
		`[process:pid = 5] FOLLOWEDBY [file:name = 'a.exe']`:                           nil,
		`[file:name = 'a.exe'] AND [file:hashes.MD5 = 'aa']`:                           nil, // it was seen once
		`[ipv4-addr:value = '203.0.113.9'] REPEATS 3 TIMES`:                            {1},
		`[ipv4-addr:value = '203.0.113.9'] REPEATS 4 TIMES`:                            nil,
		`[ipv4-addr:value LIKE '%'] REPEATS 4 TIMES WITHIN 50 SECONDS`:                 {0, 1},
		`[ipv4-addr:value LIKE '%'] REPEATS 4 TIMES WITHIN 49 SECONDS`:                 nil,
		`([file:name = 'a.exe'] FOLLOWEDBY [process:pid = 5]) WITHIN 110 SECONDS`:      {0, 2},
		`([file:name = 'a.exe'] FOLLOWEDBY [process:pid = 5]) WITHIN 109 SECONDS`:      nil,
		`[process:pid = 5] START t'2026-05-01T10:02:00Z' STOP t'2026-05-01T10:03:00Z'`: {2},
		`[process:pid = 5] START t'2026-05-01T10:01:00Z' STOP t'2026-05-01T10:02:00Z'`: nil,
	} {
		p, err := stix.ParsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		got, err := p.Match(data)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", pattern, diff)
		}
	}
}

func TestMatchPatternErrors(t *testing.T) {
	var many strings.Builder
	for i := range 60 {
		fmt.Fprintf(&many, `{"type":"observed-data","id":"o--%d","first_observed":"2026-05-01T10:00:00Z","last_observed":"2026-05-01T10:00:00Z","number_observed":1,"objects":{"0":{"type":"url","value":"x"}}}`, i)
	}
	data, err := stix.DecodeObserved(strings.NewReader(many.String()), stix.Limits{})
	if err != nil || len(data) != 60 {
		t.Fatal(len(data), err)
	}
	for pattern, want := range map[string]string{
		`[url:value MATCHES '(?=x)']`: "MATCHES",
		`[url:value ISSUBSET 'x']`:    "is no address or range",
		`([url:value = 'x'] AND [url:value = 'x'] AND [url:value = 'x'] AND [url:value = 'x'] AND [url:value = 'x']) START t'2027-01-01T00:00:00Z' STOP t'2028-01-01T00:00:00Z'`: stix.ErrTooComplex.Error(),
		`([url:value = 'x'] REPEATS 30 TIMES) START t'2027-01-01T00:00:00Z' STOP t'2028-01-01T00:00:00Z'`:                                                                        stix.ErrTooComplex.Error(),
	} {
		p, err := stix.ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Match(data)
		if err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%s: %v, %v; want an error with %q", pattern, got, err, want)
		}
	}
}

func FuzzMatchPattern(f *testing.F) {
	data, err := stix.DecodeObserved(strings.NewReader(sightings), stix.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		`[file:name = 'a'] FOLLOWEDBY ([process:pid > 1] REPEATS 2 TIMES) WITHIN 5 SECONDS`, `[NOT EXISTS a:b[*].c AND a:d IN (1, 'x')] OR [file:hashes.MD5 MATCHES '.']`,
		`[ipv4-addr:value ISSUBSET '10.0.0.0/8'] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := stix.ParsePattern(s)
		if err != nil {
			return
		}
		got, err := p.Match(data)
		if err != nil && got != nil {
			t.Errorf("%q: %v beside %v", s, got, err)
		}
		if errors.Is(err, stix.ErrTooComplex) && len(s) < 40 {
			t.Errorf("%q is too complex for three observations", s)
		}
	})
}
