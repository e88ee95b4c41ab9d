package investigate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/attack"
)

// Act is what an alert of a case says was done, and was not stopped.
type Act struct {
	Tactic     string   `json:"tactic"`     // short name of ATT&CK's
	Techniques []string `json:"techniques"` // ids
	Title      string   `json:"title"`      // of the rule, or what the product calls it
	Host       string   `json:"host"`       // where; "" when only an account is known
	Account    string   `json:"account"`
	Strong     bool     `json:"strong"` // rated high or critical
}

// play is what to do about a technique or tactic. In its sentences {where} is the hosts,
// or accounts where none is known, {accounts} the accounts, and {since} when the case began.
type play struct {
	title, text string
	cut         bool // the host is to be taken off the network, if it is sure enough
}

// techniquePlays are by technique, without its sub-technique unless that needs its own.
var techniquePlays = map[string]play{
	"T1003":     tacticPlays["credential-access"],
	"T1003.003": domainTaken,
	"T1003.006": domainTaken,
	"T1053":     tacticPlays["persistence"],
	"T1543":     tacticPlays["persistence"],
	"T1546":     tacticPlays["persistence"],
	"T1547":     tacticPlays["persistence"],
	"T1055":     {"Look into the process that was taken over", "Keep the memory of {where} before the process ends: what was written into it is on no disk. Find what wrote there, and what it connects to since {since}.", true},
	"T1558":     {"Make the tickets worthless", "Give the service accounts whose tickets were asked for long random passwords; where tickets are forged, reset krbtgt twice. Find the account that asked from {where}, and what it did since {since}.", true},
	"T1550":     {"End what was signed in with stolen material", "Find the sign-ins from {where} since {since} without a password being typed, end these sessions, and reset the accounts they were made with.", true},
	"T1539":     {"End every session of {accounts}", "Sign out everywhere, then reset the passwords: a stolen session outlives the password. Look for sign-ins since {since} from another network or device.", false},
	"T1528":     {"Revoke tokens and consents", "Revoke the application's consent and the tokens of the accounts concerned, and look at what was read with them since {since}.", false},
	"T1110":     {"Look for the guess that was right", "Search for a sign-in that succeeded, of the same accounts or from the same address, since {since}. Stop the source rather than lock accounts; ask for a second factor where there is none.", false},
	"T1486":     {"Stop the encryption now", "Take {where} and whatever writes to the same shares off the network, disconnect the backups, and find the account that writes the encrypted files. Keep the memory of one machine that is concerned: the key may be in it.", true},
	"T1490":     {"Bring the backups out of reach", "See that backups and snapshots are there, and that no account used on {where} can reach them. Recovery is destroyed minutes to hours before data is encrypted: do not wait for more.", true},
	"T1190":     {"Look for what was left on the server", "Search {where} for new files below the web root, for shells started by the service, and for connections it opened since {since}. Then patch it, or shield it until it is.", false},
	"T1505":     {"Take the web shell out", "Keep a copy of the file and of the access log, remove it, and follow each address that asked for it: what it ran is in the log of processes of {where}. Then close the way it came in.", true},
	"T1566":     {"Take the message out of every mailbox", "Search all mailboxes for the same sender, subject, link or attachment and remove it; see who opened or answered, and treat their accounts and machines as reached.", false},
	"T1136":     {"Take back what rights were given", "List accounts, keys, consents and memberships of groups that are new since {since}, ask who wanted them, and remove what nobody did.", false},
	"T1098":     {"Take back what rights were given", "List accounts, keys, consents and memberships of groups that are new since {since}, ask who wanted them, and remove what nobody did.", false},
	"T1496":     {"Stop the mining, then find the way in", "End the process and keep its file; whoever mines got in as others can. On cloud accounts look for machines and keys that are new since {since}.", false},
	"T1219":     {"Ask whose remote access this is", "If the service desk does not know of it, end the session, remove the tool from {where}, and look at what was done in it since {since}.", false},
}

// waysIn are techniques that rules for later steps name besides: how it may have begun.
var waysIn = map[attack.ID]bool{"T1190": true, "T1566": true}

// domainTaken is for what gives away all passwords of a domain.
var domainTaken = play{
	"Treat the passwords of the whole domain as known",
	"Unless {where} is a domain controller, or backs one up, at work as usual: disable the account that asked, reset krbtgt twice, then every privileged and service account, from a clean machine.", true,
}

