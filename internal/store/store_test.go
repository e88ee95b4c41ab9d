package store_test

import (
	"testing"

	"github.com/vedette-soc/vedette/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
