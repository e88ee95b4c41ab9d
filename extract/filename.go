package extract

import (
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var (
	// fileEndings are endings of files that are no top-level domains.
	fileEndings = set(`exe dll sys drv ocx cpl scr bat cmd ps1 psm1 psd1 vbs vbe js jse wsf wsh hta lnk url doc docx docm dot dotm dotx xls xlsx xlsm xlsb xll
		xla xlam ppt pptx pptm pps ppsx rtf odt ods pdf jar war class msi msp msix appx tmp temp bin dat data txt log php php3 php5 phtml asp aspx ashx asmx jsp jspx
		cgi html htm mht mhtml xml json yaml yml conf cfg ini inf reg gif jpg jpeg png bmp ico webp svg rar 7z gz tgz bz2 xz cab iso img vhd vhdx dmg pkg deb rpm apk
		dex elf swf db sqlite sqlite3 chm csv eml msg ost pst bak dmp enc key pem cer crt pfx p12 ko mui ax efi pyc pyd pyw rb lua vbscript ps1xml plist
		crx xpi xap air asar hwp hwpx one onepkg wim lzh ace arj mof job tlb pdb idb node wav mp3 mp4 avi theme settingcontent-ms search-ms library-ms kdbx torrent nsis yar yara x64 arm64 x86 toc`)
	// doubtfulEndings are endings of files and top-level domains.
	doubtfulEndings = set(`com zip sh pl py rs md mov app so cc ps ai pm la st cab`)
	// lureEndings stand before the last ending of a file that pretends to be another.
	lureEndings = set(`exe dll pdf doc docx xls xlsx ppt pptx jpg jpeg png txt js vbs scr rtf lnk iso`)
	// dosPrograms are the .com files of every Windows.
	dosPrograms = set(`command.com format.com mode.com more.com tree.com chcp.com diskcomp.com diskcopy.com edit.com graftabl.com keyb.com win.com loadfix.com`)
	// systemFiles ship with an operating system or are in everybody's reports.
	systemFiles = set(`cmd.exe powershell.exe pwsh.exe rundll32.exe regsvr32.exe svchost.exe explorer.exe lsass.exe services.exe winlogon.exe csrss.exe smss.exe wininit.exe
		taskhost.exe taskhostw.exe dllhost.exe conhost.exe wscript.exe cscript.exe mshta.exe msbuild.exe installutil.exe regasm.exe regsvcs.exe certutil.exe bitsadmin.exe wmic.exe
		schtasks.exe sc.exe net.exe net1.exe netsh.exe nltest.exe whoami.exe ipconfig.exe systeminfo.exe tasklist.exe taskkill.exe ping.exe tracert.exe nslookup.exe arp.exe netstat.exe
		route.exe reg.exe regedit.exe at.exe vssadmin.exe wbadmin.exe bcdedit.exe wevtutil.exe fsutil.exe cipher.exe icacls.exe attrib.exe xcopy.exe robocopy.exe findstr.exe find.exe
		msiexec.exe control.exe notepad.exe calc.exe mspaint.exe winword.exe excel.exe powerpnt.exe outlook.exe iexplore.exe chrome.exe firefox.exe msedge.exe acrord32.exe w3wp.exe
		wmiprvse.exe spoolsv.exe userinit.exe runonce.exe forfiles.exe odbcconf.exe cmstp.exe esentutl.exe expand.exe extrac32.exe makecab.exe hh.exe pcalua.exe wusa.exe werfault.exe
		runtimebroker.exe searchindexer.exe sihost.exe ctfmon.exe dwm.exe lsm.exe ntoskrnl.exe dsquery.exe ntdsutil.exe quser.exe query.exe mstsc.exe gpupdate.exe gpresult.exe
		kernel32.dll ntdll.dll user32.dll advapi32.dll kernelbase.dll ws2_32.dll wininet.dll winhttp.dll urlmon.dll shell32.dll ole32.dll oleaut32.dll crypt32.dll gdi32.dll comctl32.dll
		msvcrt.dll mscoree.dll amsi.dll comsvcs.dll dbghelp.dll wdigest.dll lsasrv.dll samsrv.dll netapi32.dll psapi.dll secur32.dll vaultcli.dll wtsapi32.dll clr.dll mscorlib.dll
		win32k.sys ntfs.sys hosts.txt desktop.ini boot.ini win.ini autorun.inf ntuser.dat ntds.dit readme.md readme.txt index.html index.php robots.txt package.json setup.py`)
	// products are names with a dot that are neither host nor file.
	products = set(`node.js vue.js react.js next.js nuxt.js express.js angular.js three.js d3.js socket.io backbone.js ember.js asp.net ado.net vb.net ml.net microsoft.net system.net
		paint.net json.net c#.net visualbasic.net draw.io deno.js jquery.js moment.js chart.js electron.js require.js ai.js`)
	beforeFile = regexp.MustCompile(`(?i)(?:\b(?:file(?:s|name)?|archive|script|attachment|document|executable|named|called|binary|dropper|payload|zip|saved as|drops?|droppe[rd]|extract(?:s|ed)?|download(?:s|ed)? the) ?[:=]?[ "'` + "`" + `(\x{201c}\x{2018}]{0,3})$`)
)

// fileName says whether a dotted name is that of a file. sure is false where it may
// be a host as well.
func fileName(p *plain, from, to int, before byte) (file, sure bool) {
	name := strings.ToLower(p.text[from:to])
	ending := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case fileEndings[ending]:
		return true, true
	case products[name]:
		return true, true
	case dosPrograms[name] && !p.defanged(from, to):
		return true, true
	case !doubtfulEndings[ending] || p.defanged(from, to):
		return false, false
	case before == '\\' || before == '/' && !hostBefore(p.text, from):
		return true, true
	case ending == "zip" && (strings.Count(name, ".") > 2 || before == '='):
		return true, true
	case strings.Count(name, ".") > 1:
		inner := name[:strings.LastIndexByte(name, '.')]
		return lureEndings[inner[strings.LastIndexByte(inner, '.')+1:]], false // invoice.pdf.zip
	}
	return ending != "com" && ending != "ai" && ending != "la" && ending != "st" && (ending == "py" || ending == "sh" || ending == "zip" || ending == "rs" || ending == "md" || ending == "so" || ending == "pl" || ending == "ps") && !inDomainColumn(p.text, from) ||
		beforeFile.MatchString(p.text[max(0, from-30):from]), false
}

// hostBefore says whether the slash before a place belongs to //.
func hostBefore(s string, from int) bool { return from > 1 && s[from-2] == '/' }

// inDomainColumn says whether the line speaks of domains or hosts.
func inDomainColumn(s string, at int) bool {
	from, to := nearLine(s, [2]int{at, at})
	l := strings.ToLower(s[from:to])
	return strings.Contains(l, "domain") || strings.Contains(l, "hostname") || strings.Contains(l, "website") || strings.Contains(l, "c2 ") || strings.Contains(l, "c&c")
}

func fileFinding(p *plain, from, to int, sure bool) finding {
	name := p.text[from:to]
	v, err := indicator.Canonical(indicator.FileName, name)
	f := finding{from: from, to: to, typ: indicator.FileName, value: v}
	switch {
	case err != nil:
		f.suppressed = "-"
	case products[v]:
		f.suppressed = ProductName
	case dosPrograms[v], systemFiles[v]:
		f.suppressed = SystemFile
	case !sure:
		f.suppressed = MaybeHost
	}
	return f
}
