package format

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
)

// What records that nobody has described say is told by the names that most logs
// give to it: who, from where to where, what, when. A value counts only if it is
// what the name promises.

// meaning is a field of ECS and the names, letters and digits only, that logs have
// for it, the most telling first. Plain names mean it only at the top of a record, or
// below a name that says nothing, like "data".
type meaning struct {
	field string
	reads reading
	names string
	plain string
}

// reading takes a value if it is what it should be. long says that blanks may be in it.
type reading struct {
	as   func(v any) (any, bool)
	long bool
}

var (
	moments   = reading{asMoment, true}
	addresses = reading{asAddress, false}
	ports     = reading{asPort, false}
	macs      = reading{asMAC, false}
	users     = reading{asUser, false}
	hosts     = reading{asHost, false}
	links     = reading{asURL, true}
	dnsNames  = reading{asName, false}
	methods   = reading{asMethod, false}
	statuses  = reading{asStatus, false}
	texts     = reading{asText, true}
	paths     = reading{asPath, true}
	files     = reading{asFile, true}
	mails     = reading{asMail, false}
	verdicts  = reading{asVerdict, false}
)

var meanings = [...]meaning{
	{"@timestamp", moments, "eventtime eventtimestamp eventcreationtime eventdatetime timegenerated occurredat detectedat detectiontime detecttime observedat logtime deviceeventtime", "timestamp time ts datetime date published createddatetime timecreated createdat created starttime begintime start firstseen receivetime lastseen updatedat"},
	{"source.ip", addresses, "srcip sourceip srcipaddress sourceipaddress srcaddr sourceaddress saddr srcipv4 srcipv6 clientip clientipaddress clientaddr clientaddress callerip calleripaddress remoteip remoteaddr remoteaddress attackerip actorip actoripaddress ipsrc ipsource userip connsrcip senderip senderclientip sourceipv4address sourceipv6address idorigh requestip requesterip peerip peeraddress visitorip remotehost", "src source cip sip ip ipaddress client ipaddr peer rhost"},
	{"destination.ip", addresses, "dstip destip destinationip dstipaddress destinationipaddress destipaddress dstaddr destaddr destinationaddress daddr dstipv4 dstipv6 serverip serveripaddress targetip targetipaddress ipdst conndestip destinationipv4address destinationipv6address idresph", "dst dest destination server dip"},
	{"source.port", ports, "srcport sourceport clientport spt srcprt portsrc connsrcport sourcetransportport", "sport cport"},
	{"destination.port", ports, "dstport destport destinationport serverport dpt dstprt targetport portdst conndestport destinationtransportport", "dport"},
	{"source.domain", hosts, "srchost srchostname sourcehost sourcehostname shost clienthost clienthostname", ""},
	{"destination.domain", hosts, "dsthost dsthostname desthost desthostname destinationhost destinationhostname dhost destinationdomain targethost targethostname", ""},
	{"source.mac", macs, "srcmac sourcemac clientmac smac sourcemacaddress srcmacaddress", "mac macaddress"},
	{"user.name", users, "username userid userprincipalname upn srcuser sourceuser sourceusername suser loginname accountname samaccountname actorusername actoremail actorname useremail usermail usr usrname subjectusername loggedonuser csusername", "user account login uname actor principal email"},
	{"user.target.name", users, "targetusername targetuser targetuseremail targetaccount duser dstuser destuser destinationuser destinationusername targetuserid targetuserprincipalname", ""},
	{"host.name", hosts, "hostname computername machinename devicename endpointname agenthostname agentcomputername hostcomputername workstationname dvchost devicehostname devicednsname fqdn", "host computer machine workstation"},
	{"host.ip", addresses, "hostip hostipaddress deviceip deviceipaddress endpointip machineip agentip computerip localip", ""},
	{"url.full", links, "requesturl urlfull fullurl targeturl httpurl eventurl dsturl desturl destinationurl requestedurl", "url uri"},
	{"url.domain", dnsNames, "httphost urldomain urlhost requesthost cshost", "domain"},
	{"dns.question.name", dnsNames, "dnsquery queryname qname dnsname dnsquestion questionname rrname dnsqueryname dnsquestionname", "query"},
	{"http.request.method", methods, "requestmethod httpmethod httprequestmethod csmethod", "method verb"},
	{"http.response.status_code", statuses, "statuscode httpstatus httpstatuscode responsecode httpresponsecode scstatus responsestatus httpresponsestatuscode", "status"},
	{"user_agent.original", texts, "useragent httpuseragent requestuseragent clientuseragent csuseragent", "ua"},
	{"file.path", paths, "filepath targetfilepath fullpath filefullpath", ""},
	{"file.name", files, "filename", ""},
	{"file.hash.sha256", reading{asHash(64), false}, "sha256 filesha256 sha256hash hashsha256 filehashsha256 processsha256 processhashsha256 filehash", "hash"},
	{"file.hash.sha1", reading{asHash(40), false}, "sha1 filesha1 sha1hash hashsha1 filehashsha1", "hash"},
	{"file.hash.md5", reading{asHash(32), false}, "md5 filemd5 md5hash hashmd5 filehashmd5 processmd5", "hash"},
	{"process.executable", paths, "processpath processexecutable processimage imagepath imagefilename processfilepath processimagepath actorprocessimagepath", "image"},
	{"process.name", files, "processname", ""},
	{"process.command_line", texts, "commandline processcommandline cmdline processcmdline processcmd actorprocesscommandline", ""},
	{"process.parent.executable", paths, "parentprocesspath parentimage parentpath parentprocessimage processparentexecutable", ""},
	{"process.parent.command_line", texts, "parentcommandline parentprocesscommandline processparentcommandline parentcmdline", ""},
	{"email.from.address", mails, "senderaddress fromaddress mailfrom envelopefrom senderemail senderfromaddress headerfrom emailfrom", "sender from"},
	{"email.to.address", mails, "recipientaddress toaddress rcptto envelopeto recipientemail emailto", "recipient to rcpt recipients"},
	{"email.subject", texts, "emailsubject mailsubject messagesubject", "subject"},
	{"rule.name", texts, "rulename signaturename threatname detectionname malwarename virusname alertname", "signature threat rule"},
	{"event.action", verdicts, "policyaction deviceaction fwaction actiontaken disposition", "action act verdict"},
}

