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
	rest := strings.TrimPrefix(record, byteOrderMark)
	counted := false
	if n, after := leadingDigits(rest); n > 0 && n < 7 && strings.HasPrefix(after, " <") {
		counted, rest = true, after[1:] // the count of RFC 6587, of which the line end was taken for the frame
	}
	if strings.HasPrefix(rest, "<") {
		end := strings.IndexByte(rest[:min(len(rest), 5)], '>')
		if end < 2 {
			return c, false
		}
		n := digits(rest[1:end])
		if n < 0 || n > 191 {
			return c, false
		}
		c.Priority, rest = n, strings.TrimLeft(rest[end+1:], " ")
	}
	if version(rest) && c.modern(rest[2:]) {
		return c, true
	}
	rest = sequence(rest)
	if after, ok := c.stamp(rest); ok {
		if c.Priority < 0 && c.container(after) || c.sender(after, true) {
			return c, true
		}
	}
	if c.Priority < 0 || counted {
		return c, false
	}
	c.Stamp, c.Host, c.Program, c.PID = "", "", "", ""
	c.tag(strings.TrimLeft(rest, " "))
	c.origin()
	return c, true
}

// origin takes what Cisco calls the origin of a message for the host, not for a
// program: "router1: 000123: *Mar  2 10:00:00.123: %SYS-5-…".
func (c *Carried) origin() {
	if c.Program == "" || c.PID != "" || len(c.Program)+2 > len(c.Line) || c.Line[len(c.Program)] != ':' {
		return
	}
	inner := Carried{Priority: -1}
	rest, ok := inner.stamp(sequence(c.Body))
	if !ok {
		rest, ok = uptime(c.Body)
	}
	rest = strings.TrimPrefix(strings.TrimLeft(rest, " "), ": ")
	if rest = cutZoneWord(rest); !ok || !strings.HasPrefix(rest, "%") {
		return
	}
	c.Host, c.Program, c.Stamp = c.Program, "", inner.Stamp
	c.tag(rest)
}

// uptime cuts off the time since the start, "00:01:01: ", which Cisco writes while
// its clock is not set.
func uptime(s string) (rest string, ok bool) {
	if len(s) > 10 && s[2] == ':' && s[5] == ':' && s[8:10] == ": " && digits(s[:2]) >= 0 && digits(s[3:5]) >= 0 && digits(s[6:8]) >= 0 {
		return s[8:], true
	}
	return s, false
}

