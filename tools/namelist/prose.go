package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/extract"
)

const (
	leastFiles   = 3 // files of ordinary prose a word must be in
	leastReports = 3 // reports a word must be in
)

// ordinaryWords returns the hashes of the words that prose has in lower case.
func ordinaryWords(prose, reports string, names map[string]bool) ([]uint32, error) {
	count := map[string]int{}
	err := filepath.WalkDir(prose, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.Contains(path, "testdata") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil // files that are no Go on purpose
		}
		seen := map[string]bool{}
		for _, c := range f.Comments {
			each(c.Text(), seen)
		}
		for w := range seen {
			count[w]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	in, err := reportWords(reports)
	if err != nil {
		return nil, err
	}
	var out []uint32
	for w, n := range count {
		if n >= leastFiles {
			out = append(out, extract.WordHash(w))
		}
	}
	for _, w := range strings.Fields(properNouns) {
		out = append(out, extract.WordHash(w))
	}
	for w, n := range in {
		if n >= leastReports && !names[w] {
			out = append(out, extract.WordHash(w))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func each(text string, seen map[string]bool) {
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, `.,;:()"'?!`)
		if len(word) >= 2 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			seen[word] = true
		}
	}
}

func reportWords(path string) (map[string]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		each(d.Text, seen)
		for w := range seen {
			count[w]++
		}
	}
	return count, lines.Err()
}

// properNouns are words that are written with a capital and name neither malware nor
// actors: what reports are full of.
const properNouns = `january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday
	windows linux android macos apple microsoft google adobe oracle cisco amazon azure github gitlab telegram discord twitter facebook youtube instagram linkedin whatsapp skype slack zoom
	word excel outlook powerpoint office onenote sharepoint exchange teams explorer edge chrome firefox safari opera defender powershell python javascript java perl ruby golang rust delphi
	autoit visual basic visualbasic vba vbscript html http https ftp ssh rdp smb dns tcp udp web shell bash docker kubernetes wordpress joomla drupal apache nginx tomcat orion solarwinds
	kaseya citrix fortinet vmware sonicwall pulse zimbra confluence jira eset kaspersky symantec mandiant fireeye crowdstrike proofpoint zscaler talos sophos mcafee trellix trend
	beijing moscow tehran pyongyang london paris berlin washington kiev kyiv tokyo seoul delhi shanghai hong kong europe asia africa america middle east north south west
	bitcoin monero ethereum north african one two three new old virus trojan malware ransomware backdoor worm loader dropper hacked deputy scorpion joker district toxic damage wave demo cuba
	mercury venus mars jupiter saturn neptune pluto phoenix dragon tiger lion eagle falcon hawk wolf bear fox snake spider panda kitten lotus rose diamond ruby emerald sapphire gold silver bronze iron
	eldorado fallout empire play net at ping reg snake hive medusa royal akira cactus quantum vice chaos matrix nemesis nova omega alpha beta delta gamma sigma zeus hydra titan
	chromium whois foxmail silicon wiki photo wildfire desktop tracker control file news inception golden trident domino cartel drive google ghost cobalt carbon soldier global guard
	sandbox sample samples multilayer attacker attackers cyber state national security agency ministry government bank department committee`
