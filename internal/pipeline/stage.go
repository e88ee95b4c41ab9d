package pipeline

import (
	"slices"
	"strings"
	"unicode"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
)

// stageOf guesses the ATT&CK tactic from what kind of value was met where.
func stageOf(o event.Observable, dir direction) string {
	side, _, _ := strings.Cut(o.Field, ".")
	switch {
	case dir == inbound && (side == "source" || side == "client"):
		return "reconnaissance"
	case side == "email" || o.Type == indicator.Email:
		return "initial-access"
	case strings.HasPrefix(string(o.Type), "file:"):
		return "execution"
	case o.Type == indicator.UserAccount:
		return "credential-access"
	}
	return "command-and-control"
}

// tacticOf brings the phase a source states into ATT&CK's spelling: a name, short
// name or ID of its matrices, or a step of the kill chain. It is "" when it is none.
func tacticOf(phase string) string {
	for _, d := range attack.Domains {
		if t, ok := attack.FindTactic(d, phase); ok {
			return t.Short
		}
	}
	return killChain[strings.ToLower(hyphens.Replace(strings.TrimSpace(phase)))]
}

var hyphens = strings.NewReplacer(" ", "-", "_", "-", "(", "", ")", "")

// killChain are the steps of Lockheed Martin's kill chain as sources write them, and what
// GuardDuty calls evasion.
var killChain = map[string]string{
	"recon":                  "reconnaissance",
	"weaponization":          "resource-development",
	"weaponize":              "resource-development",
	"delivery":               "initial-access",
	"deliver":                "initial-access",
	"exploitation":           "execution",
	"exploit":                "execution",
	"installation":           "execution",
	"c2":                     "command-and-control",
	"command-and-control-c2": "command-and-control",
	"command-&-control-c2":   "command-and-control",
	"control":                "command-and-control",
	"stealth":                "defense-evasion",
	"actions-on-objectives":  "impact",
	"actions-on-objective":   "impact",
}

// stageSaid is the tactic of what a product raised: the one it states, else what it
// calls its category, else what kind of thing it watches and which way that went. A
// technique that it states says more than these two; alert.Service knows whose it is.
func stageSaid(f event.Fields, dir direction) string {
	for _, field := range []string{"threat.tactic.name", "threat.tactic.id"} {
		for _, name := range f.Strings(field) {
			for part := range strings.SplitSeq(name, ",") {
				if t := tacticOf(part); t != "" {
					return t
				}
			}
		}
	}
	if purpose, what, ok := strings.Cut(f.String("rule.name"), ":"); ok && strings.Contains(what, "/") && !strings.Contains(what, " ") {
		// GuardDuty's findings are called Purpose:Resource/What.
		if t := tacticOf(purpose); t != "" {
			return t
		}
	}
	if len(f.Strings("threat.technique.id")) > 0 {
		return ""
	}
	for _, c := range f.Strings("rule.category") {
		if t := stageCalled(c); t != "" {
			return t
		}
	}
	return stageWatched(f, dir)
}

// honeypot tells whether an alert is of what nobody has a reason to touch.
func honeypot(f event.Fields) bool { return f.String("observer.type") == "honeypot" }

// stageCalled is the tactic of a category of alerts, in the words of whoever raises them.
func stageCalled(category string) string {
	category = strings.ToLower(strings.TrimSpace(category))
	if t := categoryTactic[category]; t != "" {
		return t
	}
	if t, ok := attack.FindTactic(attack.Enterprise, category); ok {
		return t.Short
	}
	words := strings.FieldsFunc(category, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '&' })
	text := " " + strings.Join(words, " ") + " "
	for _, c := range categoryWords {
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(text, " "+w) }) {
			return c.tactic
		}
	}
	return ""
}

