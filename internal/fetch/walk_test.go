package fetch_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zstded(s string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zipped(names ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(names); i += 2 {
		f, _ := w.Create(names[i])
		io.WriteString(f, names[i+1])
	}
	w.Close()
	return b.String()
}

func tarred(names ...string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(names); i += 2 {
		w.WriteHeader(&tar.Header{Name: names[i], Mode: 0o644, Size: int64(len(names[i+1]))})
		io.WriteString(w, names[i+1])
	}
	w.WriteHeader(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	w.Close()
	return b.String()
}

func walk(path string, lim fetch.Limits) (map[string]string, error) {
	got := map[string]string{}
	err := fetch.Walk(path, lim, func(name string, r io.Reader) error {
		b, err := io.ReadAll(r)
		got[filepath.ToSlash(name)] = string(b)
		return err
	})
	return got, err
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, content := range map[string]string{
		"d/plain.txt":     "plain",
		"d/sub/a.gz":      gzipped("a"),
		"d/sub/b.zst":     zstded("b"),
		"d/.git/config":   "hidden",
		"d/c.zip":         zipped("x/1.txt", "one", "../../2.txt", "two", "in.zip", zipped("deep.zip", zipped("f", "deeper"))),
		"d/e.tar.gz":      gzipped(tarred("y/3.txt", "three", "z.gz", gzipped("four"))),
		"d/f.tar":         tarred("a\\b\x01.txt", "five"),
		"d/word.docx":     zipped("word/document.xml", "<w/>"),
		"d/empty.txt":     "",
		"d/utf16.txt":     "\xff\xfea\x00\xe4\x00\n\x00",
		"d/utf16be.gz":    gzipped("\xfe\xff\x00a\x00\xe4"),
		"d/g.bz2":         "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xe5\x4e\x26\x9d\x00\x00\x00\x81\x80\x00\x20\x08\x40\x20\x00\x21\x98\x19\x81\x61\x77\x24\x53\x85\x09\x0e\x54\xe2\x69\xd0",
		"d/h.xz":          "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x04\x73\x65\x76\x65\x6e\x00\x00\x00\x00\xa6\x7b\x71\x38\x14\xb8\x15\xb3\x00\x01\x1d\x05\xb8\x2d\x80\xaf\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a",
		"outside/not.txt": "not",
	} {
		os.MkdirAll(filepath.Dir(name), 0o755)
		os.WriteFile(name, []byte(content), 0o644)
	}
	if err := os.Symlink("../outside/not.txt", "d/link.txt"); err != nil {
		t.Fatal(err)
	}
	got, err := walk("d", fetch.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"d/plain.txt": "plain", "d/sub/a.gz": "a", "d/sub/b.zst": "b", "d/empty.txt": "",
		"d/c.zip/x/1.txt": "one", "d/c.zip/2.txt": "two", "d/c.zip/in.zip/deep.zip": zipped("f", "deeper"),
		"d/e.tar.gz/y/3.txt": "three", "d/e.tar.gz/z.gz": "four", "d/f.tar/a/b_.txt": "five",
		"d/word.docx": zipped("word/document.xml", "<w/>"),
		"d/utf16.txt": "a\u00e4\n", "d/utf16be.gz": "a\u00e4", "d/g.bz2": "six", "d/h.xz": "seven",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWalkReader(t *testing.T) {
	for name, content := range map[string]string{"-": zipped("m", "inside"), "https://x.example/list.zip": zipped("m", "inside"), "dump": gzipped(tarred("m", "inside"))} {
		var got []string
		err := fetch.WalkReader(name, strings.NewReader(content), fetch.Limits{}, func(n string, r io.Reader) error {
			b, err := io.ReadAll(r)
			got = append(got, n, string(b))
			return err
		})
		if diff := cmp.Diff([]string{name + "/m", "inside"}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestWalkLimits(t *testing.T) {
	dir := t.TempDir()
	bomb := string(make([]byte, 40<<20))
	tests := []struct {
		name, content string
		lim           fetch.Limits
		code          string
	}{
		{"bomb.gz", gzipped(bomb), fetch.Limits{Ratio: 200}, "compression_bomb"},
		{"bomb.zst", zstded(bomb), fetch.Limits{}, "compression_bomb"},
		{"bomb.zip", zipped("a", bomb), fetch.Limits{Ratio: 200}, "compression_bomb"},
		{"bomb.tar.gz", gzipped(tarred("a", bomb)), fetch.Limits{Ratio: 200}, "compression_bomb"},
		{"large.gz", gzipped(bomb), fetch.Limits{Bytes: 1 << 20}, "too_large"},
		{"many.zip", zipped("a", "", "b", "", "c", ""), fetch.Limits{Members: 2}, "archive_members"},
		{"many.tar", tarred("a", "", "b", "", "c", ""), fetch.Limits{Members: 2}, "archive_members"},
		{"two.zip", zipped("a", strings.Repeat("x", 600), "b", strings.Repeat("y", 600)), fetch.Limits{Bytes: 1000}, "too_large"},
		{"cut.gz", gzipped(strings.Repeat("abc", 1000))[:30], fetch.Limits{}, "archive_broken"},
		{"cut.zip", zipped("a", "b")[:40], fetch.Limits{}, "archive_broken"},
		{"nowhere", "", fetch.Limits{}, "no_such_file"},
	}
	for _, tt := range tests {
		p := filepath.Join(dir, tt.name)
		if tt.content != "" {
			os.WriteFile(p, []byte(tt.content), 0o644)
		}
		_, err := walk(p, tt.lim)
		if errs.CodeOf(err) != tt.code || !strings.Contains(errs.Public(err), tt.name) {
			t.Errorf("%s: got %v (%s), want %s with the file's name", tt.name, err, errs.CodeOf(err), tt.code)
		}
	}
	// A member function that ignores what the reader says does not hide a bomb.
	err := fetch.Walk(filepath.Join(dir, "bomb.zst"), fetch.Limits{}, func(_ string, r io.Reader) error {
		_, _ = io.Copy(io.Discard, r)
		return nil
	})
	if errs.CodeOf(err) != "compression_bomb" {
		t.Errorf("swallowed: got %v", err)
	}
}

// TestWalkSkips: what cannot be read is told, and what stands beside it is read.
func TestWalkSkips(t *testing.T) {
	dir := t.TempDir()
	cut := gzipped(strings.Repeat("abc", 1000))[:30]
	for name, content := range map[string]string{
		"a.log": "one", "b.gz": cut, "c.zip": zipped("x", "y")[:40], "d.log": "two", "e.tar": tarred("m.gz", cut, "n", "three"), "f.log.7z": "7z\xbc\xaf\x27\x1cand so on",
		"f.pcap": "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "f.pcapng.gz": gzipped("\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01"), "f.xz": "\xfd7zXZ\x00and so on", "f.short": "PAR",
		"g.zip": zipped("h.zip", zipped("i.gz", gzipped("deep")), "j", "four"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var skipped []string
	got, err := walk(dir, fetch.Limits{Skip: func(err error) { skipped = append(skipped, errs.CodeOf(err)) }})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"archive_broken", "archive_broken", "archive_broken", "archive_packed", "not_text", "not_text", "archive_broken", "archive_packed"}
	if diff := cmp.Diff(want, skipped); diff != "" {
		t.Errorf("skipped: -want +got\n%s", diff)
	}
	for name, content := range map[string]string{"a.log": "one", "d.log": "two", "e.tar/n": "three", "f.short": "PAR", "g.zip/j": "four"} {
		if got[filepath.ToSlash(filepath.Join(dir, name))] != content {
			t.Errorf("%s is not read", name)
		}
	}
	if _, err := walk(dir, fetch.Limits{}); errs.CodeOf(err) != "archive_broken" {
		t.Errorf("without Skip: %v", err)
	}
}

// A directory may be named by a link, and hold links: to files elsewhere, such as logs of
// containers, to files of hidden directories, as a mounted configuration has them, to
// directories, to what is there anyway, round in circles, and to nothing.
func TestWalkFollowsLinks(t *testing.T) {
	base := t.TempDir()
	for name, content := range map[string]string{
		"real/a.log": "a", "real/sub/b.log": "b", "real/..data/c.yml": "c", "elsewhere/0.log": "d", "elsewhere/tree/e.log": "e",
	} {
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"current": "real", "real/c.yml": "..data/c.yml", "real/d.log": "../elsewhere/0.log", "real/tree": filepath.Join(base, "elsewhere/tree"),
		"real/again.log": "sub/b.log", "real/up": "..", "elsewhere/tree/back": "../../real", "elsewhere/tree/self": ".",
	} {
		if err := os.Symlink(target, filepath.Join(base, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(base)
	for _, dir := range []string{filepath.Join(base, "current"), "current", "current/"} {
		for links, held := range map[bool]map[string]string{
			true:  {"a.log": "a", "sub/b.log": "b", "c.yml": "c", "d.log": "d", "tree/e.log": "e"},
			false: {"a.log": "a", "sub/b.log": "b"},
		} {
			got, err := walk(dir, fetch.Limits{Links: links})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for name, content := range held {
				want[filepath.ToSlash(filepath.Join(dir, name))] = content
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, links %v: -want +got\n%s", dir, links, diff)
			}
		}
	}
	if err := os.Symlink("nothing", "real/gone.log"); err != nil {
		t.Fatal(err)
	}
	var skipped []string
	if _, err := walk("current", fetch.Limits{Links: true, Skip: func(err error) { skipped = append(skipped, err.Error()) }}); err != nil || len(skipped) != 1 || !strings.Contains(skipped[0], "gone.log") {
		t.Errorf("a link to nothing: %v, skipped %q", err, skipped)
	}
}

func FuzzWalk(f *testing.F) {
	for _, s := range []string{"text", gzipped("a"), zstded("a"), zipped("a", "b"), tarred("a", "b"), gzipped(tarred("a", "b"))} {
		f.Add("x", s)
		f.Add("x.zip", s)
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		lim := fetch.Limits{Bytes: 1 << 20, Members: 100}
		var total int64
		_ = fetch.WalkReader(name, strings.NewReader(content), lim, func(n string, r io.Reader) error {
			k, err := io.Copy(io.Discard, r)
			if n != name {
				total += k
			}
			return err
		})
		if total > lim.Bytes+int64(len(content)) {
			t.Fatalf("%d bytes came out", total)
		}
	})
}
