package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output shows a secret.
func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }

func Example() {
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// requests sent for three tokens: 1
	// the server saw X-Department: reports
}
