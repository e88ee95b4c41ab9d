package credential

import (
	"bytes"
	"strings"
)

// field is what a line of a stealer log tells.
type field uint8

const (
	noField field = iota
	software
	host
	user
	password
	header
	machineID
	machineName
	hwid
	machineUser
	logDate
	otherSystem
)

// blockFields are the spellings of what credential blocks hold.
var blockFields = map[string]field{
	"soft": software, "software": software, "browser": software, "application": software, "app": software, "storage": software, "profile": software,
	"host": host, "hostname": host, "url": host, "ur1": host, "website": host, "origin": host,
	"user login": user, "login": user, "username": user, "user": user, "u53rn4m3": user, "user name": user, "email": user,
	"user password": password, "password": password, "pass": password, "p455w0rd": password, "passwd": password,
	"seller": header, "log tools": header, "free logs": header,
}

// systemFields are the spellings of what the file about the machine holds.
var systemFields = map[string]field{
	"uid": machineID, "machineid": machineID, "machine id": machineID, "hwid": hwid, "hardware id": hwid,
	"computer": machineName, "computername": machineName, "computer name": machineName, "pc name": machineName, "pcname": machineName, "pc": machineName,
	"hostname": machineName, "machinename": machineName, "machine name": machineName,
	"username": machineUser, "user name": machineUser, "user": machineUser,
	"log date": logDate, "last seen": logDate, "local time": logDate, "localtime": logDate, "date": logDate, "install date": otherSystem,
	"ip": otherSystem, "ipaddress": otherSystem, "ip address": otherSystem, "lanip": otherSystem, "country": otherSystem, "countrycode": otherSystem, "country code": otherSystem,
	"os": otherSystem, "operating system": otherSystem, "build id": otherSystem, "timezone": otherSystem, "zip": otherSystem, "language": otherSystem,
}

// fieldOf reads KEY: VALUE. A key that is none of names is no field.
func fieldOf(line []byte, names map[string]field) (field, []byte) {
	t := bytes.TrimLeft(line, " \t-*•>[\"")
	at := bytes.IndexAny(t, ":=")
	if at < 1 || at > 40 {
		return noField, nil
	}
	key := strings.ToLower(strings.Trim(string(t[:at]), " \t\"]"))
	return names[key], bytes.TrimSpace(t[at+1:])
}

// rule tells whether a line only separates: = - * _ #.
func ruled(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) >= 3 && len(bytes.Trim(t, "=-*_#~+")) == 0
}

// families are those whose name a log gives away.
var families = []string{"RedLine", "Lumma", "Raccoon", "Vidar", "StealC", "RisePro", "Rhadamanthys", "Meta Stealer", "Atomic", "Aurora", "Azorult", "Mystic", "Nexus", "Phemedrone", "WhiteSnake", "DarkCrystal", "Acreed", "Poseidon", "Banshee", "Amadey"}

// familyIn is the family that a text names; "" = none, or several.
func familyIn(text []byte) string {
	text = bytes.ToLower(text)
	found := ""
	for _, f := range families {
		at := bytes.Index(text, []byte(strings.ToLower(f)))
		if at < 0 {
			continue
		}
		if found != "" {
			return ""
		}
		found = f
	}
	return found
}
