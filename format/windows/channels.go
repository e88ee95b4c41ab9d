package windows

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/format"
)

// What the channels of single services say of who comes from where, and of what was
// found: fields as in the manifests of their providers.

// userData are rules for what lies in UserData, below the name of its element, or
// without it, as Winlogbeat has it.
func userData(root string, rules ...format.Rule) []format.Rule {
	var out []format.Rule
	for _, r := range rules {
		for _, below := range [...]string{"winlog.user_data." + root + ".", "winlog.user_data."} {
			out = append(out, format.Rule{From: below + r.From, To: r.To, Convert: r.Convert})
		}
	}
	return out
}

// always sets a field of every event, whatever it says.
func always(to string, v any) format.Rule {
	return format.Rule{From: "winlog.event_id", To: to, Convert: func(any) any { return v }}
}

var failed, succeeded = always("event.outcome", "failure"), always("event.outcome", "success")

// endIP is the address of an end written as "203.0.113.4", "203.0.113.4:51234",
// "[2001:db8::1]:51234" or `\\203.0.113.4`; nil for "LOCAL" and names.
func endIP(v any) any {
	if host, _ := end(v); host.IsValid() {
		return host.String()
	}
	return nil
}

func endPort(v any) any {
	if _, p := end(v); p != 0 {
		return int64(p)
	}
	return nil
}

func end(v any) (netip.Addr, uint16) {
	s, _ := v.(string)
	s = strings.TrimPrefix(s, `\\`)
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), 0
	}
	p, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.Addr{}, 0
	}
	return p.Addr().Unmap().WithZone(""), p.Port()
}

// hostOnly is what is a name, no address.
func hostOnly(v any) any {
	s, _ := v.(string)
	if a, _ := end(v); a.IsValid() || strings.ContainsAny(s, ` \/`) {
		return nil
	}
	return s
}

// submatch is a group of the first of some patterns that fits a text.
func submatch(group string, patterns ...*regexp.Regexp) func(any) any {
	return func(v any) any {
		s, _ := v.(string)
		for _, re := range patterns {
			if m := re.FindStringSubmatch(s); m != nil {
				if i := re.SubexpIndex(group); i > 0 && m[i] != "" {
					return m[i]
				}
				return nil
			}
		}
		return nil
	}
}

var sessions = []string{"session"}

// terminal maps Remote Desktop: sessions, connections, what the gateway lets through, and
// where its client goes. Event 1149 says that the network part of a sign-in succeeded.
var terminal = source{
	classes: map[int64]class{
		21: {"remote-logged-in", login, start}, 22: {"remote-shell-started", sessions, start}, 23: {"remote-logged-out", sessions, []string{"end"}},
		24: {"session-disconnected", sessions, []string{"end"}}, 25: {"session-reconnected", sessions, start},
		131: {"connection-accepted", wire, []string{"connection", "start"}}, 140: {"logon-failed", login, start},
		1149: {"remote-authentication", login, start}, 1024: {"remote-connection", wire, start}, 1102: {"remote-connection", wire, start},
		200: {"gateway-allowed", login, []string{"start", "allowed"}}, 201: {"gateway-denied", login, []string{"start", "denied"}},
		300: {"gateway-allowed", wire, []string{"access", "allowed"}}, 301: {"gateway-denied", wire, []string{"access", "denied"}},
		302: {"gateway-connected", wire, []string{"connection", "start"}}, 303: {"gateway-disconnected", wire, []string{"connection", "end"}},
		304: {"gateway-failed", wire, []string{"connection", "error"}}, 312: {"gateway-connection", wire, []string{"connection", "start"}},
	},
	rules: join(
		userData("EventXML", join(userOf("User"), []format.Rule{{From: "Address", To: "source.ip", Convert: endIP}})...),
		userData("EventInfo", join(userOf("Username"), []format.Rule{
			{From: "IpAddress", To: "source.ip", Convert: endIP},
			{From: "IpAddress", To: "source.port", Convert: endPort},
			{From: "Resource", To: "destination.ip", Convert: endIP},
			{From: "Resource", To: "destination.domain", Convert: hostOnly},
		})...),
		[]format.Rule{
			{From: data + "ClientIP", To: "source.ip", Convert: endIP},
			{From: data + "ClientIP", To: "source.port", Convert: endPort},
			{From: data + "IPString", To: "source.ip", Convert: endIP},
		},
	),
	byID: map[int64][]format.Rule{
		140: {failed}, 201: {failed}, 301: {failed}, 304: {failed}, 21: {succeeded}, 200: {succeeded}, 300: {succeeded},
		1149: userData("EventXML", format.Rule{From: "Param1", To: "user.name"}, format.Rule{From: "Param2", To: "user.domain"}, format.Rule{From: "Param3", To: "source.ip", Convert: endIP}),
		1024: rdpServer, 1102: rdpServer,
	},
}