// tacticPlays are for techniques without a play of their own.
var tacticPlays = map[string]play{
	"impact":               {"Limit the damage", "Find the process and account behind it on {where}, stop both, and look which other hosts they can reach. Check that backups are whole.", true},
	"exfiltration":         {"Find out what left", "Look at how much went out from {where} since {since} and to whom, block the other end, and name the owner of the data: notices to authorities have deadlines.", true},
	"credential-access":    {"Treat {accounts} as stolen", "Reset the passwords, administrators' and service accounts' first, from another machine; end the sessions. Look for sign-ins elsewhere since {since}.", true},
	"lateral-movement":     {"Look at the other end", "Find which hosts were signed in to from {where} since {since}, and by which account; disable that account, and look at what was done on them.", true},
	"collection":           {"See what was gathered", "Look for new archives and for shares and mailboxes read from {where} since {since}: what is gathered is about to leave.", true},
	"command-and-control":  {"Cut the connection", "Block the other end, find the process on {where} that holds it and keep its file, and look which other hosts talk to the same.", true},
	"persistence":          {"Find what starts by itself", "List services, tasks, start-up items, run keys, cron jobs and accounts on {where} that are new since {since}; keep a copy of each before it is removed.", false},
	"privilege-escalation": {"See which rights were won", "Find the process on {where} that has more rights than who started it, end it, and close the flaw or the setting that gave them.", false},
	"defense-evasion":      {"Do not trust this host's own log", "Look at what other sensors saw of {where} since {since}; switch on again what was switched off, and find out who did it.", false},
	"execution":            {"See what ran and what started it", "Follow the tree of processes on {where} up to the mail, browser or service it came from, and down to what it started. Keep a copy of the file and look for its hash on other hosts.", false},
	"initial-access":       {"Find out how far it came", "Look at what {where} did in the hour after: new processes, connections, sign-ins.", false},
}

// byUrgency are the tactics that have a play, the most urgent first.
var byUrgency = []string{
	"impact", "exfiltration", "credential-access", "lateral-movement", "command-and-control", "collection", "persistence", "defense-evasion", "privilege-escalation", "execution", "initial-access",
}

// maxPlays bounds what is advised because of what was done.
const maxPlays = 4

// advisePlays says what to do about what was done, the most urgent first; before it
// that hosts are to be isolated, where something calls for that.
func advisePlays(c Case) []Advice {
	var out []Advice
	var cut []string
	var cutWhy string
	done := map[string]bool{}
	for _, tactic := range byUrgency {
		for _, a := range c.Acts {
			if a.Tactic != tactic {
				continue
			}
			p, technique := playOf(a)
			if p.cut && a.Strong && a.Host != "" && !slices.Contains(cut, a.Host) {
				cut = append(cut, a.Host)
				if cutWhy == "" {
					cutWhy = a.Title
				}
			}
			if done[p.title] || len(out) == maxPlays {
				continue
			}
			done[p.title] = true
			at, accounts := where(c.Acts, p)
			fill := strings.NewReplacer("{where}", at, "{accounts}", accounts, "{since}", c.First.UTC().Format("2006-01-02 15:04 MST"))
			out = append(out, Advice{Title: fill.Replace(p.title), Text: fill.Replace(p.text), Why: fmt.Sprintf("%q (%s) was not stopped.", a.Title, strings.ReplaceAll(tactic, "-", " ")), URL: technique.URL()})
		}
	}
	if len(cut) > 0 {
		out = slices.Insert(out, 0, isolate(cut, fmt.Sprintf("%q was not stopped.", cutWhy), "", ""))
	}
	return out
}

// isolate advises to take hosts off the network; what runs there may be known.
func isolate(hosts []string, why, runs, url string) Advice {
	a := Advice{Title: "Isolate " + listed(hosts), Text: "Take it off the network before it is cleaned, and keep its memory", Why: why, URL: url}
	if len(hosts) > 1 {
		a.Text = "Take them off the network before they are cleaned, and keep their memory"
	}
	if runs != "" {
		a.Text += ": what runs there is known as " + runs
	}
	a.Text += "."
	return a
}

// playOf returns the play of an act and the technique that it is about, "" where it is
// the tactic's.
func playOf(a Act) (play, attack.ID) {
	for _, t := range a.Techniques {
		id := attack.ID(strings.ToUpper(t))
		if waysIn[id.Parent()] && a.Tactic != "initial-access" {
			continue
		}
		for _, key := range []attack.ID{id, id.Parent()} {
			if p, ok := techniquePlays[string(key)]; ok {
				return p, id
			}
		}
	}
	return tacticPlays[a.Tactic], ""
}

// where are the hosts of all acts that a play is for, and the accounts in words.
func where(acts []Act, p play) (at, accounts string) {
	var hosts, names []string
	add := func(to *[]string, s string) {
		if s != "" && !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	for _, a := range acts {
		if of, _ := playOf(a); of.title == p.title {
			add(&hosts, a.Host)
			if a.Host == "" {
				add(&names, a.Account)
			}
		}
	}
	switch {
	case len(hosts) > 0:
		names = append(names, "the accounts used on "+listed(hosts))
	case len(names) > 0:
		hosts = names
	default:
		return "the host", "the accounts concerned"
	}
	return listed(hosts), listed(names)
}

// listed are names in a sentence, the first three of them.
func listed(names []string) string {
	const shown = 3
	if n := len(names); n > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), n-shown)
	}
	return strings.Join(names, ", ")
}
