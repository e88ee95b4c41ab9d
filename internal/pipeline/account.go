package pipeline

import (
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
)

// accountFields are where events name who acts or signs in, the surest first.
var accountFields = []string{
	"user.name", "user.email", "source.user.name", "source.user.email", "client.user.name", "client.user.email", "user.id", "user.target.name", "user.target.email", "destination.user.name",
}

// accountOf is the account that an event names: that of somebody of ours when there is
// one, else the first that is a person's.
func accountOf(ev *event.Event, x *org.Index) alert.Account {
	var a alert.Account
	for _, f := range accountFields {
		name := credential.Account(ev.Fields.String(f))
		if name == "" || machineAccount(name) || f == "user.id" && !strings.Contains(name, "@") {
			continue
		}
		if _, ours := x.Person(name); ours {
			a.Name = name
			break
		}
		if a.Name == "" {
			a.Name = name
		}
	}
	if a.Name == "" {
		return a
	}
	for _, c := range ev.Fields.Strings("event.category") {
		a.Used = a.Used || c == "authentication" || c == "iam" || c == "session"
	}
	return a
}

// recipientOf is whom a message went to: somebody of ours when there is one. Of what
// somebody of ours sent to others it is the sender, else the first recipient; "" when the
// event is none of mail.
func recipientOf(f event.Fields, x *org.Index) string {
	to := f.Strings("email.to.address")
	if len(to) == 0 {
		return ""
	}
	for _, list := range [2][]string{to, f.Strings("email.from.address")} {
		for _, name := range list {
			if _, ours := x.Person(name); ours {
				return strings.ToLower(name)
			}
		}
		for _, name := range list {
			if name = strings.ToLower(name); x.Own(indicator.Email, name) != "" {
				return name
			}
		}
	}
	return strings.ToLower(to[0])
}

// machineAccount tells whether an account is no person's: of a machine, of the system.
func machineAccount(name string) bool {
	if strings.HasSuffix(name, "$") || strings.HasPrefix(name, "dwm-") || strings.HasPrefix(name, "umfd-") || strings.HasPrefix(name, "s-1-") {
		return true
	}
	return slices.Contains([]string{"system", "local service", "network service", "anonymous logon", "localsystem", "n/a"}, name)
}

// sharedAccounts are names that are everywhere: that somebody leaked one of them says
// nothing of ours.
var sharedAccounts = map[string]bool{
	"admin": true, "administrator": true, "root": true, "user": true, "guest": true, "test": true, "demo": true, "info": true, "support": true, "service": true, "operator": true,
	"webmaster": true, "postmaster": true, "office": true, "mail": true, "contact": true, "sales": true, "backup": true, "oracle": true, "postgres": true, "ubuntu": true, "pi": true,
}
