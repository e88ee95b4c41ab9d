package described

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/indicator"
)

// converter makes of a value what ECS has in a field; nil when it is no such
// thing.
type converter func(any) any

// named are the conversions that a description may ask for.
var named = map[string]converter{
	"lower":  format.Lower,
	"upper":  upper,
	"base":   format.Base,
	"text":   text,
	"number": format.Number,
	"list":   many,
	"ip":     address,
	"host":   host,
	"port":   port,
	"md5":    hash(32),
	"sha1":   hash(40),
	"sha256": hash(64),
	"time":   stamp,
	"word":   word,
	"mail":   mail,
	"mails":  mails,
	"user":   account,
	"domain": realm,

	"joined":    joined,
	"undoubled": format.Undoubled,

	"audit-args":    auditArgs,
	"audit-command": auditCommand,
}

// byField is the conversion that the name of an ECS field asks for.
func byField(name string) converter {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch last {
	case "ip", "forwarded_ip":
		return address
	case "port":
		return port
	case "bytes", "packets", "pid", "ppid", "status_code", "severity", "size", "exit_code", "number":
		return number
	case "md5":
		return hash(32)
	case "sha1":
		return hash(40)
	case "sha256":
		return hash(64)
	case "transport", "protocol":
		return format.Lower
	case "start", "end", "created":
		if strings.HasPrefix(name, "event.") {
			return stamp
		}
	}
	switch name {
	case "event.category", "event.type", "related.ip", "related.user", "related.hosts", "related.hash", "threat.technique.id",
		"threat.tactic.id", "threat.technique.name", "threat.tactic.name", "host.ip", "dns.answers.data", "dns.resolved_ip",
		"email.to.address", "email.from.address", "tags", "process.args":
		return many
	case "url.full", "url.path":
		return text
	}
	if strings.HasSuffix(last, "id") || last == "code" || last == "name" || last == "email" {
		return text
	}
	return nil
}

func upper(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToUpper(s)
	}
	return nil
}

// text makes a text of numbers and truths as well; of a list it takes the first.
func text(v any) any {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case []string:
		if len(v) > 0 {
			return v[0]
		}
	case []any:
		if len(v) > 0 {
			return text(v[0])
		}
	}
	return nil
}

func many(v any) any {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := text(e).(string); ok && s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	if s, ok := text(v).(string); ok && s != "" && s != "-" {
		return []string{s}
	}
	return nil
}

// joined makes one text of a list, with blanks between, as of the arguments of a command.
func joined(v any) any {
	if list, ok := many(v).([]string); ok && len(list) > 0 {
		return strings.Join(list, " ")
	}
	return nil
}

// number reads whole numbers, also with a fraction of zeros; of a list the first.
func number(v any) any {
	switch v := format.First(v).(type) {
	case int64:
		return v
	case float64:
		if n := int64(v); float64(n) == v {
			return n
		}
		return nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
		if whole, zeros, ok := strings.Cut(v, "."); ok && strings.Trim(zeros, "0") == "" {
			return number(whole)
		}
		return format.Number(v)
	}
	return nil
}

func port(v any) any {
	if n, ok := number(v).(int64); ok && n >= 0 && n <= 65535 {
		return n
	}
	return nil
}

// address accepts an address, alone, in brackets, with a port behind it, or as
// the first of a list.
func address(v any) any {
	s, ok := text(v).(string)
	if !ok || len(s) < 2 || len(s) > 256 {
		return nil
	}
	if i := strings.IndexByte(s, ','); i > 0 { // X-Forwarded-For
		s = s[:i]
	}
	s = strings.TrimSpace(s)
	if plain, ok := strings.CutPrefix(s, "::ffff:"); ok && strings.IndexByte(plain, '.') > 0 && plainAddress(plain) {
		return plain // an IPv4 address in IPv6's clothes
	}
	if plainAddress(s) {
		return s
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().String()
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if inner, _, ok = strings.Cut(inner, "]"); ok && plainAddress(inner) {
			return inner
		}
	}
	return nil
}

func plainAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// host accepts what is no address: a name, also one that has its labels counted.
func host(v any) any {
	s, ok := text(v).(string)
	if ok && strings.HasPrefix(s, "(") {
		name, n := indicator.CountedName(s)
		s, ok = name, n == len(s)
	}
	if !ok || s == "" || s == "-" || len(s) > 255 || plainAddress(s) || strings.ContainsAny(s, " \t/\"'") {
		return nil
	}
	return strings.TrimSuffix(s, ".")
}

func stamp(v any) any {
	if t, ok := moment(v, nil, nil); ok {
		return t.Format("2006-01-02T15:04:05.999999999Z")
	}
	return nil
}

// hash accepts hexadecimal digits of a number; of a list the first that are.
func hash(digits int) converter {
	return func(v any) any {
		list, ok := many(v).([]string)
		if !ok {
			return nil
		}
		for _, s := range list {
			if len(s) == digits && strings.Trim(strings.ToLower(s), "0123456789abcdef") == "" {
				return strings.ToLower(s)
			}
		}
		return nil
	}
}

// word takes the first word.
func word(v any) any {
	if s, ok := text(v).(string); ok {
		s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
		return s
	}
	return nil
}

// mail accepts what has the form of an address of mail.
func mail(v any) any {
	s, ok := text(v).(string)
	if !ok {
		return nil
	}
	if _, inside, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(inside, ">")
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || strings.ContainsAny(s, " \t,;") {
		return nil
	}
	return s
}

// mails accepts addresses of mail between semicolons or commas.
func mails(v any) any {
	s, ok := text(v).(string)
	if !ok {
		return many(v)
	}
	var out []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == ',' }) {
		if address, ok := mail(strings.TrimSpace(part)).(string); ok && len(out) < maxCollected {
			out = append(out, address)
		}
	}
	return out
}

// account takes the name out of DOMAIN\name.
func account(v any) any {
	if s, ok := text(v).(string); ok {
		return s[strings.LastIndexByte(s, '\\')+1:]
	}
	return nil
}

// realm takes the domain out of DOMAIN\name.
func realm(v any) any {
	if s, ok := text(v).(string); ok {
		if i := strings.LastIndexByte(s, '\\'); i > 0 {
			return s[:i]
		}
	}
	return nil
}