var rdpServer = []format.Rule{{From: data + "Value", To: "destination.ip", Convert: endIP}, {From: data + "Value", To: "destination.domain", Convert: hostOnly}}

// bits maps transfers in the background.
var bits = source{
	classes: map[int64]class{
		3: {"transfer-created", program, start}, 59: {"transfer-started", wire, start}, 60: {"transfer-stopped", wire, []string{"end"}}, 61: {"transfer-stopped", wire, []string{"end", "error"}},
	},
	rules: join(userOf(data+"jobOwner"), userOf(data+"User"), exe("processPath", "process"), exe("proxyPath", "process"), []format.Rule{
		{From: data + "processId", To: "process.pid", Convert: format.Number},
		{From: data + "url", To: "url.full", Convert: linkOnly},
	}),
}

func linkOnly(v any) any {
	if s, _ := v.(string); strings.Contains(s, "://") {
		return s
	}
	return nil
}

// defender maps Microsoft Defender Antivirus: what it finds is an alert.
var defender = source{
	classes: map[int64]class{
		1006: malware, 1007: malware, 1008: malware, 1009: malware, 1010: malware, 1011: malware, 1012: malware, 1015: malware, 1116: malware, 1117: malware, 1118: malware, 1119: malware,
		1121: {"attack-surface-rule-blocked", []string{"malware", "intrusion_detection"}, []string{"denied"}}, 1122: {"attack-surface-rule-audited", []string{"intrusion_detection"}, []string{"info"}},
		5001: {"protection-disabled", []string{"configuration"}, []string{"change"}}, 5007: {"configuration-changed", []string{"configuration"}, []string{"change"}},
		5010: {"protection-disabled", []string{"configuration"}, []string{"change"}}, 5012: {"protection-disabled", []string{"configuration"}, []string{"change"}},
	},
	rules: join(
		spaced("Threat Name", "rule.name", nil), spaced("Threat ID", "rule.id", nil), spaced("Category Name", "rule.category", nil),
		spaced("Detection User", "user.name", userName), spaced("Detection User", "user.domain", userDomain),
		spaced("Process Name", "process.executable", nil), spaced("Process Name", "process.name", format.Base),
		spaced("Path", "file.path", foundIn), spaced("Path", "file.name", foundName),
		spaced("Severity ID", "event.severity", defenderSeverity),
		spaced("Action Name", "event.reason", rendered),
	),
	byID:   map[int64][]format.Rule{1121: surface, 1122: surface},
	module: "microsoft_defender",
	alerts: []int64{1006, 1008, 1015, 1116, 1117, 1118, 1119, 1121},
}

var malware = class{"malware-found", []string{"malware"}, []string{"info"}}

// surface is of the rules that reduce the attack surface, which have a number only and
// name the file as it is.
var surface = join(userOf(data+"User"), path("Path", "file"), []format.Rule{{From: data + "ID", To: "rule.id"}, always("rule.name", "Attack surface reduction")})

