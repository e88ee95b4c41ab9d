package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the command line: scripts and tests call it as vedette.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vedette": main})
}
