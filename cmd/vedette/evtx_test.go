package main

import (
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vedette-soc/vedette/format/evtxtest"
)

// eventLog writes the EVTX file args[0] with args[1] starts of a program with the
// command line args[2].
func eventLog(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var w evtxtest.Writer
	for i := range n {
		at := time.Date(2026, 3, 2, 9, 0, 0, 123_456_700, time.UTC).Add(time.Duration(i) * time.Second)
		w.Add(evtxtest.Process(uint64(5000+i), at, `C:\Windows\System32\cmd.exe`, args[2]))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), w.Bytes(), 0o600))
}
