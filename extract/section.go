package extract

import (
	"regexp"
	"sort"
	"strings"
)

// Zone is what a part of a report is there for.
type Zone string

// The zones.
const (
	Prose      Zone = "prose"
	Indicators Zone = "indicators" // lists and tables of indicators, appendices
	References Zone = "references" // bibliography
	About      Zone = "about"      // who wrote it, how to reach them, legal text
	Labels     Zone = "detections" // what products call the malware
	Victims    Zone = "victims"    // who was attacked
)

// section is a part of the body under one heading.
type section struct {
	from  int
	level int
	title string
	zone  Zone
}

var zoneWords = []struct {
	zone  Zone
	words *regexp.Regexp
}{
	{References, regexp.MustCompile(`(?i)\b(references|bibliography|further reading|related (posts|articles|reading|content)|sources|footnotes|citations|see also|read more|external links)\b`)},
	{About, regexp.MustCompile(`(?i)\b(about (us|the authors?|eset|[A-Z]\w+)|contact|copyright|disclaimer|subscribe|newsletter|legal|terms of use|privacy|reporting|acknowledge?ments?|share this)\b`)},
	{Labels, regexp.MustCompile(`(?i)\b(detection names?|detected as|detections|av names|antivirus)\b`)},
	{Victims, regexp.MustCompile(`(?i)\b(target+ed|targets|victims?|victimology|compromised (web ?)?sites?)\b`)},
	{Indicators, regexp.MustCompile(`(?i)(\b(iocs?|indicators?|appendix|annex|samples?|hash(es)?|network|domains?|ip address(es)?|ips|urls?|sha-?\d+|md5|files?|file ?names?|c2|c&c|c&cs|command and control|servers?|infrastructure|droppers?|payloads?|artifacts?|mutex(es)?|registry|persistence|hosts?|certificates?|e-?mails?|delivery|distribution|backdoors?|loaders?|downloaders?)\b)`)},
}

func zoneOf(title string) Zone {
	for _, z := range zoneWords {
		if z.words.MatchString(title) {
			return z.zone
		}
	}
	return ""
}

// sections cuts a text at its headings: those the reader knew, or what looks like
// some.
func sections(t *Text) []section {
	headings := t.Headings
	if headings == nil {
		headings = FindHeadings(t.Body)
	}
	out := []section{{zone: Prose, level: 1}}
	for _, h := range headings {
		s := section{from: h.At, level: h.Level, title: h.Title, zone: zoneOf(h.Title)}
		if parent := enclosing(out, h.Level); s.zone == "" {
			s.zone = parent
		} else if parent != Prose && parent != Indicators && s.zone == Indicators {
			s.zone = parent // a list of domains among the victims is one of victims
		}
		out = append(out, s)
	}
	return out
}

// enclosing is the zone of the section that a heading of a level is in.
func enclosing(out []section, level int) Zone {
	for i := len(out) - 1; i > 0; i-- {
		if out[i].level < level {
			return out[i].zone
		}
	}
	return Prose
}

func sectionAt(all []section, at int) section {
	i := sort.Search(len(all), func(i int) bool { return all[i].from > at })
	return all[max(i-1, 0)]
}

const longestHeading = 90

// FindHeadings finds the headings of Markdown and AsciiDoc, and in plain text short
// lines between empty ones that name a part of a report.
func FindHeadings(s string) []Heading {
	out := []Heading{}
	blank := true
	for at := 0; at < len(s); {
		_, end := lineOf(s, at)
		line := strings.TrimSpace(s[at:end])
		if h, ok := headingOf(line, blank); ok {
			h.At = at
			out = append(out, h)
		}
		blank = line == ""
		at = end + 1
	}
	return out
}

func headingOf(line string, blank bool) (Heading, bool) {
	if line == "" || len(line) > longestHeading {
		return Heading{}, false
	}
	if line[0] == '#' || line[0] == '=' {
		n := 0
		for n < len(line) && line[n] == line[0] {
			n++
		}
		if n <= 6 && n < len(line) && line[n] == ' ' {
			return Heading{Level: n, Title: strings.Trim(line[n:], " #=")}, true
		}
		return Heading{}, false
	}
	if line[0] == '.' && len(line) > 2 && isWordByte(line[1]) && strings.Count(line, ".") == 1 { // title of a block
		return Heading{Level: 7, Title: line[1:]}, true
	}
	if n := len(line); n > 4 && strings.HasPrefix(line, "**") && strings.HasSuffix(line, "**") {
		return Heading{Level: 6, Title: strings.Trim(line, "*: ")}, true
	}
	plain := strings.TrimRight(line, ":")
	if (!blank && plain == line) || len(line) > 60 || strings.ContainsAny(line, "|[]@") || strings.Count(line, " ") > 7 || strings.HasSuffix(line, ".") {
		return Heading{}, false
	}
	if z := zoneOf(plain); z == "" || line[0] >= 'a' && line[0] <= 'z' || strings.IndexByte("-*`'\"•", line[0]) >= 0 || strings.Contains(plain, ".") {
		return Heading{}, false
	}
	return Heading{Level: 2, Title: plain}, true
}
