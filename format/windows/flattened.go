package windows

import (
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// Snare's agents, and NXLog's to_syslog_snare, send an event as a line of columns;
// OSSEC's agents as one of words with colons between them. In both the message has
// lost its line ends and tabs to spaces.
const (
	snareTag  = "MSWinEventLog"
	relayTab  = "#011" // what rsyslog makes of a tab
	ossecTag  = "WinEvtLog: "
	ossecTime = "2006 Jan 02 15:04:05"
)

// flattenedSigns are those of such lines, alone or in syslog.
var flattenedSigns = []format.Sign{
	{Score: 95, Starts: []string{snareTag + "\t", snareTag + relayTab, ossecTag}},
	{Score: 95, First: "12", Contains: []string{" " + ossecTag}, Match: isOSSEC},
}

// isOSSEC says whether a line has a time as OSSEC's agents write it before the event.
func isOSSEC(line string) bool {
	return len(line) > len(ossecTime) && line[4] == ' ' && strings.HasPrefix(line[len(ossecTime):], " "+ossecTag)
}

// fromFlattened reads a line of flattenedSigns; ok is false when it is none, or lacks
// columns.
func (d *decoder) fromFlattened(record string) (f event.Fields, ok bool) {
	record = unrelayed(record)
	switch {
	case strings.HasPrefix(record, snareTag):
		f, ok = snare(record)
	case strings.HasPrefix(record, ossecTag):
		f, ok = ossec(record)
	case isAudit(record):
		f, ok = audit(record)
	case strings.HasPrefix(record, "["):
		f, ok = reporter(record)
	case isOSSEC(record):
		if f, ok = ossec(record[len(ossecTime)+1:]); ok {
			if t, err := time.Parse(ossecTime, record[:len(ossecTime)]); err == nil {
				f["Date and Time"] = t.Format(time.DateTime)
			}
		}
	}
	if !ok {
		return nil, false
	}
	message, _ := f["Message"].(string)
	id, _ := f.Int("EventID")
	f["Message"] = unfold(f.String("Channel"), f.String("SourceName"), id, message)
	d.fromCarrier(f)
	return f, true
}

// The columns of Snare that are read, behind the tag.
const (
	snareChannel = 2 + iota
	snareCounter
	snareTime
	snareID
	snareProvider
	snareUser
	snareUserType
	snareType
	snareComputer
	snareTask
	snareData
	snareMessage
)

func snare(record string) (event.Fields, bool) {
	c := strings.SplitN(record, "\t", snareMessage+1)
	if len(c) <= snareData {
		return nil, false
	}
	c = append(c, "")
	f := event.Fields{"Channel": c[snareChannel], "EventID": c[snareID], "SourceName": c[snareProvider], "Computer": c[snareComputer], "Task Category": c[snareTask]}
	message := c[snareMessage]
	if at := strings.LastIndexByte(message, '\t'); at >= 0 && !strings.Contains(message[at:], " ") { // a counter or checksum of Snare
		message = message[:at]
	}
	if !strings.Contains(message, "\n") {
		message = strings.ReplaceAll(message, "\t", " ")
	}
	f["Message"] = strings.TrimSpace(message)
	if c[snareUser] != "N/A" {
		f["User"] = c[snareUser]
	}
	switch kind := c[snareType]; kind {
	case "Success Audit":
		f["Keywords"] = "Audit Success"
	case "Failure Audit":
		f["Keywords"] = "Audit Failure"
	default:
		f["Level"] = kind
	}
	if t, err := time.Parse(time.ANSIC, c[snareTime]); err == nil {
		f["Date and Time"] = t.Format(time.DateTime)
	}
	return f, true
}

// ossec reads "WinEvtLog: CHANNEL: AUDIT_SUCCESS(4624): PROVIDER: USER: DOMAIN: COMPUTER: MESSAGE".
func ossec(record string) (event.Fields, bool) {
	c := strings.SplitN(record[len(ossecTag):], ": ", 7)
	if len(c) < 7 {
		return nil, false
	}
	kind, id, ok := strings.Cut(strings.TrimSuffix(c[1], ")"), "(")
	if !ok {
		return nil, false
	}
	f := event.Fields{"Channel": c[0], "EventID": id, "SourceName": c[2], "Computer": c[5], "Message": strings.TrimSpace(c[6])}
	if c[3] != "(no user)" {
		f["User"] = c[4] + `\` + c[3]
	}
	switch kind {
	case "AUDIT_SUCCESS":
		f["Keywords"] = "Audit Success"
	case "AUDIT_FAILURE":
		f["Keywords"] = "Audit Failure"
	default:
		f["Level"] = strings.ToLower(kind)
	}
	return f, true
}

// unfold gives a message, in which each line end and tab is a space, its lines back, as
// far as it takes to read the names in it.
func unfold(channel, provider string, id int64, message string) string {
	switch {
	case strings.Contains(message, "\n"):
		return message
	case sourceOf(provider, channel) == &sysmon:
		return unfoldSysmon(message)
	case id == 4103 && strings.Contains(channel, "PowerShell"):
		payload, context, _ := strings.Cut(message, "   Context:")
		context, data, _ := strings.Cut(context, "   User Data:")
		return unfoldLines(payload) + "\n\n\nContext:\n" + unfoldLines(context) + "\n\n\nUser Data:" + data
	case id == 4104 && strings.Contains(channel, "PowerShell"):
		title, script, _ := strings.Cut(message, "): ")
		script = strings.TrimLeft(script, " ")
		if at := strings.LastIndex(script, "ScriptBlock ID: "); at >= 0 {
			block, path, _ := strings.Cut(script[at:], " Path:")
			script = strings.TrimRight(script[:at], " ") + "\n\n" + strings.TrimRight(block, " ") + "\nPath:" + path
		}
		return title + "):\n" + script
	}
	if !strings.Contains(message, "  ") {
		message = parted(id, message)
	}
	return unfoldSections(id, message)
}

// unfoldLines begins a line at each piece.
func unfoldLines(message string) string {
	var b strings.Builder
	for i, p := range piecesOf(message) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// unfoldSysmon begins a line at each name that Sysmon's events have.
func unfoldSysmon(message string) string {
	names := sysmonNames()
	var b strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.Index(message[at:], "  ")
		if i < 0 {
			break
		}
		end := at + i
		for at = end; at < len(message) && message[at] == ' '; at++ {
		}
		if name, _, ok := strings.Cut(message[at:min(len(message), at+64)], ":"); ok && names[name] {
			b.WriteString(message[done:end])
			b.WriteByte('\n')
			done = at
		}
	}
	return b.String() + message[done:]
}

// unfoldSections begins a line at each label, whose value may be the next piece, and
// each title.
func unfoldSections(id int64, message string) string {
	known := func(piece string) bool {
		label, _, ok := strings.Cut(piece, ":")
		label = strings.TrimRight(label, " ")
		return ok && (sections[label] != "" || who[label] != "" || labelled(id, "", label) != "")
	}
	var b strings.Builder
	pieces := piecesOf(message)
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		title, isTitle := strings.CutSuffix(p.text, ":")
		title = strings.TrimRight(title, " ")
		switch {
		case isTitle && sections[title] == "" && known(p.text) && i+1 < len(pieces) && !known(pieces[i+1].text):
			i++
			b.WriteString("\n\t" + p.text + "\t\t" + pieces[i].text)
		case isTitle && (sections[title] != "" || !known(p.text)):
			b.WriteString("\n\n" + p.text)
		case known(p.text):
			b.WriteString("\n\t" + p.text)
		case p.spaces > 4 && !strings.HasSuffix(p.text, "."):
			b.WriteString("\n\t\t\t\t" + p.text) // of a list
		case p.spaces >= 4:
			b.WriteString("\n\n" + p.text)
		default:
			b.WriteString(strings.Repeat(" ", p.spaces) + p.text)
		}
	}
	return strings.TrimLeft(b.String(), "\n")
}

// piece is what stands behind two spaces or more.
type piece struct {
	spaces int
	text   string
}

func piecesOf(message string) (out []piece) {
	for at := 0; at < len(message); {
		start := at
		for at < len(message) && message[at] == ' ' {
			at++
		}
		end := len(message)
		if i := strings.Index(message[at:], "  "); i >= 0 {
			end = at + i
		}
		if at < end {
			out = append(out, piece{at - start, message[at:end]})
		}
		at = end
	}
	return out
}
