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
	// before a restart, the token comes from: identity_provider
	// after it, the token comes from: cache
	// the store holds the app partition of my-app: token set of 1 records
	// before a restart, the token comes from: identity_provider
	// after it, the token comes from: cache
	// the store holds the app partition of my-app: token set of 1 records
}
