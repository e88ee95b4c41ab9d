package windows

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// source is how the events of one provider are mapped.
type source struct {
	classes map[int64]class
	rules   []format.Rule           // of every event
	byID    map[int64][]format.Rule // of one event
	alerts  []int64                 // events by which another product raises an alert
	module  string                  // of that product; "" = windows
}

// class is how ECS classifies an event.
type class struct {
	action            string
	categories, types any // lists, boxed once
}

// linuxSysmon is what Sysmon for Linux calls itself; its events and their fields
// are those of Windows.
const linuxSysmon = "Linux-Sysmon"

// sources are all that sourceOf can return.
var sources = []*source{
	&sysmon, &security, &powershell, &dnsServer, &dnsClient, &terminal, &bits, &defender, &smbServer, &openSSH, &sqlServer, &appLocker, &firewall, &tasks, &other,
}

// byProvider are those of providers with one name.
var byProvider = map[string]*source{
	"Microsoft-Windows-DNSServer":                                &dnsServer,
	"Microsoft-Windows-DNS-Client":                               &dnsClient,
	"Microsoft-Windows-TerminalServices-LocalSessionManager":     &terminal,
	"Microsoft-Windows-TerminalServices-RemoteConnectionManager": &terminal,
	"Microsoft-Windows-TerminalServices-Gateway":                 &terminal,
	"Microsoft-Windows-TerminalServices-ClientActiveXCore":       &terminal,
	"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS":          &terminal,
	"Microsoft-Windows-Bits-Client":                              &bits,
	"Microsoft-Windows-Windows Defender":                         &defender,
	"Microsoft-Windows-SMBServer":                                &smbServer,
	"OpenSSH":                                                    &openSSH,
	"Microsoft-Windows-AppLocker":                                &appLocker,
	"Microsoft-Windows-Windows Firewall With Advanced Security":  &firewall,
	"Microsoft-Windows-TaskScheduler":                            &tasks,
}

// sourceOf finds the tables for a provider; by channel where collectors leave
// the provider out.
func sourceOf(provider, channel string) *source {
	switch {
	case provider == "Microsoft-Windows-Sysmon", provider == linuxSysmon, provider == "" && strings.Contains(channel, "Sysmon"):
		return &sysmon
	case provider == "Microsoft-Windows-Security-Auditing", provider == "Microsoft-Windows-Eventlog",
		provider == "" && strings.EqualFold(channel, "Security"):
		return &security
	case strings.Contains(provider, "PowerShell"), strings.Contains(channel, "PowerShell"):
		return &powershell
	case strings.HasPrefix(provider, "MSSQL"):
		return &sqlServer
	}
	if s := byProvider[provider]; s != nil {
		return s
	}
	return &other
}

// exe maps a path of a program to the executable and name of a process.
func exe(from, to string) []format.Rule {
	return []format.Rule{
		{From: data + from, To: to + ".executable"},
		{From: data + from, To: to + ".name", Convert: format.Base},
	}
}

// userOf maps an account written as DOMAIN\name.
func userOf(from string) []format.Rule {
	return []format.Rule{{From: from, To: "user.name", Convert: userName}, {From: from, To: "user.domain", Convert: userDomain}}
}

// path maps a path to the path and name of a file or library.
func path(from, to string) []format.Rule {
	return []format.Rule{
		{From: data + from, To: to + ".path"},
		{From: data + from, To: to + ".name", Convert: format.Base},
	}
}

func join(lists ...[]format.Rule) []format.Rule {
	var out []format.Rule
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// guid writes a GUID as ECS has it: without braces.
func guid(v any) any {
	if s, ok := v.(string); ok {
		return strings.Trim(s, "{}")
	}
	return nil
}

// headerGUIDs spells the GUIDs of the header as Windows does in XML, in braces
// and upper case: converters leave out the braces, shippers keep lower case.
func headerGUIDs(f event.Fields) {
	for _, name := range [...]string{"winlog.provider_guid", "winlog.activity_id", "winlog.related_activity_id"} {
		s, ok := f[name].(string)
		if inner := strings.Trim(s, "{}"); ok && len(inner) == 36 && (s[0] != '{' || strings.ToUpper(s) != s) {
			f[name] = "{" + strings.ToUpper(inner) + "}"
		}
	}
}

// port converts a port, of which Windows writes "0" for none.
func port(v any) any {
	if n, ok := format.Number(v).(int64); ok && n > 0 && n < 1<<16 {
		return n
	}
	return nil
}

// address drops the mark of IPv4 in IPv6.
func address(v any) any {
	if s, ok := v.(string); ok {
		return strings.TrimPrefix(s, "::ffff:")
	}
	return nil
}

func userName(v any) any {
	s, _ := v.(string)
	return s[strings.IndexByte(s, '\\')+1:]
}

func userDomain(v any) any {
	s, _ := v.(string)
	domain, _, ok := strings.Cut(s, `\`)
	if !ok {
		return nil
	}
	return domain
}

var (
	powershell = source{
		classes: map[int64]class{
			400:  {"engine-started", []string{"process"}, []string{"start"}},
			403:  {"engine-stopped", []string{"process"}, []string{"end"}},
			600:  {"provider-started", []string{"process"}, []string{"info"}},
			800:  {"pipeline-executed", []string{"process"}, []string{"info"}},
			4103: {"command-executed", []string{"process"}, []string{"info"}},
			4104: {"script-block-executed", []string{"process"}, []string{"info"}},
			4105: {"script-block-started", []string{"process"}, []string{"start"}},
			4106: {"script-block-stopped", []string{"process"}, []string{"end"}},
		},
		rules: []format.Rule{
			{From: data + "ScriptBlockText", To: "powershell.file.script_block_text"},
			{From: data + "ScriptBlockId", To: "powershell.file.script_block_id"},
			{From: data + "Path", To: "file.path"},
			{From: data + "Path", To: "file.name", Convert: format.Base},
			{From: data + "HostApplication", To: "process.command_line"},
		},
	}
	other = source{
		classes: map[int64]class{
			1102: {"audit-log-cleared", []string{"iam"}, []string{"admin", "change"}},
			104:  {"event-log-cleared", []string{"iam"}, []string{"admin", "change"}},
			7045: {"service-installed", []string{"iam", "configuration"}, []string{"admin", "change"}},
		},
		rules: []format.Rule{
			{From: data + "ServiceName", To: "service.name"},
			{From: data + "TargetUserName", To: "user.name"},
			{From: data + "ImagePath", To: "process.command_line"},
		},
	}
)
