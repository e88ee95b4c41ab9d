package format

import (
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
)

// Carried is a record that came inside of a syslog message (RFC 5424, RFC 3164,
// or what rsyslog and relays write of them to files): the header, and what is
// inside. Empty members were not there.
type Carried struct {
	Priority int    // -1 when there was none
	Stamp    string // as written
	Host     string
	Program  string
	PID      string
	MsgID    string
	Data     string // structured data, as written
	Stream   string // "stdout" or "stderr", of a container, in the place of all but the time
	// Line is all after the header, with the program's name as RFC 3164 has it;
	// Body is that without the name.
	Line, Body string
	// Arrival is when the record came; a time without a year lies near it.
	Arrival func() time.Time
}

// maxHeader bounds how far the parts of a header may reach.
const maxHeader = 512

// Carry cuts the syslog header off a record. ok is false when there is none.
func Carry(record string) (c Carried, ok bool) {
	c.Priority = -1
	rest := record
	if strings.HasPrefix(rest, "<") {
		end := strings.IndexByte(rest[:min(len(rest), 5)], '>')
		if end < 2 {
			return c, false
		}
		n := digits(rest[1:end])
		if n < 0 || n > 191 {
			return c, false
		}
		c.Priority, rest = n, rest[end+1:]
	}
	if version(rest) && c.modern(rest[2:]) {
		return c, true
	}
	rest = sequence(rest)
	if after, ok := c.stamp(rest); ok {
		if c.Priority < 0 && c.container(after) || c.sender(after) {
			return c, true
		}
	}
	if c.Priority < 0 {
		return c, false
	}
	c.Stamp, c.Host = "", ""
	c.tag(strings.TrimLeft(rest, " "))
	return c, true
}

func version(s string) bool { return len(s) > 3 && s[0] == '1' && s[1] == ' ' }

// sequence steps over the counter that Cisco puts before the time: "000123: ",
// and the '*' or '.' that says what its clock is worth.
func sequence(s string) string {
	n, rest := leadingDigits(s)
	if n > 0 && n < 12 && strings.HasPrefix(rest, ": ") {
		s = rest[2:]
	}
	return strings.TrimLeft(s, "*.")
}

// modern reads what follows the version of RFC 5424.
func (c *Carried) modern(s string) bool {
	var parts [5]string
	for i := range parts {
		word, rest, ok := strings.Cut(s[:min(len(s), maxHeader)], " ")
		if !ok && i < len(parts)-1 || word == "" {
			return false
		}
		parts[i] = word
		s = s[min(len(word)+1, len(s)):]
		_ = rest
	}
	if _, ok := ParseTime(parts[0]); !ok && parts[0] != "-" {
		return false
	}
	for i, to := range [...]*string{&c.Stamp, &c.Host, &c.Program, &c.PID, &c.MsgID} {
		if parts[i] != "-" {
			*to = parts[i]
		}
	}
	switch {
	case strings.HasPrefix(s, "["):
		if n := structured(s); n > 0 {
			c.Data, s = s[:n], strings.TrimPrefix(s[n:], " ")
		}
	case s == "-":
		s = ""
	default:
		s = strings.TrimPrefix(s, "- ")
	}
	c.Body = strings.TrimPrefix(s, byteOrderMark)
	c.Line = c.Body
	return true
}

// structured returns the length of the structured data that s begins with, 0
// when it is none.
func structured(s string) int {
	n := 0
	for n < len(s) && s[n] == '[' {
		i := n + 1
		quoted := false
		for ; i < len(s); i++ {
			if s[i] == '\\' && quoted {
				i++
			} else if s[i] == '"' {
				quoted = !quoted
			} else if s[i] == ']' && !quoted {
				break
			}
		}
		if i >= len(s) || i == n+1 {
			return 0
		}
		if name, _, _ := strings.Cut(s[n+1:i], " "); strings.ContainsAny(name, `=":;`) {
			return 0
		}
		n = i + 1
	}
	if n < len(s) && s[n] != ' ' {
		return 0
	}
	return n
}

// stamp cuts a time off: "Jan  2 15:04:05", with a year before or behind the
// clock and a fraction as Cisco writes them, or RFC 3339 as rsyslog does.
func (c *Carried) stamp(s string) (rest string, ok bool) {
	if len(s) >= 15 && monthOf(s[:3]) > 0 {
		if n := classicStamp(s); n > 0 {
			c.Stamp = s[:n]
			return s[n:], true
		}
		return s, false
	}
	if len(s) < 20 || s[0] < '1' || s[0] > '2' || s[10] != 'T' && s[10] != ' ' {
		return s, false
	}
	end := strings.IndexByte(s[11:min(len(s), 48)], ' ')
	if end < 0 {
		return s, false
	}
	end += 11
	word := s[:end]
	if _, ok := ParseTime(word); !ok || !strings.ContainsAny(word[11:], "Zz+-") {
		return s, false
	}
	c.Stamp = word
	return strings.TrimLeft(s[end:], " "), true
}

