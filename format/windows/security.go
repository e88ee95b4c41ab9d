package windows

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

var (
	login   = []string{"authentication"}
	account = []string{"iam"}
	program = []string{"process"}
	wire    = []string{"network"}
	object  = []string{"file"}
	start   = []string{"start"}
	access  = []string{"access"}
	change  = []string{"user", "change"}
	group   = []string{"group", "change"}
	admin   = []string{"admin", "change"}
)

// security maps the Security log; ids and fields as Microsoft documents them in
// "Advanced security audit policy settings".
var security = source{
	classes: map[int64]class{
		1102: {"audit-log-cleared", account, admin},
		4624: {"logged-in", login, start},
		4625: {"logon-failed", login, start},
		4634: {"logged-out", login, []string{"end"}},
		4647: {"logged-out", login, []string{"end"}},
		4648: {"logged-in-explicit", login, start},
		4656: {"object-handle-requested", object, access},
		4657: {"registry-value-modified", []string{"configuration", "registry"}, []string{"change"}},
		4658: {"object-handle-closed", object, []string{"end"}},
		4660: {"object-deleted", object, []string{"deletion"}},
		4662: {"object-operation", object, access},
		4663: {"object-accessed", object, access},
		4670: {"permissions-changed", account, admin},
		4672: {"logged-in-special", account, []string{"admin"}},
		4673: {"privileged-service-called", account, []string{"admin"}},
		4688: {"created-process", program, start},
		4689: {"exited-process", program, []string{"end"}},
		4697: {"service-installed", []string{"iam", "configuration"}, admin},
		4698: {"scheduled-task-created", []string{"iam", "configuration"}, []string{"creation", "admin"}},
		4699: {"scheduled-task-deleted", []string{"iam", "configuration"}, []string{"deletion", "admin"}},
		4700: {"scheduled-task-enabled", []string{"iam", "configuration"}, admin},
		4701: {"scheduled-task-disabled", []string{"iam", "configuration"}, admin},
		4702: {"scheduled-task-updated", []string{"iam", "configuration"}, admin},
		4703: {"token-right-adjusted", account, admin},
		4719: {"changed-audit-config", []string{"iam", "configuration"}, admin},
		4720: {"added-user-account", account, []string{"user", "creation"}},
		4722: {"enabled-user-account", account, change},
		4723: {"changed-password", account, change},
		4724: {"reset-password", account, change},
		4725: {"disabled-user-account", account, []string{"user", "deletion"}},
		4726: {"deleted-user-account", account, []string{"user", "deletion"}},
		4728: {"added-member-to-group", account, group},
		4732: {"added-member-to-group", account, group},
		4733: {"removed-member-from-group", account, group},
		4738: {"modified-user-account", account, change},
		4740: {"locked-out-user-account", account, change},
		4756: {"added-member-to-group", account, group},
		4768: {"kerberos-authentication-ticket-requested", login, start},
		4769: {"kerberos-service-ticket-requested", login, start},
		4771: {"kerberos-preauth-failed", login, start},
		4776: {"credential-validated", login, start},
		4778: {"session-reconnected", login, start},
		4779: {"session-disconnected", login, []string{"end"}},
		4798: {"group-membership-enumerated", account, []string{"user", "info"}},
		4799: {"user-member-enumerated", account, []string{"group", "info"}},
		5140: {"network-share-accessed", []string{"network", "file"}, access},
		5145: {"network-share-checked", []string{"network", "file"}, access},
		5152: {"packet-dropped", wire, []string{"connection", "denied"}},
		5154: {"listening-allowed", wire, []string{"connection", "allowed"}},
		5156: {"network-connection", wire, []string{"connection", "allowed"}},
		5157: {"network-connection-blocked", wire, []string{"connection", "denied"}},
		5158: {"bind-allowed", wire, []string{"connection", "allowed"}},
		6272: {"network-access-granted", login, start},
		6273: {"network-access-denied", login, start},
		6274: {"network-access-discarded", login, start},
		6278: {"network-access-granted", login, start},
	},
	rules: []format.Rule{
		{From: data + "IpAddress", To: "source.ip", Convert: address},
		{From: data + "ClientAddress", To: "source.ip", Convert: address},
		{From: data + "IpPort", To: "source.port", Convert: port},
		{From: data + "CallingStationID", To: "source.ip", Convert: endIP},
		{From: data + "NASIPv4Address", To: "observer.ip", Convert: endIP},
		{From: data + "WorkstationName", To: "source.domain"},
		{From: data + "Workstation", To: "source.domain"},
		{From: data + "ServiceName", To: "service.name"},
		{From: data + "ShareName", To: "file.directory"},
		{From: data + "RelativeTargetName", To: "file.path"},
		{From: data + "RelativeTargetName", To: "file.name", Convert: format.Base},
	},
	byID: map[int64][]format.Rule{
		4688: join(exe("NewProcessName", "process"), exe("ParentProcessName", "process.parent"), []format.Rule{
			{From: data + "NewProcessId", To: "process.pid", Convert: format.Number},
			{From: data + "ProcessId", To: "process.parent.pid", Convert: format.Number},
			{From: data + "CommandLine", To: "process.command_line"},
		}),
		4689: join(exe("ProcessName", "process"), processID),
		4697: {{From: data + "ServiceFileName", To: "process.command_line"}},
		5152: packets, 5154: packets, 5156: packets, 5157: packets, 5158: packets,
	},
}

