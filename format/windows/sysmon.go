package windows

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
)

// sysmon maps Microsoft-Windows-Sysmon; ids and fields as in its manifest, up
// to version 15.
var sysmon = source{
	classes: map[int64]class{
		1:   {"process-created", []string{"process"}, []string{"start"}},
		2:   {"file-creation-time-changed", []string{"file"}, []string{"change"}},
		3:   {"network-connection", []string{"network"}, []string{"start", "connection", "protocol"}},
		4:   {"sysmon-state-changed", []string{"process"}, []string{"change"}},
		5:   {"process-terminated", []string{"process"}, []string{"end"}},
		6:   {"driver-loaded", []string{"driver"}, []string{"start"}},
		7:   {"image-loaded", []string{"process"}, []string{"change"}},
		8:   {"remote-thread-created", []string{"process"}, []string{"change"}},
		9:   {"raw-access-read", []string{"process"}, []string{"access"}},
		10:  {"process-accessed", []string{"process"}, []string{"access"}},
		11:  {"file-created", []string{"file"}, []string{"creation"}},
		12:  {"registry-object-added-or-deleted", []string{"configuration", "registry"}, []string{"change"}},
		13:  {"registry-value-set", []string{"configuration", "registry"}, []string{"change"}},
		14:  {"registry-object-renamed", []string{"configuration", "registry"}, []string{"change"}},
		15:  {"file-stream-created", []string{"file"}, []string{"access"}},
		16:  {"sysmon-config-changed", []string{"configuration"}, []string{"change"}},
		17:  {"pipe-created", []string{"file"}, []string{"creation"}},
		18:  {"pipe-connected", []string{"file"}, []string{"access"}},
		19:  {"wmi-filter", []string{"configuration"}, []string{"creation"}},
		20:  {"wmi-consumer", []string{"configuration"}, []string{"creation"}},
		21:  {"wmi-binding", []string{"configuration"}, []string{"creation"}},
		22:  {"dns-query", []string{"network"}, []string{"connection", "protocol", "info"}},
		23:  {"file-deleted", []string{"file"}, []string{"deletion"}},
		24:  {"clipboard-changed", []string{"process"}, []string{"change"}},
		25:  {"process-image-changed", []string{"process"}, []string{"change"}},
		26:  {"file-delete-detected", []string{"file"}, []string{"deletion"}},
		27:  {"executable-blocked", []string{"file"}, []string{"denied"}},
		28:  {"shredding-blocked", []string{"file"}, []string{"denied"}},
		29:  {"executable-detected", []string{"file"}, []string{"creation"}},
		255: {"sysmon-error", []string{"process"}, []string{"error"}},
	},
	rules: join(exe("Image", "process"), exe("SourceImage", "process"), exe("ParentImage", "process.parent"), path("TargetFilename", "file"), []format.Rule{
		{From: data + "ProcessId", To: "process.pid", Convert: format.Number},
		{From: data + "SourceProcessId", To: "process.pid", Convert: format.Number},
		{From: data + "ProcessGuid", To: "process.entity_id", Convert: guid},
		{From: data + "SourceProcessGUID", To: "process.entity_id", Convert: guid},
		{From: data + "SourceProcessGuid", To: "process.entity_id", Convert: guid},
		{From: data + "ParentProcessId", To: "process.parent.pid", Convert: format.Number},
		{From: data + "ParentProcessGuid", To: "process.parent.entity_id", Convert: guid},
		{From: data + "CommandLine", To: "process.command_line"},
		{From: data + "ParentCommandLine", To: "process.parent.command_line"},
		{From: data + "CurrentDirectory", To: "process.working_directory"},
		{From: data + "RuleName", To: "rule.name"},
	}, userOf(data+"User"), userOf(data+"SourceUser")),
	byID: map[int64][]format.Rule{
		1: {
			{From: data + "OriginalFileName", To: "process.pe.original_file_name"},
			{From: data + "Company", To: "process.pe.company"},
			{From: data + "Product", To: "process.pe.product"},
			{From: data + "Description", To: "process.pe.description"},
			{From: data + "FileVersion", To: "process.pe.file_version"},
		},
		3: {
			{From: data + "SourceIp", To: "source.ip", Convert: address},
			{From: data + "SourcePort", To: "source.port", Convert: port},
			{From: data + "SourceHostname", To: "source.domain"},
			{From: data + "DestinationIp", To: "destination.ip", Convert: address},
			{From: data + "DestinationPort", To: "destination.port", Convert: port},
			{From: data + "DestinationHostname", To: "destination.domain"},
			{From: data + "DestinationPortName", To: "network.protocol"},
			{From: data + "Protocol", To: "network.transport", Convert: format.Lower},
			{From: data + "Initiated", To: "network.direction", Convert: initiated},
		},
		6: path("ImageLoaded", "dll"),
		7: join(path("ImageLoaded", "dll"), []format.Rule{
			{From: data + "OriginalFileName", To: "dll.pe.original_file_name"},
			{From: data + "Company", To: "dll.pe.company"},
			{From: data + "Product", To: "dll.pe.product"},
			{From: data + "Signature", To: "dll.code_signature.subject_name"},
		}),
		12: registry, 13: registry, 14: registry,
		17: {{From: data + "PipeName", To: "file.name"}},
		18: {{From: data + "PipeName", To: "file.name"}},
		22: {{From: data + "QueryName", To: "dns.question.name"}},
	},
}