// spaced are rules for a name with spaces, which some carriers write otherwise.
func spaced(name, to string, convert func(any) any) []format.Rule {
	var out []format.Rule
	for _, sep := range [...]string{" ", "_", ""} {
		out = append(out, format.Rule{From: data + strings.ReplaceAll(name, " ", sep), To: to, Convert: convert})
	}
	return out
}

// rendered is a text that is no number of a message.
func rendered(v any) any {
	if s, _ := v.(string); !strings.HasPrefix(s, "%%") {
		return s
	}
	return nil
}

// defenderSeverity is of ten: 1 low, 2 moderate, 4 high, 5 severe.
func defenderSeverity(v any) any {
	n, _ := format.Number(v).(int64)
	if n < 1 || n > 5 {
		return nil
	}
	return [...]int64{3, 5, 5, 8, 10}[n-1]
}

// foundIn is the file in which Defender found something: "file:_C:\x.exe", the first of
// several, of which "containerfile:_" is what it lies in.
func foundIn(v any) any {
	s, _ := v.(string)
	for _, part := range strings.Split(s, ";") {
		if path, ok := strings.CutPrefix(strings.TrimSpace(part), "file:_"); ok {
			path, _, _ = strings.Cut(path, "->")
			return path
		}
	}
	return nil
}

func foundName(v any) any {
	if path := foundIn(v); path != nil {
		return format.Base(path)
	}
	return nil
}

// smbServer maps failed sign-ins and refused access to shares.
var smbServer = source{
	classes: map[int64]class{551: {"logon-failed", login, start}, 1006: {"share-denied", []string{"network", "file"}, []string{"access", "denied"}}},
	rules: userData("EventData", join(userOf("UserName"), []format.Rule{
		{From: "ClientName", To: "source.ip", Convert: endIP},
		{From: "ShareName", To: "file.directory"},
	})...),
	byID: map[int64][]format.Rule{551: {failed}, 1006: {failed}},
}

// openSSH maps what Microsoft's port of sshd writes: the lines of any other.
var openSSH = source{
	rules: []format.Rule{
		{From: data + "payload", To: "user.name", Convert: submatch("user", sshLines...)},
		{From: data + "payload", To: "source.ip", Convert: submatch("ip", sshLines...)},
		{From: data + "payload", To: "source.port", Convert: func(v any) any { return port(submatch("port", sshLines...)(v)) }},
		{From: data + "payload", To: "event.action", Convert: sshSaid("logged-in", "logon-failed")},
		{From: data + "payload", To: "event.category", Convert: sshSaid(login, login)},
		{From: data + "payload", To: "event.type", Convert: sshSaid(start, start)},
		{From: data + "payload", To: "event.outcome", Convert: sshSaid("success", "failure")},
		{From: data + "process", To: "process.name"},
		{From: data + "payload", To: "event.reason"},
	},
}

// A name that a client chose is greedy: what follows it is the last that may.
var sshLines = []*regexp.Regexp{
	regexp.MustCompile(`^(?P<result>Failed|Accepted) \S+ for (?:invalid user )?(?P<user>.*) from (?P<ip>[0-9a-fA-F.:]+) port (?P<port>\d+)(?: ssh2.*)?\s*$`),
	regexp.MustCompile(`^(?:Connection (?:closed|reset) by|Disconnected from) (?:(?:authenticating |invalid )?user )?(?P<user>.*) (?P<ip>[0-9a-fA-F.:]+) port (?P<port>\d+)(?: \[\w+\])?\s*$`),
	regexp.MustCompile(`^Invalid user (?P<user>.*) from (?P<ip>[0-9a-fA-F.:]+) port (?P<port>\d+)\s*$`),
}

