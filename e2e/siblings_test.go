//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// sibling is another MSAL that has a cache file in common with Keyport. It is run as a
// program of its own, which reads the file, carries out a job, and writes the file.
type sibling struct {
	name string
	run  func(*testing.T, job) report

	resource string // of tokens that it adds to a file of others

	// dropsEmpty says that it writes records of others without the fields that are empty or null.
	dropsEmpty bool
	// needsEmpty says that it finds an application's token by such a field.
	needsEmpty bool
	// needsMetadata says that it asks for the authority's metadata before it looks into its cache.
	needsMetadata bool
}

var siblings = []sibling{
	{name: "MSAL Python", run: runPython, resource: "api://msal-python", needsEmpty: true, needsMetadata: true},
	{name: "MSAL Node", run: runNode, resource: "api://msal-node", needsEmpty: true},
	{name: "MSAL Go", run: runGo, resource: "api://msal-go", dropsEmpty: true},
}

// job is what a sibling is to do with the file.
type job struct {
	Cache       string `json:"cache"`
	Bridge      string `json:"bridge"` // URL of the server that takes every request
	Authority   string `json:"authority"`
	ClientID    string `json:"client_id"`
	Secret      string `json:"secret"`
	RedirectURI string `json:"redirect_uri"`
	Locked      bool   `json:"locked"` // by the lock file of its extensions, at each change
	Steps       []step `json:"steps"`
}

// step gets one token: "app" of its own and "user" from the cache where there is one, and otherwise
// from the server; "sign in" with a code.
type step struct {
	Do       string   `json:"do"`
	Scopes   []string `json:"scopes"`
	Code     string   `json:"code,omitempty"`
	Verifier string   `json:"verifier,omitempty"` // PKCE
}

// report is what came of a job.
type report struct {
	Version  string   `json:"version"`
	Tokens   []string `json:"tokens"`   // of the steps; "" where there was none
	Accounts []string `json:"accounts"` // home account ids
}

func runPython(t *testing.T, j job) report {
	t.Helper()
	return runScript(t, j, python(t), "siblings/share.py")
}

// python is an interpreter that has MSAL. Debian's packages are seen by Debian's only.
func python(t *testing.T) string {
	t.Helper()
	var reason []byte
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		output, err := exec.Command(name, "-c", "import msal, msal_extensions").CombinedOutput()
		if err == nil {
			return name
		}
		reason = append(output, err.Error()...)
	}
	t.Fatalf("MSAL Python and its extensions are not installed; %s\n%s", remedy, reason)
	return ""
}

func runNode(t *testing.T, j job) report {
	t.Helper()
	if _, err := os.Stat("siblings/node_modules/@azure/msal-node"); err != nil {
		t.Fatalf("MSAL Node is not installed (%v); %s", err, remedy)
	}
	return runScript(t, j, "node", "siblings/share.mjs")
}

func runScript(t *testing.T, j job, program, script string) report {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, script)
	var output, complaints bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), &output, &complaints
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer hung.Stop()
	if err := command.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &complaints)
	}
	if complaints.Len() > 0 {
		t.Logf("%s:\n%s", script, &complaints)
	}
	var r report
	if err := json.Unmarshal(output.Bytes(), &r); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return r
}
