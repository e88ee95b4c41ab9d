package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/sigma"
)

// Receipt says whether a log that ATT&CK names reaches us.
type Receipt string

// The receipts.
const (
	Received Receipt = "received" // its events came in the last 30 days
	Silent   Receipt = "silent"   // we would know its events; none came
	Unknown  Receipt = "unknown"  // no format of ours is known to be that log
)

// Detection is how ATT&CK says a technique is detected, beside what reaches us.
type Detection struct {
	intel.Strategy
	Needs []Need `json:"needs"` // the logs of its analytics, each once
}

// Need is a log that a strategy reads.
type Need struct {
	Name     string   `json:"name"`
	Receipt  Receipt  `json:"receipt"`
	Channels []string `json:"channels,omitempty"`
	Reads    []string `json:"data_components,omitempty"`
}

// logSources says which log sources of Sigma the logs are that ATT&CK names, in lower
// case; a name that ends in ":" stands for all that begin so.
var logSources = map[string][]sigma.LogSource{
	"wineventlog:sysmon":      {{Product: "windows", Service: "sysmon"}},
	"wineventlog:security":    {{Product: "windows", Service: "security"}},
	"wineventlog:system":      {{Product: "windows", Service: "system"}},
	"wineventlog:application": {{Product: "windows", Service: "application"}},
	"wineventlog:powershell":  {{Product: "windows", Service: "powershell"}, {Product: "windows", Service: "powershell-classic"}},
	"wineventlog:wmi":         {{Product: "windows", Service: "wmi"}}, "wineventlog:taskscheduler": {{Product: "windows", Service: "taskscheduler"}},
	"wineventlog:codeintegrity":                                                      {{Product: "windows", Service: "codeintegrity-operational"}},
	"wineventlog:microsoft-windows-codeintegrity/operational":                        {{Product: "windows", Service: "codeintegrity-operational"}},
	"wineventlog:microsoft-windows-windows firewall with advanced security/firewall": {{Product: "windows", Service: "firewall-as"}},
	"wineventlog:microsoft-windows-smbclient/security":                               {{Product: "windows", Service: "smbclient-security"}},
	"wineventlog:microsoft-windows-windows defender/operational":                     {{Product: "windows", Service: "windefend"}},
	"wineventlog:windows defender":                                                   {{Product: "windows", Service: "windefend"}},
	"wineventlog:microsoft-windows-shell-core":                                       {{Product: "windows", Service: "shell-core"}},
	"wineventlog:microsoft-iis-configuration":                                        {{Product: "windows", Service: "iis-configuration"}},
	"wineventlog:applocker":                                                          {{Product: "windows", Service: "applocker"}},
	"auditd:":                                                                        {{Product: "linux", Service: "auditd"}},
	"linux:syslog":                                                                   {{Product: "linux", Service: "syslog"}},
	"linux:auth":                                                                     {{Product: "linux", Service: "auth"}},
	"linux:cron":                                                                     {{Product: "linux", Service: "cron"}},
	"aws:cloudtrail":                                                                 {{Product: "aws", Service: "cloudtrail"}},
	"aws:vpcflowlogs":                                                                {{Service: "netflow"}},
	"azure:signinlogs":                                                               {{Product: "azure", Service: "signinlogs"}},
	"m365:signinlogs":                                                                {{Product: "azure", Service: "signinlogs"}},
	"azure:audit":                                                                    {{Product: "azure", Service: "auditlogs"}},
	"azure:activity":                                                                 {{Product: "azure", Service: "activitylogs"}},
	"m365:unified":                                                                   {{Product: "m365", Service: "audit"}},
	"m365:audit":                                                                     {{Product: "m365", Service: "audit"}},
	"m365:exchange":                                                                  {{Product: "m365", Service: "exchange"}},
	"gcp:audit":                                                                      {{Product: "gcp", Service: "gcp.audit"}},
	"gcp:workspaceaudit":                                                             {{Product: "gcp", Service: "google_workspace.admin"}},
	"saas:googleworkspace":                                                           {{Product: "gcp", Service: "google_workspace.admin"}},
	"saas:okta":                                                                      {{Product: "okta", Service: "okta"}},
	"okta:systemlog":                                                                 {{Product: "okta", Service: "okta"}},
	"saas:github":                                                                    {{Product: "github", Service: "audit"}},
	"kubernetes:audit":                                                               {{Product: "kubernetes", Service: "audit"}},
	"kubernetes:apiserver":                                                           {{Product: "kubernetes", Service: "audit"}},
	"nsm:flow":                                                                       {{Service: "netflow"}, {Category: "firewall"}},
	"nsm:connections":                                                                {{Service: "netflow"}, {Category: "firewall"}},
	"nsm:firewall":                                                                   {{Category: "firewall"}},
	"networkdevice:firewall":                                                         {{Category: "firewall"}},
	"dns:query":                                                                      {{Category: "dns"}},
	"applicationlog:webserver":                                                       {{Category: "webserver"}},
	"networkdevice:syslog":                                                           {{Product: "cisco"}, {Product: "juniper"}, {Product: "huawei"}},
}

// NamedLogs returns which log sources the logs are that ATT&CK names, by name.
func NamedLogs() map[string][]sigma.LogSource { return maps.Clone(logSources) }

// Receives says whether a log that ATT&CK names reaches us.
func (c *Coverage) Receives(name string) Receipt {
	name = strings.ToLower(strings.TrimSpace(name))
	wanted, ok := logSources[name]
	if kind, _, cut := strings.Cut(name, ":"); !ok && cut {
		wanted, ok = logSources[kind+":"]
	}
	if !ok {
		return Unknown
	}
	for _, want := range wanted {
		for have, sends := range c.sending {
			if sends && want.Covers(have) {
				return Received
			}
		}
	}
	return Silent
}

// Detections puts beside the strategies what reaches us of what they read.
func (c *Coverage) Detections(strategies []intel.Strategy) []Detection {
	out := make([]Detection, 0, len(strategies))
	for _, s := range strategies {
		d := Detection{Strategy: s, Needs: []Need{}}
		at := map[string]int{}
		for _, a := range s.Analytics {
			for _, l := range a.Sources {
				i, ok := at[l.Name]
				if !ok {
					i = len(d.Needs)
					at[l.Name] = i
					d.Needs = append(d.Needs, Need{Name: l.Name, Receipt: c.Receives(l.Name)})
				}
				n := &d.Needs[i]
				n.Channels, n.Reads = once(n.Channels, l.Channel), once(n.Reads, l.Component)
			}
		}
		out = append(out, d)
	}
	return out
}

// once appends a word that is not there yet; nothing for "".
func once(list []string, word string) []string {
	if word == "" || slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}
