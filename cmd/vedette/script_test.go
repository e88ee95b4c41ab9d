package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("VEDETTE_CI", os.Getenv("VEDETTE_CI"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"pack": pack, "tear": tear, "bomb": bomb, "await": await, "evtx": eventLog},
	})
}

// pack makes the archive args[0], of the kind its name says, of the files after it.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	switch name := args[0]; {
	case strings.HasSuffix(name, ".zip"):
		z := zip.NewWriter(&out)
		for _, f := range args[1:] {
			w, err := z.Create(f)
			ts.Check(err)
			_, err = io.WriteString(w, ts.ReadFile(f))
			ts.Check(err)
		}
		ts.Check(z.Close())
	case strings.HasSuffix(name, ".tar.gz"):
		g := gzip.NewWriter(&out)
		w := tar.NewWriter(g)
		for _, f := range args[1:] {
			data := ts.ReadFile(f)
			ts.Check(w.WriteHeader(&tar.Header{Name: f, Mode: 0o600, Size: int64(len(data))}))
			_, err := io.WriteString(w, data)
			ts.Check(err)
		}
		ts.Check(w.Close())
		ts.Check(g.Close())
	default:
		g := gzip.NewWriter(&out)
		_, err := io.WriteString(g, ts.ReadFile(args[1]))
		ts.Check(err)
		ts.Check(g.Close())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

// tear cuts the last third of a file off.
func tear(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()*2/3))
}

// bomb makes a zip archive of a list whose second line has 256 MiB.
func bomb(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := zip.NewWriter(f)
	w, err := z.Create("bomb.txt")
	ts.Check(err)
	_, err = io.WriteString(w, "evil.example\n")
	ts.Check(err)
	chunk := bytes.Repeat([]byte("a"), 1<<20)
	for range 256 {
		_, err = w.Write(chunk)
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(f.Close())
}

// await waits until the file args[0] exists.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not appear", args[0])
}
