package windows

import (
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// rsyslog writes control characters of what it relays as "#" and three digits. Adiscon's
// EventReporter and Eventlog-to-Syslog send an event as a line of their own.

// relayedSigns are those of such lines behind the header of syslog.
var relayedSigns = []format.Sign{
	{Score: 93, Starts: []string{"[AUS] ", "[AUF] ", "[INF] ", "[WRN] ", "[ERR] "}, Contains: []string{") - "}, Match: isReporter},
	{Score: 93, First: "123456789", Contains: []string{": AUDIT_"}, Match: isAudit},
}

var controls = strings.NewReplacer("#015#012", "\n", "#012", "\n", "#011", "\t", "#015", "")

// relaySigns are what tells that from "#012345", a colour: where lines end and columns begin.
var relaySigns = [...]string{snareTag + relayTab, ">#012", "#015#012", ":#011", "#011#011"}

// unrelayed gives a record its control characters back, unless it has line ends.
func unrelayed(record string) string {
	if !strings.Contains(record, "#01") || strings.Contains(record, "\n") {
		return record
	}
	for _, sign := range relaySigns {
		if strings.Contains(record, sign) {
			return controls.Replace(record)
		}
	}
	return record
}

// auditOf cuts "4624: AUDIT_SUCCESS MESSAGE" of Eventlog-to-Syslog, which names only the
// events of the Security log so.
func auditOf(line string) (id, keyword, message string, ok bool) {
	id, rest, ok := strings.Cut(line[:min(len(line), 32)], ": AUDIT_")
	if _, number := format.Number(id).(int64); !ok || !number || len(id) > 5 {
		return "", "", "", false
	}
	for word, keyword := range map[string]string{"SUCCESS ": "Audit Success", "FAILURE ": "Audit Failure"} {
		if strings.HasPrefix(rest, word) {
			return id, keyword, line[len(id)+len(": AUDIT_")+len(word):], true
		}
	}
	return "", "", "", false
}

func isAudit(line string) bool {
	_, _, _, ok := auditOf(line)
	return ok
}

func audit(record string) (event.Fields, bool) {
	id, keyword, message, ok := auditOf(record)
	return event.Fields{"Channel": "Security", "EventID": id, "SourceName": "Microsoft-Windows-Security-Auditing", "Keywords": keyword, "Message": message}, ok
}

// reported is a line of EventReporter, cut.
type reported struct{ kind, time, where, id, message string }

// reporterOf cuts "[AUF] Wed Mar 08 11:53:48 2017: USER/CHANNEL/COMPUTER/PROVIDER (ID) - MESSAGE".
func reporterOf(line string) (r reported, ok bool) {
	const kind = len("[AUF] ")
	head, message, ok := strings.Cut(line, ") - ")
	if !ok || len(head) < kind+len(time.ANSIC) || len(head) > 1024 {
		return r, false
	}
	r.kind, r.message = head[1:kind-2], message
	stamp, rest, ok := strings.Cut(head[kind:], ": ")
	at := strings.LastIndex(rest, " (")
	if !ok || at < 0 {
		return r, false
	}
	r.time, r.where, r.id = stamp, rest[:at], rest[at+len(" ("):]
	_, number := format.Number(r.id).(int64)
	return r, number && strings.Contains(r.where, "/")
}

func isReporter(line string) bool {
	_, ok := reporterOf(line)
	return ok
}

func reporter(record string) (event.Fields, bool) {
	r, ok := reporterOf(record)
	if !ok {
		return nil, false
	}
	at := strings.LastIndexByte(r.where, '/')
	f := event.Fields{"EventID": r.id, "SourceName": r.where[at+1:], "Message": strings.Trim(r.message, `"`)}
	rest := r.where[:at]
	at = strings.LastIndexByte(rest, '/')
	f["Computer"] = rest[at+1:]
	if user, channel, ok := strings.Cut(rest[:max(at, 0)], "/"); ok {
		f["Channel"] = channel
		if user != `N\A` && user != "N/A" {
			f["User"] = user
		}
	}
	switch r.kind {
	case "AUS":
		f["Keywords"] = "Audit Success"
	case "AUF":
		f["Keywords"] = "Audit Failure"
	case "WRN":
		f["Level"] = "warning"
	case "ERR":
		f["Level"] = "error"
	default:
		f["Level"] = "information"
	}
	if t, err := time.Parse(time.ANSIC, r.time); err == nil {
		f["Date and Time"] = t.Format(time.DateTime)
	}
	return f, true
}

// titles are those of sections that speak of nobody.
var titles = map[string]bool{
	"Process Information": true, "Network Information": true, "Detailed Authentication Information": true, "Failure Information": true, "Logon Information": true,
	"Service Information": true, "Access Request Information": true, "Object": true, "Attributes": true, "Changed Attributes": true, "Provider Information": true,
	"Share Information": true, "Task Information": true, "Application Information": true, "Filter Information": true, "Process": true, "Change Information": true,
}

// longestLabel is how many words a label has at most.
const longestLabel = 6

// parted puts two spaces before each label of a message in which one space stands for
// every line end and tab.
func parted(id int64, message string) string {
	var b strings.Builder
	done := 0
	for at := 0; ; at++ {
		colon := strings.IndexByte(message[at:], ':')
		if colon < 0 {
			break
		}
		at += colon
		if at+1 < len(message) && message[at+1] != ' ' {
			continue
		}
		from := -1
		for i, words := at, 0; i > done && words < longestLabel; words++ {
			i = done + strings.LastIndexByte(message[done:i], ' ')
			if i < done {
				i = done
			}
			label := strings.TrimLeft(message[i:at], " ")
			if sections[label] != "" || titles[label] || who[label] != "" || labelled(id, "", label) != "" {
				from = i
			}
		}
		if from > 0 {
			b.WriteString(message[done:from] + " ")
			done = from
		}
	}
	return b.String() + message[done:]
}
