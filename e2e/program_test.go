//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// webapp is examples/webapp, a program of its own, that signs in users at the server.
type webapp struct {
	base   string       // URL
	stderr bytes.Buffer // to be read when the program has ended
	end    func()
}

// buildWebapp compiles the example as a user would.
func buildWebapp(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "webapp")
	build := exec.Command("go", "build", "-o", program, "./examples/webapp")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startWebapp runs the program for users of the server, until the test ends or end is
// called.
func (p *peer) startWebapp(t *testing.T, program, listen string, arguments ...string) *webapp {
	t.Helper()
	roots := writePEM(t, filepath.Join(t.TempDir(), "ca.pem"), "CERTIFICATE", p.pki.certificate.Raw)
	command := exec.Command(program, append([]string{
		"-listen", listen, "-tls-cert", p.cert, "-tls-key", p.key, "-issuer", p.issuer, "-client-id", "web", "-api", p.origin + "/api",
	}, arguments...)...)
	command.Env = append(os.Environ(), "CLIENT_SECRET="+secret, "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+t.TempDir())
	return startProgram(t, command)
}

func startProgram(t *testing.T, command *exec.Cmd) *webapp {
	t.Helper()
	a := &webapp{}
	command.Stderr = &a.stderr
	endsWithTest(command)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	a.end = sync.OnceFunc(func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			t.Errorf("the program ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("its standard error:\n%s", &a.stderr)
		}
	})
	t.Cleanup(a.end)
	line, err := bufio.NewReader(output).ReadString('\n')
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "open ")
	if !ok {
		t.Fatalf("the program did not start: %q, %v", line, err)
	}
	a.base = base
	return a
}
