package keyporttest_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }
