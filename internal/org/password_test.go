package org_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/org"
)

// When a password was changed comes with a directory, in the words of three of them.
func TestPasswordChanged(t *testing.T) {
	for attribute, want := range map[string]string{
		"pwdLastSet: 134069184110000000": "2025-11-06T16:00:11Z", "pwdChangedTime: 20261103222011Z": "2026-11-03T22:20:11Z", "shadowLastChange: 20760": "2026-11-03T00:00:00Z",
		"pwdLastSet: 0": "0001-01-01T00:00:00Z", "pwdLastSet: 9223372036854775807": "0001-01-01T00:00:00Z", "pwdChangedTime: soon": "0001-01-01T00:00:00Z", "shadowLastChange: -5": "0001-01-01T00:00:00Z",
	} {
		inv, err := org.ReadInventory("people.ldif", strings.NewReader("dn: cn=Jane\nobjectClass: person\ncn: Jane Doe\nuid: jdoe\n"+attribute+"\n"))
		if err != nil || len(inv.People) != 1 {
			t.Fatal(inv, err)
		}
		if got := inv.People[0].PasswordChanged.Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", attribute, got, want)
		}
	}
}
