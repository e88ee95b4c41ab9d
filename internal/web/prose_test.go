package web_test

import (
	"fmt"
	"testing"

	"github.com/vedette-soc/vedette/internal/web"
)

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"": "[]",
		"May abuse PowerShell.(Citation: TechNet PowerShell) See [Empire](https://attack.mitre.org/software/S0363), (Citation: A (b) c)and so on.": "[{May abuse PowerShell. See Empire,and so on. false}]",
		"the <code>Start-Process</code> cmdlet and `net use`":                                    "[{the  false} {Start-Process true} { cmdlet and  false} {net use true}]",
		"<code>never ends <script>alert(1)</script> [x](javascript:alert(1)) (http://a.example)": "[{<code>never ends <script>alert(1)</script> [x](javascript:alert(1)) (http://a.example) false}]",
		"[wiki](https://en.example/a_(b))":                                                       "[{wiki false}]",
	} {
		if got := fmt.Sprint(web.Prose(1000, in)); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", in, got, want)
		}
	}
}
