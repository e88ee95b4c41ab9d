package windows

import (
	"strings"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// fromMessage reads the data of an event out of its message, as providers render it
// in English: the only place in which some carriers have it. A name that comes twice
// has both values, because nothing tells which of them is the event's own and which
// stands in a text that somebody else chose, a command line for example.
func fromMessage(f event.Fields, message string) {
	if message == "" {
		return
	}
	message = strings.ReplaceAll(message, "\r", "")
	switch provider := f.String("winlog.provider_name"); {
	case sourceOf(provider, f.String("winlog.channel")) == &sysmon:
		sysmonMessage(f, message)
	case provider == "Microsoft-Windows-PowerShell":
		scriptMessage(f, message)
	default:
		sectionMessage(f, message)
	}
}

// sysmonNames are all names that Sysmon's events have.
var sysmonNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for key, list := range insertTable() {
		if key.provider == "Microsoft-Windows-Sysmon" {
			for _, name := range list {
				names[name] = true
			}
		}
	}
	for _, name := range strings.Fields("State Version SchemaVersion Configuration ConfigurationFileHash Operation EventNamespace Name Query Type Destination Consumer Filter ID") {
		names[name] = true
	}
	return names
})

// sysmonMessage reads lines "Image: C:\…" below the event's title.
func sysmonMessage(f event.Fields, message string) {
	_, rest, _ := strings.Cut(message, "\n")
	names := sysmonNames()
	name, from, at := "", 0, 0
	flush := func() {
		if name != "" {
			add(f, data+name, strings.TrimRight(strings.TrimPrefix(rest[from:at], " "), "\n"))
		}
	}
	for line := range strings.Lines(rest) {
		if n, _, ok := strings.Cut(line, ":"); ok && names[n] {
			flush()
			name, from = n, at+len(n)+1
		}
		at += len(line) // a line without a name is of the value before it
	}
	flush()
}

// scriptMessage reads the messages of the channel PowerShell/Operational.
func scriptMessage(f event.Fields, message string) {
	switch id, _ := f.Int("winlog.event_id"); id {
	case 4104:
		_, text, _ := strings.Cut(message, "\n")
		at := strings.LastIndex(text, "\n\nScriptBlock ID: ")
		if at < 0 {
			f.SetNew(data+"ScriptBlockText", text)
			return
		}
		f.SetNew(data+"ScriptBlockText", text[:at])
		block, path, _ := strings.Cut(text[at+len("\n\nScriptBlock ID: "):], "\n")
		f.SetNew(data+"ScriptBlockId", strings.TrimSpace(block))
		f.SetNew(data+"Path", strings.TrimSpace(strings.TrimPrefix(path, "Path:")))
	case 4103:
		payload, context, _ := strings.Cut(message, "\n\n\nContext:\n")
		context, _, _ = strings.Cut(context, "\n\n\nUser Data:")
		f.SetNew(data+"Payload", payload)
		f.SetNew(data+"ContextInfo", context)
	}
}

// sectionMessage reads lines "Account Name:\t\tbob" below sections, of which
// "Subject:" is one.
func sectionMessage(f event.Fields, message string) {
	id, _ := f.Int("winlog.event_id")
	section, name := "", ""
	var value strings.Builder
	flush := func() {
		if name != "" {
			add(f, data+name, coded(name, strings.TrimRight(value.String(), " \t\n")))
		}
		name = ""
		value.Reset()
	}
	for line := range strings.Lines(message) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(name, "TaskContent") && text != "Other Information:" {
			value.WriteString(line) // of a document
			continue
		}
		if text == "" {
			flush()
			continue
		}
		label, v, ok := strings.Cut(text, ":")
		label, v = strings.TrimRight(label, " "), strings.TrimSpace(v)
		indented := line[0] == '\t' || line[0] == ' '
		if ok && !indented {
			section = ""
		}
		if to := labelled(id, section, label); ok && to != "" {
			flush()
			name = to
			value.WriteString(v)
			if strings.HasPrefix(name, "TaskContent") {
				value.WriteByte('\n')
			}
			if !indented {
				section = label // its value may be a list
			}
			continue
		}
		switch {
		case indented && name != "AccessReason" && strings.Contains(text, ":\t"), strings.HasPrefix(name, "TaskContent"):
			flush() // what follows has a label that is not known
		case name != "" && value.Len() == 0:
			value.WriteString(text)
		case name != "" && indented:
			value.WriteString("\n\t\t\t\t" + text) // of a list
		case name != "":
			value.WriteString("\n" + text)
		case ok && !indented && v == "":
			section = label
		}
	}
	flush()
}

