package content_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// service is what the samples of one log type must give: the format, and where
// the record says when, who, from where and what. Paths are tried in order; the
// first that has a value is what the event must have.
type service struct {
	format               string
	time, user, ip, what []string
}

var services = map[string]service{
	"AWS.CloudTrail":                          {"cloudtrail", []string{"eventTime"}, []string{"userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"}, []string{"sourceIPAddress"}, []string{"eventName"}},
	"AWS.GuardDuty":                           {"guardduty", []string{"service.eventLastSeen"}, nil, []string{"service.action.awsApiCallAction.remoteIpDetails.ipAddressV4"}, nil},
	"AWS.WAFWebACL":                           {"aws-waf", []string{"timestamp"}, nil, []string{"httpRequest.clientIp"}, nil},
	"AWS.S3ServerAccess":                      {"aws-s3-access", []string{"time"}, []string{"requester"}, []string{"remoteip"}, []string{"operation"}},
	"AWS.VPCFlow":                             {"aws-vpc-flow", nil, nil, []string{"srcAddr"}, nil},
	"AWS.SecurityFindingFormat":               {"aws-security-hub", []string{"UpdatedAt"}, nil, []string{"Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4"}, []string{"Action.AwsApiCallAction.Api"}},
	"AWS.BedrockModelInvocation":              {"aws-bedrock", []string{"timestamp"}, []string{"identity.arn"}, nil, []string{"operation"}},
	"Okta.SystemLog":                          {"okta", []string{"published"}, []string{"actor.alternateId"}, []string{"client.ipAddress"}, []string{"eventType", "eventtype"}},
	"GCP.AuditLog":                            {"gcp-audit", []string{"timestamp"}, []string{"protoPayload.authenticationInfo.principalEmail"}, []string{"protoPayload.requestMetadata.callerIp", "protoPayload.requestMetadata.callerIP"}, []string{"protoPayload.methodName"}},
	"GCP.HTTPLoadBalancer":                    {"gcp-lb", []string{"timestamp"}, nil, []string{"httpRequest.remoteIp", "httprequest.remoteIp"}, nil},
	"GSuite.ActivityEvent":                    {"google-workspace", []string{"id.time"}, []string{"actor.email"}, []string{"ipAddress"}, []string{"name"}},
	"Azure.MonitorActivity":                   {"azure-activity", []string{"time"}, nil, []string{"callerIpAddress"}, []string{"operationName"}},
	"Amazon.EKS.Audit":                        {"kubernetes-audit", []string{"requestReceivedTimestamp"}, []string{"user.username"}, nil, []string{"verb"}},
	"GitHub.Audit":                            {"github", nil, []string{"actor"}, []string{"actor_ip"}, []string{"action"}},
	"GitHub.Webhook":                          {"github-webhook", nil, []string{"sender.login"}, nil, []string{"action"}},
	"GitLab.Audit":                            {"gitlab", nil, nil, nil, nil},
	"GitLab.Production":                       {"gitlab-production", nil, nil, nil, nil},
	"Slack.AuditLogs":                         {"slack", []string{"date_create"}, []string{"actor.user.email"}, []string{"context.ip_address"}, []string{"action"}},
	"Databricks.Audit":                        {"databricks", []string{"timestamp"}, []string{"userIdentity.email"}, []string{"sourceIPAddress"}, []string{"actionName"}},
	"Auth0.Events":                            {"auth0", []string{"data.date"}, nil, []string{"data.ip"}, []string{"data.description"}},
	"Anthropic.Activity":                      {"anthropic", []string{"created_at"}, []string{"actor.email_address"}, []string{"actor.ip_address"}, []string{"type"}},
	"OpenAI.Audit":                            {"openai", []string{"effective_at"}, []string{"actor.session.user.email"}, []string{"actor.session.ip_address"}, []string{"type"}},
	"Wiz.Audit":                               {"wiz", []string{"timestamp"}, []string{"user.name"}, []string{"sourceIP", "sourceip"}, []string{"action"}},
	"Wiz.IssuesWebhook":                       {"wiz", []string{"issue.created"}, nil, nil, nil},
	"Zscaler.ZIA.AdminAuditLog":               {"zscaler-audit", []string{"event.time"}, []string{"event.adminid"}, []string{"event.clientip"}, []string{"event.action"}},
	"Snyk.GroupAudit":                         {"snyk", []string{"created"}, nil, nil, []string{"event"}},
	"Snyk.OrgAudit":                           {"snyk", []string{"created"}, nil, nil, []string{"event"}},
	"Crowdstrike.EventStreams":                {"crowdstrike-detection", nil, []string{"event.UserId"}, []string{"event.UserIp"}, []string{"event.OperationName"}},
	"Notion.AuditLogs":                        {"notion", []string{"event.timestamp"}, []string{"event.actor.person.email"}, []string{"event.ip_address"}, []string{"event.type"}},
	"Duo.Administrator":                       {"duo", []string{"isotimestamp"}, []string{"username"}, nil, []string{"action"}},
	"OneLogin.Events":                         {"onelogin", nil, []string{"actor_user_name"}, []string{"ipaddr"}, []string{"event_type_id"}},
	"Proofpoint.Event":                        {"proofpoint", []string{"messageTime"}, nil, []string{"senderIP"}, nil},
	"Snowflake.LoginHistory":                  {"snowflake", []string{"EVENT_TIMESTAMP"}, []string{"USER_NAME"}, []string{"CLIENT_IP"}, []string{"EVENT_TYPE"}},
	"Snowflake.QueryHistory":                  {"snowflake", nil, []string{"USER_NAME"}, nil, []string{"QUERY_TYPE"}},
	"Snowflake.GrantsToUsers":                 {"snowflake", []string{"CREATED_ON"}, []string{"GRANTED_BY"}, nil, nil},
	"Box.Event":                               {"box", []string{"created_at"}, []string{"created_by.login"}, []string{"ip_address"}, []string{"event_type"}},
	"Osquery.Differential":                    {"osquery", []string{"unixTime"}, nil, nil, []string{"action"}},
	"Zoom.Operation":                          {"zoom", []string{"time"}, []string{"operator"}, nil, []string{"action"}},
	"MongoDB.OrganizationEvent":               {"mongodb-atlas", []string{"created"}, []string{"username"}, []string{"remoteAddress"}, []string{"eventTypeName"}},
	"MongoDB.ProjectEvent":                    {"mongodb-atlas", []string{"created"}, []string{"username"}, []string{"remoteAddress"}, []string{"eventTypeName"}},
	"Zendesk.Audit":                           {"zendesk", []string{"created_at"}, []string{"actor_name"}, []string{"ip_address"}, []string{"action"}},
	"SentinelOne.Activity":                    {"sentinelone", []string{"createdat"}, nil, nil, nil},
	"Tines.Audit":                             {"tines", []string{"created_at"}, []string{"user_email"}, []string{"request_ip"}, []string{"operation_name"}},
	"Microsoft365.Audit.Exchange":             {"m365", []string{"creationtime", "CreationTime"}, []string{"userid", "UserId"}, []string{"clientip", "ClientIP"}, []string{"operation", "Operation"}},
	"PushSecurity.Activity":                   {"push-security", []string{"timestamp"}, []string{"new.employee.email"}, []string{"new.sourceIpAddress"}, nil},
	"PushSecurity.Entities":                   {"push-security", []string{"timestamp"}, nil, nil, nil},
	"Upwind.Detections":                       {"upwind", []string{"last_seen_time"}, nil, nil, []string{"title"}},
	"Gravitational.TeleportAudit":             {"teleport", []string{"time"}, []string{"user"}, nil, []string{"event"}},
	"Salesforce.RealtimeEvent":                {"salesforce", []string{"TIMESTAMP_DERIVED"}, []string{"USERNAME"}, []string{"SOURCE_IP"}, []string{"EVENT_TYPE"}},
	"Salesforce.LoginAs":                      {"salesforce", []string{"TIMESTAMP_DERIVED"}, []string{"USER_NAME"}, []string{"SOURCE_IP"}, []string{"EVENT_TYPE"}},
	"CarbonBlack.Audit":                       {"carbonblack", []string{"eventTime"}, []string{"loginName"}, []string{"clientIp"}, []string{"description"}},
	"CarbonBlack.AlertV2":                     {"carbonblack", []string{"detection_timestamp"}, []string{"device_username"}, []string{"device_internal_ip"}, nil},
	"Dropbox.TeamEvent":                       {"dropbox", []string{"timestamp"}, []string{"actor.user.email"}, []string{"origin.geo_location.ip_address"}, nil},
	"Panther.Audit":                           {"panther", []string{"timestamp"}, []string{"actor.attributes.email"}, []string{"sourceIP"}, []string{"actionName"}},
	"Axonius.Activity":                        {"axonius", []string{"time"}, []string{"event.user"}, []string{"event.params.ip"}, []string{"event.action"}},
	"Cloudflare.Firewall":                     {"cloudflare-firewall", []string{"Datetime"}, nil, []string{"ClientIP"}, nil},
	"Cloudflare.HttpRequest":                  {"cloudflare-http", []string{"EdgeStartTimestamp", "EdgeEndTimestamp"}, nil, []string{"ClientIP"}, nil},
	"Netskope.Audit":                          {"netskope", []string{"timestamp"}, []string{"user"}, nil, []string{"audit_log_event"}},
	"SOCRadar.Incidents":                      {"socradar", []string{"date"}, []string{"content.username"}, []string{"content.ip_address"}, nil},
	"Sublime.Audit":                           {"sublime", []string{"created_at"}, []string{"created_by.email_address"}, []string{"data.request.ip"}, []string{"type"}},
	"AppOmni.Alerts":                          {"appomni", []string{"timestamp", "@timestamp"}, nil, []string{"source.ip"}, nil},
	"Asana.Audit":                             {"asana", []string{"created_at"}, []string{"actor.email"}, []string{"context.client_ip_address"}, []string{"event_type"}},
	"CiscoUmbrella.DNS":                       {"umbrella-dns", []string{"timestamp"}, nil, []string{"internalIp"}, nil},
	"Microsoft365.Audit.SharePoint":           {"m365", []string{"CreationTime"}, []string{"UserId"}, []string{"ClientIP"}, []string{"Operation"}},
	"Orca.Alert":                              {"orca", []string{"state.last_updated"}, nil, nil, []string{"type"}},
	"Tailscale.Audit":                         {"tailscale", []string{"time"}, []string{"event.actor.loginName"}, nil, []string{"event.action"}},
	"Docusign.Connect":                        {"docusign", []string{"generatedDateTime"}, []string{"data.email"}, nil, []string{"event"}},
	"Atlassian.Audit":                         {"atlassian", []string{"attributes.time"}, []string{"attributes.actor.email"}, nil, []string{"attributes.action"}},
	"Windows.EventLogs":                       {"windows", []string{"TimeCreated"}, nil, nil, nil},
	"OnePassword.ItemUsage":                   {"onepassword", []string{"timestamp"}, []string{"user.email"}, []string{"client.ip_address"}, nil},
	"ThinkstCanary.Alert":                     {"canary", nil, nil, []string{"SourceIP"}, nil},
	"Microsoft365.Audit.AzureActiveDirectory": {"m365", []string{"CreationTime"}, []string{"UserId"}, []string{"ClientIP"}, []string{"Operation"}},
}