// Places in meanings that are asked for by name.
var (
	timeMeant   = meant("@timestamp")
	hostMeant   = meant("host.name")
	methodMeant = meant("http.request.method")
	domainMeant = meant("url.domain")
	agentMeant  = meant("user_agent.original")
)

func meant(field string) int {
	for i := range meanings {
		if meanings[i].field == field {
			return i
		}
	}
	panic("no meaning " + field)
}

// sense is one thing that a name may mean; the lower the rank the surer.
type sense struct{ meaning, rank int }

// senses and plainSenses are all of them, by name.
var senses, plainSenses = dictionary()

func dictionary() (telling, plain map[string][]sense) {
	telling, plain = map[string][]sense{}, map[string][]sense{}
	for i, m := range meanings {
		names := strings.Fields(m.names)
		for rank, name := range names {
			telling[name] = append(telling[name], sense{i, rank})
		}
		for rank, name := range strings.Fields(m.plain) {
			plain[name] = append(plain[name], sense{i, len(names) + rank})
		}
	}
	return telling, plain
}

// holders are names that say nothing of what is below them.
var holders = map[string]bool{
	"event": true, "data": true, "payload": true, "record": true, "log": true, "message": true, "msg": true, "detail": true, "details": true, "properties": true,
	"attributes": true, "params": true, "fields": true, "body": true, "metadata": true, "alert": true, "result": true, "eventdata": true, "context": true, "extra": true,
}

// asked are names of what a request brought along: whoever asked chose the names below
// them, and only what a client says of itself counts there.
var asked = map[string]bool{
	"headers": true, "requestheaders": true, "reqheaders": true, "httpheaders": true, "httprequestheaders": true, "cookies": true, "args": true,
	"querystring": true, "queryparams": true, "queryparameters": true, "querystringparameters": true, "formdata": true, "postdata": true,
}

const (
	// maxSenses bounds what is remembered of names.
	maxSenses = 4096
	// deeper is what a name loses with each name above it.
	deeper = 1000
)

// namesake knows what the names of records mean. The zero value is ready; not for
// several goroutines.
type namesake struct {
	known map[string][]sense
	plain [80]byte
}

// of returns what a dotted name means.
func (n *namesake) of(path string) []sense {
	if s, ok := n.known[path]; ok {
		return s
	}
	s := n.look(path)
	if n.known == nil {
		n.known = map[string][]sense{}
	}
	if len(n.known) < maxSenses {
		n.known[strings.Clone(path)] = s
	}
	return s
}

func (n *namesake) look(path string) []sense {
	silent := true  // all names above say nothing
	chosen := false // by who asked
	for depth, rest := 0, path; rest != "" && depth < 6; depth++ {
		name := n.bare(rest)
		found := senses[name]
		if silent && len(found) == 0 {
			found = plainSenses[name]
		}
		if len(found) > 0 {
			var out []sense
			for _, s := range found {
				if !chosen || s.meaning == agentMeant {
					out = append(out, sense{s.meaning, s.rank + depth*deeper})
				}
			}
			return out
		}
		above, below, _ := strings.Cut(rest, ".")
		name = n.bare(above)
		silent, chosen = silent && holders[name], chosen || asked[name]
		rest = below
	}
	return nil
}