// sections are what is before the names of those of whom a section speaks.
var sections = map[string]string{
	"Subject": "Subject", "Creator Subject": "Subject",
	"New Logon": "Target", "Target Account": "Target", "Target Subject": "Target", "Account For Which Logon Failed": "Target",
	"Account Whose Credentials Were Used": "Target", "New Account": "Target", "Deleted Account": "Target", "Account That Was Locked Out": "Target",
	"Account Information": "Target", "New Computer Account": "Target", "Computer Account That Was Changed": "Target", "User": "Target", "Group": "Target", "New Group": "Target", "Deleted Group": "Target",
	"Member": "Member",
}

// who are the labels of a section that speaks of somebody.
var who = map[string]string{
	"Security ID": "UserSid", "Account Name": "UserName", "User Name": "UserName", "Account Domain": "DomainName", "Domain Name": "DomainName", "Logon ID": "LogonId",
	"Group Name": "UserName", "Group Domain": "DomainName", "Logon GUID": "LogonGuid", "Linked Logon ID": "LinkedLogonId",
	"Network Account Name": "OutboundUserName", "Network Account Domain": "OutboundDomainName", "User ID": "Sid", "Supplied Realm Name": "DomainName",
}

// labels are what other labels are called in the event, some only in one event.
var labels = map[string]string{
	"Logon Type": "LogonType", "Restricted Admin Mode": "RestrictedAdminMode", "Virtual Account": "VirtualAccount", "Elevated Token": "ElevatedToken",
	"Impersonation Level": "ImpersonationLevel", "Logon GUID": "LogonGuid",
	"Process ID": "ProcessId", "Process Name": "ProcessName", "Caller Process ID": "ProcessId", "Caller Process Name": "ProcessName",
	"New Process ID": "NewProcessId", "New Process Name": "NewProcessName", "Token Elevation Type": "TokenElevationType", "Mandatory Label": "MandatoryLabel",
	"Creator Process ID": "ProcessId", "Creator Process Name": "ParentProcessName", "Process Command Line": "CommandLine", "Exit Status": "Status",
	"Workstation Name": "WorkstationName", "Source Network Address": "IpAddress", "Network Address": "IpAddress", "Port": "IpPort", "Client Address": "IpAddress", "Client Port": "IpPort",
	"Source Workstation": "Workstation", "Logon Account": "TargetUserName", "Error Code": "Status",
	"Failure Reason": "FailureReason", "Status": "Status", "Sub Status": "SubStatus", "Failure Code": "Status", "Result Code": "Status",
	"Logon Process": "LogonProcessName", "Logon Process Name": "LogonProcessName", "Authentication Package": "AuthenticationPackageName", "Transited Services": "TransmittedServices",
	"Package Name (NTLM only)": "LmPackageName", "Key Length": "KeyLength", "Target Server Name": "TargetServerName", "Additional Information": "TargetInfo",
	"Object Server": "ObjectServer", "Object Type": "ObjectType", "Object Name": "ObjectName", "Object Value Name": "ObjectValueName", "Handle ID": "HandleId", "Resource Attributes": "ResourceAttributes",
	"Operation Type": "OperationType", "Accesses": "AccessList", "Access Mask": "AccessMask", "Access Reasons": "AccessReason", "Transaction ID": "TransactionId",
	"Properties": "Properties", "Parameter 1": "AdditionalInfo", "Parameter 2": "AdditionalInfo2", "Privileges Used for Access Check": "PrivilegeList", "Restricted SID Count": "RestrictedSidCount",
	"Privileges": "PrivilegeList", "Enabled Privileges": "EnabledPrivilegeList", "Disabled Privileges": "DisabledPrivilegeList",
	"Old Value Type": "OldValueType", "Old Value": "OldValue", "New Value Type": "NewValueType", "New Value": "NewValue",
	"Share Name": "ShareName", "Share Path": "ShareLocalPath", "Relative Target Name": "RelativeTargetName",
	"Service Name": "ServiceName", "Service File Name": "ServiceFileName", "Service Type": "ServiceType", "Service Start Type": "ServiceStartType", "Service Account": "ServiceAccount",
	"Service ID": "ServiceSid", "Ticket Options": "TicketOptions", "Ticket Encryption Type": "TicketEncryptionType", "Pre-Authentication Type": "PreAuthType",
	"Task Name": "TaskName", "Task Content": "TaskContent", "Task New Content": "TaskContentNew",
	"Application Name": "Application", "Direction": "Direction", "Source Address": "SourceAddress", "Source Port": "SourcePort", "Destination Address": "DestAddress", "Destination Port": "DestPort", "Protocol": "Protocol",
	"SAM Account Name": "SamAccountName", "Display Name": "DisplayName", "User Principal Name": "UserPrincipalName", "SID History": "SidHistory", "Old UAC Value": "OldUacValue", "New UAC Value": "NewUacValue", "User Account Control": "UserAccountControl", "Primary Group ID": "PrimaryGroupId",
	"Old Account Name": "OldTargetUserName", "New Account Name": "NewTargetUserName", "AllowedToDelegateTo": "AllowedToDelegateTo",
	"DN": "ObjectDN", "GUID": "ObjectGUID", "Class": "ObjectClass", "LDAP Display Name": "AttributeLDAPDisplayName", "Syntax (OID)": "AttributeSyntaxOID", "Value": "AttributeValue",
	"Category": "CategoryId", "Subcategory": "SubcategoryId", "Subcategory GUID": "SubcategoryGuid", "Changes": "AuditPolicyChanges",
	"Allowed To Delegate To": "AllowedToDelegateTo", "Home Directory": "HomeDirectory", "Home Drive": "HomePath", "Script Path": "ScriptPath", "Profile Path": "ProfilePath",
	"User Workstations": "UserWorkstations", "Password Last Set": "PasswordLastSet", "Account Expires": "AccountExpires", "User Parameters": "UserParameters", "Logon Hours": "LogonHours",
	"Original Security Descriptor": "OldSd", "New Security Descriptor": "NewSd", "Read Operation": "ReadOperation",
	"ProcessCreationTime": "ClientProcessStartKey", "ClientProcessId": "ClientProcessId", "ParentProcessId": "ParentProcessId", "FQDN": "FQDN",
	"Session Name": "SessionName", "Client Name": "ClientName",
}

