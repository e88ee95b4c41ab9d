package main

import (
<<<<<<< HEAD
=======
	"net"
	"os"
>>>>>>> ops
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the command line: scripts and tests call it as vedette.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vedette": main})
}
<<<<<<< HEAD
=======

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Setup: func(e *testscript.Env) error {
		for _, key := range []string{"VEDETTE_CI"} {
			e.Setenv(key, os.Getenv(key))
		}
		return nil
	}, Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"waitfor": waitFor}})
}

// waitFor waits until something listens on a socket.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for range 600 {
		if c, err := net.Dial("unix", path); err == nil {
			ts.Check(c.Close())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("nothing listens on %s", path)
}
>>>>>>> ops