var registry = []format.Rule{
	{From: data + "TargetObject", To: "registry.path"},
	{From: data + "TargetObject", To: "registry.value", Convert: format.Base},
	{From: data + "TargetObject", To: "registry.hive", Convert: hive},
	{From: data + "Details", To: "registry.data.strings", Convert: format.List},
}

// hive is the first part of a registry path as Sysmon writes it, "HKLM\…".
func hive(v any) any {
	s, _ := v.(string)
	s, _, _ = strings.Cut(strings.TrimPrefix(s, `\REGISTRY\`), `\`)
	return s
}

func initiated(v any) any {
	switch v {
	case true, "true":
		return "egress"
	case false, "false":
		return "ingress"
	}
	return nil
}

func deriveSysmon(f event.Fields, id int64) {
	subject := "file"
	switch id {
	case 1, 25:
		subject = "process"
	case 6, 7:
		subject = "dll"
	}
	hashes(f, f.String(data+"Hashes"), subject)
	hashes(f, f.String(data+"Hash"), subject)
	if id == 22 {
		queryResults(f)
	}
}

// hashes splits "SHA1=…,MD5=…,SHA256=…,IMPHASH=…".
func hashes(f event.Fields, list, subject string) {
	for list != "" {
		var part string
		part, list, _ = strings.Cut(list, ",")
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		value = strings.ToLower(value)
		switch name {
		case "MD5":
			f.SetNew(subject+".hash.md5", value)
		case "SHA1":
			f.SetNew(subject+".hash.sha1", value)
		case "SHA256":
			f.SetNew(subject+".hash.sha256", value)
		case "IMPHASH":
			f.SetNew(subject+".pe.imphash", value)
		}
	}
}

// queryResults splits "type:  5 name.example;::ffff:192.0.2.1;".
func queryResults(f event.Fields) {
	var answers, addresses []string
	for part := range strings.SplitSeq(f.String(data+"QueryResults"), ";") {
		if rest, ok := strings.CutPrefix(part, "type:"); ok {
			_, name, _ := strings.Cut(strings.TrimSpace(rest), " ")
			part = strings.TrimSpace(name)
		}
		part = strings.TrimPrefix(part, "::ffff:")
		if part == "" || part == "-" {
			continue
		}
		answers = append(answers, part)
		if _, err := netip.ParseAddr(part); err == nil {
			addresses = append(addresses, part)
		}
	}
	f.SetNew("dns.answers.data", answers)
	f.SetNew("dns.resolved_ip", addresses)
	f.SetNew("network.protocol", "dns")
}
