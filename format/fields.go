package format

import "github.com/vedette-soc/vedette/indicator"

var (
	address = []indicator.Type{indicator.IPv4, indicator.IPv6}
	domain  = []indicator.Type{indicator.Domain}
	host    = []indicator.Type{indicator.IPv4, indicator.IPv6, indicator.Domain}
	link    = []indicator.Type{indicator.URL}
	mailbox = []indicator.Type{indicator.Email}
	mac     = []indicator.Type{indicator.MAC}
	account = []indicator.Type{indicator.Email, indicator.UserAccount}
	agent   = []indicator.Type{indicator.UserAgent}
	ja3     = []indicator.Type{indicator.JA3}
	ja4     = []indicator.Type{indicator.JA4}
	regKey  = []indicator.Type{indicator.RegistryKey}
	name    = []indicator.Type{indicator.FileName}
	asn     = []indicator.Type{indicator.ASN}
	cve     = []indicator.Type{indicator.Vulnerability}
	md5     = []indicator.Type{indicator.MD5}
	sha1    = []indicator.Type{indicator.SHA1}
	sha256  = []indicator.Type{indicator.SHA256}
	sha512  = []indicator.Type{indicator.SHA512}
	cert1   = []indicator.Type{indicator.CertSHA1}
	cert256 = []indicator.Type{indicator.CertSHA256}
)

// typedFields are the ECS fields whose values are observables, by the meaning
// ECS gives them.
var typedFields = []typedField{
	{"source.ip", address},
	{"source.domain", domain},
	{"source.mac", mac},
	{"source.nat.ip", address},
	{"destination.ip", address},
	{"destination.domain", domain},
	{"destination.mac", mac},
	{"destination.nat.ip", address},
	{"client.ip", address},
	{"client.domain", domain},
	{"client.mac", mac},
	{"server.ip", address},
	{"server.domain", domain},
	{"host.ip", address},
	{"host.mac", mac},
	{"network.forwarded_ip", address},
	{"related.ip", address},
	{"related.hosts", host},
	{"dns.question.name", domain},
	{"dns.answers.data", host},
	{"dns.resolved_ip", address},
	{"url.full", link},
	{"url.domain", host},
	{"http.request.referrer", link},
	{"user_agent.original", agent},
	{"tls.client.server_name", domain},
	{"tls.client.ja3", ja3},
	{"tls.client.ja4", ja4},
	{"tls.client.hash.sha1", cert1},
	{"tls.client.hash.sha256", cert256},
	{"tls.server.ja3s", ja3},
	{"tls.server.hash.sha1", cert1},
	{"tls.server.hash.sha256", cert256},
	{"x509.alternative_names", host},
	{"email.from.address", mailbox},
	{"email.to.address", mailbox},
	{"email.cc.address", mailbox},
	{"email.bcc.address", mailbox},
	{"email.reply_to.address", mailbox},
	{"email.sender.address", mailbox},
	{"email.attachments.file.name", name},
	{"file.name", name},
	{"file.hash.md5", md5},
	{"file.hash.sha1", sha1},
	{"file.hash.sha256", sha256},
	{"file.hash.sha512", sha512},
	{"process.name", name},
	{"process.hash.md5", md5},
	{"process.hash.sha1", sha1},
	{"process.hash.sha256", sha256},
	{"process.hash.sha512", sha512},
	{"process.parent.name", name},
	{"process.parent.hash.md5", md5},
	{"process.parent.hash.sha1", sha1},
	{"process.parent.hash.sha256", sha256},
	{"dll.name", name},
	{"dll.hash.md5", md5},
	{"dll.hash.sha1", sha1},
	{"dll.hash.sha256", sha256},
	{"related.hash", []indicator.Type{indicator.SHA256, indicator.SHA1, indicator.MD5, indicator.SHA512}},
	{"registry.path", regKey},
	{"user.name", account},
	{"user.email", mailbox},
	{"user.target.name", account},
	{"source.user.name", account},
	{"destination.user.name", account},
	{"source.as.number", asn},
	{"destination.as.number", asn},
	{"vulnerability.id", cve},
}

// textFields are the ECS fields in which a command, a script, a message or a
// link may carry observables.
var textFields = []string{
	"message",
	"process.command_line",
	"process.parent.command_line",
	"process.args",
	"powershell.command.invocation_details",
	"powershell.file.script_block_text",
	"registry.data.strings",
	"email.subject",
	"email.links",
	"dns.answers.text",
	"winlog.event_data.Contents",
	"winlog.event_data.Consumer",
	"winlog.event_data.ContextInfo",
	"winlog.event_data.Destination",
	"winlog.event_data.ImagePath",
	"winlog.event_data.Operation",
	"winlog.event_data.Payload",
	"winlog.event_data.Query",
	"winlog.event_data.QueryResults",
	"winlog.event_data.ServiceFileName",
	"winlog.event_data.TaskContent",
	"winlog.event_data.TaskContentNew",
	"winlog.event_data.url",
	"zeek.notice.msg",
	"zeek.notice.sub",
}
