package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vedette-soc/vedette/internal/store/storetest"
)

// The test binary is the command line: scripts and tests call it as vedette.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"vedette": main})
}

// tests ends what tests have started.
type tests struct{ *testing.M }

// Run implements testscript.TestingM.
func (t tests) Run() int {
	defer storetest.Stop()
	return t.M.Run()
}
