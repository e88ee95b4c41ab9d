package bench

import "strings"

// levels are the levels of Wazuh's rule set (ruleset/rules/*.xml), 0-15.
var levels = map[string]float64{
	"ClamAV database update":                               3,
	"Dovecot Authentication Success.":                      3,
	"Dovecot Authentication Failed.":                       5,
	"Dovecot Invalid User Login Attempt.":                  5,
	"Dovecot brute force attack (multiple auth failures).": 10,
	"IDS event.": 6,
	"First time this IDS alert is generated.":                                   8,
	"Multiple IDS events from same source ip.":                                  10,
	"Multiple IDS alerts for same id.":                                          10,
	"Multiple IDS events from same source ip (ignoring now this srcip and id).": 11,
	"Multiple IDS alerts for same id (ignoring now this id).":                   11,
	"Web server 400 error code.":                                                5,
	"Multiple web server 400 error codes from same source ip.":                  10,
	"Web server 500 error code (Internal Error).":                               5,
	"Common web attack.":                                                        6,
	"Suspicious URL access.":                                                    6,
	"CMS (WordPress or Joomla) login attempt.":                                  3,
	"Apache: Attempt to access forbidden file or directory.":                    5,
	"Apache: Attempt to access forbidden directory index.":                      5,
	"PAM: Login session opened.":                                                3,
	"PAM: Login session closed.":                                                3,
	"PAM: User login failed.":                                                   5,
	"PAM: Multiple failed logins in a small period of time.":                    10,
	"Successful sudo to ROOT executed.":                                         3,
	"First time user executed sudo.":                                            4,
	"User successfully changed UID.":                                            3,
	"sshd: authentication success.":                                             3,
	"sshd: insecure connection attempt (scan).":                                 6,
	"syslog: User authentication failure.":                                      5,
	"Auditd: SELinux permission check.":                                         3,
}

// priorities are Suricata's, 1 (worst) to 3, by the beginning of a signature: what
// classification.config gives to the classes these families carry.
var priorities = []struct {
	begins   string
	priority int
}{
	{"SURICATA ", 3}, // protocol-command-decode
	{"ET POLICY ", 3},
	{"ET SCAN Possible Nmap User-Agent", 1},
	{"ET SCAN ", 2},
	{"ET INFO ", 2}, // bad-unknown
	{"ET DNS ", 2},
	{"ET HUNTING ", 2},
	{"ET WEB_SERVER ", 1},
	{"ET WEB_SPECIFIC_APPS ", 1},
	{"ET EXPLOIT ", 1},
	{"ET TROJAN ", 1},
	{"ET MALWARE ", 1},
}

// unknownLevel is that of a rule no table names, and of every anomaly.
const unknownLevel = 7

// Severity is the published severity of a rule as a share of its scale, 0-1: the
// level of Wazuh / 15; of Suricata 12, 8 and 4 of 15 for priority 1, 2 and 3. What
// has none gets 7 of 15.
func Severity(rule string) float64 {
	sensor, name, _ := strings.Cut(rule, ": ")
	level := float64(unknownLevel)
	switch sensor {
	case "Wazuh":
		if v, ok := levels[name]; ok {
			level = v
		}
	case "Suricata":
		level = 8
		name = strings.TrimPrefix(name, "Alert - ")
		for _, p := range priorities {
			if strings.HasPrefix(name, p.begins) {
				level = float64(16 - 4*p.priority)
				break
			}
		}
	}
	return level / 15
}
