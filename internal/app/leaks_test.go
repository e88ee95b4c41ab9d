package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/config"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/leak"
)

// secrets are passwords of all the forms that are read, also of lines that are dropped.
var secrets = []string{
	"Tr0ub4dor&3-Xq7wZkP", "s3cond-l1ne=0f 1t: t00", "k0mbi:nation:with-colons", "ambigu0us:piece:of-a-secret", "t4ble;secret,quoted", "unkn0wn-field-secret", "zipped-Secret-77", "f0reign-Secret-88", "Mu1ti|pipe|secret",
}

func stolenFiles() map[string]string {
	return map[string]string{
		"log/Passwords.txt": "URL: https://vpn.example.org/\nUsername: jdoe\nPassword: " + secrets[0] + "\n" + secrets[1] + "\n===============\nURL: https://vpn.example.org/\nLogin: jdoe\nMot de passe: " + secrets[5] +
			"\nPassword: \n===============\nURL: https://foreign.example/\nUsername: x\nPassword: " + secrets[7] + "\n",
		"log/System.txt": "UserName: jdoe\nMachineName: vpn01\nHWID: 1\nLog date: 2026-01-02 03:04:05\n",
		"combo.txt":      "https://vpn.example.org/a:j.doe@example.org:" + secrets[2] + "\nhttps://vpn.example.org/a:jdoe:" + secrets[3] + "\nhttps://vpn.example.org:54321:" + secrets[3] + "\nvpn.example.org|jdoe|" + secrets[8] + "\n",
		"table.csv":      "account,site,password,date,kind\nj.doe@example.org,vpn.example.org,\"" + secrets[4] + "\",2026-01-02,breach\nj.doe@example.org,vpn.example.org," + secrets[4] + ",2026-01-02,breach\n",
	}
}

// kept collects what the system logs.
type kept struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

// text is what was logged up to now.
func (k *kept) text() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Clone(k.b.Bytes())
}

// TestNoPasswordAtRest: after imports of every form, no password is in any file of the
// data directory, in the log, in an answer of the API or in a backup, in whatever
// spelling; nor is a piece of eight letters of one.
func TestNoPasswordAtRest(t *testing.T) {
	dir := apptest.Data(t)
	var log kept
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	client, stop := startLogged(t, dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), func(*app.System) error { return nil })
	defer stop()
	call := func(method, path string, body, out any) {
		t.Helper()
		if err := client.Call(t.Context(), method, path, body, out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	call("PUT", "/profile", strings.NewReader("name: H\ndomains: [example.org]\nassets: [{id: '1', name: vpn01}]\npeople: [{name: Jane, accounts: [jdoe]}]\n"), nil)
	var answers bytes.Buffer
	take := func(name string, body io.Reader) (r leak.Report) {
		call("POST", "/leaks/import?name="+name, body, &r)
		b, _ := json.Marshal(r)
		answers.Write(b)
		return r
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, text := range stolenFiles() {
		w, err := z.Create("deep/" + name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		take(filepath.Base(name), strings.NewReader(text))
	}
	w, _ := z.Create("deep/more/Passwords.txt")
	_, _ = io.WriteString(w, "URL: https://vpn.example.org/\nUsername: zipped\nPassword: "+secrets[6]+"\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if r := take("all.zip", &packed); r.Stored != 1 || r.Known == 0 {
		t.Errorf("the archive of what was read, and one more: %+v", r)
	}
	var all json.RawMessage
	for _, path := range []string{"/leaks", "/audit?limit=1000", "/incidents", "/profile"} {
		call("GET", path, nil, &all)
		answers.Write(all)
	}
	var backup bytes.Buffer
	if err := client.Stream(t.Context(), "/backup", &backup, &api.BackupReport{}); err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(&backup)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(d)
	if err != nil || !bytes.Contains(unpacked, []byte("leak.key")) {
		t.Errorf("the backup lacks the key: %v", err)
	}
	for _, check := range ask[api.Page[api.Check]](t, client, "GET", "/doctor", nil).Items {
		if check.Verdict != api.Good {
			t.Errorf("the doctor says %+v", check)
		}
	}
	holdsNone(t, "an answer", answers.Bytes())
	holdsNone(t, "the log", log.text())
	holdsNone(t, "the backup", unpacked)
	files := 0
	err = fs.WalkDir(os.DirFS(dir), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(filepath.Join(dir, p))
		holdsNone(t, p, b)
		return err
	})
	if err != nil || files < 4 {
		t.Fatalf("%d files, %v", files, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "leak.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

// holdsNone looks for every password in every spelling.
func holdsNone(t *testing.T, where string, b []byte) {
	t.Helper()
	lower := bytes.ToLower(b)
	for _, s := range secrets {
		var wide []byte
		for _, u := range utf16.Encode([]rune(s)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		for as, text := range map[string]string{
			"plain": s, "utf-16": string(wide), "hex": hex.EncodeToString([]byte(s)), "base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="), "quoted": strings.Trim(fmt.Sprintf("%q", s), `"`),
		} {
			if bytes.Contains(lower, []byte(strings.ToLower(text))) {
				t.Errorf("%s holds %q (%s)", where, s, as)
			}
		}
		for i := 0; i+8 <= len(s); i++ {
			if bytes.Contains(lower, []byte(strings.ToLower(s[i:i+8]))) {
				t.Errorf("%s holds %q of %q", where, s[i:i+8], s)
				break
			}
		}
	}
}

// The key is made once; one that others may read, or that is damaged, is refused.
func TestLeakKey(t *testing.T) {
	dir := apptest.Data(t)
	c := config.Default()
	c.Data = dir
	take := func() error {
		client, err := app.Dial(context.WithoutCancel(t.Context()), c)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		return client.Call(t.Context(), "POST", "/leaks/import?name=c.txt", strings.NewReader("https://a.example:b:c\n"), nil)
	}
	if err := take(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "leak.key")
	first, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := take(); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(key); !bytes.Equal(first, again) || len(first) != 65 {
		t.Errorf("the key was made anew: %d, %d bytes", len(first), len(again))
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := take(); errs.CodeOf(err) != "leak_key_open" {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := errors.Join(os.Chmod(key, 0o600), os.WriteFile(key, []byte("short"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := take(); errs.CodeOf(err) != "leak_key_damaged" {
		t.Errorf("a damaged key: %v", err)
	}
}