// categoryWords are beginnings of words in the categories of products, whole words with a
// blank behind them, the furthest stage first.
var categoryWords = []struct {
	tactic string
	words  []string
}{
	{"impact", []string{"ransom", "denial of service", "dos ", "ddos", "flood", "cryptomin", "coinmin", "coin min", "cryptocurrency", "wiper", "destruct"}},
	{"exfiltration", []string{"exfiltrat", "data leak", "data loss", "dlp"}},
	{"lateral-movement", []string{"lateral"}},
	{"credential-access", []string{"credential", "brute", "bruteforce", "password guess", "password spray", "password dump", "account takeover", "kerberoast"}},
	{"command-and-control", []string{"command & control", "command and control", "c2", "c&c", "cnc", "botnet", "backdoor", "callback", "beacon", "spyware", "dga"}},
	{"privilege-escalation", []string{"privilege"}},
	{"persistence", []string{"persist", "webshell", "web shell"}},
	{"defense-evasion", []string{"evasi", "tamper", "rootkit"}},
	{"initial-access", []string{"phish", "spoof", "impersonat", "social engineering", "exploit", "inject", "sqli", "xss", "cross site", "path traversal", "directory traversal", "code execution", "web attack"}},
	{"discovery", []string{"enumerat", "discover"}},
	{"reconnaissance", []string{"scan ", "scans ", "scann", "recon ", "reconn", "probe", "port sweep", "info leak"}},
	{"execution", []string{"execution ", "executed ", "hacktool", "hack tool"}},
}

// stageWatched is the tactic that an alert most likely speaks of, by what was watched.
// Which way traffic went says something only of alerts without a category: one that has
// a category which says nothing is a remark more often than an attack.
func stageWatched(f event.Fields, dir direction) string {
	watched := f.Strings("event.category")
	is := func(c string) bool { return slices.Contains(watched, c) }
	switch {
	case honeypot(f) && (dir == internal || dir == outbound):
		return "lateral-movement"
	case honeypot(f):
		return "reconnaissance"
	case is("email"):
		return "initial-access"
	case is("malware") && (is("network") || is("web")):
		return "initial-access" // on its way in
	case is("malware"), is("process"), f.String("process.command_line") != "", f.String("process.executable") != "":
		return "execution"
	case is("authentication"):
		return "credential-access"
	case is("iam"):
		return "persistence"
	case is("web"):
		return "initial-access"
	case len(f.Strings("rule.category")) > 0 || !is("intrusion_detection"):
		return ""
	}
	switch dir {
	case inbound:
		return "initial-access"
	case outbound:
		return "command-and-control"
	case internal:
		return "lateral-movement"
	}
	return ""
}

// categoryTactic maps the classification of network rules (Suricata's
// classification.config) to a tactic, where it says enough.
var categoryTactic = map[string]string{
	"a network trojan was detected":                               "command-and-control",
	"malware command and control activity detected":               "command-and-control",
	"domain observed used for c2 detected":                        "command-and-control",
	"potentially bad traffic":                                     "command-and-control",
	"web application attack":                                      "initial-access",
	"access to a potentially vulnerable web application":          "initial-access",
	"attempted administrator privilege gain":                      "initial-access",
	"successful administrator privilege gain":                     "privilege-escalation",
	"attempted user privilege gain":                               "initial-access",
	"successful user privilege gain":                              "initial-access",
	"possible social engineering attempted":                       "initial-access",
	"exploit kit activity detected":                               "initial-access",
	"executable code was detected":                                "execution",
	"attempted information leak":                                  "reconnaissance",
	"detection of a network scan":                                 "reconnaissance",
	"large scale information leak":                                "exfiltration",
	"information leak":                                            "exfiltration",
	"successful credential theft detected":                        "credential-access",
	"an attempted login using a suspicious username was detected": "credential-access",
	"attempt to login by a default username and password":         "credential-access",
	"attempted denial of service":                                 "impact",
	"detection of a denial of service attack":                     "impact",
	"crypto currency mining activity detected":                    "impact",
}
