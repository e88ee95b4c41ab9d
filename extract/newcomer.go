package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Names that no dictionary has: designations have a form, and reports introduce
// what they name.
var (
	designation = regexp.MustCompile(`\b(?:(?:APT|TA|UNC|FIN|UAC|ITG|TAG|TEMP|DEV|Storm|SectorA|SectorB|SectorC|TG|CL-STA|CL-CRI|UTG-Q)-?\d{1,5}|APT-[A-Z]-\d{1,3}|TEMP\.[A-Z][A-Za-z]+|(?:GOLD|COBALT|BRONZE|IRON|NICKEL|ALUMINUM|TUNGSTEN|ZINC) [A-Z]{4,12}|[A-Z][a-z]+ (?:Typhoon|Blizzard|Sandstorm|Sleet|Tempest|Tsunami|Cyclone|Flood)|[A-Z][A-Za-z]{2,12} (?:Panda|PANDA|Kitten|KITTEN|Chollima|CHOLLIMA|Spider|SPIDER|Jackal|JACKAL))\b`)
	described   = regexp.MustCompile(`\b([A-Z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)?) (ransomware|malware|RAT|stealer|infostealer|backdoor|trojan|Trojan|loader|botnet|wiper|downloader|dropper|implant|spyware|rootkit|keylogger|worm|miner|bootkit|banker)\b`)
	reversed    = regexp.MustCompile(`\b(?:ransomware|malware|backdoor|trojan|stealer|loader|botnet|wiper|downloader|implant|spyware|rootkit|webshell|tool|RAT)(?: family| variant| strain)?,? (?:dubbed|called|named|known as|tracked as|we (?:call|named|dubbed)|codenamed) ["'\x{201c}\x{2018}]?([A-Z][A-Za-z0-9_.-]*[A-Za-z0-9])`)
	dubbed      = regexp.MustCompile(`\b(?:dubbed|codenamed|nicknamed|(?:we|have) (?:named|called|dubbed)(?: it| this| the \w+)?|(?:is|being) tracked as|also known as) ["'\x{201c}\x{2018}]?([A-Z][A-Za-z0-9_-]*[A-Za-z0-9])`)
	newActor    = regexp.MustCompile(`\b(?:threat actor|APT group|threat group|hacking group|adversary|gang|actor group|espionage group)s?,? (?:dubbed |called |named |known as |tracked as )?["'\x{201c}\x{2018}]?([A-Z][A-Za-z0-9_-]*[A-Za-z0-9])`)
)

// newcomer is what a text says of a name it introduces.
type newcomer struct {
	malware, actor int
}

// notNames are capitalised words that describe malware and name none.
var notNames = set(`android windows linux macos mac ios unix powershell python java javascript golang rust delphi autoit visual basic vba vbs office excel word microsoft google apple adobe chrome firefox
	the this that these those a an new another other such both banking mobile remote access info information data multi cross custom open source commodity russian chinese iranian korean north south
	http https dns smb ssh rdp tcp web php asp bash batch shell c2 iot pos atm usb pdf html xml dll exe elf pe net dotnet x64 x86 uefi bios apt botnet ransomware malware rat trojan backdoor loader
	eset kaspersky symantec mandiant fireeye crowdstrike proofpoint zscaler cisco talos sophos mcafee trellix fortinet virustotal github telegram discord twitter facebook
	january february march april may june july august september october november december modular ttps iocs apis dlls ddos winhttp wininet fileless stage first second third final known initial main full legitimate malicious`)

// newcomers adds designations, and names that the text itself introduces,
// everywhere they stand. taken is what the dictionary has.
func (r *reading) newcomers(taken map[int]bool) {
	s := r.text.Body
	for _, at := range designation.FindAllStringIndex(s, -1) {
		if taken[at[0]] || strings.HasPrefix(s[at[0]:], "TA0") { // TA0001 is a tactic
			continue
		}
		it := r.item(Actor, stixType(Actor), s[at[0]:at[1]], at[0], at[1])
		it.Confidence, it.Detail = 85, "a designation that no catalogue here has"
		r.items = append(r.items, it)
		for i := at[0]; i < at[1]; i++ {
			taken[i] = true
		}
	}
	found := r.introduced(taken)
	for i := 0; i < len(r.words) && len(found) > 0; i++ {
		w := r.words[i]
		n := found[s[w.from:w.to]]
		if n == nil || taken[w.from] || !r.whole(mention{from: w.from, to: w.to}) {
			continue
		}
		kind := Malware
		if n.actor > n.malware {
			kind = Actor
		}
		it := r.item(kind, stixType(kind), s[w.from:w.to], w.from, w.to)
		it.Confidence, it.Detail = 60, "introduced in this text; in no catalogue here"
		r.items = append(r.items, it)
	}
}

// introduced collects the names that a text introduces. An odd name, such as
// MirrorBlast, needs one place; one that looks like any word needs two.
func (r *reading) introduced(taken map[int]bool) map[string]*newcomer {
	out := map[string]*newcomer{}
	for _, form := range []struct {
		re    *regexp.Regexp
		actor bool
	}{{described, false}, {reversed, false}, {dubbed, false}, {newActor, true}} {
		for _, at := range form.re.FindAllStringSubmatchIndex(r.text.Body, 5000) {
			name := r.text.Body[at[2]:at[3]]
			if taken[at[2]] || notNames[strings.ToLower(name)] || len(name) < 4 || strings.ContainsAny(name, ".") {
				continue
			}
			if out[name] == nil {
				out[name] = &newcomer{}
			}
			if form.actor || form.re == dubbed && r.speaksOfActors(at[2]) {
				out[name].actor++
			} else {
				out[name].malware++
			}
		}
	}
	for name, n := range out {
		places := n.malware + n.actor
		if !odd(name) && (places < 2 || r.engine.known.Names.ordinary(name)) || r.engine.known.Names.ordinary(name) {
			delete(out, name)
		}
	}
	return out
}

// odd: capitals or digits inside a word.
func odd(name string) bool {
	return slices.ContainsFunc([]rune(name)[1:], func(c rune) bool { return unicode.IsUpper(c) || unicode.IsDigit(c) }) && name != strings.ToUpper(name)
}

func (r *reading) speaksOfActors(at int) bool {
	s := sentenceAt(r.sentences, at)
	for _, w := range words(r.text.Body[s.From:min(at, s.To)]) {
		if word := strings.ToLower(r.text.Body[s.From+w.from : s.From+w.to]); cues[Actor][word] {
			return true
		} else if cues[Malware][word] {
			return false
		}
	}
	return false
}