// special are labels that one event calls otherwise than the others.
var special = map[int64]map[string]string{
	7045: {"Service File Name": "ImagePath", "Service Start Type": "StartType", "Service Account": "AccountName"},
	4624: {"Source Port": "IpPort"}, 4625: {"Source Port": "IpPort"},
	5140: {"Source Address": "IpAddress", "Source Port": "IpPort"}, 5145: {"Source Address": "IpAddress", "Source Port": "IpPort"},
	4776: {"Authentication Package": "PackageName"},
	4798: {"Process ID": "CallerProcessId", "Process Name": "CallerProcessName"}, 4799: {"Process ID": "CallerProcessId", "Process Name": "CallerProcessName"},
	5156: {"Process ID": "ProcessID"}, 5157: {"Process ID": "ProcessID"},
	4673: {"Server": "ObjectServer", "Service Name": "Service"},
	4674: {"Object Handle": "HandleId", "Desired Access": "AccessMask"},
	4616: {"Name": "ProcessName"},
}

// codes are the references to Windows' own texts that fields hold where a message
// shows the text, as far as rules ask for them.
var codes = map[string]string{
	"DELETE": "%%1537", "READ_CONTROL": "%%1538", "WRITE_DAC": "%%1539", "WRITE_OWNER": "%%1540", "SYNCHRONIZE": "%%1541", "ACCESS_SYS_SEC": "%%1542",
	"<value not set>": "%%1793", "Impersonation": "%%1833", "Delegation": "%%1840", "Identification": "%%1832", "Anonymous": "%%1831", "Yes": "%%1842", "No": "%%1843",
	"New registry value created": "%%1904", "Existing registry value modified": "%%1905", "Registry value deleted": "%%1906",
	"TokenElevationTypeDefault (1)": "%%1936", "TokenElevationTypeFull (2)": "%%1937", "TokenElevationTypeLimited (3)": "%%1938",
	"ReadData (or ListDirectory)": "%%4416", "WriteData (or AddFile)": "%%4417", "AppendData (or AddSubdirectory or CreatePipeInstance)": "%%4418", "ReadEA": "%%4419", "WriteEA": "%%4420",
	"Execute/Traverse": "%%4421", "DeleteChild": "%%4422", "ReadAttributes": "%%4423", "WriteAttributes": "%%4424",
	"Query key value": "%%4432", "Set key value": "%%4433", "Create sub-key": "%%4434", "Enumerate sub-keys": "%%4435", "Notify about changes to keys": "%%4436",
	"Read from process memory": "%%4484", "Write to process memory": "%%4485", "ReadPasswordParameters": "%%5392",
	"Success removed": "%%8448", "Success Added": "%%8449", "Failure removed": "%%8450", "Failure Added": "%%8451", "Success added": "%%8449", "Failure added": "%%8451",
	"Inbound": "%%14592", "Outbound": "%%14593", "Value Added": "%%14674", "Value Deleted": "%%14675",
}