// container cuts off what the runtimes of containers write between the time and a
// line: which stream it came by, and whether it is whole.
func (c *Carried) container(s string) bool {
	for _, stream := range [...]string{"stdout", "stderr"} {
		rest, ok := strings.CutPrefix(s, stream)
		if ok && len(rest) > 3 && rest[0] == ' ' && (rest[1] == 'F' || rest[1] == 'P') && rest[2] == ' ' {
			c.Stream, c.Line, c.Body = stream, rest[3:], rest[3:]
			return true
		}
	}
	return false
}

// sender cuts host and program off what follows a time.
func (c *Carried) sender(s string) bool {
	if strings.HasPrefix(s, ": ") { // Cisco: the time, and no host
		c.tag(s[2:])
		return true
	}
	s = strings.TrimLeft(s, " ")
	if s == "" {
		return false
	}
	word, rest, _ := strings.Cut(s[:min(len(s), maxHeader)], " ")
	if strings.HasSuffix(word, ":") || strings.HasSuffix(word, "]:") || !hostName(word) {
		if program, _, _ := cutTag(s); program == "" {
			return false
		}
		c.tag(s)
		return true
	}
	if rest == "" {
		return false
	}
	c.Host = word
	after := strings.TrimLeft(s[len(word):], " ")
	after = strings.TrimPrefix(after, ": ") // Cisco: "host : %ASA-…"
	c.tag(after)
	// A line that begins with a time need not be syslog: with RFC 3339 the host
	// must be followed by a program, or by what Cisco or Snare begins with.
	return monthOf(c.Stamp[:3]) > 0 || c.Priority >= 0 || (c.Program != "" || strings.HasPrefix(after, "%") || strings.HasPrefix(after, "MSWinEventLog")) && !severity(word)
}

// severity says whether a word is what programs write behind the time in logs of
// their own: such a line is not syslog.
func severity(word string) bool {
	switch strings.ToUpper(word) {
	case "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "CRITICAL", "CRIT", "FATAL", "PANIC", "SEVERE", "I", "W", "E", "D":
		return true
	}
	return false
}

// hostName accepts names and addresses.
func hostName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !letter(c) && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' && c != ':' && c != '/' && c != '@' {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// tag cuts the program off: "sshd[123]: ", "su: ", "sudo(pam_unix)[1]: ".
func (c *Carried) tag(s string) {
	c.Line, c.Body = s, s
	program, pid, body := cutTag(s)
	if program != "" {
		c.Program, c.PID, c.Body = program, pid, body
		if strings.HasPrefix(body, "[ID ") { // Solaris: "[ID 800047 auth.notice] "
			if end := strings.Index(body[:min(len(body), 64)], "] "); end > 0 {
				c.Body = body[end+2:]
			}
		}
	}
}

// maxTag is the longest name of a program: RFC 3164 has 32, programs have more.
const maxTag = 96

func cutTag(s string) (program, pid, body string) {
	i := 0
	for i < len(s) && i < maxTag && tagByte(s[i]) {
		i++
	}
	if i == 0 || i >= len(s) {
		return "", "", s
	}
	program = s[:i]
	rest := s[i:]
	if rest[0] == '(' { // "su(pam_unix)[1]:"
		if end := strings.IndexByte(rest[:min(len(rest), maxTag)], ')'); end > 0 {
			rest = rest[end+1:]
		}
	}
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest[:min(len(rest), 32)], ']')
		if end < 0 {
			return "", "", s
		}
		pid, rest = rest[1:end], rest[end+1:]
		if digits(pid) < 0 {
			pid = ""
		}
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, ":"):
		return program, pid, strings.TrimLeft(rest[1:], " ")
	case pid != "":
		return program, pid, rest
	}
	return "", "", s
}

func tagByte(c byte) bool {
	return letter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '/' || c == '%' || c == '@'
}

// Fill sets what the header says, where the record inside does not say it, and
// the time. arrival is near which a time without a year must lie.
func (c *Carried) Fill(ev *event.Event, arrival time.Time) {
	f := ev.Fields
	if ev.Time.IsZero() && c.Stamp != "" {
		if t, ok := ParseTime(c.Stamp); ok {
			ev.Time = t
		} else {
			ev.Time, _ = ParseStamp(c.Stamp, arrival)
		}
	}
	f.SetNew("host.name", c.Host)
	f.SetNew("log.syslog.hostname", c.Host)
	f.SetNew("log.syslog.appname", c.Program)
	f.SetNew("log.syslog.procid", c.PID)
	f.SetNew("log.syslog.msgid", c.MsgID)
	f.SetNew("log.syslog.structured_data", c.Data)
	f.SetNew("message", c.Body)
	f.SetNew("stream", c.Stream)
	if c.Program != "" {
		f.SetNew("process.name", c.Program[strings.LastIndexByte(c.Program, '/')+1:])
	}
	if n, err := strconv.ParseInt(c.PID, 10, 64); err == nil {
		f.SetNew("process.pid", n)
	}
	if c.Priority >= 0 {
		f["log.syslog.priority"] = int64(c.Priority)
		f["log.syslog.facility.code"] = int64(c.Priority >> 3)
		f["log.syslog.severity.code"] = int64(c.Priority & 7)
		f.SetNew("log.level", levels[c.Priority&7])
	}
}

var levels = [8]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}