var processID = []format.Rule{{From: data + "ProcessId", To: "process.pid", Convert: format.Number}}

var (
	actor      = exe("ProcessName", "process")
	objectFile = path("ObjectName", "file")
)

// packets are the fields of the Windows Filtering Platform.
var packets = join(exe("Application", "process"), processID, []format.Rule{
	{From: data + "ProcessID", To: "process.pid", Convert: format.Number},
	{From: data + "SourceAddress", To: "source.ip", Convert: address},
	{From: data + "SourcePort", To: "source.port", Convert: port},
	{From: data + "DestAddress", To: "destination.ip", Convert: address},
	{From: data + "DestPort", To: "destination.port", Convert: port},
	{From: data + "Protocol", To: "network.transport", Convert: transport},
	{From: data + "Direction", To: "network.direction", Convert: direction},
})

func transport(v any) any {
	n, _ := format.Number(v).(int64)
	switch n {
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 58:
		return "ipv6-icmp"
	}
	return nil
}

// direction reads the message numbers of Inbound and Outbound.
func direction(v any) any {
	switch v {
	case "%%14592", "Inbound":
		return "ingress"
	case "%%14593", "Outbound":
		return "egress"
	}
	return nil
}

func deriveSecurity(f event.Fields, id int64) {
	switch id {
	case 4778, 4779:
		person(f, session)
		return
	case 4624, 4625, 4634, 4647, 4768, 4769, 4770, 4771, 4776: // who logs on; the subject is the service that did it
		person(f, logon)
	case 4688:
		person(f, subject)
		person(f, effective)
	default:
		person(f, subject)
		person(f, target)
	}
	apply(f, actor)
	if name := f.String(data + "ObjectName"); name != "" && name != "-" {
		switch f.String(data + "ObjectType") {
		case "File":
			apply(f, objectFile)
		case "Key":
			f.SetNew("registry.path", name)
		}
	}
	if id == 4657 {
		f.SetNew("registry.path", strings.TrimSuffix(f.String(data+"ObjectName")+`\`+f.String(data+"ObjectValueName"), `\-`))
	}
}

// renamed is a field and what it becomes.
type renamed struct{ from, to string }

// Whom an event speaks of: who did it, to whom, with whose rights, who logs on, whose
// session it is.
var (
	subject   = party("Subject", "user")
	target    = party("Target", "user.target")
	effective = party("Target", "user.effective")
	logon     = party("Target", "user")
	session   = party("Account", "user")
)

// party is the fields of one account: SubjectUserName, SubjectDomainName …
func party(role, to string) []renamed {
	role = data + role
	return []renamed{
		{role + "UserName", to + ".name"},
		{role + "Name", to + ".name"},
		{role + "DomainName", to + ".domain"},
		{role + "Domain", to + ".domain"},
		{role + "UserSid", to + ".id"},
		{role + "Sid", to + ".id"},
	}
}

// person maps the fields of one account.
func person(f event.Fields, fields []renamed) {
	for _, r := range fields {
		v := f[r.from]
		if _, text := v.(string); !text {
			v = f.String(r.from)
		}
		if v != "" && v != "-" && v != "S-1-0-0" {
			f.SetNew(r.to, v)
		}
	}
}