// bare leaves the letters, small, and digits of a name; "" of one that is too long to
// mean anything, or has other letters.
func (n *namesake) bare(name string) string {
	if len(name) > len(n.plain) {
		return ""
	}
	b := n.plain[:0]
	for i := range len(name) {
		switch c := name[i]; {
		case letter(c):
			b = append(b, c|0x20)
		case c >= '0' && c <= '9':
			b = append(b, c)
		case c >= 0x80:
			return ""
		}
	}
	return string(b)
}

// told gathers what a record says.
type told struct {
	value [len(meanings)]any
	name  [len(meanings)]string
	rank  [len(meanings)]int
	n     int // how many meanings but the time have a value
}

// take notes a value if it is what the name promises and nothing better was there; of
// equal ones the name that sorts first counts. A bare value ends at a blank: it gives
// nothing that may have blanks.
func (t *told) take(name string, senses []sense, v any, bare bool) {
	for _, s := range senses {
		if bare && meanings[s.meaning].reads.long && s.meaning != timeMeant {
			continue
		}
		if t.value[s.meaning] != nil && (t.rank[s.meaning] < s.rank || t.rank[s.meaning] == s.rank && t.name[s.meaning] <= name) {
			continue
		}
		got, ok := meanings[s.meaning].reads.as(v)
		if !ok {
			continue
		}
		if t.value[s.meaning] == nil && s.meaning != timeMeant {
			t.n++
		}
		t.value[s.meaning], t.name[s.meaning], t.rank[s.meaning] = got, name, s.rank
	}
}

// fill gives the event what was told and it does not say yet.
func (t *told) fill(ev *event.Event) {
	if at, ok := t.value[timeMeant].(time.Time); ok && ev.Time.IsZero() {
		ev.Time = at
	}
	// Where a method is, "host" is the header of a request.
	if name := t.name[hostMeant]; t.value[methodMeant] != nil && strings.EqualFold(name[strings.LastIndexByte(name, '.')+1:], "host") {
		if t.value[domainMeant] == nil {
			t.value[domainMeant], _ = asName(t.value[hostMeant])
		}
		t.value[hostMeant] = nil
	}
	for i := range meanings {
		if v := t.value[i]; v != nil && i != timeMeant && ev.Fields[meanings[i].field] == nil {
			ev.Fields[meanings[i].field] = v
		}
	}
	ev.Fields.SetNew("url.domain", URLHost(ev.Fields.String("url.full")))
}

// members gives an event the meaning of its own fields, those below prefix.
func (n *namesake) members(ev *event.Event, prefix string) {
	var t told
	for name, v := range ev.Fields {
		if path, ok := strings.CutPrefix(name, prefix); ok {
			if s := n.of(path); len(s) > 0 {
				t.take(name, s, v, false)
			}
		}
	}
	if t.value[timeMeant] == nil { // the day and the clock apart
		day, _ := ev.Fields[prefix+"date"].(string)
		clock, _ := ev.Fields[prefix+"time"].(string)
		t.both(day, clock)
	}
	t.fill(ev)
}

// both reads a time whose day and clock stand apart.
func (t *told) both(day, clock string) {
	if day != "" && clock != "" {
		if at, ok := asMoment(day + " " + clock); ok {
			t.value[timeMeant] = at
		}
	}
}

// fewest is how many pairs that mean something make a line one of pairs.
const fewest = 2

// pairs gives an event the meaning of the key=value pairs in a line. What stands in
// quotes under a key is a value, whatever it looks like.
func (n *namesake) pairs(ev *event.Event, line string) {
	var t told
	var day, clock string
	for rest, count := line, 0; count < 200; count++ {
		eq := strings.IndexByte(rest, '=')
		if eq < 0 {
			break
		}
		key := rest[:eq]
		if i := strings.LastIndexAny(key, " \t,;|[({\""); i >= 0 {
			key = key[i+1:]
		}
		rest = rest[eq+1:]
		if key == "" || len(key) > 40 {
			continue
		}
		value, quoted := "", false
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			end := strings.IndexByte(rest[1:], rest[0])
			if end < 0 {
				break
			}
			value, rest, quoted = rest[1:1+end], rest[2+end:], true
		}
		if !quoted {
			end := strings.IndexAny(rest, " \t,;|])}\"")
			if end < 0 {
				end = len(rest)
			}
			value = rest[:end] // the rest is looked through: what looks like a key in it has no blank before it
		}
		switch key {
		case "date":
			day = value
		case "time":
			clock = value
		}
		if s := n.of(key); len(s) > 0 {
			t.take(key, s, value, !quoted)
		}
	}
	if t.n < fewest {
		return
	}
	if t.value[timeMeant] == nil {
		t.both(day, clock)
	}
	t.fill(ev)
}