type sample struct {
	Types []string        `json:"log_types"`
	Log   json.RawMessage `json:"log"`
}

func pantherSamples(t testing.TB) []sample {
	t.Helper()
	f, err := os.Open(realdata.Path(t, "panther-tests", "cases.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(nil, 4<<20)
	var out []sample
	for in.Scan() {
		var s sample
		if err := json.Unmarshal(in.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if string(s.Log) != "null" {
			out = append(out, s)
		}
	}
	return out
}

// TestServices reads the samples of cloud services. Those that name one log type
// must be of its format; what the record says of time, user, address and action
// must be in the event, as encoding/json finds it.
func TestServices(t *testing.T) {
	rec := recogniser(t)
	counts := map[string]int{}
	unknown, checked := 0, 0
	for _, s := range pantherSamples(t) {
		stream, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		ev, ok, err := stream.Decode(s.Log)
		if err != nil || !ok {
			t.Errorf("%v: %v: %.200s", s.Types, err, s.Log)
			continue
		}
		counts[ev.Format]++
		if len(s.Types) != 1 {
			continue
		}
		want, known := services[s.Types[0]]
		if !known {
			continue
		}
		if ev.Format != want.format {
			unknown++
			t.Logf("%s is read as %s: %.200s", s.Types[0], ev.Format, s.Log)
			continue
		}
		checked++
		checkService(t, want, &ev, s.Log)
	}
	if unknown > 5 || checked < 1250 {
		t.Errorf("%d samples are not of their format, %d are; at most 5 say too little", unknown, checked)
	}
	t.Logf("%d samples checked; by format: %v", checked, counts)
}

func checkService(t *testing.T, want service, ev *event.Event, raw []byte) {
	t.Helper()
	var record any
	if err := json.Unmarshal(raw, &record); err != nil {
		t.Fatal(err)
	}
	if v := lookUp(record, want.time); v != nil {
		at, ok := format.TimeOf(v)
		if f, is := v.(float64); is {
			at, ok = format.EpochTime(f)
		}
		if ok && at.Sub(ev.Time).Abs() > time.Millisecond {
			t.Errorf("%s: time %v, the record says %v", want.format, ev.Time, v)
		}
	}
	for _, c := range []struct {
		field string
		paths []string
	}{{"user.name", want.user}, {"source.ip", want.ip}, {"event.action", want.what}} {
		v := lookUp(record, c.paths)
		if v == nil || v == "" {
			continue
		}
		text, is := v.(string)
		if c.field == "source.ip" {
			if both, err := netip.ParseAddrPort(text); err == nil {
				text = both.Addr().String()
			} else if _, err := netip.ParseAddr(text); err != nil {
				continue // a service, or crossed out
			}
		}
		if got := ev.Fields.String(c.field); is && got != text {
			t.Errorf("%s: %s is %q, the record says %q", want.format, c.field, got, text)
		}
	}
}

func lookUp(record any, paths []string) any {
	for _, p := range paths {
		v := record
		for step := range strings.SplitSeq(p, ".") {
			m, _ := v.(map[string]any)
			v = m[step]
		}
		if v != nil && v != "" {
			return v
		}
	}
	return nil
}
