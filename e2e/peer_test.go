//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peer is a running server.
type peer struct {
	issuer string
	origin string // the issuer without its path
	roots  *x509.CertPool
	pki    authority    // which has issued its certificate,
	cert   string       // a PEM file, for this machine
	key    string       // the key of that, likewise
	http   *http.Client // that trusts the server, for what a test asks without the library
}

type peerOptions struct {
	path          string        // the issuer's path, such as "/tenant"; when empty, none
	tokenLifetime time.Duration // in whole seconds; when zero, an hour
	scopes        []string      // of its API; when empty, api:read and api:write
}

const (
	remedy = "run `make e2e`, which installs what the tests need"

	// patience is how long a process that hangs may hold up a test. No assertion
	// depends on it.
	patience = time.Minute
)

// startPeer runs a server that knows the given clients. It ends with the test.
func startPeer(t *testing.T, o peerOptions, clients ...registration) *peer {
	t.Helper()
	ca := newAuthority(t)
	certFile, keyFile := ca.writeServerCertificate(t)
	arguments := []string{"server.mjs", "--cert", certFile, "--key", keyFile, "--clients", writeClients(t, clients)}
	if o.path != "" {
		arguments = append(arguments, "--path", o.path)
	}
	if o.tokenLifetime != 0 {
		arguments = append(arguments, "--token-lifetime", strconv.Itoa(int(o.tokenLifetime.Seconds())))
	}
	if len(o.scopes) > 0 {
		arguments = append(arguments, "--scopes", strings.Join(o.scopes, " "))
	}
	ready := startNode(t, arguments)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.roots()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &peer{
		issuer: ready.Issuer,
		origin: "https://localhost:" + strconv.Itoa(ready.Port),
		roots:  ca.roots(),
		pki:    ca,
		cert:   certFile,
		key:    keyFile,
		http:   &http.Client{Transport: transport, Timeout: patience},
	}
}

func writeClients(t *testing.T, clients []registration) string {
	t.Helper()
	text, err := json.Marshal(clients)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "clients.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// readyLine is what the server prints when it can be asked.
type readyLine struct {
	Issuer string
	Port   int
}

// startNode runs the server and waits until it is ready. The server lives while its
// standard input is open, so it ends even when the test is killed.
func startNode(t *testing.T, arguments []string) readyLine {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("Node.js is not installed (%v); install version 20 or later, then %s", err, remedy)
	}
	if _, err := os.Stat("peer/node_modules/oidc-provider"); err != nil {
		t.Fatalf("the server's packages are not installed (%v); %s", err, remedy)
	}
	var complaints bytes.Buffer
	command := exec.Command(node, arguments...)
	command.Dir, command.Stderr = "peer", &complaints
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	line, readErr := bufio.NewReader(output).ReadBytes('\n')
	hung.Stop()
	t.Cleanup(func() { stopNode(t, command, input, &complaints) })

	var ready readyLine
	if err := json.Unmarshal(line, &ready); err != nil || readErr != nil {
		t.Fatalf("the server did not start: it printed %q (%v)", line, readErr)
	}
	return ready
}

func stopNode(t *testing.T, command *exec.Cmd, input io.Closer, complaints *bytes.Buffer) {
	hung := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer hung.Stop()
	_ = input.Close()
	if err := command.Wait(); err != nil {
		t.Errorf("the server ended with: %v", err)
	}
	if t.Failed() {
		t.Logf("the server's standard error:\n%s", complaints)
	}
}

// requests tells what the server was asked so far, by anybody.
func (p *peer) requests(t *testing.T) []string {
	t.Helper()
	var got []string
	p.getJSON(t, p.origin+"/requests", "", &got)
	return got
}

// owner is what the server's own resource says about the token it was shown.
type owner struct {
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
	Subject  string `json:"sub"` // "" for an application's own token
}

// tokenOwner presents a token at the server's resource; it fails when that refuses it.
func (p *peer) tokenOwner(t *testing.T, authorizationHeader string) owner {
	t.Helper()
	var got owner
	p.getJSON(t, p.origin+"/api", authorizationHeader, &got)
	return got
}

func (p *peer) getJSON(t *testing.T, address, authorizationHeader string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if authorizationHeader != "" {
		request.Header.Set("Authorization", authorizationHeader)
	}
	if status := p.do(t, request, into); status != http.StatusOK {
		t.Fatalf("GET %s: HTTP %d", address, status)
	}
}

// do sends a request and reads a JSON answer, if there is any.
func (p *peer) do(t *testing.T, request *http.Request, into any) (status int) {
	t.Helper()
	response, err := p.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil && err != io.EOF {
		t.Fatalf("%s %s: %v", request.Method, request.URL, err)
	}
	return response.StatusCode
}
