package system_test

import (
	"testing"

	"github.com/seed57855a68/keyport/adapters/system"
)

func TestEnvironmentReadsVariables(t *testing.T) {
	t.Setenv("KEYPORT_TEST_VARIABLE", "West Europe")
	e := system.Environment{}
	if got := e.Getenv("KEYPORT_TEST_VARIABLE"); got != "West Europe" {
		t.Errorf("got %q, want what the variable holds", got)
	}
	t.Setenv("KEYPORT_TEST_VARIABLE", "East US 2") // read anew each time
	if got := e.Getenv("KEYPORT_TEST_VARIABLE"); got != "East US 2" {
		t.Errorf("got %q, want the new value", got)
	}
	if got := e.Getenv("KEYPORT_TEST_VARIABLE_THAT_IS_NOT_SET"); got != "" {
		t.Errorf("got %q of a variable that is not set", got)
	}
}