// coded writes the value of a field whose texts Windows refers to.
func coded(name, value string) string {
	switch name {
	case "AccessList", "AuditPolicyChanges", "Direction", "ElevatedToken", "ImpersonationLevel", "OperationType", "SidHistory", "TokenElevationType", "VirtualAccount":
	default:
		return value
	}
	separator := "\n\t\t\t\t"
	if name == "AuditPolicyChanges" {
		separator = ", "
	}
	parts := strings.Split(value, separator)
	for i, part := range parts {
		if code := codes[part]; code != "" {
			parts[i] = code
		}
	}
	return strings.Join(parts, separator)
}

// labelled returns what a label in a section is called in the event, "" when it is
// not known.
func labelled(id int64, section, label string) string {
	if prefix := sections[section]; prefix != "" {
		if name := who[label]; name != "" {
			return whose(id, prefix, name)
		}
	}
	if name := special[id][label]; name != "" {
		return name
	}
	return labels[label]
}

// whose joins them as the event does. Who is changed in an account has a TargetSid,
// who only acts a TargetUserSid.
func whose(id int64, prefix, name string) string {
	switch {
	case name == "LogonGuid" && (id != 4648 || prefix == "Subject"):
		return "LogonGuid"
	case prefix == "Subject" && (id == 4634 || id == 4647 || id == 4800 || id == 4801):
		return "Target" + name
	case name == "UserSid" && (prefix == "Member" || prefix == "Target" && id >= 4720 && id < 4800):
		return prefix + "Sid"
	case prefix == "Member":
		return "MemberName"
	}
	return prefix + name
}

// isSplunk says that a text is an event as Splunk's input WinEventLog renders it: a
// time, then lines "LogName=Security", of which Message is the last.
func isSplunk(text string) bool {
	first, rest, ok := strings.Cut(text[:min(len(text), 256)], "\n")
	return ok && len(first) < 64 && strings.Contains(first, "/") && strings.HasPrefix(rest, "LogName=")
}

// fromSplunk reads an event for which isSplunk holds.
func (d *decoder) fromSplunk(record string) event.Fields {
	record = strings.ReplaceAll(record, "\r", "")
	first, rest, _ := strings.Cut(record, "\n")
	f := event.Fields{}
	for rest != "" {
		if message, ok := strings.CutPrefix(rest, "Message="); ok {
			f["Message"] = message
			break
		}
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if name, value, ok := strings.Cut(line, "="); ok && len(name) <= format.MaxName && len(f) < format.MaxFields {
			f[name] = value
		}
	}
	d.fromCarrier(f)
	if t, err := time.Parse("01/02/2006 03:04:05 PM", first); err == nil {
		f["winlog.time_local"] = t.Format(time.DateTime)
	}
	return f
}