// cutZoneWord steps over the name of a zone that nobody knows, between the time and
// what Cisco begins with.
func cutZoneWord(s string) string {
	word, _, _ := strings.Cut(s[:min(len(s), 8)], ": ")
	if len(word) < len(s) && len(word) < 6 && word != "" && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && strings.HasPrefix(s[len(word):], ": %") {
		return s[len(word)+2:]
	}
	return s
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
	clock := blankClock(s)
	var parts [5]string
	old := false
	for i := range parts {
		if old = i == 2 && cutShort(s); old {
			break
		}
		word, _, ok := strings.Cut(s[:min(len(s), maxHeader)], " ")
		if i == 0 && clock > 0 {
			word = s[:clock]
		}
		if !ok && i < len(parts)-1 || word == "" {
			return false
		}
		parts[i] = word
		s = s[min(len(word)+1, len(s)):]
	}
	if _, ok := ParseTime(parts[0]); !ok && parts[0] != "-" {
		return false
	}
	for i, to := range [...]*string{&c.Stamp, &c.Host, &c.Program, &c.PID, &c.MsgID} {
		if parts[i] != "-" {
			*to = parts[i]
		}
	}
	if c.Program = strings.TrimRight(c.Program, ":"); old {
		c.tag(s)
		return true
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
	c.Body = strings.TrimLeft(strings.TrimPrefix(s, byteOrderMark), " ")
	if program, pid, body := cutTag(c.Program + ":"); c.PID == "" && pid != "" && body == "" {
		c.Program, c.PID = program, pid // "app[77]", as others have it
	}
	c.Line = c.Body
	return true
}

// blankClock returns how long the time is that s begins with when it has a blank before
// the clock, as Check Point writes it: "2026-03-02 10:00:00"; else 0.
func blankClock(s string) int {
	const shape = "2006-01-02 15:04:05"
	if len(s) <= len(shape) || s[10] != ' ' || s[len(shape)] != ' ' {
		return 0
	}
	if _, ok := ParseTime(s[:len(shape)]); !ok {
		return 0
	}
	return len(shape)
}

// cutShort says whether what follows the host is not the program, its number and the
// kind of message, which some senders leave out, but what RFC 3164 has there.
func cutShort(s string) bool {
	if carries(s) {
		return true
	}
	word, rest, _ := strings.Cut(s[:min(len(s), maxHeader)], " ")
	if !strings.HasSuffix(word, ":") || len(word) < 2 {
		return false
	}
	next, _, _ := strings.Cut(rest, " ")
	return next != "-" && digits(next) < 0
}

// carries says whether a text begins with a format that needs no program before it.
func carries(s string) bool { return strings.HasPrefix(s, "CEF:") || strings.HasPrefix(s, "LEEF:") }

// firewall says whether a text is a message of Cisco's firewalls.
func firewall(s string) bool {
	return strings.HasPrefix(s, "%ASA-") || strings.HasPrefix(s, "%FTD-") || strings.HasPrefix(s, "%PIX-") || strings.HasPrefix(s, "%FWSM-")
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
	if n, after := leadingDigits(s); n == 4 && len(after) > 16 && after[0] == ' ' && monthOf(after[1:4]) > 0 {
		// "2026 Mar  2 10:00:00", as NX-OS writes it; OSSEC's agents, too, whose events know what it means.
		if n := classicStamp(after[1:]); n > 0 && s[0] < '3' && !strings.HasPrefix(after[1+n:], " WinEvtLog: ") {
			c.Stamp = s[:5+n]
			return s[5+n:], true
		}
	}
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
	if _, ok := ParseTime(word); !ok {
		return s, false
	}
	rest = strings.TrimLeft(s[end:], " ")
	if !strings.ContainsAny(word[11:], "Zz+-") {
		if c.Priority < 0 {
			return s, false
		}
		if next, _, _ := strings.Cut(rest[:min(len(rest), 8)], " "); len(next) > 4 && (next[0] == '+' || next[0] == '-') {
			if _, ok := zone(next); ok {
				end = len(s) - len(rest) + len(next)
				word, rest = s[:end], strings.TrimLeft(s[end:], " ")
			}
		}
	}
	c.Stamp = word
	return rest, true
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

// sender cuts host and program off what follows a time. Where relays add their header,
// it may be that of another message.
func (c *Carried) sender(s string, relay bool) bool {
	s = strings.TrimLeft(s, " ")
	if strings.HasPrefix(s, ": ") { // Cisco: the time, and no host
		c.tag(s[2:])
		return true
	}
	s = cutFacility(cutZoneWord(s))
	if s == "" {
		return false
	}
	if s[0] == '%' { // Cisco, with a zone behind the time
		c.tag(s)
		return true
	}
	word, rest, _ := strings.Cut(s[:min(len(s), maxHeader)], " ")
	if name := strings.TrimSuffix(word, ":"); len(name) < len(word) && hostName(name) && digits(name) < 0 {
		if after := strings.TrimLeft(s[len(word):], " "); carries(after) || firewall(after) || strings.HasPrefix(after, word+" ") {
			c.Host = name // with a colon behind it, as NetApp, Cisco's mail gateways and its firewalls do
			c.tag(strings.TrimPrefix(after, word+" "))
			return true
		}
	}
	if word == "stdout" || word == "stderr" { // what a container wrote
		return false
	}
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
	after := strings.TrimLeft(s[len(word):], " ")
	if relay && c.relayed(after) {
		return true
	}
	c.Host = word
	after = strings.TrimPrefix(after, ": ") // Cisco: "host : %ASA-…"
	c.tag(cutLevel(cutFacility(after)))
	if program, body, ok := strings.Cut(after, " - - - "); ok && c.Program == "" && program != "" && len(program) < maxTag && tagged(program) {
		c.Program, c.Line, c.Body = program, body, body // RFC 5424 without its version
	}
	if !zoned(c.Stamp) {
		return (c.Program != "" || strings.HasPrefix(after, "%") || carries(after) || strings.HasPrefix(after, "{")) && !severity(word)
	}
	// A line that begins with a time need not be syslog: with RFC 3339 the host
	// must be followed by a program, or by what Cisco or Snare begins with.
	return monthOf(c.Stamp[:3]) > 0 || c.Priority >= 0 || (c.Program != "" || strings.HasPrefix(after, "%") || strings.HasPrefix(after, "MSWinEventLog")) && !severity(word)
}

// zoned says whether a time is one of syslog: without a year first, or with a zone.
// Many logs begin with a time that has neither.
func zoned(stamp string) bool { return stamp[4] != '-' || Zoned(stamp) }

// relayed reads the header of the device itself behind that of the relay through which
// it came. That is done for messages of devices alone: who may write to the socket of a
// host's syslog may write a second header, too, and would be another host with it.
func (c *Carried) relayed(s string) bool {
	inner := Carried{Priority: -1}
	if version(s) && inner.modern(s[2:]) && inner.Host != "" && inner.Program == "CheckPoint" {
		inner.Priority, inner.Arrival = c.Priority, c.Arrival
		*c = inner
		return true
	}
	inner = Carried{Priority: -1}
	rest, ok := inner.stamp(s)
	if !ok || strings.HasPrefix(rest, ":") || !inner.sender(rest, false) || inner.Host == "" {
		return false
	}
	if !strings.HasPrefix(inner.Line, "%") && !strings.HasPrefix(inner.Line, "CISE_") && !strings.HasPrefix(inner.Line, "CSCOacs_") && !carries(inner.Line) {
		return false
	}
	inner.Priority, inner.Arrival = c.Priority, c.Arrival
	*c = inner
	return true
}

// cutFacility steps over "auth.info", which some write before or behind the host.
func cutFacility(s string) string {
	word, rest, ok := strings.Cut(s[:min(len(s), 24)], " ")
	if !ok {
		return s
	}
	facility, level, ok := strings.Cut(word, ".")
	if !ok || !severity(level) && level != "emerg" && level != "alert" {
		return s
	}
	switch facility {
	case "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "local0", "local1", "local2", "local3",
		"local4", "local5", "local6", "local7":
		return strings.TrimLeft(s[len(s[:min(len(s), 24)])-len(rest):], " ")
	}
	return s
}

// cutLevel steps over the level that F5 writes before a program with its number, and
// the number of the event that switches of HPE write before a program.
func cutLevel(s string) string {
	word, _, _ := strings.Cut(s[:min(len(s), 10)], " ")
	if len(word) == 5 && digits(word) >= 0 && len(word) < len(s) {
		if program, _, _ := cutTag(s[6:]); program != "" {
			return s[6:]
		}
	}
	if len(word) > 7 || strings.HasSuffix(word, ":") {
		return s
	}
	if word == strings.ToLower(word) && len(word) < len(s) && (severity(word) || word == "emerg" || word == "alert") {
		if after := s[len(word)+1:]; tagWithPID(after) {
			return after
		}
	}
	return s
}

func tagWithPID(s string) bool {
	program, pid, body := cutTag(s)
	return program != "" && pid != "" && len(body) < len(s) && s[len(program)] != ' ' && strings.Contains(s[:len(s)-len(body)], "]:")
}

func tagged(s string) bool {
	for i := range len(s) {
		if !tagByte(s[i]) {
			return false
		}
	}
	return true
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
	if carries(s) {
		return
	}
	if word, rest, ok := strings.Cut(s[:min(len(s), maxTag)], " "); ok && tagged(word) && !severity(word) {
		body := s[len(s[:min(len(s), maxTag)])-len(rest):]
		switch { // "darktrace {", "vectra_cef -: CEF:", "OPSWATPC CEF:"
		case strings.HasPrefix(body, "-: ") && (carries(body[3:]) || strings.HasSuffix(body, "}")):
			c.Program, c.Body = word, body[3:]
			return
		case carries(body), strings.HasPrefix(body, "{\"") && strings.HasSuffix(body, "}"): // what was cut off is text
			c.Program, c.Body = word, body
			return
		}
	}
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
	if program != "-" && strings.Trim(program, "0123456789-T/") == "" { // a time that nobody knows
		return "", "", s
	}
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
	if !strings.HasPrefix(c.Program, "%") { // mnemonics of Cisco and Huawei name no process
		if c.Program != "" {
			f.SetNew("process.name", c.Program[strings.LastIndexByte(c.Program, '/')+1:])
		}
		if n, err := strconv.ParseInt(c.PID, 10, 64); err == nil {
			f.SetNew("process.pid", n)
		}
	}
	if c.Priority >= 0 {
		f["log.syslog.priority"] = int64(c.Priority)
		f["log.syslog.facility.code"] = int64(c.Priority >> 3)
		f["log.syslog.severity.code"] = int64(c.Priority & 7)
		f.SetNew("log.level", levels[c.Priority&7])
	}
}

var levels = [8]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}
