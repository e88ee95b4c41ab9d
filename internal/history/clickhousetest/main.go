package clickhousetest

import (
	"os"
	"testing"
)

// Main runs the tests of a package that uses [Serve]; its TestMain calls it.
//
// A program under the race detector ends by C's exit, which takes the engine's globals
// away from threads of it that still run: now and then that is a segmentation fault after
// the last test has passed. So once the engine was started the process ends on the spot.
// Races fail the test in which they happen, as ever.
func Main(m *testing.M) {
	code := m.Run()
	if exit := quit.Load(); exit != nil {
		(*exit)(int32(code))
	}
	os.Exit(code)
}
