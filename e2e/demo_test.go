//go:build e2e

package e2e_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestDemoInARealBrowser: the example as it starts without arguments, over plain HTTP
// on localhost, with the authority inside the program. Its pages, their policies and
// its cookies must be such as a browser takes them.
func TestDemoInARealBrowser(t *testing.T) {
	a := startProgram(t, exec.Command(buildWebapp(t), "-listen", "localhost:0"))
	w := openWindow(t)
	w.visit(a.base + "/")
	w.click("#signin")
	w.fill("#sign-in input[name=username]", keyporttest.Username)
	w.fill("#sign-in input[name=password]", keyporttest.UserPassword)
	w.click("#sign-in button[value=sign-in]")
	w.click("#consent button[value=accept]")
	if got := w.text("#home #name"); got != keyporttest.UserFullName {
		t.Errorf("signed in: %q", got)
	}

	w.click(`#home a[href*="Read"]`)
	if got := w.text("#call #status"); got != "200" {
		t.Errorf("the API's answer: %s", got)
	}
	w.click("#back")
	w.click(`#home a[href*="Write"]`)
	w.click("#consent button[value=accept]")
	if got := w.text("#call #permissions"); !strings.Contains(got, "Write") {
		t.Errorf("after the consent: %q", got)
	}

	w.click("#back")
	before := w.text("#home #ends")
	w.clickAway("#home button[value=hour]")
	if got := w.text("#home #ends"); got == before {
		t.Errorf("an hour later the token ends %s as before", got)
	}
	w.clickAway("#home button[value=revoke]")
	w.click(`#home a[href*="Read"]`) // the API sends a claims challenge
	w.fill("#sign-in input[name=password]", keyporttest.UserPassword)
	w.click("#sign-in button[value=sign-in]")
	if got := w.text("#call #status"); got != "200" {
		t.Errorf("after the challenge: %s", got)
	}

	w.click("#back")
	w.click("#signout")
	w.find("#welcome")
	w.click("#signin")
	w.find("#sign-in")
}
