package credential

import (
	"bytes"
	"encoding/json"
	"io"
	"path"
	"regexp"
	"strings"
)

// maxAnswer bounds an answer of Have I Been Pwned.
const maxAnswer = 256 << 20

// hibpBreach is a breach as the API tells it.
type hibpBreach struct {
	Name, Title, Domain, BreachDate                            string
	DataClasses                                                []string
	IsVerified, IsFabricated, IsSpamList, IsMalware, IsRetired bool
	IsStealerLog, IsSensitive, IsSubscriptionFree              bool
}

func (b hibpBreach) breach(f *file) Breach {
	out := Breach{Name: word(b.Name), Title: word(b.Title), Domain: Site(b.Domain), Date: Date(b.BreachDate, f.now), Kind: FromBreach}
	for _, c := range b.DataClasses {
		out.Passwords = out.Passwords || strings.EqualFold(c, "Passwords")
	}
	switch {
	case b.IsStealerLog:
		out.Kind = Stealer
	case b.IsSpamList, b.IsFabricated:
		out.Kind = Spam
	}
	return out
}

// answer reads what Have I Been Pwned answers: the list of breaches, one breach, or which
// breaches (or whose sites' logins of stealer logs) the addresses of a domain are in.
func (f *file) answer(in io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(in, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(body) > maxAnswer {
		return f.drop("answer-long")
	}
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\xef\xbb\xbf"))
	var breaches []hibpBreach
	var one hibpBreach
	var sites map[string][]string
	switch {
	case body[0] == '[' && json.Unmarshal(body, &breaches) == nil:
	case json.Unmarshal(body, &sites) == nil:
		return f.addresses(sites)
	case json.Unmarshal(body, &one) == nil && one.Name != "":
		breaches = append(breaches, one)
	default:
		return f.drop("answer-unknown")
	}
	for _, b := range breaches {
		if b.Name == "" {
			f.Loss.Dropped["answer-unknown"]++
			f.Loss.In++
			continue
		}
		if err := f.sink.Breach(b.breach(f)); err != nil {
			return err
		}
	}
	return nil
}

// addresses reads the answer about a domain, by what stands before the @.
func (f *file) addresses(by map[string][]string) error {
	domain := f.domain()
	for _, alias := range sortedKeys(by) {
		account := Account(alias)
		if !strings.Contains(account, "@") {
			account += "@" + domain
		}
		for _, of := range by[alias] {
			if _, _, ok := Mail(account); !ok {
				if err := f.drop("domain-missing"); err != nil {
					return err
				}
				continue
			}
			r := Record{Account: account, Kind: FromBreach, Source: of}
			if f.Kind == Stealer || f.stealerAnswer() {
				r = Record{Account: account, Kind: Stealer, Site: Site(of), Source: "Have I Been Pwned, stealer logs"}
			}
			if err := f.give(r, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

var named = regexp.MustCompile(`(?i)(?:breacheddomain|stealerlogsbyemaildomain)[-_/ .]?([a-z0-9.-]+\.[a-z0-9-]+)$`)

// domain is the one that the answer is about: as said, or as the file is called.
func (f *file) domain() string {
	if f.Domain != "" {
		return strings.ToLower(strings.TrimSpace(f.Domain))
	}
	if m := named.FindStringSubmatch(strings.TrimSuffix(strings.TrimSuffix(f.name, ".json"), ".txt")); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func (f *file) stealerAnswer() bool {
	return strings.Contains(strings.ToLower(path.Base(path.Dir(f.name))+"/"+path.Base(f.name)), "stealerlogs")
}
