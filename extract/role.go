package extract

import (
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Role is what an observable does in the story.
type Role string

// The roles.
const (
	RoleC2        Role = "c2"
	RoleDelivery  Role = "delivery" // phishing, download, hosting of a payload
	RoleVictim    Role = "victim"
	RoleBenign    Role = "benign"
	RoleReference Role = "reference"
	RoleSample    Role = "sample" // a file of the attacker
)

var roleWords = []struct {
	role  Role
	words *regexp.Regexp
}{
	{RoleBenign, regexp.MustCompile(`(?i)\b(clean file|not malicious|benign|decoy (site|page|url)|connectivity check|check(s|ing|ed)? (for )?(internet )?connect(ion|ivity)|false.positives?|legitimate (web ?site|domain|server|url|site|service|page)s?( such as| like|:)?)\b`)},
	{RoleVictim, regexp.MustCompile(`(?i)\b(victim'?s?'? (domain|network|host|server|address|website|site)s?|(owned|used) by the victim|targeted (network|organi[sz]ation|domain|compan(y|ies))s?|compromised victim)\b`)},
	{RoleC2, regexp.MustCompile(`(?i)(\bc ?& ?c\b|\bc2\b|\bcnc\b|command.{1,5}control|\bbeacon|\bcall(s|ed|ing)? ?back|\bphones? home|\bexfiltrat|\bcontroller\b)`)},
	{RoleDelivery, regexp.MustCompile(`(?i)\b(download|phish|deliver|distribut|host(s|ed|ing)\b|drop(s|ped|per)?\b|payload|redirect|landing|lure|spread|compromised website|malicious (link|site|domain|url))`)},
}

// takenOver: a legitimate site that an attacker uses is none to leave alone.
var takenOver = regexp.MustCompile(`(?i)\b(compromised|hacked|hijacked|abused|infected|malicious)\b`)

// roleOf judges by the sentence or row, then by the heading.
func (r *reading) roleOf(it *Item) Role {
	if isHash(it.Type) {
		return RoleSample
	}
	if _, ok := r.text.link(it.Span[0], it.Span[1]); ok && !it.Defanged {
		return RoleReference
	}
	if it.Zone == References {
		return RoleReference
	}
	if it.Zone == Victims && !it.Defanged {
		return RoleVictim
	}
	from, to := nearLine(r.text.Body, it.Span)
	near := window(r.text.Body, it.Span, from, to)
	taken := takenOver.MatchString(near)
	for _, w := range roleWords {
		if w.words.MatchString(near) && !(w.role == RoleBenign && taken) {
			return w.role
		}
	}
	for _, w := range roleWords[2:] {
		if w.words.MatchString(it.Section) {
			return w.role
		}
	}
	return ""
}

// window is what stands around an item on its line.
func window(s string, span [2]int, from, to int) string {
	return strings.ToValidUTF8(s[max(from, span[0]-160):min(to, span[1]+160)], "")
}

func isHash(t string) bool {
	switch indicator.Type(t) {
	case indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512:
		return true
	}
	return false
}

var (
	certificateWords = regexp.MustCompile(`(?i)(thumbprint|certificate|\bx\.?509\b|\bssl cert)`)
	ja3Words         = regexp.MustCompile(`(?i)\bja3s?\b`)
	keyWords         = regexp.MustCompile(`(?i)(\b(rc4|aes|xor|des|encryption|decryption|secret|private|public|api|license|session) ?keys?\b|\bkey ?[:=]|\bimp ?hash\b|\bguid\b|\buuid\b|\bclsid\b|\btelfhash\b|\brich ?(pe ?)?header|\bserial number\b|\bsalt\b|\bpassword\b|\bcommit\b|\binitiali[sz]ation vector\b|\bnonce\b|\btoken\b|\bntlm\b)`)
)

// placeHash tells the hash of a file from the fingerprint of a certificate, a JA3,
// and from keys.
func (r *reading) placeHash(it *Item) {
	if !isHash(it.Type) {
		return
	}
	from, _ := nearLine(r.text.Body, it.Span)
	before := r.text.Body[max(from, it.Span[0]-60):it.Span[0]]
	about := before + " | " + it.Section
	switch {
	case it.Type == string(indicator.SHA1) && certificateWords.MatchString(about):
		it.Type = string(indicator.CertSHA1)
	case it.Type == string(indicator.SHA256) && certificateWords.MatchString(about):
		it.Type = string(indicator.CertSHA256)
	case it.Type == string(indicator.MD5) && ja3Words.MatchString(about):
		it.Type = string(indicator.JA3)
	case it.Type != string(indicator.SHA256) && keyWords.MatchString(before) && !hashWords.MatchString(before), keySection.MatchString(it.Section) && !hashWords.MatchString(it.Section):
		it.Suppressed = NotAFileHash
	}
}

// keySection is a heading under which there are keys.
var keySection = regexp.MustCompile(`(?i)\b((rc4|aes|xor|des|encryption|decryption|secret|private|public) keys?|guids?|uuids?|clsids?|imphash(es)?|static \w+ key)\b`)

var hashWords = regexp.MustCompile(`(?i)\b(md5|sha-?\d+|hash(es)?|samples?|files?)\b`)