// spoken returns a value as text without blanks around it; "" for what stands for
// nothing.
func spoken(v any) string {
	s, ok := First(v).(string)
	if !ok {
		return ""
	}
	s = strings.TrimSpace(s)
	switch len(s) {
	case 1, 3, 4, 6, 7:
		switch strings.ToLower(s) {
		case "-", "*", "n/a", "null", "none", "(null)", "unknown", "<nil>", "nil":
			return ""
		}
	}
	return s
}

func asMoment(v any) (any, bool) {
	t, ok := Moment(v, nil)
	return t, ok
}

func asAddress(v any) (any, bool) {
	s := spoken(v)
	if len(s) < 3 || len(s) > 64 {
		return nil, false
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		var both netip.AddrPort
		both, err = netip.ParseAddrPort(s)
		a = both.Addr()
	}
	if err != nil || a.IsUnspecified() {
		return nil, false
	}
	return a.WithZone("").Unmap().String(), true
}

func asPort(v any) (any, bool) {
	n := count(v)
	return n, n > 0 && n < 1<<16
}

func asStatus(v any) (any, bool) {
	n := count(v)
	return n, n >= 100 && n < 600
}

// count reads a whole number; -1 for all else.
func count(v any) int64 {
	switch v := First(v).(type) {
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(v, 10, 32); err == nil {
			return n
		}
	}
	return -1
}

func asMAC(v any) (any, bool) {
	s, err := indicator.Canonical(indicator.MAC, spoken(v))
	return s, err == nil
}

func asUser(v any) (any, bool) {
	s := spoken(v)
	return s, s != "" && len(s) <= 256 && !strings.Contains(s, "\n") && !strings.Contains(s, "://")
}

// asHost takes names only: an address says where, not who.
func asHost(v any) (any, bool) {
	s := spoken(v)
	if s == "" || len(s) > 255 || strings.EqualFold(s, "localhost") || strings.ContainsAny(s, " /\\:@\"") {
		return nil, false
	}
	_, err := netip.ParseAddr(s)
	return s, err != nil
}

func asURL(v any) (any, bool) {
	s := spoken(v)
	i := strings.Index(s, "://")
	return s, i > 0 && i < 12 && !strings.ContainsAny(s, " \n")
}

func asName(v any) (any, bool) {
	s := spoken(v)
	if len(s) < 4 || len(s) > 255 || strings.IndexByte(s, '.') < 0 {
		return nil, false
	}
	_, err := indicator.Canonical(indicator.Domain, s)
	return s, err == nil
}

func asMethod(v any) (any, bool) {
	s := strings.ToUpper(spoken(v))
	switch s {
	case "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND":
		return s, true
	}
	return nil, false
}

func asText(v any) (any, bool) {
	s := spoken(v)
	return s, s != ""
}

func asPath(v any) (any, bool) {
	s := spoken(v)
	return s, len(s) > 1 && strings.ContainsAny(s, `/\`) && !strings.Contains(s, "://")
}

func asFile(v any) (any, bool) {
	s := spoken(v)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	return s, s != "" && len(s) <= 255
}

func asHash(digits int) func(v any) (any, bool) {
	return func(v any) (any, bool) {
		s := spoken(v)
		if len(s) != digits {
			return nil, false
		}
		_, err := hex.DecodeString(s)
		return s, err == nil
	}
}

func asMail(v any) (any, bool) {
	s := spoken(v)
	if i, j := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>'); i >= 0 && i < j {
		s = s[i+1 : j]
	}
	if strings.IndexByte(s, '@') <= 0 {
		return nil, false
	}
	_, err := indicator.Canonical(indicator.Email, s)
	return s, err == nil
}

// asVerdict reads what a filter did.
func asVerdict(v any) (any, bool) {
	switch strings.ToLower(spoken(v)) {
	case "allow", "allowed", "accept", "accepted", "permit", "permitted", "pass", "passed":
		return "allowed", true
	case "deny", "denied", "block", "blocked", "drop", "dropped", "reject", "rejected", "discard", "quarantine", "quarantined":
		return "blocked", true
	}
	return nil, false
}
