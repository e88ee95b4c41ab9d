package pattern

import "github.com/vedette-soc/vedette/indicator"

// observed is the types of cyber-observable objects that an event is read as.
var observed = map[string]bool{
	"autonomous-system": true, "directory": true, "domain-name": true, "email-addr": true, "email-message": true, "file": true, "ipv4-addr": true,
	"ipv6-addr": true, "mac-addr": true, "mutex": true, "network-traffic": true, "process": true, "url": true, "user-account": true,
	"windows-registry-key": true, "x509-certificate": true,
}

// valued is the objects whose value is a value of one type.
var valued = map[indicator.Type]string{
	indicator.IPv4: "ipv4-addr", indicator.IPv6: "ipv6-addr", indicator.Domain: "domain-name", indicator.URL: "url", indicator.Email: "email-addr",
	indicator.MAC: "mac-addr",
}

// hashes is how STIX calls the algorithms; the second names are those of STIX 1 and of
// patterns written by hand.
var hashes = map[indicator.Type][]string{
	indicator.MD5: {"MD5"}, indicator.SHA1: {"SHA-1", "SHA1"}, indicator.SHA256: {"SHA-256", "SHA256"}, indicator.SHA512: {"SHA-512", "SHA512"},
	indicator.CertSHA1: {"SHA-1", "SHA1"}, indicator.CertSHA256: {"SHA-256", "SHA256"},
}

// property is a field of an event that becomes a property of an object.
type property struct {
	field  string
	object string // which: objects of a name are one
	kind   string
	path   []string
	number bool
}

// properties is the fields that are read besides the observables.
var properties = []property{
	{"file.name", "file", "file", []string{"name"}, false},
	{"file.size", "file", "file", []string{"size"}, true},
	{"file.path", "file/directory", "directory", []string{"path"}, false},
	{"dll.name", "dll", "file", []string{"name"}, false},
	{"dll.path", "dll/directory", "directory", []string{"path"}, false},
	{"email.attachments.file.name", "email.attachments.file", "file", []string{"name"}, false},
	{"email.subject", "email", "email-message", []string{"subject"}, false},
	{"email.message_id", "email", "email-message", []string{"message_id"}, false},
	{"process.name", "image", "file", []string{"name"}, false},
	{"process.executable", "image/directory", "directory", []string{"path"}, false},
	{"process.name", "process", "process", []string{"name"}, false},
	{"process.command_line", "process", "process", []string{"command_line"}, false},
	{"process.working_directory", "process", "process", []string{"cwd"}, false},
	{"process.pid", "process", "process", []string{"pid"}, true},
	{"process.parent.name", "parent-image", "file", []string{"name"}, false},
	{"process.parent.executable", "parent-image/directory", "directory", []string{"path"}, false},
	{"process.parent.name", "parent", "process", []string{"name"}, false},
	{"process.parent.command_line", "parent", "process", []string{"command_line"}, false},
	{"process.parent.pid", "parent", "process", []string{"pid"}, true},
	{"registry.path", "registry", "windows-registry-key", []string{"key"}, false},
	{"source.port", "traffic", "network-traffic", []string{"src_port"}, true},
	{"destination.port", "traffic", "network-traffic", []string{"dst_port"}, true},
	{"source.bytes", "traffic", "network-traffic", []string{"src_byte_count"}, true},
	{"destination.bytes", "traffic", "network-traffic", []string{"dst_byte_count"}, true},
	{"http.request.method", "traffic", "network-traffic", []string{"extensions", "http-request-ext", "request_method"}, false},
	{"url.original", "traffic", "network-traffic", []string{"extensions", "http-request-ext", "request_value"}, false},
	{"user_agent.original", "traffic", "network-traffic", []string{"extensions", "http-request-ext", "request_header", "User-Agent"}, false},
	{"http.request.referrer", "traffic", "network-traffic", []string{"extensions", "http-request-ext", "request_header", "Referer"}, false},
	{"url.domain", "traffic", "network-traffic", []string{"extensions", "http-request-ext", "request_header", "Host"}, false},
	{"tls.server.subject", "certificate", "x509-certificate", []string{"subject"}, false},
	{"tls.server.issuer", "certificate", "x509-certificate", []string{"issuer"}, false},
	{"x509.serial_number", "certificate", "x509-certificate", []string{"serial_number"}, false},
	{"user.name", "user", "user-account", []string{"account_login"}, false},
	{"user.id", "user", "user-account", []string{"user_id"}, false},
}

// references is what refers to what, by the names of objects.
var references = []struct{ from, property, to string }{
	{"file", "parent_directory_ref", "file/directory"},
	{"dll", "parent_directory_ref", "dll/directory"},
	{"image", "parent_directory_ref", "image/directory"},
	{"parent-image", "parent_directory_ref", "parent-image/directory"},
	{"process", "image_ref", "image"},
	{"process", "binary_ref", "image"},
	{"process", "parent_ref", "parent"},
	{"process", "creator_user_ref", "user"},
	{"parent", "image_ref", "parent-image"},
	{"parent", "binary_ref", "parent-image"},
}

// sides is which address a property of network traffic or of a message refers to.
var sides = []struct{ field, from, property string }{
	{"source.ip", "traffic", "src_ref"},
	{"destination.ip", "traffic", "dst_ref"},
	{"destination.domain", "traffic", "dst_ref"},
	{"email.from.address", "email", "from_ref"},
	{"email.sender.address", "email", "sender_ref"},
}
