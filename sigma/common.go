package sigma

import "strings"

// commonTexts are what so many values of Windows events have that finding it says
// little.
const commonTexts = `c:\windows\system32\windowspowershell\v1.0\powershell.exe "c:\program files (x86)\microsoft\edge\application\
c:\program files\common files\ c:\programdata\microsoft\windows defender\platform\ c:\windows\syswow64\rundll32.exe
c:\users\administrator\appdata\local\temp\ c:\users\public\ \appdata\roaming\ c:\windows\servicing\ c:\windows\winsxs\
hklm\software\microsoft\windows\currentversion\ hklm\software\wow6432node\ hklm\system\currentcontrolset\services\ \control\
\registry\machine\ hku\s-1-5-21- hkcu\software\ \device\harddiskvolume \policies\ \explorer\ \windows nt\
svchost.exe -k netsvcs -p -s  cmd.exe /c  conhost.exe 0xffffffff -forcev1 services.exe lsass.exe wmiprvse.exe explorer.exe
taskhostw.exe net.exe reg.exe sc.exe .dll .exe .sys .tmp .log .txt .ps1 .dat -noprofile -executionpolicy bypass -command
microsoft-windows-security-auditing microsoft corporation microsoft® windows® operating system
nt authority\system nt authority\local service http://www. https:// .com/ .net/ 
sha1= ,md5= ,sha256= ,imphash= kernelbase.dll ntdll.dll kernel32.dll+ user
seassignprimarytokenprivilege sedebugprivilege sebackupprivilege serestoreprivilege \\pipe\\ 10.0. (winbuild. culture=neutral publickeytoken= system.management.automation hostapplication= hostname=
commandline= scriptname= enginveversion= parameterbinding commandinvocation write-host`

// commonGrams are the grams of commonTexts, folded.
var commonGrams = func() map[string]bool {
	out := map[string]bool{}
	text := strings.ReplaceAll(commonTexts, "\n", " ")
	for i := 0; i+gram <= len(text); i++ {
		out[text[i:i+gram]] = true
	}
	return out
}()

// commonValues are what the whole of so many values of Windows events is, folded: the
// session, level and rights of the system, what a switch in the registry is set to,
// and the events that there are most of.
var commonValues = map[string]bool{
	"0x3e7": true, "s-1-5-18": true, "system": true, "s-1-16-16384": true, "high": true, "s-1-16-12288": true, "true": true, "false": true,
	"0x1fffff": true, "dword (0x00000000)": true, "dword (0x00000001)": true,
	"4624": true, "4656": true, "4658": true, "4663": true, "4688": true, "4690": true, "4703": true, "5156": true, "5158": true, "5447": true,
}

// gramPrice is a guess how often four bytes are found, as a price to keep low.
func gramPrice(g string) float64 {
	price := 0.0
	if commonGrams[g] {
		price = 40
	}
	for i := range len(g) {
		switch c := g[i]; {
		case c == ' ' || c == '\\' || c == '.' || c == '"':
			price += 3
		case c == 'a' || c == 'e' || c == '0':
			price += 2
		}
	}
	return price
}