func sshSaid(yes, no any) func(any) any {
	result := submatch("result", sshLines[0])
	return func(v any) any {
		switch result(v) {
		case "Accepted":
			return yes
		case "Failed":
			return no
		}
		return nil
	}
}

// sqlServer maps sign-ins to Microsoft SQL Server, whose data are the strings of its
// message: the name, why, and "[CLIENT: 203.0.113.4]".
var sqlServer = source{
	classes: map[int64]class{18453: sqlLogin, 18454: sqlLogin, 18455: sqlLogin, 18456: {"logon-failed", []string{"authentication", "database"}, start}},
	byID: map[int64][]format.Rule{
		18453: join(sqlClient, []format.Rule{succeeded}), 18454: join(sqlClient, []format.Rule{succeeded}), 18455: join(sqlClient, []format.Rule{succeeded}), 18456: join(sqlClient, []format.Rule{failed}),
	},
}

var (
	sqlLogin  = class{"logged-in", []string{"authentication", "database"}, start}
	sqlEnd    = submatch("ip", regexp.MustCompile(`\[CLIENT: (?P<ip>[0-9a-fA-F.:]+)\]\s*$`))
	sqlClient = join(userOf(data+"param1"), []format.Rule{{From: data + "param3", To: "source.ip", Convert: sqlEnd}, {From: data + "param2", To: "source.ip", Convert: sqlEnd}})
)

// appLocker maps what may run and what may not.
var appLocker = source{
	classes: map[int64]class{
		8002: mayRun, 8005: mayRun, 8020: mayRun, 8003: {"execution-audited", program, []string{"info"}}, 8006: {"execution-audited", program, []string{"info"}},
		8004: mayNot, 8007: mayNot, 8022: mayNot, 8025: mayNot,
	},
	rules: userData("RuleAndFileData",
		format.Rule{From: "FilePath", To: "file.path"}, format.Rule{From: "FullFilePath", To: "file.path"}, format.Rule{From: "FilePath", To: "file.name", Convert: format.Base},
		format.Rule{From: "FileHash", To: "file.hash.sha256", Convert: sha256Only}, format.Rule{From: "TargetUser", To: "user.id"}, format.Rule{From: "RuleName", To: "rule.name"}),
	byID: map[int64][]format.Rule{8004: {failed}, 8007: {failed}, 8022: {failed}, 8025: {failed}},
}

var (
	mayRun = class{"execution-allowed", program, []string{"start", "allowed"}}
	mayNot = class{"execution-denied", program, []string{"start", "denied"}}
)

func sha256Only(v any) any {
	if s, _ := v.(string); len(s) == 64 {
		return strings.ToLower(s)
	}
	return nil
}

// firewall maps changes of the rules of Windows' firewall.
var firewall = source{
	classes: map[int64]class{2003: setting, 2004: setting, 2005: setting, 2006: setting, 2033: setting, 2052: setting, 2071: setting, 2097: setting},
	rules: join(exe("ModifyingApplication", "process"), []format.Rule{
		{From: data + "RuleName", To: "rule.name"}, {From: data + "RuleId", To: "rule.id"}, {From: data + "ModifyingUser", To: "user.id"}, {From: data + "ApplicationPath", To: "file.path"},
	}),
}

var setting = class{"firewall-changed", []string{"configuration"}, []string{"change"}}

// tasks maps scheduled tasks.
var tasks = source{
	classes: map[int64]class{
		106: {"scheduled-task-created", []string{"configuration"}, []string{"creation"}}, 140: {"scheduled-task-updated", []string{"configuration"}, []string{"change"}},
		141: {"scheduled-task-deleted", []string{"configuration"}, []string{"deletion"}}, 129: {"scheduled-task-started", program, start}, 200: {"scheduled-task-started", program, start},
		201: {"scheduled-task-ended", program, []string{"end"}},
	},
	rules: join(userOf(data+"UserContext"), userOf(data+"UserName"), exe("Path", "process"), exe("ActionName", "process")),
}
